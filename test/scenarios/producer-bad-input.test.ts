// What producers ask for and cannot have: Kafka's own error code, and a line in the trace that says what happened.
import { describe, expect, it } from 'vitest'
import { parseScenario } from '../../sim/scenario/language/index.ts'
import type { ScenarioPlan } from '../../sim/scenario/plan.ts'
import { type RunResult, runScenario } from '../../sim/scenario/runner/index.ts'
import { formatRecord } from '../../sim/view/index.ts'
import type { PartitionerClass } from '../../src/client/index.ts'

function planOf(text: string): ScenarioPlan {
  const parsed = parseScenario(text, 'story.yaml')
  if ('plan' in parsed) return parsed.plan
  throw new Error(parsed.diagnostics.map(({ message }) => message).join('\n'))
}

function play(plan: ScenarioPlan): { readonly result: RunResult; readonly lines: readonly string[] } {
  const lines: string[] = []
  const result = runScenario(plan, { subscribers: [{ apply: (record) => lines.push(formatRecord(record)) }] })
  return { result, lines: lines.map((line) => line.replace(/^\S+ms (\S+) +/, '$1 ')) }
}

const cluster = `scenario: 1
ends: 10s
topics: { orders: { partitions: 2, replicas: [[b1, b2], [b2, b1]] } }
`

describe('a message over message.max.bytes', () => {
  it.each([
    ['sync', 'cluster: { config: { message.max.bytes: 2000 } }', ''],
    ['async', 'cluster: { config: { message.max.bytes: 2000 } }', ', nobody is told'],
  ])('is refused by the leader with error 10, sent again in vain, and given up (%s)', (type, config, told) => {
    const { result, lines } = play(
      planOf(`${cluster}${config}
clients:
  p1: { producer: ${type}, config: { request.required.acks: 1 }, sends: { to: orders-0, every: 1s, start: 4s, count: 1, size: 3KB } }
`),
    )
    expect(
      lines.filter((line) => line === 'b1 RequestRefused Produce orders-0 MessageSizeTooLarge to p1'),
    ).toHaveLength(4)
    expect(lines).toContain('p1 ProduceFailed orders-0 p1-1 MessageSizeTooLarge by b1 to p1 retriesLeft=3')
    expect(lines).toContain(`p1 ProducerGaveUp orders-0 p1-1 MessageSizeTooLarge by p1${told}`)
    expect(result.messages).toMatchObject([{ message: 'p1-1', acked: false, gaveUp: true, copies: 0 }])
  })

  it('is refused with error 10 to a Java producer as well, which sends it once: no retry would help', () => {
    const { result, lines } = play(
      planOf(`${cluster}protocol: "1.1"
cluster: { config: { message.max.bytes: 2000 } }
clients:
  p1: { producer: java, config: { acks: 1, retries: 3 }, sends: { to: orders-0, every: 1s, start: 4s, count: 1, size: 3KB } }
`),
    )
    const refused = lines.filter((line) => line === 'b1 RequestRefused Produce orders-0 MessageSizeTooLarge to p1')
    expect(refused).toHaveLength(1)
    expect(lines.some((line) => line.startsWith('p1 ProducerGaveUp orders-0 p1-1 RecordTooLargeException'))).toBe(true)
    expect(result.messages).toMatchObject([{ message: 'p1-1', acked: false, gaveUp: true, copies: 0 }])
  })
})

describe('a partition out of range', () => {
  class OneTooMany {
    partition(_key: unknown, numPartitions: number): number {
      return numPartitions
    }
  }

  it('that a partitioner chose is error 3 in the producer: nothing is sent', () => {
    const plan = planOf(`${cluster}clients:
  p1: { producer: sync, config: { request.required.acks: 1 }, sends: { to: orders, every: 1s, start: 4s, count: 1, keys: 1..9 } }
`)
    const clients = plan.cluster.clients.map((client) => ({ ...client, partitioner: OneTooMany as PartitionerClass }))
    const { result, lines } = play({ ...plan, cluster: { ...plan.cluster, clients } } as ScenarioPlan)
    const error = 'UnknownTopicOrPartition (partitioner: 2 is not in 0..1)'
    expect(lines).toContain(`p1 ProduceFailed orders-? p1-1 ${error} by none to p1 retriesLeft=3`)
    expect(lines).toContain(`p1 ProducerGaveUp orders-? p1-1 ${error} by p1`)
    expect(lines.some((line) => line.startsWith('p1 ProduceSent'))).toBe(false)
    expect(result.messages).toMatchObject([{ gaveUp: true, copies: 0 }])
  })

  it('that a scenario names is a diagnostic before anything runs', () => {
    const parsed = parseScenario(
      `${cluster}clients:\n  p1: { producer: sync, sends: { to: orders-2, every: 1s } }\n`,
      'a',
    )
    expect('plan' in parsed ? [] : parsed.diagnostics.map(({ code, message }) => `${code} ${message}`)).toEqual([
      'KS108 topic "orders" has no partition 2 (0 to 1)',
    ])
  })
})
