import { describe, expect, test } from 'vitest'
import { OFFSETS_TOPIC, offsetsPartitionOf, zkPaths } from '../../../src/protocol/index.ts'
import { ClusterHarness, ErrorCode, PROBE } from '../broker/cluster-harness.ts'
import { commit, coordinated, errorOf, fetchOffsets, find, GROUP } from './requests.ts'

describe('offsets in ZooKeeper (version 0)', () => {
  test('a commit is a node of its own, and a fetch by any broker reads it', () => {
    const harness = ClusterHarness.ready()
    expect(errorOf(harness.answer('b2', commit(7, { version: 0 })))).toBe(ErrorCode.NoError)
    expect(harness.znodes.get(zkPaths.consumerOffset(GROUP, 'orders', 0))?.data).toBe('7')
    expect(errorOf(harness.answer('b1', commit(9, { version: 0 })))).toBe(ErrorCode.NoError)
    const { partitions } = harness.answer('b3', fetchOffsets({ version: 0 }))
    expect(partitions).toMatchObject([{ offset: 9, errorCode: ErrorCode.NoError }])
  })

  test('nothing committed is UnknownTopicOrPartition, as is a topic that is not there', () => {
    const harness = ClusterHarness.ready()
    expect(harness.answer('b1', fetchOffsets({ version: 0 })).partitions).toMatchObject([
      { offset: -1, errorCode: ErrorCode.UnknownTopicOrPartition },
    ])
    const partitions = [{ topic: 'nowhere', partition: 0, offset: 3, metadata: null }]
    const response = harness.answer('b1', commit(3, { version: 0, partitions }))
    expect(errorOf(response)).toBe(ErrorCode.UnknownTopicOrPartition)
    expect(harness.znodes.has(zkPaths.consumerOffset(GROUP, 'nowhere', 0))).toBe(false)
  })
})

describe('the offsets topic', () => {
  test('is created by the first who asks for a coordinator: 50 partitions, 3 replicas, compacted', () => {
    const harness = ClusterHarness.ready()
    expect(find(harness).errorCode).toBe(ErrorCode.ConsumerCoordinatorNotAvailable)
    const { assignment } = harness.event('TopicCreated', (event) => event.topic === OFFSETS_TOPIC)
    expect(Object.keys(assignment)).toHaveLength(50)
    expect(Object.values(assignment).every((replicas) => new Set(replicas).size === 3)).toBe(true)
    const config = JSON.parse(harness.znodes.get(zkPaths.configTopic(OFFSETS_TOPIC))!.data)
    expect(config.config).toEqual({ 'segment.bytes': '104857600', 'cleanup.policy': 'compact' })
  })

  test('has as many replicas as brokers are alive, if these are fewer', () => {
    const harness = ClusterHarness.ready()
    harness.world.machine('b3').shutdown()
    // A broker that has not heard of it yet would ask for three, and fail: this one leads now, and has.
    harness.event('MetadataUpdated', (event, machine) => machine === 'b2' && event.brokers.length === 2)
    find(harness, 'b2')
    const { assignment } = harness.event('TopicCreated', (event) => event.topic === OFFSETS_TOPIC)
    expect(Object.values(assignment).every((replicas) => replicas.length === 2)).toBe(true)
  })

  test('the coordinator leads the partition that the hash of the group names', () => {
    const { harness, coordinator } = coordinated()
    const tp = `${OFFSETS_TOPIC}-${offsetsPartitionOf(GROUP, 50)}`
    expect(harness.replica(coordinator, tp).role).toBe('leader')
  })

  test('no client may write to it', () => {
    const { harness, coordinator } = coordinated()
    expect(harness.produce(coordinator, ['m1'], 1, 1000, OFFSETS_TOPIC)).toBe(ErrorCode.InvalidTopic)
  })
})

