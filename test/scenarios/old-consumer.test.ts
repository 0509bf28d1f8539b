// The old high-level consumer over a whole simulated cluster: what it writes into ZooKeeper, what it reads, what it commits.
import { describe, expect, it } from 'vitest'
import { parseScenario } from '../../sim/scenario/language/index.ts'
import type { ScenarioPlan } from '../../sim/scenario/plan.ts'
import { ScenarioRun } from '../../sim/scenario/runner/index.ts'
import { formatRecord } from '../../sim/view/index.ts'

interface Played {
  readonly lines: readonly string[]
  readonly run: ScenarioRun
  /** Lines of a client that begin with a word, without the client. */
  of(client: string, kind: string): string[]
  /** Messages that a client read, in order. */
  read(client: string): string[]
  znode(path: string): string | undefined
}

function plan(text: string): ScenarioPlan {
  const parsed = parseScenario(text, 'story.yaml')
  if ('plan' in parsed) return parsed.plan
  throw new Error(parsed.diagnostics.map(({ message }) => message).join('\n'))
}

function play(text: string, seed = 1): Played {
  const lines: string[] = []
  const run = new ScenarioRun(plan(text), {
    seed,
    subscribers: [{ apply: (record) => lines.push(formatRecord(record).replace(/^\S+ /, '')) }],
  })
  run.runTo(run.plan.endsUs)
  const { failure } = run.finish()
  if (failure !== undefined) throw new Error(failure.message)
  const of = (client: string, kind: string): string[] =>
    lines
      .filter((line) => line.startsWith(`${client.padEnd(7)} ${kind} `))
      .map((line) => line.slice(8 + kind.length + 1))
  return {
    lines,
    run,
    of,
    read: (client) => of(client, 'MessagesRead').map((line) => line.split(' ')[1]!.replace(/^\d+:(?:\d+=)?/, '')),
    znode: (path) => run.view.znodes[path]?.data,
  }
}

const stage = (clients: string, steps = '', options = ''): string => `scenario: 1
ends: 20s
${options}
topics: { orders: { partitions: 2, replicas: [[b1, b2], [b2, b3]] }, payments: { partitions: 1, replicas: [[b3, b1]] } }
clients:
  p1: { producer: sync, config: { request.required.acks: 1 }, sends: { to: orders, every: 100ms, start: 4s, count: 20, keys: 1..9 } }
${clients}
steps:
${steps === '' ? '  - at: 10s\n    caption: on' : steps}
`

const names = (count: number): string[] => Array.from({ length: count }, (_, i) => `p1-${i + 1}`)
const consumer = (rest: string): string => `{ consumer: high-level, group: g, ${rest} }`

describe('its start, as documented', () => {
  it('registers with its subscription, claims its partitions, and reads what comes', () => {
    const played = play(stage(`  c1: ${consumer('subscribes: { orders: 2, payments: 1 }')}`))
    const [id] = Object.keys(played.run.view.consumerIds)
    expect(id).toMatch(/^g_c1-\d+-[0-9a-f]{8}$/)
    const registration = JSON.parse(played.znode(`/consumers/g/ids/${id}`)!)
    expect(registration).toMatchObject({ version: 1, pattern: 'static', subscription: { orders: 2, payments: 1 } })
    expect(registration.timestamp).toMatch(/^\d+$/)
    expect(played.znode('/consumers/g/owners/orders/0')).toBe(`${id}-0`)
    expect(played.znode('/consumers/g/owners/orders/1')).toBe(`${id}-1`)
    expect(played.znode('/consumers/g/owners/payments/0')).toBe(`${id}-0`)
    expect(played.read('c1').sort()).toEqual(names(20).sort())
  })

  it('does the steps in order', () => {
    const { lines } = play(stage(`  c1: ${consumer('subscribes: orders')}`))
    const own = lines.filter((line) => line.startsWith('c1 ')).map((line) => line.split(/ +/)[1])
    const steps = [
      'ConsumerRegistered',
      'RebalanceBegan',
      'PartitionsChosen',
      'ConsumerRebalanced',
      'OffsetReset',
      'MessagesRead',
    ]
    expect(steps.map((step) => own.indexOf(step))).toEqual(steps.map((step) => own.indexOf(step)).sort((a, b) => a - b))
    expect(own).toEqual(expect.arrayContaining(steps))
  })

  it('begins at the end that auto.offset.reset names where no offset is kept', () => {
    const late = '  - at: 8s\n    start: [c1, c2]'
    const played = play(
      stage(
        `  c1: ${consumer('subscribes: orders, autostart: false')}
  c2: { like: c1, group: other, config: { auto.offset.reset: smallest } }`,
        late,
      ),
    )
    expect(played.read('c1')).toEqual([])
    expect(played.read('c2').sort()).toEqual(names(20).sort())
  })

  it('waits for /brokers/ids only while no broker is alive', () => {
    const played = play(
      stage(
        `  c1: ${consumer('subscribes: orders, autostart: false')}`,
        `  - at: 3s
    crash: [b1, b2, b3]
  - when: [{ session: b1, is: expired }, { session: b2, is: expired }, { session: b3, is: expired }]
    start: c1
  - after: 1s
    restart: [b1, b2, b3]`,
      ),
    )
    expect(played.of('c1', 'RebalanceBegan')[0]).toContain('(start)')
    expect(played.of('c1', 'RebalanceBegan').some((line) => line.includes('(brokers)'))).toBe(true)
    expect(played.run.view.groups.g!.claims.c1).toEqual(['orders-0', 'orders-1'])
  })

  it('waits where another member has its id, until that one’s session is over', () => {
    const played = play(
      stage(
        `  c1: ${consumer('subscribes: orders, config: { consumer.id: same }')}
  c2: { like: c1, autostart: false }`,
        '  - at: 3s\n    start: c2\n  - at: 6s\n    crash: c1',
      ),
    )
    expect(played.of('c2', 'ConsumerRegistrationWaits')[0]).toBe('g g_same by c2')
    expect(played.run.view.groups.g!.claims).toEqual({ c2: ['orders-0', 'orders-1'] })
  })
})

