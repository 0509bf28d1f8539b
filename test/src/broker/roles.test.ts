import { describe, expect, test } from 'vitest'
import {
  ClusterHarness,
  ErrorCode,
  endpoint,
  messages,
  partitionState,
  produceRequest,
  TP,
  topic,
} from './cluster-harness.ts'

/** A cluster without topics, in which the probe plays the controller, with a higher epoch than the real one. */
function bare(protocol: '0.8.1' | '0.8.2' = '0.8.2'): ClusterHarness {
  const harness = new ClusterHarness({ plan: { protocol, topics: [] } })
  harness.until('all brokers are registered', () => harness.seen('BrokerRegistered').length === 3)
  harness.runFor(1000)
  return harness
}

const becomes = (leader: number, leaderEpoch: number, isr = [1, 2, 3]) => ({
  partitionStates: [partitionState({ leader, leaderEpoch, isr })],
})

describe('LeaderAndIsr', () => {
  test('of an older controller is refused as a whole with 11', () => {
    const harness = bare()
    expect(harness.leaderAndIsr('b1', becomes(1, 5))).toMatchObject({ errorCode: ErrorCode.NoError })
    const answer = harness.leaderAndIsr('b1', { ...becomes(2, 6), controllerEpoch: 999 })
    expect(answer).toMatchObject({ errorCode: ErrorCode.StaleControllerEpoch, partitions: [] })
    expect(harness.replica('b1').role).toBe('leader')
    expect(harness.seen('LeaderAndIsrRefused')).toMatchObject([{ tp: null, errorCode: ErrorCode.StaleControllerEpoch }])
  })

  test('of an older or the same leader epoch is refused for that partition with 13', () => {
    const harness = bare()
    harness.leaderAndIsr('b1', becomes(1, 5))
    for (const epoch of [4, 5]) {
      expect(harness.leaderAndIsr('b1', becomes(2, epoch))).toMatchObject({
        errorCode: ErrorCode.NoError,
        partitions: [{ errorCode: ErrorCode.StaleLeaderEpoch }],
      })
    }
    expect(harness.replica('b1')).toMatchObject({ role: 'leader', leaderEpoch: 5 })
  })

  test('with old leader epochs still makes the controller epoch known', () => {
    const harness = bare()
    harness.leaderAndIsr('b1', becomes(1, 5))
    harness.leaderAndIsr('b1', { ...becomes(1, 5), controllerEpoch: 2000 })
    expect(harness.leaderAndIsr('b1', { ...becomes(2, 6), controllerEpoch: 1999 })).toMatchObject({
      errorCode: ErrorCode.StaleControllerEpoch,
    })
  })

  test('for a partition that the broker is not assigned to is passed over', () => {
    const harness = bare()
    const answer = harness.leaderAndIsr('b1', {
      partitionStates: [partitionState({ leader: 2, leaderEpoch: 5, isr: [2, 3] }, [2, 3])],
    })
    expect(answer.partitions).toEqual([])
    expect(harness.seen('ReplicaCreated').filter((e) => e.machine === 'b1')).toEqual([])
  })

  test('that names a leader who is not alive only sets the replica up, and an old leader goes on leading', () => {
    const harness = bare()
    harness.leaderAndIsr('b1', becomes(1, 5, [1]))
    const answer = harness.leaderAndIsr('b1', { ...becomes(2, 6), liveLeaders: [endpoint(1), endpoint(3)] })
    expect(answer.partitions).toMatchObject([{ errorCode: ErrorCode.NoError }])
    expect(harness.produce('b1', ['m1'], 1)).toBe(ErrorCode.NoError)
    expect(harness.replica('b1').leaderEpoch).toBe(5)
    // A replica that did not exist is made, so that its high watermark stays in the checkpoint (KAFKA-1647).
    harness.leaderAndIsr('b3', { ...becomes(2, 6), liveLeaders: [endpoint(1)] })
    expect(harness.seen('ReplicaCreated').filter((e) => e.machine === 'b3')).toHaveLength(1)
    expect(harness.seen('BecameFollower')).toEqual([])
    harness.runFor(6000)
    expect(
      harness
        .seen('HighWatermarksCheckpointed')
        .filter((e) => e.machine === 'b3')
        .at(-1)!.entries,
    ).toEqual({
      [TP]: 0,
    })
  })

  test('whose disk fails half-way is answered with -1, and the broker lives on without fetching', () => {
    const harness = bare()
    harness.world.machine('b3').disk.fillUp(0)
    const answer = harness.leaderAndIsr('b3', becomes(1, 5))
    expect(answer).toMatchObject({ errorCode: ErrorCode.NoError, partitions: [{ errorCode: ErrorCode.Unknown }] })
    expect(harness.world.machine('b3').state).toBe('running')
    harness.leaderAndIsr('b1', becomes(1, 5))
    harness.runFor(2000)
    expect(harness.seen('FollowerPosition').filter((e) => e.follower === 3)).toEqual([])
  })
})

