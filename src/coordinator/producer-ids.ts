/**
 * Producer ids that no broker gives out twice: each takes a block of a thousand by a conditional write to ZooKeeper, and
 * gives them out one by one (`kafka/coordinator/transaction/ProducerIdManager.scala`, 0.11.0.2). A broker takes its block
 * with the first request here, in Kafka as it starts.
 */
import { type Digest, type Task, TaskQueue, until } from '../host/index.ts'
import { decodeProducerIdBlock, encodeProducerIdBlock, zkPaths } from '../protocol/index.ts'
import type { ZkResult, ZkStat } from '../zookeeper/index.ts'

const BLOCK_SIZE = 1000

/** What of ZooKeeper's client it needs. */
export interface ProducerIdStore {
  create(path: string, data: string, mode: 'persistent', done: (result: ZkResult<string>) => void): void
  getData(path: string, done: (result: ZkResult<{ data: string; stat: ZkStat }>) => void): void
  setData(path: string, data: string, version: number, done: (result: ZkResult<ZkStat>) => void): void
}

export class ProducerIds {
  private readonly zk: ProducerIdStore
  private readonly brokerId: number
  private nextId = 0
  /** First id that is not this broker's any more. */
  private endId = 0
  private readonly asked = new TaskQueue()

  constructor(zk: ProducerIdStore, brokerId: number) {
    this.zk = zk
    this.brokerId = brokerId
  }

  /** @param done gets undefined where ZooKeeper could not be written to */
  next(done: (id: number | undefined) => void): void {
    this.asked.add('producer id', () => this.give(done))
  }

  private *give(done: (id: number | undefined) => void): Task<void> {
    if (this.nextId === this.endId && !(yield* this.takeBlock())) return done(undefined)
    done(this.nextId++)
  }

  /** Until nobody else was quicker. */
  private *takeBlock(): Task<boolean> {
    const { zk, brokerId } = this
    const path = zkPaths.latestProducerIdBlock
    for (;;) {
      const read = yield* until<ZkResult<{ data: string; stat: ZkStat }>>((resume) => zk.getData(path, resume))
      if (read.error !== 'OK' && read.error !== 'NoNode') return false
      const taken = read.error === 'OK' ? read.value : undefined
      const start = taken === undefined ? 0 : decodeProducerIdBlock(taken.data).end + 1
      const data = encodeProducerIdBlock({ broker: brokerId, start, end: start + BLOCK_SIZE - 1 })
      const { error } =
        taken === undefined
          ? yield* until<ZkResult<string>>((resume) => zk.create(path, data, 'persistent', resume))
          : yield* until<ZkResult<ZkStat>>((resume) => zk.setData(path, data, taken.stat.version, resume))
      if (error === 'OK') {
        this.nextId = start
        this.endId = start + BLOCK_SIZE
        return true
      }
      if (error !== 'BadVersion' && error !== 'NodeExists') return false
    }
  }

  digest(digest: Digest): void {
    digest.int(this.nextId).int(this.endId).int(this.asked.length)
  }
}
