import { describe, expect, test } from 'vitest'
import { fromUtf8, readFile } from '../../../src/host/index.ts'
import { ClusterHarness, consumer, ErrorCode, producer, TP } from './cluster-harness.ts'

const checkpoint = (harness: ClusterHarness, broker: string): string =>
  fromUtf8(readFile(harness.world.machine(broker).disk, 'replication-offset-checkpoint'))

describe('the high watermark', () => {
  test('reaches the followers with the fetch after the one that moved it', () => {
    const harness = ClusterHarness.ready()
    harness.produce('b1', ['m1'], -1)
    // b1 knows; the answers that carry it are still to come.
    expect(harness.replica('b1').hw).toBe(1)
    expect(harness.replica('b2').hw).toBe(0)
    harness.until('both followers know', () => harness.replica('b2').hw === 1 && harness.replica('b3').hw === 1, 2000)
  })

  test('in the answer to the fetch that moves it is still the old one in 0.8.2, the new one in 0.8.1', () => {
    const answered = (protocol: '0.8.1' | '0.8.2'): number => {
      const harness = ClusterHarness.ready({ plan: { protocol, brokers: 3 } })
      // Both followers are silent, and the probe speaks for b3 and then for b2.
      harness.holdFetches('b1', 'b2', 'b3')
      harness.produce('b1', ['m1'], 1)
      harness.fetch('b1', 1, { replicaId: 3 })
      return harness.fetch('b1', 1, { replicaId: 2 }).partitions[0]!.highWatermark
    }
    expect(answered('0.8.2')).toBe(0)
    expect(answered('0.8.1')).toBe(1)
  })

  test('limits what consumers read: neither data nor the latest offset beyond it', () => {
    const harness = ClusterHarness.ready()
    harness.produce('b1', ['m1'], -1)
    harness.holdFetches('b1', 'b2', 'b3')
    harness.produce('b1', ['m2', 'm3'], 1)
    expect(harness.values('b1')).toEqual(['m1'])
    expect(harness.values('b1', 0, 2)).toEqual(['m1', 'm2', 'm3'])
    const latest = (replicaId: number): readonly number[] =>
      harness.answer('b1', {
        api: 'Offsets',
        correlationId: 1,
        clientId: 'probe',
        replicaId,
        partitions: [{ topic: 'orders', partition: 0, time: -1, maxNumOffsets: 1 }],
      }).partitions[0]!.offsets
    expect(latest(-1)).toEqual([1])
    expect(latest(2)).toEqual([3])
  })

  test('asked beyond by a consumer is error -1 up to the log end, nothing at the log end, error 1 past it', () => {
    const harness = ClusterHarness.ready()
    harness.produce('b1', ['m1'], -1)
    harness.holdFetches('b1', 'b2', 'b3')
    harness.produce('b1', ['m2', 'm3'], 1)
    const errorAt = (offset: number): ErrorCode => harness.fetch('b1', offset).partitions[0]!.errorCode
    expect([0, 1, 2, 3, 4].map(errorAt)).toEqual([
      ErrorCode.NoError,
      ErrorCode.NoError,
      ErrorCode.Unknown,
      ErrorCode.NoError,
      ErrorCode.OffsetOutOfRange,
    ])
  })

  test('wakes a consumer that waits, with the data that became visible', () => {
    const harness = ClusterHarness.ready({ plan: { clients: [producer('p1', -1), consumer('c1')] } })
    harness.runFor(2000)
    harness.send('p1', 'm1')
    const read = harness.event('MessagesRead', (e) => e.messages.length > 0)
    expect(read.messages.map((m) => m.value)).toEqual(['m1'])
    expect(read.highWatermark).toBe(1)
  })

  test('is written to disk every 5 s, from the first LeaderAndIsr on', () => {
    const harness = ClusterHarness.ready()
    harness.produce('b1', ['m1', 'm2'], -1)
    harness.runFor(11_000)
    const times = harness
      .seen('HighWatermarksCheckpointed')
      .filter((e) => e.machine === 'b1')
      .map((e) => e.atMs)
    const created = harness.seen('ReplicaCreated').find((e) => e.machine === 'b1')!.atMs
    expect(times[0]! - created).toBeLessThan(100)
    expect(times.slice(1).map((at, i) => Math.round(at - times[i]!))).toEqual(times.slice(1).map(() => 5000))
    expect(checkpoint(harness, 'b1')).toBe('0\n1\norders 0 2\n')
    expect(checkpoint(harness, 'b2')).toBe('0\n1\norders 0 2\n')
  })

  test('is loaded on restart, but not beyond the log', () => {
    const harness = ClusterHarness.ready()
    harness.produce('b1', ['m1', 'm2'], -1)
    // The log is never flushed, and dirty for half a minute: a power loss takes it. The checkpoint's rename is older.
    harness.runFor(13_000)
    harness.world.machine('b3').powerOff()
    expect(checkpoint(harness, 'b3')).toBe('0\n1\norders 0 2\n')
    harness.runFor(100)
    harness.world.machine('b3').restart()
    const created = harness.event('ReplicaCreated', (_, machine) => machine === 'b3')
    expect(created).toMatchObject({ logEndOffset: 0, highWatermark: 0 })
  })

  test('of a broker that was killed is the one of its last checkpoint', () => {
    const harness = ClusterHarness.ready()
    harness.produce('b1', ['m1'], -1)
    harness.runFor(6000)
    harness.produce('b1', ['m2'], -1)
    harness.until('b3 knows', () => harness.replica('b3').hw === 2)
    harness.world.machine('b3').crash()
    harness.runFor(100)
    harness.world.machine('b3').restart()
    const created = harness.event('ReplicaCreated', (_, machine) => machine === 'b3')
    expect(created).toMatchObject({ logEndOffset: 2, highWatermark: 1 })
    expect(harness.seen('Truncated')).toMatchObject([{ machine: 'b3', from: 2, to: 1 }])
  })

  test('on disk is not forgotten by a broker that dies before it hears of its partitions', () => {
    const harness = ClusterHarness.ready()
    harness.produce('b1', ['m1'], -1)
    harness.runFor(6000)
    const before = checkpoint(harness, 'b3')
    harness.world.machine('b3').crash()
    harness.runFor(100)
    harness.world.machine('b3').restart()
    harness.event('BrokerStarted', (_, machine) => machine === 'b3')
    harness.world.machine('b3').shutdown()
    harness.event('ProcessEnded', (_, machine) => machine === 'b3')
    expect(checkpoint(harness, 'b3')).toBe(before)
  })

  test('is forgotten by a new leader whose log does not reach it, until every ISR member has fetched', () => {
    const harness = ClusterHarness.ready({ plan: { topics: [] } })
    strayHighWatermark(harness)
    expect(harness.event('BecameLeader', (e, machine) => machine === 'b1' && e.leaderEpoch === 12)).toMatchObject({
      logEndOffset: 1,
      highWatermark: -1,
    })
    // With the high watermark of 3 that it once heard of, this would be acknowledged at once.
    expect(harness.produce('b1', ['x'], -1, 500)).toBe(ErrorCode.RequestTimedOut)
    expect(harness.fetch('b1', 0).partitions[0]!.errorCode).toBe(ErrorCode.Unknown)
  })

  /** b1 follows b2, knows of a high watermark of 3, is cut to 1 by an out-of-range fetch, and becomes leader. */
  function strayHighWatermark(harness: ClusterHarness): void {
    harness.event('BrokerRegistered', (_, machine) => machine === 'b2')
    harness.runFor(3000)
    const state = (leader: number, leaderEpoch: number, isr: number[]) => ({
      topic: 'orders',
      partition: 0,
      controllerEpoch: 1000,
      replicas: [1, 2],
      leaderAndIsr: { leader, leaderEpoch, isr, zkVersion: 0 },
    })
    harness.leaderAndIsr('b2', { partitionStates: [state(2, 10, [2])] })
    harness.leaderAndIsr('b1', { partitionStates: [state(2, 10, [2])] })
    harness.produce('b2', ['a', 'b', 'c'], 1)
    harness.until('b1 has all and knows it', () => harness.replica('b1').leo === 3 && harness.replica('b1').hw === 3)
    // b3 leads, with one message only.
    harness.leaderAndIsr('b3', { partitionStates: [{ ...state(3, 11, [3]), replicas: [1, 3] }] })
    harness.produce('b3', ['a'], 1)
    const hold = harness.world.network.intercept(({ name, to, from }) =>
      name === 'FetchResponse' && to === 'b1' && from === 'b3' && harness.replica('b1').leo === 1 ? 'hold' : 'pass',
    )
    harness.leaderAndIsr('b1', { partitionStates: [{ ...state(3, 11, [3]), replicas: [1, 3] }] })
    harness.event('Truncated', (e, machine) => machine === 'b1' && e.reason === 'out-of-range')
    hold()
    expect(harness.replica('b1')).toMatchObject({ leo: 1, hw: 3 })
    harness.start('b1', {
      api: 'LeaderAndIsr',
      correlationId: 1,
      clientId: 'probe',
      controllerId: 9,
      controllerEpoch: 1000,
      liveLeaders: [],
      partitionStates: [state(1, 12, [1, 2])],
    })
  }
})

test('a leader alone in its ISR commits what it appends, at once', () => {
  const harness = ClusterHarness.ready({
    plan: { brokers: 1, topics: [{ name: 'orders', partitions: 1, replicationFactor: 1, config: {} }] },
  })
  expect(harness.produce('b1', ['m1'], -1)).toBe(ErrorCode.NoError)
  expect(harness.replica('b1', TP)).toMatchObject({ leo: 1, hw: 1 })
})

test('a tool may read any replica, below its high watermark', () => {
  const harness = ClusterHarness.ready()
  harness.produce('b1', ['m1'], -1)
  harness.until('b2 knows', () => harness.replica('b2').hw === 1)
  expect(harness.values('b2', 0, -2)).toEqual(['m1'])
  expect(harness.fetch('b2', 0).partitions[0]!.errorCode).toBe(ErrorCode.NotLeaderForPartition)
  expect(harness.fetch('b2', 0, { replicaId: -2, partition: 5 }).partitions[0]!.errorCode).toBe(
    ErrorCode.ReplicaNotAvailable,
  )
})
