/**
 * Kafka's wrapper around the ZooKeeper client (org.I0Itec.zkclient.ZkClient 0.3; formats.md 8.7). Operations are retried
 * through connection losses and even through the expiry of the session, until a server answers: a create that lost its
 * answer therefore may come back with NodeExists for its own node, and a write asked under an expired session may still
 * happen under the next one. After an expiry a new session is opened and the listeners are told to rebuild their nodes.
 *
 * From 1.1 on Kafka has a client of its own (KAFKA-5642, `kafka.zookeeper.ZooKeeperClient`): what was asked under a
 * session fails when that expires, events that nobody has taken up are dropped, and the next session is opened once the
 * listeners have let go of what the old one gave them. They look for themselves what changed in between.
 *
 * Listeners are called one at a time from one queue (its event thread). For a watch event the client first sets the watch
 * again and reads, then tells the fresh value, so changes in between merge into one call.
 */
import type { Digest, Host } from '../../host/index.ts'
import type { ZkResult } from '../errors.ts'
import type { MultiPart, MultiResult } from '../operation.ts'
import { parentPath } from '../tree/path.ts'
import type { CreateMode, ZkStat } from '../tree/znode.ts'
import { EventQueue } from './event-queue.ts'
import type { WatchedEvent } from './watched-event.ts'
import { ZooKeeper, type ZooKeeperOptions } from './zookeeper.ts'

export interface DataListener {
  changed(data: string): void
  deleted(): void
}

export type ChildListener = (children: readonly string[]) => void

export interface ZkClientOptions extends ZooKeeperOptions {
  /** What becomes of operations when their session expires; by default they are asked again under the next one. */
  readonly sessionExpiry?: 'operations-go-on' | 'operations-fail'
}

export interface StateListener {
  disconnected?(): void
  connected?(): void
  /** Where operations fail with their session: it is gone, and the next one is opened when all have called `letGo`. */
  expired?(letGo: () => void): void
  /** A session ended by expiry and a new one stands: the ephemeral nodes of the old one are gone. */
  newSession(): void
}

type Done<T> = (result: ZkResult<T>) => void

interface Waiting {
  readonly attempt: (raw: ZooKeeper) => void
  readonly fail: () => void
}

export class ZkClient {
  private readonly host: Host
  private readonly options: ZkClientOptions
  private raw: ZooKeeper | undefined
  /** The session is gone, and the next one is not opened yet: whatever is asked fails. */
  private betweenSessions = false
  private readonly events = new EventQueue()
  /** Operations that wait for a connection, in the order they were asked. */
  private waiting: Waiting[] = []
  private onConnected: (() => void) | undefined
  private sessionIsNew = false
  private closed = false
  private readonly dataListeners = new Map<string, Set<DataListener>>()
  private readonly childListeners = new Map<string, Set<ChildListener>>()
  private readonly stateListeners = new Set<StateListener>()

  constructor(host: Host, options: ZkClientOptions) {
    this.host = host
    this.options = options
  }

  /** Connects; `onConnected` is called once, when the first session stands. */
  start(onConnected: () => void): void {
    this.onConnected = onConnected
    this.openSession()
  }

  get sessionId(): string | null {
    return this.raw?.sessionId ?? null
  }

  get connected(): boolean {
    return this.raw?.isConnected ?? false
  }

  /** Retried through connection loss: `NodeExists` may speak of one's own node. */
  create(path: string, data: string, mode: CreateMode, done: Done<string>): void {
    this.retry<string>((raw, settle) => raw.create(path, data, mode, settle), done)
  }

  /** Creates a persistent node without data and its missing parents; `OK` if it exists. */
  createRecursive(path: string, done: Done<string>): void {
    this.create(path, '', 'persistent', (result) => {
      if (result.error === 'NodeExists') done({ error: 'OK', value: path })
      else if (result.error !== 'NoNode') done(result)
      else {
        this.createRecursive(parentPath(path), (parent) => {
          if (parent.error === 'OK') this.createRecursive(path, done)
          else done(parent)
        })
      }
    })
  }

  /** @param version -1 matches any */
  delete(path: string, version: number, done: Done<undefined>): void {
    this.retry<undefined>((raw, settle) => raw.delete(path, version, settle), done)
  }

  /** @param version -1 matches any */
  setData(path: string, data: string, version: number, done: Done<ZkStat>): void {
    this.retry<ZkStat>((raw, settle) => raw.setData(path, data, version, settle), done)
  }

  getData(path: string, done: Done<{ data: string; stat: ZkStat }>): void {
    const watch = (): boolean => this.dataListeners.has(path)
    this.retry<{ data: string; stat: ZkStat }>((raw, settle) => raw.getData(path, watch(), settle), done)
  }

  /** `NoNode` if there is none. */
  exists(path: string, done: Done<ZkStat>): void {
    const watch = (): boolean => this.dataListeners.has(path) || this.childListeners.has(path)
    this.retry<ZkStat>((raw, settle) => raw.exists(path, watch(), settle), done)
  }

  getChildren(path: string, done: Done<string[]>): void {
    const watch = (): boolean => this.childListeners.has(path)
    this.retry<string[]>((raw, settle) => raw.getChildren(path, watch(), settle), done)
  }

  sync(path: string, done: Done<string>): void {
    this.retry<string>((raw, settle) => raw.sync(path, settle), done)
  }

  multi(parts: readonly MultiPart[], done: Done<readonly MultiResult[]>): void {
    this.retry<readonly MultiResult[]>((raw, settle) => raw.multi(parts, settle), done)
  }

