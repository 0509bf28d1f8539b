/**
 * A leader's write of a new ISR: compare-and-set on the version of the partition's state that it knows
 * (`ReplicationUtils.updateLeaderAndIsr`, 0.8.2.2). F09, KAFKA-1382: since 0.8.2 finding the very same content under
 * another version counts as done, for it may be one's own write, sent again after its answer was lost.
 */
import {
  decodePartitionState,
  encodePartitionState,
  type LeaderAndIsr,
  splitTopicPartition,
  type TopicPartition,
  zkPaths,
} from '../protocol/index.ts'
import type { ProtocolVersions } from '../versions.ts'
import type { ZkClient } from '../zookeeper/index.ts'

/**
 * @param state what is written; its version is the one expected
 * @param controllerEpoch of the controller that made this broker the leader
 * @param done gets the new version, or undefined if somebody else has written
 */
export function writeIsr(
  { zk, versions }: { readonly zk: ZkClient; readonly versions: ProtocolVersions },
  tp: TopicPartition,
  state: LeaderAndIsr,
  controllerEpoch: number,
  done: (version: number | undefined) => void,
): void {
  const { topic, partition } = splitTopicPartition(tp)
  const path = zkPaths.partitionState(topic, partition)
  zk.setData(path, encodePartitionState(state, controllerEpoch), state.zkVersion, (result) => {
    if (result.error === 'OK') return done(result.value!.version)
    if (result.error !== 'BadVersion' || versions.isrConflict === 'fail') return done(undefined)
    zk.getData(path, (read) => {
      if (read.error !== 'OK') return done(undefined)
      const { data, stat } = read.value!
      const found = decodePartitionState(data, stat.version)
      const { leader, leaderEpoch, isr } = found.leaderAndIsr
      const same =
        found.controllerEpoch === controllerEpoch &&
        leader === state.leader &&
        leaderEpoch === state.leaderEpoch &&
        isr.join() === state.isr.join()
      done(same ? stat.version : undefined)
    })
  })
}
