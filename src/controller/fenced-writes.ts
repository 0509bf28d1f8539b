/**
 * Writes of the controller to ZooKeeper. Before KAFKA-6082 (2.1) it writes like anybody else, guarded at most by the
 * version of the node itself, so a controller that was replaced and does not know it yet can still get in (M23). Since
 * then each write is one transaction with a check of `/controller_epoch`: if that node was written since this
 * controller was elected, the write is refused and the controller learns that it was replaced.
 * `KafkaZkClient.retryRequestUntilConnected`, release 2.1.0.
 */
import { zkPaths } from '../protocol/index.ts'
import type { CreateMode, MultiPart, MultiResult, ZkClient, ZkError, ZkResult, ZkStat } from '../zookeeper/index.ts'

/** `ControllerMoved`: there has been another controller since. */
export type WriteError = ZkError | 'ControllerMoved'

export interface WriteResult<T> {
  readonly error: WriteError
  readonly value?: T
}

type Done<T> = (result: WriteResult<T>) => void

/** What writes to ZooKeeper; a `ZkClient` is one. */
export interface ZkWriter {
  create(path: string, data: string, mode: CreateMode, done: Done<string>): void
  /** Creates a persistent node without data and its missing parents; `OK` if it exists. */
  createRecursive(path: string, done: Done<string>): void
  delete(path: string, version: number, done: Done<undefined>): void
  setData(path: string, data: string, version: number, done: Done<ZkStat>): void
}

export class FencedWrites implements ZkWriter {
  private readonly zk: ZkClient
  private readonly epochVersion: () => number

  /** @param epochVersion version of `/controller_epoch` since this controller wrote it */
  constructor(zk: ZkClient, epochVersion: () => number) {
    this.zk = zk
    this.epochVersion = epochVersion
  }

  create(path: string, data: string, mode: CreateMode, done: Done<string>): void {
    this.write({ op: 'create', path, data, mode }, (error, result) => done(outcome(error, result?.path)))
  }

  createRecursive(path: string, done: Done<string>): void {
    this.create(path, '', 'persistent', (result) => {
      if (result.error === 'NodeExists') done({ error: 'OK', value: path })
      else if (result.error !== 'NoNode') done(result)
      else {
        this.createRecursive(path.slice(0, path.lastIndexOf('/')), (parent) => {
          if (parent.error === 'OK') this.createRecursive(path, done)
          else done(parent)
        })
      }
    })
  }

  delete(path: string, version: number, done: Done<undefined>): void {
    this.write({ op: 'delete', path, version }, (error) => done({ error }))
  }

  setData(path: string, data: string, version: number, done: Done<ZkStat>): void {
    this.write({ op: 'setData', path, data, version }, (error, result) => done(outcome(error, result?.stat)))
  }

  private write(part: MultiPart, done: (error: WriteError, result: MultiResult | undefined) => void): void {
    const check: MultiPart = { op: 'check', path: zkPaths.controllerEpoch, version: this.epochVersion() }
    this.zk.multi([check, part], ({ error, value }: ZkResult<readonly MultiResult[]>) => {
      const checked = value?.[0]
      const written = value?.[1]
      if (checked === undefined || written === undefined) done(error, undefined)
      else if (checked.error === 'OK') done(written.error, written)
      else done('ControllerMoved', undefined)
    })
  }
}

const outcome = <T>(error: WriteError, value: T | undefined): WriteResult<T> =>
  value === undefined ? { error } : { error, value }
