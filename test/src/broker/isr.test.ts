import { describe, expect, test } from 'vitest'
import { ClusterHarness, ErrorCode, partitionState, produceRequest, producer, TP, topic } from './cluster-harness.ts'

const quick = { 'replica.lag.time.max.ms': 3000 }

describe('the ISR', () => {
  test('loses a follower that has not fetched for longer than replica.lag.time.max.ms, between one and two of them', () => {
    const harness = ClusterHarness.ready({ plan: { brokerConfig: { 'replica.lag.time.max.ms': 3000 } } })
    const release = harness.holdFetches('b1', 'b3')
    const lastFetch =
      harness
        .seen('FollowerPosition')
        .filter((e) => e.follower === 3)
        .at(-1)?.atMs ?? harness.nowMs
    const shrunk = harness.event('IsrShrunk')
    expect(shrunk).toMatchObject({ tp: TP, isr: [1, 2], changed: [3] })
    expect(shrunk.reason).toContain('silent')
    expect(harness.nowMs - lastFetch).toBeGreaterThan(3000)
    expect(harness.stateOf()).toMatchObject({ leader: 1, isr: [1, 2], leaderEpoch: 0 })
    release()
  })

  test('loses a follower that is more than replica.lag.max.messages behind, though it fetches all the time', () => {
    const harness = ClusterHarness.ready({
      plan: { brokerConfig: { ...quick, 'replica.lag.max.messages': 5, 'replica.fetch.max.bytes': 30 } },
    })
    // Each fetch of b3 takes long, but they come more often than once in a second.
    harness.world.network.setLatency('b3', 'b1', { low: 200_000, high: 200_000 })
    const values = Array.from({ length: 60 }, (_, i) => `m${i}`)
    for (const value of values) harness.produce('b1', [value], 1)
    const shrunk = harness.event('IsrShrunk', (e) => e.changed.includes(3))
    expect(shrunk.reason).toMatch(/3 behind by \d+ messages/)
  })

  test('takes a follower back as soon as it has reached the high watermark, before it has everything', () => {
    const harness = ClusterHarness.ready({ plan: { brokerConfig: { ...quick, 'replica.fetch.max.bytes': 60 } } })
    const release = harness.holdFetches('b1', 'b3')
    harness.event('IsrShrunk', (e) => e.changed.includes(3))
    harness.produce('b1', ['m1', 'm2'], -1)
    harness.holdFetches('b1', 'b2')
    for (let i = 3; i <= 9; i++) harness.produce('b1', [`m${i}`], 1)
    release()
    const expanded = harness.event('IsrExpanded', (e) => e.changed.includes(3))
    expect(expanded.isr).toEqual([1, 2, 3])
    expect(harness.replica('b3').leo).toBeLessThan(9)
    expect(harness.replica('b3').leo).toBeGreaterThanOrEqual(2)
  })

  test('lets the high watermark go on when the follower that held it back is out', () => {
    const harness = ClusterHarness.ready({ plan: { brokerConfig: quick } })
    harness.holdFetches('b1', 'b3')
    const pending = harness.start('b1', produceRequest(['m1'], -1, 20_000))
    harness.event('IsrShrunk')
    harness.until('the answer', () => pending.result !== undefined, 100)
    expect(pending.result).toMatchObject({ ok: true, response: { partitions: [{ errorCode: ErrorCode.NoError }] } })
  })

  test('of 0.8.1 shrinks too, but the waiting producer hears of it with the next fetch only', () => {
    const harness = ClusterHarness.ready({ plan: { protocol: '0.8.1', brokerConfig: quick } })
    harness.holdFetches('b1', 'b3')
    const pending = harness.start('b1', produceRequest(['m1'], -1, 20_000))
    harness.event('IsrShrunk')
    expect(harness.replica('b1').hw).toBe(1)
    expect(pending.result).toBeUndefined()
    harness.until('the answer', () => pending.result !== undefined, 1000)
    expect(pending.result).toMatchObject({ ok: true, response: { partitions: [{ errorCode: ErrorCode.NoError }] } })
  })

  test('is written while the partition is locked: appends wait until ZooKeeper answers', () => {
    const harness = ClusterHarness.ready({
      plan: { brokerConfig: { ...quick, 'zookeeper.session.timeout.ms': 20_000 } },
    })
    harness.holdFetches('b1', 'b3')
    harness.cut('b1', 'zk1')
    // The look at lagging followers begins a write that gets no answer; the session lives on for a while.
    harness.runFor(6000)
    const pending = harness.start('b1', produceRequest(['m1'], 1))
    harness.runFor(1000)
    expect(harness.replica('b1').leo).toBe(0)
    expect(pending.result).toBeUndefined()
    // Reads need no lock.
    expect(harness.fetch('b1', 0).partitions[0]!.errorCode).toBe(ErrorCode.NoError)
    harness.heal('b1', 'zk1')
    harness.until('the write went through and the append after it', () => pending.result !== undefined)
    const order = harness.records
      .filter(({ event, machine }) => machine === 'b1' && ['IsrShrunk', 'Appended'].includes(event.kind))
      .map(({ event }) => event.kind)
    expect(order).toEqual(['IsrShrunk', 'Appended'])
  })

  test('stays as it was if the znode was written by somebody else (M22), and is tried again', () => {
    const harness = new ClusterHarness({ plan: { topics: [topic()], brokerConfig: quick } })
    harness.untilReady()
    // A leader that was told an old version of the znode.
    const { leaderEpoch } = harness.replica('b1')
    harness.leaderAndIsr('b1', {
      partitionStates: [partitionState({ leader: 1, leaderEpoch: leaderEpoch + 1, zkVersion: 77 })],
    })
    harness.holdFetches('b1', 'b3')
    expect(harness.event('IsrUpdateFailed')).toMatchObject({ isr: [1, 2], zkVersion: 77 })
    expect(harness.replica('b1').isr).toEqual([1, 2, 3])
    expect(harness.produce('b1', ['m1'], -1, 500)).toBe(ErrorCode.RequestTimedOut)
    harness.event('IsrUpdateFailed')
    harness.event('IsrUpdateFailed')
    expect(harness.stateOf()!.isr).toEqual([1, 2, 3])
  })

  test('write whose answer was lost counts as done if ZooKeeper holds what was meant (0.8.2), as failed before', () => {
    const afterLoss = (protocol: '0.8.1' | '0.8.2'): string => {
      const harness = ClusterHarness.ready({ plan: { protocol, brokerConfig: quick } })
      harness.holdFetches('b1', 'b3')
      let cut = false
      harness.world.network.intercept(({ name, from, to }) => {
        if (cut || !(from === 'zk1' && to === 'b1' && harness.stateOf()!.isr.length === 2)) return 'pass'
        if (name === 'ZkPingResponse') return 'pass'
        cut = true
        return 'drop'
      })
      harness.until('the write is told of', () => {
        return harness.seen('IsrShrunk').length + harness.seen('IsrUpdateFailed').length > 0
      })
      expect(cut).toBe(true)
      return harness.seen('IsrShrunk').length > 0 ? 'done' : 'failed'
    }
    expect(afterLoss('0.8.2')).toBe('done')
    expect(afterLoss('0.8.1')).toBe('failed')
  })

  test('is looked at at once, as often as it came due, when a look that waited for ZooKeeper is over', () => {
    const harness = ClusterHarness.ready({
      plan: {
        topics: [
          topic({
            partitions: 2,
            replicas: [
              [1, 2, 3],
              [1, 2, 3],
            ],
          }),
        ],
        brokerConfig: { ...quick, 'zookeeper.session.timeout.ms': 20_000 },
      },
    })
    harness.holdFetches('b1', 'b3')
    harness.cut('b1', 'zk1')
    // The first look writes the ISR of orders-0 and waits; meanwhile two more come due, and b2 falls silent.
    harness.runFor(5500)
    harness.holdFetches('b1', 'b2')
    harness.runFor(3500)
    const since = harness.records.length
    harness.heal('b1', 'zk1')
    harness.event('IsrShrunk', (e) => e.tp === TP)
    harness.until('b2 is out as well', () => harness.seen('IsrShrunk', since).some((e) => e.changed.includes(2)), 100)
  })
})

