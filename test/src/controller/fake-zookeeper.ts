/**
 * ZooKeeper in memory, as the controller sees it through ZkClient: one tree with versions and ephemeral nodes, and for
 * each client a session, listeners that get the value as it is when their turn comes, and calls that wait while the
 * client is cut off. A call is applied half a millisecond after it was made and answered after another half.
 */
import type { CreateMode, ZkClient, ZkError, ZkResult, ZkStat } from '../../../src/zookeeper/index.ts'
import type { FakeClock } from './fake-hosts.ts'

interface Node {
  data: string
  version: number
  readonly owner: string | null
  readonly children: Set<string>
  sequence: number
}

const HALF_US = 500

const parentOf = (path: string): string => path.slice(0, path.lastIndexOf('/')) || '/'

export class FakeZooKeeper {
  readonly clock: FakeClock
  private readonly nodes = new Map<string, Node>()
  private readonly clients: FakeZkClient[] = []
  /** Every write that took place, as `setData /path`. */
  readonly writes: string[] = []

  constructor(clock: FakeClock) {
    this.clock = clock
    this.nodes.set('/', { data: '', version: 0, owner: null, children: new Set(), sequence: 0 })
  }

  client(name: string): FakeZkClient {
    const client = new FakeZkClient(this, name)
    this.clients.push(client)
    return client
  }

  data(path: string): string | undefined {
    return this.nodes.get(path)?.data
  }

  children(path: string): string[] | undefined {
    const node = this.nodes.get(path)
    return node === undefined ? undefined : [...node.children].sort()
  }

  stat(path: string): ZkStat | undefined {
    const node = this.nodes.get(path)
    if (node === undefined) return undefined
    return {
      czxid: 0,
      mzxid: 0,
      pzxid: 0,
      ctimeMs: 0,
      mtimeMs: 0,
      version: node.version,
      cversion: 0,
      aversion: 0,
      ephemeralOwner: node.owner,
      dataLength: node.data.length,
      numChildren: node.children.size,
    }
  }

  create(path: string, data: string, mode: CreateMode, session: string): ZkResult<string> {
    const parent = this.nodes.get(parentOf(path))
    if (parent === undefined) return { error: 'NoNode' }
    const name = mode.endsWith('-sequential') ? path + String(parent.sequence).padStart(10, '0') : path
    if (this.nodes.has(name)) return { error: 'NodeExists' }
    const owner = mode.startsWith('ephemeral') ? session : null
    this.nodes.set(name, { data, version: 0, owner, children: new Set(), sequence: 0 })
    parent.sequence++
    parent.children.add(name.slice(name.lastIndexOf('/') + 1))
    this.written('create', name)
    return { error: 'OK', value: name }
  }

  /** Creates a persistent node with its parents, for tests. */
  put(path: string, data = ''): void {
    if (!this.nodes.has(parentOf(path))) this.put(parentOf(path))
    if (this.create(path, data, 'persistent', '').error === 'NodeExists') this.setData(path, data, -1)
  }

  setData(path: string, data: string, version: number): ZkResult<ZkStat> {
    const node = this.nodes.get(path)
    if (node === undefined) return { error: 'NoNode' }
    if (version !== -1 && version !== node.version) return { error: 'BadVersion' }
    node.data = data
    node.version++
    this.written('setData', path)
    return { error: 'OK', value: this.stat(path)! }
  }

  delete(path: string, version: number): ZkResult<undefined> {
    const node = this.nodes.get(path)
    if (node === undefined) return { error: 'NoNode' }
    if (version !== -1 && version !== node.version) return { error: 'BadVersion' }
    if (node.children.size > 0) return { error: 'NotEmpty' }
    this.nodes.delete(path)
    this.nodes.get(parentOf(path))!.children.delete(path.slice(path.lastIndexOf('/') + 1))
    this.written('delete', path)
    return { error: 'OK' }
  }

  /** Ends a session: its ephemeral nodes go. */
  endSession(session: string): void {
    for (const [path, node] of [...this.nodes]) if (node.owner === session) this.delete(path, -1)
  }

  private written(kind: string, path: string): void {
    this.writes.push(`${kind} ${path}`)
    for (const client of this.clients) {
      client.noticeData(path)
      if (kind !== 'setData') client.noticeChildren(parentOf(path))
    }
  }
}

type Listener<T> = { readonly path: string; readonly tell: (value: T) => void }

type UsedByController =
  | 'create'
  | 'createRecursive'
  | 'delete'
  | 'setData'
  | 'getData'
  | 'getChildren'
  | 'subscribeData'
  | 'subscribeChildren'
  | 'subscribeState'

export class FakeZkClient implements Pick<ZkClient, UsedByController> {
  private readonly zooKeeper: FakeZooKeeper
  private readonly name: string
  private generation = 1
  private cutOff = false
  /** Calls and events that wait for the client to be connected again. */
  private readonly held: Array<() => void> = []
  private readonly dataListeners = new Set<Listener<string | undefined>>()
  private readonly childListeners = new Set<Listener<string[]>>()
  private readonly stateListeners = new Set<{ newSession(): void }>()
  private readonly pendingEvents = new Set<Listener<never>>()
  closed = false

