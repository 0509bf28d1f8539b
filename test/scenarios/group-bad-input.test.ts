// What consumers of groups ask for and cannot have: Kafka's own error code, and a line in the trace that says what happened.
import { describe, expect, it } from 'vitest'
import { parseScenario } from '../../sim/scenario/language/index.ts'
import { ScenarioRun } from '../../sim/scenario/runner/index.ts'
import { formatRecord } from '../../sim/view/index.ts'

interface Played {
  readonly lines: readonly string[]
  readonly run: ScenarioRun
}

function play(text: string): Played {
  const parsed = parseScenario(text, 'story.yaml')
  if (!('plan' in parsed)) throw new Error(parsed.diagnostics.map(({ message }) => message).join('\n'))
  const lines: string[] = []
  const run = new ScenarioRun(parsed.plan, {
    subscribers: [{ apply: (record) => lines.push(formatRecord(record).replace(/^\S+ms (\S+) +/, '$1 ')) }],
  })
  run.runTo(parsed.plan.endsUs)
  const { failure } = run.finish()
  if (failure !== undefined) throw new Error(failure.message)
  return { lines, run }
}

const story = (protocol: string, clients: string, steps: string, topic = ''): string => `scenario: 1
protocol: "${protocol}"
ends: 50s
cluster:
  config:
    offsets.topic.num.partitions: 1
    offsets.topic.replication.factor: 1
    log.retention.check.interval.ms: 500
    log.segment.delete.delay.ms: 100
topics: { orders: { partitions: 1, replicas: [[b1, b2]]${topic} } }
clients:
  p1: { producer: sync, config: { request.required.acks: 1 }, sends: { to: orders, every: 100ms, start: 3s, count: 60 } }
${clients}
steps:
${steps}`

describe('an offset out of range', () => {
  it('in ZooKeeper is error 1 from the leader, and the high-level consumer goes where auto.offset.reset says', () => {
    const nodes = ['billing', 'billing/offsets', 'billing/offsets/orders'].map(
      (path) => `{ by: z, create: /consumers/${path} }`,
    )
    const { lines } = play(
      story(
        '0.8.2',
        `  c1: { consumer: high-level, group: billing, subscribes: orders, autostart: false, config: { auto.offset.reset: smallest } }
  z: { zookeeper: plain }`,
        `  - when: { message: p1-60, is: acked }
    zk: [${nodes.join(', ')}, { by: z, create: /consumers/billing/offsets/orders/0, data: "1000" }]
  - after: 1s
    start: c1`,
      ),
    )
    expect(lines).toContain('c1 FetchFailed orders-0 at 1000: OffsetOutOfRange by b1 to c1')
    expect(lines).toContain('c1 OffsetReset orders-0 1000→0 by c1')
    expect(lines.filter((line) => line.startsWith('c1 MessagesRead orders-0'))).toHaveLength(60)
  })

  it('ends the application of a coordinated consumer that has no reset policy', () => {
    const { lines, run } = play(
      story(
        '1.1',
        `  c1:
    consumer: group
    group: billing
    subscribes: orders
    config: { auto.offset.reset: earliest }
    processes: { takes: 100ms, commit: after-each }
  c2: { like: c1, autostart: false, config: { auto.offset.reset: none } }`,
        `  - when: { client: c1, processed: ">= 5" }
    crash: c1
  - when: { event: SegmentsDeleted }
    within: 35s
    start: c2`,
        ', config: { segment.bytes: 400, retention.bytes: 800 }',
      ),
    )
    const failed = lines.find((line) => line.startsWith('c2 FetchFailed'))
    expect(failed).toMatch(/^c2 FetchFailed orders-0 at \d+: OffsetOutOfRange by b1 to c2$/)
    expect(run.view.machines.c2).toMatchObject({ state: 'stopped' })
    expect(run.view.machines.c2!.ended).toMatch(/^exit: OffsetOutOfRangeException: no reset policy for orders-0/)
  })
})

