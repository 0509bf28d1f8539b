/**
 * A plain client of ZooKeeper: does the operations that steps tell it, each once, as soon as it is told, and reports
 * every answer and every watch event as its library hands them over. It repeats nothing: an operation whose answer got
 * lost ends with ConnectionLoss. When its session has expired it opens a new one, without nodes or watches of the old.
 */
import { type Address, type Digest, type Host, type Process, unreachable } from '../../src/host/index.ts'
import { type WatchedEvent, type ZkResult, type ZkStat, ZooKeeper } from '../../src/zookeeper/index.ts'
import type { ZkOperation } from '../scenario/plan.ts'
import type { ClusterEvent } from './events.ts'
import { operationWords } from './operation-words.ts'

export interface ZooKeeperClientOptions {
  readonly name: string
  readonly servers: readonly Address[]
  readonly sessionTimeoutMs: number
}

/** What an answer may hold. */
interface Found {
  readonly path?: string
  readonly data?: string
  readonly stat?: ZkStat
  readonly children?: readonly string[]
}

type Answer<T> = (result: ZkResult<T>) => void

export class ZooKeeperClientProcess implements Process {
  private readonly host: Host
  private readonly options: ZooKeeperClientOptions
  private zk: ZooKeeper | undefined
  private unanswered = 0

  constructor(host: Host, options: ZooKeeperClientOptions) {
    this.host = host
    this.options = options
  }

  start(): void {
    this.zk = new ZooKeeper(this.host, this.options, (event) => this.watched(event))
  }

  /** Ends its session in order. */
  shutdown(): void {
    this.session.close(() => this.host.halt('stopped'))
  }

  /** @param name what the scenario calls this operation */
  perform(operation: ZkOperation, name: string): void {
    const asked = operationWords(operation)
    this.unanswered += 1
    this.trace({ kind: 'ZkAsked', client: this.options.name, operation: name, asked })
    this.ask(operation, (error, { path, data, stat, children }) => {
      this.unanswered -= 1
      this.trace({
        kind: 'ZkAnswered',
        client: this.options.name,
        operation: name,
        asked,
        error,
        path: path ?? null,
        data: data ?? null,
        version: stat?.version ?? null,
        children: children ?? null,
      })
    })
  }

  digest(digest: Digest): void {
    digest.int(this.unanswered)
    this.zk?.digest(digest)
  }

  private get session(): ZooKeeper {
    return this.zk!
  }

  private ask(operation: ZkOperation, answered: (error: string, found: Found) => void): void {
    const zk = this.session
    const plain: Answer<undefined> = ({ error }) => answered(error, {})
    switch (operation.op) {
      case 'create':
        zk.create(operation.path, operation.data, operation.mode, ({ error, value }) => answered(error, pathOf(value)))
        return
      case 'delete':
        zk.delete(operation.path, operation.version, plain)
        return
      case 'setData':
        zk.setData(operation.path, operation.data, operation.version, ({ error, value }) =>
          answered(error, statOf(value)),
        )
        return
      case 'getData':
        zk.getData(operation.path, operation.watch, ({ error, value }) => answered(error, value ?? {}))
        return
      case 'exists':
        zk.exists(operation.path, operation.watch, ({ error, value }) => answered(error, statOf(value)))
        return
      case 'getChildren':
        zk.getChildren(operation.path, operation.watch, ({ error, value }) =>
          answered(error, value === undefined ? {} : { children: value }),
        )
        return
      case 'sync':
        zk.sync(operation.path, ({ error }) => answered(error, {}))
        return
      case 'multi':
        zk.multi(operation.parts, ({ error }) => answered(error, {}))
        return
      case 'close':
        zk.close(() => answered('OK', {}))
        return
      default:
        unreachable(operation)
    }
  }

  private watched(event: WatchedEvent): void {
    if (event.type !== 'None') {
      this.trace({ kind: 'ZkNotified', client: this.options.name, event: event.type, path: event.path })
    } else if (event.state === 'Expired') this.start()
  }

  private trace(event: ClusterEvent): void {
    if (this.host.tracing) this.host.trace(event)
  }
}

const pathOf = (path: string | undefined): Found => (path === undefined ? {} : { path })
const statOf = (stat: ZkStat | undefined): Found => (stat === undefined ? {} : { stat })