describe('becoming follower', () => {
  test('cuts the log back to the high watermark, and the messages are fetched again from the new leader', () => {
    const harness = bare()
    for (const broker of ['b1', 'b2', 'b3']) harness.leaderAndIsr(broker, becomes(1, 5))
    harness.produce('b1', ['m1'], -1)
    harness.until('b2 knows', () => harness.replica('b2').hw === 1)
    harness.holdFetches('b1', 'b2', 'b3')
    harness.produce('b1', ['m2', 'm3'], 1)
    harness.leaderAndIsr('b2', becomes(2, 6, [2, 3]))
    harness.produce('b2', ['n2'], 1)
    const since = harness.records.length
    harness.leaderAndIsr('b1', becomes(2, 6, [2, 3]))
    expect(harness.seen('Truncated', since)).toMatchObject([
      { machine: 'b1', from: 3, to: 1, reason: 'became-follower', highWatermark: 1 },
    ])
    harness.until('b1 has caught up', () => harness.replica('b1').leo === 2)
    // What the log holds is what the bytes on disk say, not only the trace.
    harness.leaderAndIsr('b1', becomes(1, 7, [1]))
    expect(harness.values('b1')).toEqual(['m1', 'n2'])
  })

  test('of the leader that it has already does nothing but take the state over (F10), in 0.8.2', () => {
    const harness = bare()
    for (const broker of ['b1', 'b2', 'b3']) harness.leaderAndIsr(broker, becomes(1, 5))
    harness.produce('b1', ['m1'], -1)
    harness.world.network.stall('b1', 'b2')
    harness.runFor(1000)
    const { leo, hw } = harness.replica('b2')
    expect([leo, hw]).toEqual([1, 0])
    const since = harness.records.length
    harness.leaderAndIsr('b2', becomes(1, 6))
    expect(harness.seen('Truncated', since)).toEqual([])
    expect(harness.replica('b2')).toMatchObject({ leo: 1, hw: 0, leaderEpoch: 6 })
  })

  test('of the leader that it has already cuts the log all the same in 0.8.1', () => {
    const harness = bare('0.8.1')
    for (const broker of ['b1', 'b2', 'b3']) harness.leaderAndIsr(broker, becomes(1, 5))
    // 0.8.1 tells the high watermark with the fetch that moves it, so b2 must not hear the answer to its second fetch.
    harness.world.network.intercept(({ name, to, message }) => {
      const { response } = message as { response?: { partitions: Array<{ highWatermark: number }> } }
      return name === 'FetchResponse' && to === 'b2' && response!.partitions[0]!.highWatermark > 0 ? 'hold' : 'pass'
    })
    harness.produce('b1', ['m1'], -1)
    harness.runFor(1000)
    expect(harness.replica('b2')).toMatchObject({ leo: 1, hw: 0 })
    harness.leaderAndIsr('b2', becomes(1, 6))
    expect(harness.seen('Truncated')).toMatchObject([{ machine: 'b2', from: 1, to: 0 }])
  })

  test('with an unknown high watermark fails for all followers of the request, and nothing is fetched', () => {
    const harness = bare()
    // b2 leads without its own high watermark: cut below it while it followed b1 (see high-watermark.test.ts).
    harness.leaderAndIsr('b1', becomes(1, 5, [1]))
    harness.leaderAndIsr('b3', becomes(3, 5, [3]))
    harness.produce('b3', ['a', 'b'], 1)
    harness.leaderAndIsr('b2', becomes(3, 5, [3]))
    harness.until('b2 has all and knows it', () => harness.replica('b2').hw === 2)
    const stop = harness.world.network.intercept(({ name, to, from }) =>
      name === 'FetchResponse' && to === 'b2' && from === 'b1' && harness.replica('b2').leo === 0 ? 'hold' : 'pass',
    )
    harness.leaderAndIsr('b2', becomes(1, 6, [1]))
    harness.until('b2 was cut', () => harness.replica('b2').leo === 0)
    const pending = harness.start('b2', { ...leaderRequest(becomes(2, 7, [1, 2])) })
    harness.until('b2 leads', () => harness.replica('b2').hw === -1)
    stop()
    harness.until('b2 answered', () => pending.result !== undefined)
    expect(harness.leaderAndIsr('b2', becomes(3, 8, [3]))).toMatchObject({
      partitions: [{ errorCode: ErrorCode.Unknown }],
    })
    expect(harness.world.machine('b2').state).toBe('running')
  })
})