  constructor(zooKeeper: FakeZooKeeper, name: string) {
    this.zooKeeper = zooKeeper
    this.name = name
  }

  get sessionId(): string {
    return `${this.name}#${this.generation}`
  }

  /** What the controller takes. */
  asZkClient(): ZkClient {
    return this as unknown as ZkClient
  }

  create(path: string, data: string, mode: CreateMode, done: (result: ZkResult<string>) => void): void {
    this.call(() => this.zooKeeper.create(path, data, mode, this.sessionId), done)
  }

  createRecursive(path: string, done: (result: ZkResult<string>) => void): void {
    this.call(() => {
      this.zooKeeper.put(path)
      return { error: 'OK' }
    }, done)
  }

  delete(path: string, version: number, done: (result: ZkResult<undefined>) => void): void {
    this.call(() => this.zooKeeper.delete(path, version), done)
  }

  setData(path: string, data: string, version: number, done: (result: ZkResult<ZkStat>) => void): void {
    this.call(() => this.zooKeeper.setData(path, data, version), done)
  }

  getData(path: string, done: (result: ZkResult<{ data: string; stat: ZkStat }>) => void): void {
    this.call(() => {
      const data = this.zooKeeper.data(path)
      if (data === undefined) return { error: 'NoNode' as ZkError }
      return { error: 'OK' as ZkError, value: { data, stat: this.zooKeeper.stat(path)! } }
    }, done)
  }

  exists(path: string, done: (result: ZkResult<ZkStat>) => void): void {
    this.call(() => {
      const stat = this.zooKeeper.stat(path)
      return stat === undefined ? { error: 'NoNode' } : { error: 'OK', value: stat }
    }, done)
  }

  getChildren(path: string, done: (result: ZkResult<string[]>) => void): void {
    this.call(() => {
      const children = this.zooKeeper.children(path)
      return children === undefined ? { error: 'NoNode' as ZkError } : { error: 'OK' as ZkError, value: children }
    }, done)
  }

  subscribeData(path: string, listener: { changed(data: string): void; deleted(): void }): () => void {
    const entry: Listener<string | undefined> = {
      path,
      tell: (data) => (data === undefined ? listener.deleted() : listener.changed(data)),
    }
    this.dataListeners.add(entry)
    return () => this.dataListeners.delete(entry)
  }

  subscribeChildren(path: string, listener: (children: readonly string[]) => void): () => void {
    const entry: Listener<string[]> = { path, tell: listener }
    this.childListeners.add(entry)
    return () => this.childListeners.delete(entry)
  }

  subscribeState(listener: { newSession(): void }): () => void {
    this.stateListeners.add(listener)
    return () => this.stateListeners.delete(listener)
  }

  noticeData(path: string): void {
    for (const listener of this.dataListeners) {
      if (listener.path === path) this.event(listener, () => listener.tell(this.zooKeeper.data(path)))
    }
  }

  noticeChildren(path: string): void {
    for (const listener of this.childListeners) {
      if (listener.path === path) this.event(listener, () => listener.tell(this.zooKeeper.children(path) ?? []))
    }
  }

  /** Calls and events wait from now on. */
  disconnect(): void {
    this.cutOff = true
  }

  /** The ensemble gives the session up; the client hears of it when it reconnects. */
  expire(): void {
    this.zooKeeper.endSession(this.sessionId)
    this.generation++
  }

  /** What waited goes on. After an expiry the new session is announced, and then every listener is told what is. */
  reconnect(options: { expired: boolean }): void {
    this.cutOff = false
    for (const resume of this.held.splice(0)) resume()
    if (!options.expired) return
    for (const listener of [...this.stateListeners]) {
      this.zooKeeper.clock.schedule(2 * HALF_US, () => listener.newSession())
    }
    for (const path of new Set([...this.dataListeners].map((listener) => listener.path))) this.noticeData(path)
    for (const path of new Set([...this.childListeners].map((listener) => listener.path))) this.noticeChildren(path)
  }

  private call<T>(apply: () => ZkResult<T>, done: (result: ZkResult<T>) => void): void {
    this.whenConnected(() => {
      const result = apply()
      this.whenConnected(() => done(result))
    })
  }

  /** An event of a listener that has not run yet covers later changes. */
  private event(listener: object, run: () => void): void {
    const key = listener as Listener<never>
    if (this.pendingEvents.has(key)) return
    this.pendingEvents.add(key)
    this.whenConnected(() =>
      this.whenConnected(() => {
        this.pendingEvents.delete(key)
        run()
      }),
    )
  }

  private whenConnected(run: () => void): void {
    const later = (): void => {
      this.zooKeeper.clock.schedule(HALF_US, () => {
        if (this.closed) return
        if (this.cutOff) this.held.push(later)
        else run()
      })
    }
    later()
  }
}
