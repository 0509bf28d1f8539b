import { describe, expect, test } from 'vitest'
import { ClusterHarness, ErrorCode, TP, topic } from './cluster-harness.ts'

describe("a follower's fetcher", () => {
  test('goes on without back-off while its leader is down, and catches up when it is back', () => {
    const harness = ClusterHarness.ready({
      plan: {
        brokers: 2,
        topics: [topic({ replicas: [[1, 2]], config: { 'unclean.leader.election.enable': false } })],
      },
    })
    harness.produce('b1', ['m1'], -1)
    // b2 hears of no election: it keeps asking the leader that it knows.
    harness.cut('b2', 'zk1')
    harness.world.machine('b1').crash()
    const before = harness.world.steps
    harness.runFor(1000)
    // A refused connection takes one round trip, about 2 ms, and a few events: hundreds of attempts in a second.
    expect(harness.world.steps - before).toBeGreaterThan(500)
    harness.world.machine('b1').restart()
    harness.until('b1 leads again', () => harness.replica('b1').role === 'leader')
    expect(harness.produce('b1', ['m2'], 1)).toBe(ErrorCode.NoError)
    harness.until('b2 has it', () => harness.replica('b2').leo === 2)
  })

  test('ignores an error of its leader and asks again: the controller is expected to mend things', () => {
    const harness = ClusterHarness.ready()
    harness.world.machine('b1').disk.failReads(`${TP}/00000000000000000000.log`)
    expect(harness.produce('b1', ['m1'], 1)).toBe(ErrorCode.NoError)
    harness.runFor(1000)
    expect(harness.replica('b2').leo).toBe(0)
    expect(harness.world.machine('b1').state).toBe('running')
    harness.world.machine('b1').disk.failReads(undefined)
    harness.until('the followers have it', () => harness.replica('b2').leo === 1 && harness.replica('b3').leo === 1)
  })

  test('asks all its partitions of a leader in one request, and there is one of it for each fetcher id', () => {
    const seen = (fetchers: number): number => {
      const harness = ClusterHarness.ready({
        plan: {
          topics: [topic({ partitions: 4, replicas: Array.from({ length: 4 }, () => [1, 2, 3]) })],
          brokerConfig: { 'num.replica.fetchers': fetchers },
        },
      })
      const connections = new Set<number>()
      const stop = harness.world.network.intercept(({ name, from, to, connection }) => {
        if (name === 'Fetch' && from === 'b2' && to === 'b1') connections.add(connection)
        return 'pass'
      })
      harness.runFor(2000)
      stop()
      return connections.size
    }
    expect(seen(1)).toBe(1)
    expect(seen(4)).toBe(4)
  })

  test('dies of a damaged message, because it moves on past it, and its other partitions with it', () => {
    const harness = ClusterHarness.ready({
      plan: {
        topics: [
          topic({
            partitions: 2,
            replicas: [
              [1, 2],
              [1, 2],
            ],
          }),
        ],
      },
    })
    harness.produce('b1', ['m1'], -1)
    const release = harness.holdFetches('b1', 'b2')
    harness.produce('b1', ['m2'], 1)
    harness.produce('b1', ['m3'], 1)
    // A bit of m2 turns over on the leader's disk: the follower sees a wrong CRC.
    harness.world.machine('b1').disk.corruptBit(`${TP}/00000000000000000000.log`, 28 + 27, 0)
    release()
    harness.runFor(1000)
    expect(harness.replica('b2').leo).toBe(1)
    // The next data for orders-0 begins behind what b2 has: the thread ends, and nobody starts another.
    expect(harness.produce('b1', ['m4'], 1)).toBe(ErrorCode.NoError)
    let fetches = 0
    harness.runFor(1000)
    harness.world.network.intercept(({ name, from }) => {
      if (name === 'Fetch' && from === 'b2') fetches++
      return 'pass'
    })
    harness.runFor(25_000)
    expect(fetches).toBe(0)
    expect(harness.stateOf('orders-0')!.isr).toEqual([1])
    expect(harness.stateOf('orders-1')!.isr).toEqual([1])
    expect(harness.world.machine('b2').state).toBe('running')
  })
})