describe('UpdateMetadata and StopReplica', () => {
  test('of an older controller are refused with 11', () => {
    const harness = bare()
    harness.leaderAndIsr('b1', becomes(1, 5))
    const control = { correlationId: 1, clientId: 'probe', controllerId: 9, controllerEpoch: 999 } as const
    expect(
      harness.answer('b1', { api: 'UpdateMetadata', ...control, partitionStates: [], liveBrokers: [] }).errorCode,
    ).toBe(ErrorCode.StaleControllerEpoch)
    expect(
      harness.answer('b1', {
        api: 'StopReplica',
        ...control,
        deletePartitions: true,
        partitions: [{ topic: 'orders', partition: 0 }],
      }).errorCode,
    ).toBe(ErrorCode.StaleControllerEpoch)
    expect(harness.produce('b1', ['m1'], 1)).toBe(ErrorCode.NoError)
  })

  test('StopReplica without deletion ends the fetching only; with deletion the log goes', () => {
    const harness = bare()
    for (const broker of ['b1', 'b2']) harness.leaderAndIsr(broker, becomes(1, 5, [1]))
    harness.produce('b1', ['m1'], 1)
    harness.until('b2 has it', () => harness.replica('b2').leo === 1)
    const stop = (deletePartitions: boolean) =>
      harness.answer('b2', {
        api: 'StopReplica',
        correlationId: 1,
        clientId: 'probe',
        controllerId: 9,
        controllerEpoch: 1000,
        deletePartitions,
        partitions: [{ topic: 'orders', partition: 0 }],
      })
    expect(stop(false).partitions).toMatchObject([{ errorCode: ErrorCode.NoError }])
    harness.produce('b1', ['m2'], 1)
    harness.runFor(2000)
    expect(harness.replica('b2').leo).toBe(1)
    expect(harness.world.machine('b2').disk.list('')).toContain(TP)
    stop(true)
    expect(harness.world.machine('b2').disk.list('')).not.toContain(TP)
    expect(harness.fetch('b2', 0).partitions[0]!.errorCode).toBe(ErrorCode.UnknownTopicOrPartition)
  })
})

test('a broker knows nothing of its partitions before LeaderAndIsr: requests get 3', () => {
  const harness = ClusterHarness.ready()
  harness.produce('b1', ['m1'], -1)
  harness.cut('b1', 'b2', 'b3')
  harness.world.machine('b1').crash()
  harness.world.network.heal('probe', 'b1')
  harness.world.machine('b1').restart()
  harness.event('BrokerStarted', (_, machine) => machine === 'b1')
  expect(harness.produce('b1', ['m2'], 1)).toBe(ErrorCode.UnknownTopicOrPartition)
})

test('M13: a leader that was demoted, cut back and elected again acknowledges a message that is gone (0.8.2)', () => {
  const harness = new ClusterHarness({ plan: { topics: [] } })
  harness.until('all brokers are registered', () => harness.seen('BrokerRegistered').length === 3)
  harness.runFor(1000)
  for (const broker of ['b1', 'b2', 'b3']) harness.leaderAndIsr(broker, becomes(1, 5))
  harness.holdFetches('b1', 'b2', 'b3')
  const pending = harness.start('b1', produceRequest(['lost'], -1, 20_000))
  harness.event('Appended', (_, machine) => machine === 'b1')
  harness.leaderAndIsr('b2', becomes(2, 6, [2, 3]))
  harness.produce('b2', ['other'], 1)
  harness.leaderAndIsr('b1', becomes(2, 6, [2, 3]))
  harness.until('b1 follows', () => harness.replica('b1').leo === 1)
  expect(harness.seen('Truncated')).toMatchObject([{ machine: 'b1', from: 1, to: 0 }])
  expect(pending.result).toBeUndefined()
  harness.leaderAndIsr('b1', becomes(1, 7, [1]))
  // It looks again: offset 1 is committed, and nobody asks what stands there.
  harness.until('the answer', () => pending.result !== undefined)
  expect(pending.result).toMatchObject({ ok: true, response: { partitions: [{ errorCode: ErrorCode.NoError }] } })
  expect(harness.values('b1')).toEqual(['other'])
})

test('many partitions change roles in one request, and each has its own epoch', () => {
  const harness = ClusterHarness.ready({
    plan: {
      topics: [
        topic({
          partitions: 4,
          replicas: [
            [1, 2, 3],
            [2, 3, 1],
            [3, 1, 2],
            [1, 3, 2],
          ],
        }),
      ],
      brokerConfig: { 'num.replica.fetchers': 2 },
    },
  })
  for (const [partition, broker] of ['b1', 'b2', 'b3', 'b1'].entries()) {
    const answer = harness.answer(broker, {
      ...produceRequest([], -1),
      partitions: [{ topic: 'orders', partition, records: messages([`m${partition}`]) }],
    })
    expect(answer.partitions[0]!.errorCode).toBe(ErrorCode.NoError)
  }
  harness.world.machine('b1').crash()
  harness.until('no partition is led by b1', () => [0, 3].every((p) => harness.stateOf(`orders-${p}`)!.leader > 1))
  harness.until('the new leaders act', () => {
    return [0, 3].every(
      (p) => harness.replica(`b${harness.stateOf(`orders-${p}`)!.leader}`, `orders-${p}`).role === 'leader',
    )
  })
  expect(harness.replica('b2', 'orders-0')).toMatchObject({ role: 'leader', leo: 1 })
  expect(harness.replica('b3', 'orders-3')).toMatchObject({ role: 'leader', leo: 1 })
})

const leaderRequest = (request: ReturnType<typeof becomes>) =>
  ({
    api: 'LeaderAndIsr',
    correlationId: 1,
    clientId: 'probe',
    controllerId: 9,
    controllerEpoch: 1000,
    liveLeaders: [1, 2, 3].map(endpoint),
    ...request,
  }) as const