describe('offsets in Kafka (version 1)', () => {
  test('a commit is answered when the whole ISR has it, and a fetch gets it', () => {
    const { harness, coordinator } = coordinated()
    expect(harness.answer(coordinator, fetchOffsets()).partitions).toMatchObject([{ offset: -1, errorCode: 0 }])
    expect(errorOf(harness.answer(coordinator, commit(42)))).toBe(ErrorCode.NoError)
    const tp = `${OFFSETS_TOPIC}-${offsetsPartitionOf(GROUP, 50)}`
    expect(harness.replica(coordinator, tp)).toMatchObject({ leo: 1, hw: 1 })
    expect(harness.answer(coordinator, fetchOffsets()).partitions).toMatchObject([{ offset: 42, errorCode: 0 }])
  })

  test('is not answered before the followers have it', () => {
    const { harness, coordinator } = coordinated()
    const others = ['b1', 'b2', 'b3'].filter((name) => name !== coordinator)
    const release = harness.holdFetches(coordinator, ...others)
    const pending = harness.start(coordinator, commit(42))
    harness.runFor(2000)
    expect(pending.result).toBeUndefined()
    expect(harness.answer(coordinator, fetchOffsets()).partitions[0]!.offset).toBe(-1)
    release()
    harness.until('the commit is answered', () => pending.result !== undefined)
    expect(harness.answer(coordinator, fetchOffsets()).partitions[0]!.offset).toBe(42)
  })

  test('times out with an error after offsets.commit.timeout.ms, and is in the log all the same', () => {
    const { harness, coordinator } = coordinated()
    const others = ['b1', 'b2', 'b3'].filter((name) => name !== coordinator)
    harness.holdFetches(coordinator, ...others)
    const from = harness.nowMs
    expect(errorOf(harness.answer(coordinator, commit(42)))).toBe(ErrorCode.RequestTimedOut)
    expect(harness.nowMs - from).toBeGreaterThanOrEqual(5000)
    const tp = `${OFFSETS_TOPIC}-${offsetsPartitionOf(GROUP, 50)}`
    expect(harness.replica(coordinator, tp).leo).toBe(1)
  })

  test('whoever is not the coordinator says so', () => {
    const { harness, coordinator } = coordinated()
    const other = ['b1', 'b2', 'b3'].find((name) => name !== coordinator)!
    expect(errorOf(harness.answer(other, commit(42)))).toBe(ErrorCode.NotCoordinatorForConsumer)
    expect(errorOf(harness.answer(other, fetchOffsets()))).toBe(ErrorCode.NotCoordinatorForConsumer)
  })

  test('generation and member are not looked at: anybody may commit for any group', () => {
    const { harness, coordinator } = coordinated()
    const stranger = commit(5, { generationId: 99, memberId: 'nobody' })
    expect(errorOf(harness.answer(coordinator, stranger))).toBe(ErrorCode.NoError)
    expect(harness.answer(coordinator, fetchOffsets()).partitions[0]!.offset).toBe(5)
  })

  test('metadata over offset.metadata.max.bytes is refused with error 12, and kept in memory: so does 0.8.2', () => {
    const { harness, coordinator } = coordinated()
    const metadata = 'x'.repeat(4097)
    const partitions = [{ topic: 'orders', partition: 0, offset: 8, metadata }]
    expect(errorOf(harness.answer(coordinator, commit(8, { partitions })))).toBe(ErrorCode.OffsetMetadataTooLarge)
    const tp = `${OFFSETS_TOPIC}-${offsetsPartitionOf(GROUP, 50)}`
    expect(harness.replica(coordinator, tp).leo).toBe(0)
    expect(harness.answer(coordinator, fetchOffsets()).partitions[0]!.offset).toBe(8)
  })

  test('a partition that the broker does not know is UnknownTopicOrPartition', () => {
    const { harness, coordinator } = coordinated()
    const partitions = [{ topic: 'orders', partition: 5 }]
    const response = harness.answer(coordinator, fetchOffsets({ partitions }))
    expect(errorOf(response)).toBe(ErrorCode.UnknownTopicOrPartition)
  })

  test('the next coordinator reads what the one before kept', () => {
    const { harness, coordinator } = coordinated()
    harness.answer(coordinator, commit(41))
    harness.answer(coordinator, commit(42))
    const tp = `${OFFSETS_TOPIC}-${offsetsPartitionOf(GROUP, 50)}`
    // Followers learn the high watermark with their next fetch.
    harness.runFor(1000)
    harness.world.machine(coordinator).crash()
    const loaded = harness.event('CoordinatorLoaded', (event) => event.tp === tp)
    expect(loaded).toMatchObject({ to: 2, offsets: 1 })
    harness.runFor(1000)
    const survivor = ['b1', 'b2', 'b3'].find((name) => name !== coordinator)!
    const next = find(harness, survivor).coordinator!.host
    expect(next).not.toBe(coordinator)
    expect(harness.answer(next, fetchOffsets()).partitions[0]!.offset).toBe(42)
  })

  test('a coordinator that leads no more forgets what it had', () => {
    const { harness, coordinator } = coordinated()
    harness.answer(coordinator, commit(42))
    const partition = offsetsPartitionOf(GROUP, 50)
    const replicas = harness.stateOf(`${OFFSETS_TOPIC}-${partition}`)!.isr.filter((id) => `b${id}` !== coordinator)
    const old = Number(coordinator.slice(1))
    harness.cluster.reassign([{ topic: OFFSETS_TOPIC, partition, replicas: [replicas[0]!, old, replicas[1]!] }])
    harness.runFor(2000)
    harness.cluster.electPreferred([{ topic: OFFSETS_TOPIC, partition }])
    harness.event('CoordinatorUnloaded', (_, machine) => machine === coordinator)
    expect(errorOf(harness.answer(coordinator, fetchOffsets()))).toBe(ErrorCode.NotCoordinatorForConsumer)
    expect(harness.answer(`b${replicas[0]}`, fetchOffsets()).partitions[0]!.offset).toBe(42)
  })

  test('an offset that nobody commits anew is forgotten after offsets.retention.minutes, by a tombstone', () => {
    const brokerConfig = { 'offsets.retention.minutes': 1, 'offsets.retention.check.interval.ms': 10_000 }
    const { harness, coordinator } = coordinated({ plan: { brokerConfig } })
    harness.answer(coordinator, commit(42))
    const from = harness.nowMs
    const expired = harness.event('OffsetsExpired', () => true, 90_000)
    expect(expired).toMatchObject({ group: GROUP, offsets: { 'orders-0': 42 } })
    expect(harness.nowMs - from).toBeGreaterThan(59_000)
    expect(harness.answer(coordinator, fetchOffsets()).partitions[0]!.offset).toBe(-1)
    const tp = `${OFFSETS_TOPIC}-${offsetsPartitionOf(GROUP, 50)}`
    const written = harness.seen('Appended').filter((event) => event.tp === tp && event.role === 'leader')
    expect(written.flatMap(({ messages }) => messages)).toEqual([
      { offset: 0, key: 'billing orders-0', value: '42' },
      { offset: 1, key: 'billing orders-0', value: null },
    ])
  })
})

describe('a broker of an older release', () => {
  test('hangs up on what it does not know', () => {
    const harness = ClusterHarness.ready({ plan: { protocol: '0.8.1' } })
    const request = { api: 'FindCoordinator', correlationId: 1, clientId: PROBE, key: GROUP, keyType: 'group' } as const
    expect(harness.call('b1', request)).toEqual({ ok: false, failure: 'disconnected' })
    expect(harness.call('b1', commit(1))).toEqual({ ok: false, failure: 'disconnected' })
    expect(errorOf(harness.answer('b1', commit(1, { version: 0 })))).toBe(ErrorCode.NoError)
  })
})
