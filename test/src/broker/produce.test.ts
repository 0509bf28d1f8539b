import { describe, expect, test } from 'vitest'
import { ClusterHarness, ErrorCode, messages, produceRequest, producer, TP, topic } from './cluster-harness.ts'

describe('a produce request', () => {
  test('with acks 1 is answered by the leader alone, before any follower has the message', () => {
    const harness = ClusterHarness.ready()
    const since = harness.records.length
    expect(harness.produce('b1', ['m1'], 1)).toBe(ErrorCode.NoError)
    expect(harness.seen('ProduceAnswered', since)).toMatchObject([{ machine: 'b1', baseOffset: 0, requiredAcks: 1 }])
    expect(harness.replica('b1').leo).toBe(1)
    expect(harness.replica('b1').hw).toBe(0)
  })

  test('with acks -1 is answered when the high watermark has passed it', () => {
    const harness = ClusterHarness.ready()
    expect(harness.produce('b1', ['m1', 'm2'], -1)).toBe(ErrorCode.NoError)
    const order = harness.records
      .map(({ event, machine }) => `${machine} ${event.kind}`)
      .filter((line) => /b1 (HighWatermark|ProduceAnswered)$/.test(line))
    expect(order).toEqual(['b1 HighWatermark', 'b1 ProduceAnswered'])
    expect(harness.replica('b1').hw).toBe(2)
    for (const follower of ['b2', 'b3']) expect(harness.replica(follower).leo).toBe(2)
  })

  test('with acks 2 is answered when one follower of the ISR has it, before it is committed', () => {
    const harness = ClusterHarness.ready()
    harness.world.network.stall('b3', 'b1')
    harness.runFor(1000)
    const since = harness.records.length
    expect(harness.produce('b1', ['m1'], 2)).toBe(ErrorCode.NoError)
    expect(harness.replica('b1').hw).toBe(0)
    expect(harness.seen('FollowerPosition', since)).toMatchObject([{ follower: 2, logEndOffset: 1 }])
  })

  test('with more acks than the ISR has members is never satisfied', () => {
    const harness = ClusterHarness.ready()
    expect(harness.produce('b1', ['m1'], 4, 3000)).toBe(ErrorCode.RequestTimedOut)
    expect(harness.replica('b1').hw).toBe(1)
  })

  test('with acks 0 gets no answer, and the connection stays for the next request', () => {
    const harness = ClusterHarness.ready({ plan: { clients: [producer('p1', 0)] } })
    harness.send('p1', 'm1')
    harness.send('p1', 'm2')
    harness.until('both messages on the log', () => harness.replica('b1').leo === 2)
    expect(harness.seen('ProduceAnswered')).toEqual([])
    expect(harness.seen('MetadataRefreshed')).toHaveLength(1)
    expect(harness.seen('ProduceFailed')).toEqual([])
  })

  test('with acks 0 that fails makes the broker hang up, because there is nobody to tell', () => {
    const harness = ClusterHarness.ready()
    const result = harness.call('b2', produceRequest(['m1'], 0))
    expect(result).toEqual({ ok: false, failure: 'disconnected' })
    expect(harness.seen('RequestRefused')).toMatchObject([
      { machine: 'b2', errorCode: ErrorCode.NotLeaderForPartition, api: 'Produce' },
    ])
  })

  test('to a follower is refused with 6, to a partition that the broker has not with 3', () => {
    const harness = ClusterHarness.ready()
    expect(harness.produce('b2', ['m1'], 1)).toBe(ErrorCode.NotLeaderForPartition)
    expect(harness.produce('b1', ['m1'], -1, 1000, 'nothing')).toBe(ErrorCode.UnknownTopicOrPartition)
    expect(harness.replica('b1').leo).toBe(0)
  })

  test('to the offsets topic of Kafka itself is refused with 17', () => {
    const harness = ClusterHarness.ready()
    expect(harness.produce('b1', ['m1'], 1, 1000, '__consumer_offsets')).toBe(ErrorCode.InvalidTopic)
  })

  test('with a damaged message is refused with 2, and nothing of it is appended', () => {
    const harness = ClusterHarness.ready()
    const records = messages(['m1', 'm2'])
    records[records.length - 1]! ^= 1
    const request = { ...produceRequest([], 1), partitions: [{ topic: 'orders', partition: 0, records }] }
    expect(harness.answer('b1', request).partitions).toMatchObject([
      { errorCode: ErrorCode.InvalidMessage, baseOffset: -1 },
    ])
    expect(harness.replica('b1').leo).toBe(0)
  })

  test('with a message larger than the topic allows is refused with 10', () => {
    const harness = ClusterHarness.ready({ plan: { topics: [topic({ config: { 'max.message.bytes': 100 } })] } })
    expect(harness.produce('b1', ['x'.repeat(200)], 1)).toBe(ErrorCode.MessageSizeTooLarge)
  })

  test('without messages is answered at once', () => {
    const harness = ClusterHarness.ready()
    const since = harness.records.length
    expect(harness.produce('b1', [], -1)).toBe(ErrorCode.NoError)
    expect(harness.seen('Appended', since)).toEqual([])
  })

  test('for several partitions tells of each, and one failure does not spoil the others', () => {
    const harness = ClusterHarness.ready()
    const records = messages(['m1'])
    const answer = harness.answer('b1', {
      ...produceRequest([], -1),
      partitions: [
        { topic: 'orders', partition: 0, records },
        { topic: 'orders', partition: 7, records },
      ],
    })
    expect(answer.partitions.map((p) => p.errorCode)).toEqual([ErrorCode.NoError, ErrorCode.UnknownTopicOrPartition])
  })

  test('whose acknowledgements do not come in time gets 7, and its message stays', () => {
    const harness = ClusterHarness.ready()
    harness.world.network.stall('b3', 'b1')
    harness.runFor(1000)
    expect(harness.produce('b1', ['m1'], -1, 800)).toBe(ErrorCode.RequestTimedOut)
    expect(harness.replica('b1')).toMatchObject({ leo: 1, hw: 0 })
    harness.world.network.releaseAll()
    harness.until('m1 is committed all the same', () => harness.replica('b1').hw === 1)
    expect(harness.values('b1')).toEqual(['m1'])
  })
})