describe('a coordinator that is gone for good', () => {
  const gone = '  - when: { message: p1-30, is: acked }\n    crash: coordinator(billing)'

  it.each(['0.9', '1.1', '2.4'])(
    'is error 15 for whoever looks for another: members commit nothing and rebalance no more (%s)',
    (protocol) => {
      const { lines, run } = play(
        story(
          protocol,
          `  c1:
    consumer: group
    group: billing
    subscribes: orders
    config: { auto.offset.reset: earliest, session.timeout.ms: 6000 }
    processes: { commit: after }
  c2: { like: c1 }`,
          gone,
        ),
      )
      const crashed = lines.findIndex((line) => line.includes('StepRun') && line.includes('crash coordinator(billing)'))
      expect(crashed).toBeGreaterThan(0)
      const after = lines.slice(crashed)
      const refused = after.filter((line) =>
        / GroupRequestRefused FindCoordinator billing ConsumerCoordinatorNotAvailable to c[12]$/.test(line),
      )
      expect(refused.length).toBeGreaterThan(10)
      expect(after.some((line) => /^c[12] CoordinatorLost billing b\d by c[12] \(disconnected\)$/.test(line))).toBe(
        true,
      )
      expect(after.some((line) => line.includes('GenerationStarted'))).toBe(false)
      expect(after.some((line) => /^c\d CommitAcknowledged/.test(line))).toBe(false)
      // They ask for ever: there is no error that ends them.
      for (const name of ['c1', 'c2']) expect(run.view.machines[name]!.state).toBe('running')
    },
  )

  it('is error 15 for a high-level consumer that keeps offsets in Kafka: it reads on and cannot commit', () => {
    const { lines, run } = play(
      story(
        '0.8.2',
        `  c1:
    consumer: high-level
    group: billing
    subscribes: orders
    config: { auto.offset.reset: smallest, offsets.storage: kafka, dual.commit.enabled: false, auto.commit.interval.ms: 500 }`,
        gone,
      ),
    )
    const crashed = lines.findIndex((line) => line.includes('StepRun') && line.includes('crash coordinator(billing)'))
    const after = lines.slice(crashed)
    expect(after.some((line) => line.includes('ConsumerCommitFailed'))).toBe(true)
    expect(after.some((line) => line.includes('FindCoordinator billing ConsumerCoordinatorNotAvailable to c1'))).toBe(
      true,
    )
    expect(after.some((line) => line.startsWith('c1 ConsumerCommitted'))).toBe(false)
    expect(run.view.machines.c1!.state).toBe('running')
  })
})

describe('a partition without a leader, which the group has never read', () => {
  const read = (protocol: string): number => {
    const { lines } = play(`scenario: 1
protocol: "${protocol}"
ends: 30s
cluster: { config: { offsets.topic.num.partitions: 1, offsets.topic.replication.factor: 2 } }
topics: { orders: { partitions: 2, replicas: [[b1], [b3]] } }
clients:
  p1: { producer: sync, config: { request.required.acks: 1 }, sends: { to: orders-0, every: 100ms, start: 3s, count: 20 } }
  c1:
    consumer: group
    group: billing
    subscribes: orders
    autostart: false
    config: { auto.offset.reset: earliest }
    processes: { commit: after }
steps:
  - at: 6s
    crash: b3
  - at: 14s
    start: c1
`)
    expect(lines.some((line) => line.startsWith('c1 FetchFailed orders-1 at -1: no leader'))).toBe(true)
    return lines.filter((line) => line.startsWith('c1 MessageProcessed orders-0')).length
  }

  it('keeps a consumer from reading anything before 1.1 (KAFKA-6397)', () => {
    expect(read('0.11')).toBe(0)
  })

  it('is asked for in the background from 1.1 on, while the others are read', () => {
    expect(read('1.1')).toBe(20)
    expect(read('2.4')).toBe(20)
  })
})