describe('its offsets', () => {
  it('are next offsets, plain numbers in ZooKeeper, written every auto.commit.interval.ms where they changed', () => {
    const played = play(stage(`  c1: ${consumer('subscribes: orders, config: { auto.commit.interval.ms: 3000 }')}`))
    const ends = [0, 1].map((partition) => played.run.ledger.authoritativeLog(`orders-${partition}`).length)
    expect([0, 1].map((partition) => played.znode(`/consumers/g/offsets/orders/${partition}`))).toEqual(
      ends.map(String),
    )
    expect(played.of('c1', 'ConsumerCommitted').every((line) => line.includes('in zookeeper (auto)'))).toBe(true)
    // Nothing new, nothing written: one or two rounds saw messages.
    expect(played.of('c1', 'ConsumerCommitted').length).toBeLessThanOrEqual(2)
  })

  it('are committed by nobody but the application without auto.commit.enable', () => {
    const played = play(
      stage(
        `  c1: ${consumer('subscribes: orders, config: { auto.commit.enable: false, auto.commit.interval.ms: 1000 }')}`,
        '  - when: { client: c1, read: 10 }\n    commit: c1',
      ),
    )
    const [committed, ...more] = played.of('c1', 'ConsumerCommitted')
    expect(committed).toContain('in zookeeper (application) by c1')
    expect(more).toEqual([])
  })

  it('are committed when it closes, and found again by the next life', () => {
    const played = play(
      stage(
        `  c1: ${consumer('subscribes: orders')}`,
        '  - when: { client: c1, read: 10 }\n    stop: c1\n  - after: 500ms\n    start: c1',
      ),
    )
    expect(played.of('c1', 'ConsumerCommitted')[0]).toContain('(shutdown)')
    // In order it closed: nothing is read twice, nothing is left out.
    expect(played.read('c1').sort()).toEqual(names(20).sort())
    expect(Object.keys(played.run.view.consumerIds)).toHaveLength(1)
  })

  it('lie with the coordinator under offsets.storage=kafka, and in ZooKeeper too while both are written', () => {
    const kafka = play(
      stage(
        `  c1: ${consumer('subscribes: orders, config: { offsets.storage: kafka, auto.commit.interval.ms: 3000 }')}`,
      ),
    )
    expect(kafka.of('c1', 'ConsumerCommitted').some((line) => line.includes(' in kafka '))).toBe(true)
    expect(kafka.of('c1', 'ConsumerCommitted').some((line) => line.includes(' in zookeeper '))).toBe(true)
    expect(kafka.lines.some((line) => /^b\d +OffsetsCommitted g .* in kafka by c1/.test(line))).toBe(true)
    const alone = play(
      stage(
        `  c1: ${consumer('subscribes: orders, config: { offsets.storage: kafka, dual.commit.enabled: false, auto.commit.interval.ms: 3000 }')}`,
      ),
    )
    expect(alone.of('c1', 'ConsumerCommitted').some((line) => line.includes(' in zookeeper '))).toBe(false)
    expect(alone.znode('/consumers/g/offsets/orders/0')).toBeUndefined()
  })

  it('move from ZooKeeper to Kafka without a step back: the larger one counts', () => {
    const played = play(
      stage(
        `  c1: ${consumer('subscribes: orders')}
  c2: { like: c1, autostart: false, config: { offsets.storage: kafka } }`,
        '  - when: { client: c1, read: 10 }\n    stop: c1\n  - after: 500ms\n    start: c2',
      ),
    )
    expect([...played.read('c1'), ...played.read('c2')].sort()).toEqual(names(20).sort())
  })
})

