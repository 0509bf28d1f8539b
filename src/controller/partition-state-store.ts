/**
 * The state znode of a partition, `/brokers/topics/T/partitions/P/state`: read, and written by compare-and-set on its
 * version. `core/src/main/scala/kafka/utils/ReplicationUtils.scala`, release 0.8.2.2.
 */
import type { Task } from '../host/index.ts'
import {
  decodePartitionState,
  encodePartitionState,
  type LeaderAndIsr,
  type LeaderIsrAndControllerEpoch,
  splitTopicPartition,
  type TopicPartition,
  zkPaths,
} from '../protocol/index.ts'
import type { ZkClient } from '../zookeeper/index.ts'
import type { ControllerContext } from './controller-context.ts'
import { readNode, setData } from './zk-data.ts'

export const partitionStatePath = (tp: TopicPartition): string => {
  const { topic, partition } = splitTopicPartition(tp)
  return zkPaths.partitionState(topic, partition)
}

/** What ZooKeeper holds, or undefined if the partition never had a leader. */
export function* readPartitionState(zk: ZkClient, tp: TopicPartition): Task<LeaderIsrAndControllerEpoch | undefined> {
  const node = yield* readNode(zk, partitionStatePath(tp))
  return node === undefined ? undefined : decodePartitionState(node.data, node.version)
}

/**
 * Writes a state if the znode still has `expectedVersion`.
 * @returns the new version, or undefined if the write did not take place (somebody else wrote, or the node is gone)
 */
export function* writePartitionState(
  context: ControllerContext,
  tp: TopicPartition,
  state: LeaderAndIsr,
  expectedVersion: number,
): Task<number | undefined> {
  const { zk, versions } = context.environment
  const path = partitionStatePath(tp)
  const data = encodePartitionState(state, context.epoch)
  const result = yield* setData(context.writes, path, data, expectedVersion)
  if (result.error === 'OK') return result.value!.version
  if (result.error !== 'BadVersion' || versions.isrConflict !== 'same-content-succeeds') return undefined
  // KAFKA-1382: the conflict may be with one's own write, sent again after a lost answer.
  const found = yield* readNode(zk, path)
  return found !== undefined && sameContent(found.data, data) ? found.version : undefined
}

/** Equal as states, whatever the order of the JSON keys. */
function sameContent(found: string, written: string): boolean {
  const a = decodePartitionState(found, 0)
  const b = decodePartitionState(written, 0)
  const x = a.leaderAndIsr
  const y = b.leaderAndIsr
  return (
    a.controllerEpoch === b.controllerEpoch &&
    x.leader === y.leader &&
    x.leaderEpoch === y.leaderEpoch &&
    x.isr.length === y.isr.length &&
    x.isr.every((id, i) => id === y.isr[i])
  )
}
