/**
 * Offsets in ZooKeeper, where version 0 of OffsetCommit and OffsetFetch has them: `/consumers/G/offsets/T/P`, next offset
 * as text (`KafkaApis.handleOffsetCommitRequest`, `ZkUtils.updatePersistentPath`, 0.8.2.2). Nobody is asked who he is.
 */
import { type Task, until } from '../host/index.ts'
import { ErrorCode, zkPaths } from '../protocol/index.ts'
import type { ZkClient, ZkError, ZkResult, ZkStat } from '../zookeeper/index.ts'

export class ZooKeeperOffsets {
  private readonly zk: ZkClient

  constructor(zk: ZkClient) {
    this.zk = zk
  }

  /** Sets the node, or creates it with its parents; another client may do the same in between. */
  *write(group: string, topic: string, partition: number, offset: number): Task<ErrorCode> {
    const path = zkPaths.consumerOffset(group, topic, partition)
    const data = String(offset)
    const first = yield* this.set(path, data)
    if (first !== 'NoNode') return errorOf(first)
    yield* until<unknown>((resume) => this.zk.createRecursive(zkPaths.consumerOffsets(group, topic), resume))
    const created = yield* until<ZkResult<string>>((resume) => this.zk.create(path, data, 'persistent', resume))
    return errorOf(created.error === 'NodeExists' ? yield* this.set(path, data) : created.error)
  }

  private *set(path: string, data: string): Task<ZkError> {
    return (yield* until<ZkResult<ZkStat>>((resume) => this.zk.setData(path, data, -1, resume))).error
  }

  /** Next offset to read; undefined if none was ever written. */
  *read(group: string, topic: string, partition: number): Task<number | undefined> {
    const path = zkPaths.consumerOffset(group, topic, partition)
    const result = yield* until<ZkResult<{ data: string }>>((resume) => this.zk.getData(path, resume))
    return result.error === 'OK' ? Number(result.value!.data) : undefined
  }
}

const errorOf = (error: ZkError): ErrorCode => (error === 'OK' ? ErrorCode.NoError : ErrorCode.Unknown)