describe('min.insync.replicas', () => {
  const options = {
    plan: {
      topics: [topic({ config: { 'min.insync.replicas': 2 } })],
      brokerConfig: { 'replica.lag.time.max.ms': 1000 },
    },
  }

  test('refuses acks -1 with 19 and appends nothing while the ISR is too small', () => {
    const harness = ClusterHarness.ready(options)
    harness.world.machine('b2').crash()
    harness.world.machine('b3').crash()
    harness.until('b1 is alone in the ISR', () => harness.replica('b1').isr.length === 1)
    expect(harness.produce('b1', ['m1'], -1)).toBe(ErrorCode.NotEnoughReplicas)
    expect(harness.replica('b1').leo).toBe(0)
  })

  test('does not concern acks 1 and acks 2', () => {
    const harness = ClusterHarness.ready(options)
    harness.world.machine('b2').crash()
    harness.world.machine('b3').crash()
    harness.until('b1 is alone in the ISR', () => harness.replica('b1').isr.length === 1)
    expect(harness.produce('b1', ['m1'], 1)).toBe(ErrorCode.NoError)
    expect(harness.produce('b1', ['m2'], 2)).toBe(ErrorCode.RequestTimedOut)
    expect(harness.replica('b1').leo).toBe(2)
  })

  test('answers 20 if the ISR became too small after the append, and the message stays', () => {
    const harness = ClusterHarness.ready(options)
    harness.world.network.stall('b2', 'b1')
    harness.world.network.stall('b3', 'b1')
    // The last fetches of both are on their way or wait at b1; what they ask next does not arrive.
    const error = harness.produce('b1', ['m1'], -1, 20_000)
    expect(error).toBe(ErrorCode.NotEnoughReplicasAfterAppend)
    expect(harness.replica('b1')).toMatchObject({ leo: 1, hw: 1, isr: [1] })
  })

  test("of the broker is ignored: 0.8.2 honours the topic's only", () => {
    const harness = ClusterHarness.ready({
      plan: { brokerConfig: { 'min.insync.replicas': 3, 'replica.lag.time.max.ms': 1000 } },
    })
    harness.world.machine('b3').crash()
    harness.until('b3 is out', () => harness.replica('b1').isr.length === 2)
    expect(harness.produce('b1', ['m1'], -1)).toBe(ErrorCode.NoError)
  })

  test('does not exist in 0.8.1', () => {
    const harness = ClusterHarness.ready({ plan: { ...options.plan, protocol: '0.8.1' } })
    harness.world.machine('b2').crash()
    harness.world.machine('b3').crash()
    harness.until('b1 is alone in the ISR', () => harness.replica('b1').isr.length === 1)
    expect(harness.produce('b1', ['m1'], -1)).toBe(ErrorCode.NoError)
  })
})

test('a leader that was demoted while a produce request waits answers 6 when it looks again, or 7 when time is up', () => {
  const harness = ClusterHarness.ready()
  harness.holdFetches('b1', 'b2', 'b3')
  const pending = harness.start('b1', produceRequest(['m1'], -1, 5000))
  harness.event('Appended', (e, machine) => machine === 'b1' && e.tp === TP)
  const epoch = harness.replica('b1').leaderEpoch + 1
  harness.leaderAndIsr('b1', {
    partitionStates: [
      {
        topic: 'orders',
        partition: 0,
        controllerEpoch: 1000,
        replicas: [1, 2, 3],
        leaderAndIsr: { leader: 2, leaderEpoch: epoch, isr: [2, 3], zkVersion: 5 },
      },
    ],
  })
  // F08: the purgatory is not emptied on demotion, so nothing happens before time is up.
  expect(pending.result).toBeUndefined()
  harness.until('the answer', () => pending.result !== undefined, 6000)
  expect(pending.result).toMatchObject({
    ok: true,
    response: { partitions: [{ errorCode: ErrorCode.RequestTimedOut }] },
  })
})
