import { describe, expect, test } from 'vitest'
import { MetadataCache } from '../../../src/broker/metadata-cache.ts'
import { ErrorCode, type PartitionState, type UpdateMetadataRequest } from '../../../src/protocol/index.ts'

const endpoint = (id: number) => ({ id, host: `b${id}`, port: 9092 })

const state = (leader: number, isr: number[], topic = 'orders'): PartitionState => ({
  topic,
  partition: 0,
  leaderAndIsr: { leader, leaderEpoch: 1, isr, zkVersion: 1 },
  controllerEpoch: 1,
  replicas: [1, 2, 3],
})

const update = (live: number[], ...partitionStates: PartitionState[]): UpdateMetadataRequest => ({
  api: 'UpdateMetadata',
  correlationId: 0,
  clientId: '',
  controllerId: 1,
  controllerEpoch: 1,
  partitionStates,
  liveBrokers: live.map(endpoint),
})

function answer(live: number[], partition: PartitionState) {
  const cache = new MetadataCache()
  cache.update(update(live, partition))
  return cache.metadata(['orders'])[0]!.partitions[0]!
}

describe('the metadata cache answers', () => {
  test('leader, replicas and ISR when all are alive', () => {
    expect(answer([1, 2, 3], state(1, [1, 2, 3]))).toEqual({
      errorCode: ErrorCode.NoError,
      partition: 0,
      leader: 1,
      replicas: [1, 2, 3],
      isr: [1, 2, 3],
    })
  })

  test('LeaderNotAvailable when the leader is not alive', () => {
    expect(answer([2, 3], state(1, [1, 2, 3]))).toMatchObject({ errorCode: ErrorCode.LeaderNotAvailable, leader: -1 })
  })

  test('ReplicaNotAvailable when a replica is dead, with a leader that can be used all the same', () => {
    expect(answer([1, 2], state(1, [1, 2]))).toMatchObject({
      errorCode: ErrorCode.ReplicaNotAvailable,
      leader: 1,
      replicas: [1, 2],
    })
  })

  test('nothing for a topic it was never told of, and all topics when none is named', () => {
    const cache = new MetadataCache()
    cache.update(update([1], state(1, [1], 'a'), state(1, [1], 'b')))
    expect(cache.metadata(['c'])).toEqual([])
    expect(cache.metadata([]).map((t) => t.topic)).toEqual(['a', 'b'])
  })

  test('nothing for a topic whose deletion was announced', () => {
    const cache = new MetadataCache()
    cache.update(update([1], state(1, [1])))
    cache.update(update([1], state(-2, [])))
    expect(cache.has('orders')).toBe(false)
  })
})