test('a fetch of a broker that is not assigned to the partition is refused with -1 for all that it asks', () => {
  const harness = ClusterHarness.ready({ plan: { topics: [topic({ replicas: [[1, 2]] })] } })
  harness.produce('b1', ['m1'], -1)
  expect(harness.fetch('b1', 0, { replicaId: 3 }).partitions).toMatchObject([
    { errorCode: ErrorCode.Unknown, highWatermark: -1, records: new Uint8Array(0) },
  ])
  expect(harness.fetch('b1', 0, { replicaId: 1 }).partitions[0]!.errorCode).toBe(ErrorCode.Unknown)
  harness.runFor(2000)
  expect(harness.stateOf()!.isr).toEqual([1, 2])
})

test('a failed read leaves the position of the follower unknown in 0.8.2, and the high watermark stands', () => {
  const harness = ClusterHarness.ready({ plan: { clients: [producer('p1', -1)] } })
  harness.holdFetches('b1', 'b3')
  harness.produce('b1', ['m1'], 1)
  harness.until('b2 has it', () => harness.replica('b2').leo === 1)
  // b3 says that it has more than the leader.
  expect(harness.fetch('b1', 5, { replicaId: 3 }).partitions[0]!.errorCode).toBe(ErrorCode.OffsetOutOfRange)
  harness.runFor(1000)
  expect(harness.replica('b1').hw).toBe(0)
})