describe('its own pace', () => {
  it('lets fetched chunks wait for a slow application, and fetches no more than queued.max.message.chunks of them', () => {
    const played = play(
      stage(`  c1: ${consumer('subscribes: orders, processing: 2s, config: { auto.offset.reset: smallest }')}`),
    )
    expect(played.of('c1', 'FetcherBlocked')[0]).toMatch(/^orders-\d chunks=2 of c1$/)
    // One each two seconds, from 4 s to 20 s.
    expect(played.read('c1')).toHaveLength(8)
  })

  it('ends with a message that is larger than its fetch: the iterator throws, and nothing more is read', () => {
    const played = play(stage(`  c1: ${consumer('subscribes: orders, config: { fetch.message.max.bytes: 50 }')}`))
    expect(played.of('c1', 'StreamEnded')).toEqual(['c1 stream 0: MessageSizeTooLarge'])
    expect(played.read('c1')).toEqual([])
  })

  it('closes when nothing came for consumer.timeout.ms', () => {
    const played = play(stage(`  c1: ${consumer('subscribes: orders, config: { consumer.timeout.ms: 3000 }')}`))
    expect(played.of('c1', 'StreamEnded')[0]).toContain('nothing came for 3000 ms')
    expect(played.run.view.machines.c1!.state).toBe('stopped')
    expect(played.of('c1', 'ConsumerCommitted').at(-1)).toContain('(shutdown)')
  })
})

describe('a group', () => {
  it('divides what is there, and divides anew when a topic gets more partitions', () => {
    const played = play(
      stage(
        `  c1: ${consumer('subscribes: orders')}
  c2: { like: c1 }`,
        '  - at: 8s\n    addPartitions: { topic: orders, to: 5 }',
      ),
    )
    expect(played.run.view.groups.g!.claims).toEqual({
      c1: ['orders-0', 'orders-1', 'orders-2'],
      c2: ['orders-3', 'orders-4'],
    })
    expect(played.of('c1', 'RebalanceBegan').some((line) => line.includes('(partitions)'))).toBe(true)
  })

  it('takes up topics that fit a whitelist, or do not fit a blacklist, when they are created', () => {
    const create = '  - at: 6s\n    createTopic: { topic: orders-eu, partitions: 1, replicas: [[b1]] }'
    const listed = (list: string) =>
      play(stage(`  c1: { consumer: high-level, group: g, ${list} }`, create)).run.view.groups.g!.claims.c1
    expect(listed('whitelist: "orders.*"')).toEqual(['orders-0', 'orders-1', 'orders-eu-0'])
    expect(listed('blacklist: "payments, orders"')).toEqual(['orders-eu-0'])
  })

  it('gives up a rebalance whose claims fail rebalance.max.retries times: at its start, the application ends with it', () => {
    const path = '/consumers/g/owners/orders'
    const parents = ['/consumers/g', '/consumers/g/owners', path, `${path}/0`]
    const played = play(
      stage(
        `  c1: ${consumer('subscribes: orders, autostart: false, config: { rebalance.backoff.ms: 100, rebalance.max.retries: 2 }')}
  z: { zookeeper: plain }`,
        `  - zk: [${parents.map((node) => `{ by: z, create: ${node}, data: squatter }`).join(', ')}]
  - after: 1s
    start: c1`,
      ),
    )
    expect(played.of('c1', 'ClaimRefused')).toEqual(Array(2).fill('g orders-0 owned by squatter to c1'))
    expect(played.of('c1', 'RebalanceFailed').map((line) => line.split(':')[0])).toEqual([
      'g attempt=1',
      'g attempt=2 final',
    ])
    expect(played.run.view.machines.c1).toMatchObject({
      state: 'stopped',
      ended: 'exit: ConsumerRebalanceFailedException',
    })
    expect(played.znode(`${path}/1`)).toBeUndefined()
  })
})
