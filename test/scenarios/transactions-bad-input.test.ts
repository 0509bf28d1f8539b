// What producers of transactions ask for and cannot have: Kafka's own error code, and a line in the trace that says what happened.
import { describe, expect, it } from 'vitest'
import { parseScenario } from '../../sim/scenario/language/index.ts'
import { type RunResult, runScenario } from '../../sim/scenario/runner/index.ts'
import { formatRecord } from '../../sim/view/index.ts'

function play(text: string): { readonly result: RunResult; readonly lines: readonly string[] } {
  const parsed = parseScenario(text, 'story.yaml')
  if (!('plan' in parsed)) throw new Error(parsed.diagnostics.map(({ message }) => message).join('\n'))
  const lines: string[] = []
  const result = runScenario(parsed.plan, {
    subscribers: [{ apply: (record) => lines.push(formatRecord(record).replace(/^\S+ms (\S+) +/, '$1 ')) }],
  })
  if (result.failure !== undefined) throw new Error(result.failure.message)
  return { result, lines }
}

interface Story {
  readonly protocol: string
  readonly clients: string
  readonly steps: string
  readonly topic?: string
}

const story = ({ protocol, clients, steps, topic = '' }: Story): string => `scenario: 1
protocol: "${protocol}"
ends: 90s
cluster:
  config:
    transaction.state.log.num.partitions: 1
    transaction.state.log.replication.factor: 1
    transaction.state.log.min.isr: 1
    log.retention.check.interval.ms: 500
    log.segment.delete.delay.ms: 100
topics: { orders: { partitions: 1, replicas: [[b1, b2]]${topic} } }
clients:
${clients}
steps:
${steps}`

describe('a producer that has been replaced', () => {
  const replaced = (protocol: string) =>
    play(
      story({
        protocol,
        clients: `  p1: { producer: java, config: { transactional.id: payments } }
  p2: { like: p1, autostart: false }`,
        steps: `  - beginTransaction: p1
    send: { by: p1, to: orders-0, message: m1 }
  - when: { message: m1, is: acked }
    within: 20s
    start: p2
  - when: { event: ProducerIdAssigned, machine: p2 }
    within: 10s
    send: { by: p1, to: orders-0, message: m2 }
    commitTransaction: p1
`,
      }),
    )

  it('is refused by the leader with error 47, and ends (2.4)', () => {
    const { lines, result } = replaced('2.4')
    expect(lines).toContain('b1 RequestRefused Produce orders-0 InvalidProducerEpoch to p1')
    expect(lines).toContain('p1 TransactionFailed payments #1 ProducerFencedException (fatal) by p1')
    expect(lines).toContain('p1 ProcessEnded exit: ProducerFencedException')
    expect(result.messages).toMatchObject([{ message: 'm1' }, { message: 'm2', acked: false, copies: 0 }])
  })

  it.each(['3.3', '4.1'])('tries to abort, and is fenced by the coordinator with error 90 (%s)', (protocol) => {
    const { lines, result } = replaced(protocol)
    expect(lines).toContain('b1 RequestRefused Produce orders-0 InvalidProducerEpoch to p1')
    expect(lines).toContain('p1 TransactionFailed payments #1 InvalidProducerEpochException by p1')
    expect(lines).toContain('b1 TransactionRequestRefused EndTxn payments ProducerFenced to p1')
    expect(lines).toContain('p1 ProcessEnded exit: ProducerFencedException')
    expect(result.messages).toMatchObject([{ message: 'm1' }, { message: 'm2', acked: false, copies: 0 }])
  })
})

describe('a producer that its leader has forgotten with its records', () => {
  const forgotten = (protocol: string) =>
    play(
      story({
        protocol,
        topic: ', config: { segment.ms: 1000, retention.ms: 2000 }',
        clients: `  p1: { producer: java, config: { transactional.id: payments } }
  p2: { producer: java }`,
        steps: `  - beginTransaction: p1
    send: { by: p1, to: orders-0, message: m1 }
    commitTransaction: p1
  - when: { transaction: payments, is: CompleteCommit }
    within: 20s
  - after: 35s
    send: { by: p2, to: orders-0, message: m2 }
  - after: 2s
    beginTransaction: p1
    send: { by: p1, to: orders-0, message: m3 }
    commitTransaction: p1
`,
      }),
    )

  it('gets error 45, which costs it the transaction (0.11)', () => {
    const { lines } = forgotten('0.11')
    expect(lines).toContain('b1 RequestRefused Produce orders-0 OutOfOrderSequenceNumber to p1')
    expect(lines).toContain('p1 TransactionFailed payments #2 OutOfOrderSequenceException by p1')
    expect(lines).toContain('p1 TransactionEnded payments #2 aborted by p1')
    expect(lines.filter((line) => line.includes('(fatal)'))).toEqual([])
  })

  it.each(['1.1', '2.1'])('gets error 59 and goes on with new numbers in the same transaction (%s)', (protocol) => {
    const { lines } = forgotten(protocol)
    expect(lines).toContain('b1 RequestRefused Produce orders-0 UnknownProducerId to p1')
    expect(lines).toContain('p1 TransactionEnded payments #2 committed by p1')
  })
})

describe('a coordinator that is gone for good', () => {
  it.each(['2.4', '4.1'])(
    'is error 15 to who looks for it, and a TimeoutException after max.block.ms (%s)',
    (protocol) => {
      const { lines } = play(
        story({
          protocol,
          clients:
            '  p1: { producer: java, bootstrap: b2, config: { transactional.id: payments, max.block.ms: 5000 } }',
          steps: `  - beginTransaction: p1
    send: { by: p1, to: orders-0, message: m1 }
  - when: { message: m1, is: acked }
    within: 20s
    crash: transaction-coordinator(payments)
  - commitTransaction: p1
`,
        }),
      )
      const after = lines.slice(lines.indexOf('p1 TransactionEnding payments #1 to be committed by p1'))
      const refused = / TransactionRequestRefused FindCoordinator payments ConsumerCoordinatorNotAvailable to p1$/
      expect(after.some((line) => refused.test(line))).toBe(true)
      expect(after).toContain('p1 TransactionBlocked payments #1 commitTransaction by p1: TimeoutException')
      expect(after.some((line) => line.startsWith('p1 TransactionEnded'))).toBe(false)
    },
  )
})