describe('a fetch that waits', () => {
  const waited = (harness: ClusterHarness, minBytes: number, maxWaitMs: number): number => {
    const from = harness.nowMs
    harness.fetch('b1', harness.replica('b1').hw, { maxWaitMs, minBytes })
    return harness.nowMs - from
  }

  test('is answered empty when its time is up', () => {
    const harness = ClusterHarness.ready()
    const ms = waited(harness, 1, 700)
    expect(ms).toBeGreaterThan(700)
    expect(ms).toBeLessThan(710)
  })

  test('does not wait at all with no time, no bytes wanted, or an error', () => {
    const harness = ClusterHarness.ready()
    expect(waited(harness, 1, 0)).toBeLessThan(10)
    expect(waited(harness, 0, 5000)).toBeLessThan(10)
    const from = harness.nowMs
    expect(harness.fetch('b1', 99, { maxWaitMs: 5000 }).partitions[0]!.errorCode).toBe(ErrorCode.OffsetOutOfRange)
    expect(harness.nowMs - from).toBeLessThan(10)
  })

  test('waits until there are as many bytes as it wants', () => {
    const harness = ClusterHarness.ready()
    const pending = harness.start('b1', {
      api: 'Fetch',
      correlationId: 1,
      clientId: 'probe',
      replicaId: -1,
      maxWaitMs: 20_000,
      minBytes: 60,
      partitions: [{ topic: 'orders', partition: 0, fetchOffset: 0, maxBytes: 1000 }],
    })
    // 12 bytes of header, 14 of an empty message, 2 of text.
    harness.produce('b1', ['m1'], -1)
    harness.produce('b1', ['m2'], -1)
    harness.runFor(1000)
    expect(pending.result).toBeUndefined()
    harness.produce('b1', ['m3'], -1)
    harness.until('the answer', () => pending.result !== undefined, 100)
    expect(pending.result).toMatchObject({ ok: true, response: { partitions: [{ records: { length: 84 } }] } })
  })

  test('is answered when the leader begins a new segment, with what is left of the old one', () => {
    const harness = ClusterHarness.ready({ plan: { topics: [topic({ config: { 'segment.bytes': 60 } })] } })
    harness.produce('b1', ['m1'], -1)
    const pending = harness.start('b1', {
      api: 'Fetch',
      correlationId: 1,
      clientId: 'probe',
      replicaId: -1,
      maxWaitMs: 20_000,
      minBytes: 1000,
      partitions: [{ topic: 'orders', partition: 0, fetchOffset: 0, maxBytes: 1000 }],
    })
    harness.produce('b1', ['m2'], -1)
    harness.runFor(100)
    expect(pending.result).toBeUndefined()
    harness.produce('b1', ['m3'], -1)
    harness.until('the answer', () => pending.result !== undefined, 100)
    expect(pending.result).toMatchObject({ ok: true, response: { partitions: [{ records: { length: 56 } }] } })
  })
})

test('metadata for a topic that nobody knows creates it where that is allowed, and not where it is not', () => {
  const ask = (harness: ClusterHarness, ...topics: string[]) =>
    harness.answer('b2', { api: 'Metadata', correlationId: 1, clientId: 'probe', topics })
  const open = ClusterHarness.ready({
    plan: {
      brokerConfig: { 'auto.create.topics.enable': true, 'default.replication.factor': 2, 'num.partitions': 3 },
    },
  })
  expect(ask(open, 'orders', 'fresh').topics.map((t) => [t.topic, t.errorCode])).toEqual([
    ['orders', ErrorCode.NoError],
    ['fresh', ErrorCode.LeaderNotAvailable],
  ])
  open.until('it is there', () => ask(open, 'fresh').topics[0]!.partitions.length === 3)
  expect(ask(open, 'fresh').topics[0]!.partitions.every((p) => p.replicas.length === 2)).toBe(true)
  // One name that cannot be spoils the answer for all.
  expect(ask(open, 'orders', 'no/such/name')).toMatchObject({
    brokers: [],
    topics: [{ errorCode: ErrorCode.InvalidTopic }, { errorCode: ErrorCode.InvalidTopic }],
  })
  const closed = ClusterHarness.ready()
  expect(ask(closed, 'fresh').topics).toMatchObject([{ topic: 'fresh', errorCode: ErrorCode.UnknownTopicOrPartition }])
  const small = ClusterHarness.ready({
    plan: { brokerConfig: { 'auto.create.topics.enable': true, 'default.replication.factor': 9 } },
  })
  expect(ask(small, 'orders', 'fresh')).toMatchObject({
    topics: [{ errorCode: ErrorCode.Unknown }, { errorCode: ErrorCode.Unknown }],
  })
  expect(small.seen('TopicNotCreated')).toMatchObject([{ topic: 'fresh', errorCode: ErrorCode.Unknown }])
  // From 0.10.1 on it spoils its own part only, and says what is wrong.
  const later = ClusterHarness.ready({
    plan: { protocol: '0.10.2', brokerConfig: { 'auto.create.topics.enable': true, 'default.replication.factor': 9 } },
  })
  expect(ask(later, 'orders', 'fresh', 'no/such/name')).toMatchObject({
    brokers: [{}, {}, {}],
    topics: [
      { topic: 'orders', errorCode: ErrorCode.NoError },
      { topic: 'fresh', errorCode: ErrorCode.InvalidReplicationFactor },
      { topic: 'no/such/name', errorCode: ErrorCode.InvalidReplicationFactor },
    ],
  })
  expect(later.seen('TopicNotCreated')).toMatchObject([
    { topic: 'fresh', reason: 'replication factor: 9 larger than available brokers: 3' },
    { topic: 'no/such/name' },
  ])
})