  /** The node need not exist: its creation is a change. Returns a function that ends the subscription. */
  subscribeData(path: string, listener: DataListener): () => void {
    const unsubscribe = addListener(this.dataListeners, path, listener)
    this.exists(path, () => {})
    return unsubscribe
  }

  /** Told the children after each change; none if the node is gone. Returns a function that ends the subscription. */
  subscribeChildren(path: string, listener: ChildListener): () => void {
    const unsubscribe = addListener(this.childListeners, path, listener)
    this.exists(path, () => {})
    this.getChildren(path, () => {})
    return unsubscribe
  }

  subscribeState(listener: StateListener): () => void {
    this.stateListeners.add(listener)
    return () => this.stateListeners.delete(listener)
  }

  /** Ends the session; operations that wait are dropped without an answer. */
  close(done: () => void = () => {}): void {
    this.closed = true
    this.waiting = []
    this.events.clear()
    if (this.raw === undefined) done()
    else this.raw.close(done)
  }

  digest(d: Digest): void {
    d.boolean(this.closed).boolean(this.sessionIsNew).boolean(this.betweenSessions).word(this.waiting.length)
    this.events.digest(d)
    for (const [path, listeners] of [...this.dataListeners, ...this.childListeners]) {
      d.string(path).word(listeners.size)
    }
    d.word(this.stateListeners.size)
    this.raw?.digest(d)
  }

  /** Asks, and asks again, until the answer is neither a lost connection nor, where it goes on, an expired session. */
  private retry<T>(ask: (raw: ZooKeeper, settle: Done<T>) => void, done: Done<T>): void {
    if (this.betweenSessions) return done({ error: 'SessionExpired' })
    const operation: Waiting = {
      attempt: (raw) =>
        ask(raw, (result) => {
          if (this.closed) return
          if (result.error === 'ConnectionLoss' || (result.error === 'SessionExpired' && this.goesOn)) {
            this.waiting.push(operation)
          } else {
            done(result)
          }
        }),
      fail: () => done({ error: 'SessionExpired' }),
    }
    if (this.raw?.isConnected && this.waiting.length === 0) operation.attempt(this.raw)
    else if (!this.closed) this.waiting.push(operation)
  }

  private get goesOn(): boolean {
    return this.options.sessionExpiry !== 'operations-fail'
  }

  private openSession(): void {
    this.raw = new ZooKeeper(this.host, this.options, (event) => this.process(event))
  }

  /** Everything that was asked under the session fails; then its listeners let go, and the next one is opened. */
  private endSession(): void {
    this.betweenSessions = true
    this.events.clear()
    const waiting = this.waiting
    this.waiting = []
    for (const { fail } of waiting) fail()
    const listeners = [...this.stateListeners].filter((listener) => listener.expired !== undefined)
    let left = listeners.length
    const letGo = (): void => {
      if (--left > 0 || this.closed) return
      this.betweenSessions = false
      this.openSession()
      this.fireState((listener) => listener.newSession())
    }
    for (const listener of listeners) listener.expired!(letGo)
    if (listeners.length === 0) letGo()
  }

  private process(event: WatchedEvent): void {
    if (this.closed) return
    if (event.type !== 'None') {
      if (event.type !== 'NodeDataChanged') this.fireChildren(event.path)
      if (event.type !== 'NodeChildrenChanged') this.fireData(event.path)
      return
    }
    switch (event.state) {
      case 'Disconnected':
        this.fireState((listener) => listener.disconnected?.())
        return
      case 'Expired':
        if (!this.goesOn) return this.endSession()
        this.sessionIsNew = true
        this.openSession()
        return
      case 'SyncConnected':
        this.reconnected()
    }
  }

  private reconnected(): void {
    const waiting = this.waiting
    this.waiting = []
    for (const { attempt } of waiting) attempt(this.raw!)
    if (this.sessionIsNew) {
      this.sessionIsNew = false
      this.fireState((listener) => listener.newSession())
      // The watches of the old session are gone, and what they waited for may have happened.
      for (const path of this.childListeners.keys()) this.fireChildren(path)
      for (const path of this.dataListeners.keys()) this.fireData(path)
    }
    this.fireState((listener) => listener.connected?.())
    const first = this.onConnected
    this.onConnected = undefined
    first?.()
  }

  private fireState(tell: (listener: StateListener) => void): void {
    this.events.add((finished) => {
      for (const listener of [...this.stateListeners]) tell(listener)
      finished()
    })
  }

  private fireData(path: string): void {
    if (!this.dataListeners.has(path)) return
    this.events.add((finished) => {
      // The watch first, then the data: a change in between fires it.
      this.exists(path, () => {})
      this.getData(path, ({ error, value }) => {
        for (const listener of [...(this.dataListeners.get(path) ?? [])]) {
          if (value !== undefined) listener.changed(value.data)
          else if (error === 'NoNode') listener.deleted()
        }
        finished()
      })
    })
  }

  private fireChildren(path: string): void {
    if (!this.childListeners.has(path)) return
    this.events.add((finished) => {
      this.exists(path, () => {})
      this.getChildren(path, ({ error, value }) => {
        const known = error === 'OK' || error === 'NoNode'
        if (known) for (const listener of [...(this.childListeners.get(path) ?? [])]) listener(value ?? [])
        finished()
      })
    })
  }
}

function addListener<L>(table: Map<string, Set<L>>, path: string, listener: L): () => void {
  let listeners = table.get(path)
  if (listeners === undefined) table.set(path, (listeners = new Set()))
  listeners.add(listener)
  return () => {
    const left = table.get(path)
    if (left?.delete(listener) && left.size === 0) table.delete(path)
  }
}
