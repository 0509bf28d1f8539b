/**
 * A client of Kafka's library: it holds an ephemeral node through all its sessions, and follows a node and its siblings,
 * as a broker does. When all is quiet it has to know what there is.
 */
import { type Digest, type Host, type Process, SECOND } from '../../../src/host/index.ts'
import { type DataTree, ZkClient, ZOOKEEPER_CLIENT_PORT } from '../../../src/zookeeper/index.ts'
import { promise } from './breach.ts'
import type { PlannedClient } from './plan.ts'

const FOLLOWED = '/c1'

export class Subscriber implements Process {
  private readonly host: Host
  private readonly path: string
  private readonly zk: ZkClient
  private data: string | undefined
  private number = 0
  private heardOf = false
  private toldIn: string | null = null
  private children: readonly string[] = []

  constructor(host: Host, plan: PlannedClient, servers: readonly string[]) {
    this.host = host
    this.path = `/${plan.name}`
    this.zk = new ZkClient(host, {
      servers: servers.map((machine) => ({ machine, port: ZOOKEEPER_CLIENT_PORT })),
      sessionTimeoutMs: plan.sessionTimeoutMs,
    })
  }

  start(): void {
    const { zk } = this
    zk.start(() => {})
    zk.subscribeData(FOLLOWED, {
      changed: (data) => this.told(data),
      deleted: () => this.told(undefined),
    })
    zk.subscribeChildren('/', (children) => {
      this.children = children
    })
    zk.subscribeState({ newSession: () => this.register() })
    this.register()
    // A subscription tells of changes: what was there before has to be read.
    zk.getData(FOLLOWED, ({ value }) => this.told(value?.data))
    zk.getChildren('/', ({ value }) => {
      if (value !== undefined) this.children = value
    })
  }

  /** Asks whether anybody is there. */
  rest(): void {
    this.zk.exists('/', () => {
      this.heardOf = true
    })
  }

  get isAtRest(): boolean {
    return this.heardOf
  }

  get liveSession(): string | null {
    return this.zk.connected ? this.zk.sessionId : null
  }

  judgeAtRest(tree: DataTree): void {
    const expected = tree.node(FOLLOWED)?.data
    promise(this.data === expected, () => `the subscriber was told ${this.data}, and there is ${expected}`)
    const children = tree.children('/')!
    promise(String(this.children) === String(children), () => `it was told ${this.children}, and there are ${children}`)
    promise(tree.node(this.path)?.ephemeralOwner === this.zk.sessionId, () => `its node ${this.path} is not there`)
  }

  digest(d: Digest): void {
    d.int(this.number)
    this.zk.digest(d)
  }

  /** Within a session time does not go back; a new one may begin on a server that lags behind the last. */
  private told(data: string | undefined): void {
    const session = this.zk.sessionId
    const number = data === undefined ? 0 : Number(data.slice(data.indexOf('-') + 1))
    promise(
      session !== this.toldIn || number >= this.number,
      () => `the subscriber was told ${data} after ${this.data}`,
    )
    this.toldIn = session
    this.number = number
    this.data = data
  }

  /** As Kafka does: a node of one's own earlier session has to go first. */
  private register(): void {
    const { host, zk, path } = this
    zk.create(path, '', 'ephemeral', ({ error }) => {
      if (error !== 'NodeExists') return
      zk.exists(path, ({ value }) => {
        if (value?.ephemeralOwner === zk.sessionId) return
        host.setTimer(SECOND, 'register', () => this.register())
      })
    })
  }
}
