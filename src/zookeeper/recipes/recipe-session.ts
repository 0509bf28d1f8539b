/**
 * The session below an election recipe. Unlike ZkClient it leaves watches to the recipe (set once, fire once) and tells
 * of each expiry: what was asked under a session never happens under the next one. Requests whose answer was lost with a
 * connection are asked again, except those that say so: a sequential create must not be made twice.
 */
import type { Digest, Host } from '../../host/index.ts'
import type { WatchedEvent } from '../client/watched-event.ts'
import { ZooKeeper, type ZooKeeperOptions } from '../client/zookeeper.ts'
import type { ZkResult } from '../errors.ts'
import { parentPath } from '../tree/path.ts'
import type { CreateMode, ZkStat } from '../tree/znode.ts'

export interface RecipeSessionListener {
  /** A new session stands. */
  opened(): void
  /** The session is gone, its ephemeral nodes and watches with it; a new one is being opened. */
  expired(): void
  watched(event: Exclude<WatchedEvent, { type: 'None' }>): void
}

type Done<T> = (result: ZkResult<T>) => void

export class RecipeSession {
  private readonly host: Host
  private readonly options: ZooKeeperOptions
  private readonly listener: RecipeSessionListener
  private raw: ZooKeeper | undefined
  private isNew = true
  /** What waits for a connection, in the order in which it was asked. */
  private waiting: Array<(raw: ZooKeeper) => void> = []

  constructor(host: Host, options: ZooKeeperOptions, listener: RecipeSessionListener) {
    this.host = host
    this.options = options
    this.listener = listener
  }

  start(): void {
    this.isNew = true
    this.raw = new ZooKeeper(this.host, this.options, (event) => this.process(event))
  }

  /** Null before the first session. */
  get id(): string | null {
    return this.raw?.sessionId ?? null
  }

  create(path: string, data: string, mode: CreateMode, done: Done<string>): void {
    this.retry<string>((raw, settle) => raw.create(path, data, mode, settle), done)
  }

  /** Not asked again: `ConnectionLoss`, told once there is a connection again, means that the node may be there. */
  createOnce(path: string, data: string, mode: CreateMode, done: Done<string>): void {
    const attempt = (raw: ZooKeeper): void =>
      raw.create(path, data, mode, (result) => {
        if (result.error === 'ConnectionLoss') this.waiting.push(() => done(result))
        else if (result.error !== 'SessionExpired') done(result)
      })
    this.whenConnected(attempt)
  }

  /** Not asked again, as `createOnce`. */
  deleteOnce(path: string, done: Done<undefined>): void {
    this.whenConnected((raw) =>
      raw.delete(path, -1, (result) => {
        if (result.error === 'ConnectionLoss') this.waiting.push(() => done(result))
        else if (result.error !== 'SessionExpired') done(result)
      }),
    )
  }

  exists(path: string, watch: boolean, done: Done<ZkStat>): void {
    this.retry<ZkStat>((raw, settle) => raw.exists(path, watch, settle), done)
  }

  getChildren(path: string, done: Done<string[]>): void {
    this.retry<string[]>((raw, settle) => raw.getChildren(path, false, settle), done)
  }

  /** Makes sure that a persistent node is there, with its parents. */
  ensure(path: string, done: () => void): void {
    this.exists(path, false, ({ error }) => {
      if (error === 'OK') done()
      else this.createWithParents(path, done)
    })
  }

  /** Whether a node is there and belongs to this session. */
  owns(path: string, done: (owned: boolean, stat: ZkStat | undefined) => void): void {
    this.exists(path, false, ({ value }) => done(value !== undefined && value.ephemeralOwner === this.id, value))
  }

  close(done: () => void = () => {}): void {
    this.waiting = []
    if (this.raw === undefined) done()
    else this.raw.close(done)
  }

  digest(d: Digest): void {
    d.boolean(this.isNew).word(this.waiting.length)
    this.raw?.digest(d)
  }

  private createWithParents(path: string, done: () => void): void {
    this.create(path, '', 'persistent', ({ error }) => {
      if (error !== 'NoNode') done()
      else this.createWithParents(parentPath(path), () => this.createWithParents(path, done))
    })
  }

  private retry<T>(ask: (raw: ZooKeeper, settle: Done<T>) => void, done: Done<T>): void {
    const attempt = (raw: ZooKeeper): void =>
      ask(raw, (result) => {
        if (result.error === 'ConnectionLoss') this.waiting.push(attempt)
        else if (result.error !== 'SessionExpired') done(result)
      })
    this.whenConnected(attempt)
  }

  private whenConnected(attempt: (raw: ZooKeeper) => void): void {
    if (this.raw?.isConnected && this.waiting.length === 0) attempt(this.raw)
    else this.waiting.push(attempt)
  }

  private process(event: WatchedEvent): void {
    if (event.type !== 'None') {
      this.listener.watched(event)
      return
    }
    switch (event.state) {
      case 'Disconnected':
        return
      case 'Expired':
        this.waiting = []
        this.listener.expired()
        this.start()
        return
      case 'SyncConnected': {
        const waiting = this.waiting
        this.waiting = []
        for (const attempt of waiting) attempt(this.raw!)
        if (!this.isNew) return
        this.isNew = false
        this.listener.opened()
      }
    }
  }
}
