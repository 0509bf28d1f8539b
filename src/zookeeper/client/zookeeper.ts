/**
 * The client of one session (org.apache.zookeeper.ZooKeeper, ClientCnxn; release 3.4). It connects to a server chosen at
 * random, pings it after a third of the session timeout without sending, gives it up after two thirds without hearing,
 * and goes on to another one within the session, taking its watches along. What was asked and not answered at a
 * disconnect ends with ConnectionLoss: it may or may not have happened. Only a server can say that the session is gone;
 * then this object is of no more use. Callbacks and events come in the order in which the server sent them.
 */
import {
  type Address,
  type Connection,
  type Digest,
  fromMs,
  type Host,
  invariant,
  type Timer,
} from '../../host/index.ts'
import type { ZkError, ZkResult } from '../errors.ts'
import { zkMessageBytes } from '../message-size.ts'
import type { ClientMessage } from '../messages.ts'
import type { ClientOperation, MultiPart, MultiResult, OperationResult } from '../operation.ts'
import type { CreateMode, ZkStat } from '../tree/znode.ts'
import type { Zxid } from '../zxid.ts'
import { ServerList } from './server-list.ts'
import { WatchRegistry } from './watch-registry.ts'
import type { WatchedEvent } from './watched-event.ts'

/** Milliseconds; a random rest below this comes before each reconnect. */
const RECONNECT_REST_MAX_MS = 1_000
const SET_WATCHES_XID = -8

interface Packet {
  readonly xid: number
  readonly operation: ClientOperation
  readonly done: (error: ZkError, result: OperationResult) => void
}

export interface ZooKeeperOptions {
  readonly servers: readonly Address[]
  readonly sessionTimeoutMs: number
}

export class ZooKeeper {
  private readonly host: Host
  private readonly watcher: (event: WatchedEvent) => void
  private readonly servers: ServerList
  private readonly watches = new WatchRegistry()
  private state: 'connecting' | 'connected' | 'closed' = 'connecting'
  private sessionTimeoutMs: number
  private session = ''
  private password = ''
  private lastZxidSeen: Zxid = 0
  private connection: Connection | undefined
  /** Asked of the present server, unanswered. */
  private sent: Packet[] = []
  private unsent: Packet[] = []
  private nextXid = 1
  private attempts = 0
  private lastHeardUs = 0
  private lastSentUs = 0
  private timer: Timer | undefined

  constructor(host: Host, options: ZooKeeperOptions, watcher: (event: WatchedEvent) => void) {
    invariant(options.servers.length > 0, 'a ZooKeeper client needs a server')
    this.host = host
    this.watcher = watcher
    this.servers = new ServerList(options.servers, host.random('zookeeper-client'))
    this.sessionTimeoutMs = options.sessionTimeoutMs
    this.connectNext()
  }

  /** Null until the first server granted it. */
  get sessionId(): string | null {
    return this.session === '' ? null : this.session
  }

  get isConnected(): boolean {
    return this.state === 'connected'
  }

  create(path: string, data: string, mode: CreateMode, done: (result: ZkResult<string>) => void): void {
    this.submit({ op: 'create', path, data, mode }, (error, result) => done(outcome(error, result.path)))
  }

  delete(path: string, version: number, done: (result: ZkResult<undefined>) => void): void {
    this.submit({ op: 'delete', path, version }, (error) => done({ error }))
  }

  setData(path: string, data: string, version: number, done: (result: ZkResult<ZkStat>) => void): void {
    this.submit({ op: 'setData', path, data, version }, (error, result) => done(outcome(error, result.stat)))
  }

  getData(path: string, watch: boolean, done: (result: ZkResult<{ data: string; stat: ZkStat }>) => void): void {
    this.submit({ op: 'getData', path, watch }, (error, { data, stat }) =>
      done(data === undefined || stat === undefined ? { error } : { error, value: { data, stat } }),
    )
  }

  /** `NoNode` if there is none: then a watch waits for its creation. */
  exists(path: string, watch: boolean, done: (result: ZkResult<ZkStat>) => void): void {
    this.submit({ op: 'exists', path, watch }, (error, result) => done(outcome(error, result.stat)))
  }

  /** Names in code unit order. */
  getChildren(path: string, watch: boolean, done: (result: ZkResult<string[]>) => void): void {
    this.submit({ op: 'getChildren', path, watch }, (error, { children }) =>
      done(children === undefined ? { error } : { error, value: [...children] }),
    )
  }

  /** As `getChildren`, with the parent's Stat. */
  getChildrenWithStat(
    path: string,
    watch: boolean,
    done: (result: ZkResult<{ children: readonly string[]; stat: ZkStat }>) => void,
  ): void {
    this.submit({ op: 'getChildren', path, watch }, (error, { children, stat }) =>
      done(children === undefined || stat === undefined ? { error } : { error, value: { children, stat } }),
    )
  }

  /** After it, this server's reads see everything committed before the call. */
  sync(path: string, done: (result: ZkResult<string>) => void): void {
    this.submit({ op: 'sync', path }, (error, result) => done(outcome(error, result.path)))
  }

  /** All or nothing, in one transaction; `value` has the outcome of each part, after a refusal too. */
  multi(parts: readonly MultiPart[], done: (result: ZkResult<readonly MultiResult[]>) => void): void {
    this.submit({ op: 'multi', parts }, (error, result) => done(outcome(error, result.results)))
  }

  /** Ends the session, its ephemeral nodes with it; without a server at hand they go when it expires. */
  close(done: () => void = () => {}): void {
    if (this.state !== 'connected') {
      this.end()
      done()
      return
    }
    this.submit({ op: 'closeSession' }, () => {
      this.end()
      done()
    })
  }

  digest(d: Digest): void {
    d.string(this.state).string(this.session).int(this.lastZxidSeen).int(this.nextXid).int(this.attempts)
    for (const queue of [this.sent, this.unsent]) {
      d.word(queue.length)
      for (const { xid, operation } of queue) d.int(xid).string(operation.op)
    }
    d.int(this.lastHeardUs).int(this.lastSentUs)
    this.servers.digest(d)
    this.watches.digest(d)
  }

  private submit(operation: ClientOperation, done: Packet['done']): void {
    if (this.state === 'closed') {
      done('SessionExpired', {})
      return
    }
    const packet = { xid: this.nextXid, operation, done }
    this.nextXid += 1
    if (this.state === 'connected') this.transmit(packet)
    else this.unsent.push(packet)
  }

  private transmit(packet: Packet): void {
    this.sent.push(packet)
    this.send({ zk: 'Request', xid: packet.xid, operation: packet.operation })
  }

  private send(message: ClientMessage): void {
    this.lastSentUs = this.host.now()
    this.connection?.send(message, zkMessageBytes(message))
  }

  // Connecting.

  private connectNext(): void {
    const { server, restMs } = this.servers.next()
    const random = this.host.random('zookeeper-client')
    const jitterMs = this.attempts === 0 ? 0 : random.intBelow(RECONNECT_REST_MAX_MS, 'rest before reconnecting')
    this.attempts += 1
    if (restMs + jitterMs === 0) {
      this.open(server)
      return
    }
    this.timer = this.host.setTimer(fromMs(restMs + jitterMs), 'zk-client-reconnect', () => this.open(server))
  }

  private open(server: Address): void {
    const timeoutUs = Math.floor(fromMs(this.sessionTimeoutMs) / this.servers.size)
    const handler = {
      opened: () =>
        this.send({
          zk: 'ConnectRequest',
          lastZxidSeen: this.lastZxidSeen,
          timeoutMs: this.sessionTimeoutMs,
          session: this.session,
          password: this.password,
        }),
      received: (message: object) => this.received(message as ClientMessage),
      closed: () => this.lost(),
    }
    this.connection = this.host.connect(server, handler, timeoutUs)
    this.timer = this.host.setTimer(timeoutUs, 'zk-client-connect', () => this.lost())
  }

  /** The server is given up, or was never reached. */
  private lost(): void {
    const wasConnected = this.state === 'connected'
    this.state = 'connecting'
    this.dropConnection()
    this.failAll('ConnectionLoss')
    if (this.isClosed()) return
    if (wasConnected) {
      this.traceState('disconnected', null)
      this.watcher({ type: 'None', state: 'Disconnected' })
    }
    if (!this.isClosed()) this.connectNext()
  }

  /** A callback may have closed this client. */
  private isClosed(): boolean {
    return this.state === 'closed'
  }

  private failAll(error: ZkError): void {
    const failed = [...this.sent, ...this.unsent]
    this.sent = []
    this.unsent = []
    for (const packet of failed) packet.done(error, {})
  }

  private dropConnection(): void {
    this.timer?.cancel()
    this.timer = undefined
    this.connection?.close()
    this.connection = undefined
  }

  private end(): void {
    if (this.isClosed()) return
    const wasConnected = this.state === 'connected'
    this.state = 'closed'
    this.dropConnection()
    if (wasConnected) this.traceState('disconnected', null)
    this.failAll('SessionExpired')
  }

  private received(message: ClientMessage): void {
    this.lastHeardUs = this.host.now()
    switch (message.zk) {
      case 'ConnectResponse':
        if (message.timeoutMs === 0) this.expired()
        else this.connected(message)
        return
      case 'Response':
        this.answered(message)
        return
      case 'WatchEvent':
        if (this.watches.fired(message.type, message.path)) this.watcher({ type: message.type, path: message.path })
        return
      case 'Pong':
        return
      default:
        invariant(false, () => `a server sent ${message.zk}`)
    }
  }

  private expired(): void {
    this.state = 'closed'
    this.dropConnection()
    this.traceState('expired', null)
    this.failAll('SessionExpired')
    this.watcher({ type: 'None', state: 'Expired' })
  }

  private connected(response: Extract<ClientMessage, { zk: 'ConnectResponse' }>): void {
    this.session = response.session
    this.password = response.password
    this.sessionTimeoutMs = response.timeoutMs
    this.state = 'connected'
    this.servers.connected()
    this.timer?.cancel()
    this.traceState('connected', this.connection!.peer)
    const watches = this.watches.request(this.lastZxidSeen)
    if (watches !== undefined) this.send({ zk: 'Request', xid: SET_WATCHES_XID, operation: watches })
    const waiting = this.unsent
    this.unsent = []
    for (const packet of waiting) this.transmit(packet)
    this.armHeartbeat()
    this.watcher({ type: 'None', state: 'SyncConnected' })
  }

  private answered({ xid, zxid, error, result }: Extract<ClientMessage, { zk: 'Response' }>): void {
    if (zxid > this.lastZxidSeen) this.lastZxidSeen = zxid
    if (xid === SET_WATCHES_XID) return
    const packet = this.sent.shift()
    invariant(packet?.xid === xid, () => `answer ${xid} came where ${packet?.xid} was due`)
    this.watches.answered(packet.operation, error)
    packet.done(error, result)
  }

  // Heartbeats.

  /** Two thirds of the session timeout: a server silent for so long is given up. */
  private get readTimeoutUs(): number {
    return Math.floor((fromMs(this.sessionTimeoutMs) * 2) / 3)
  }

  private armHeartbeat(): void {
    const pingAtUs = this.lastSentUs + Math.floor(this.readTimeoutUs / 2)
    const giveUpAtUs = this.lastHeardUs + this.readTimeoutUs
    const delayUs = Math.max(0, Math.min(pingAtUs, giveUpAtUs) - this.host.now())
    this.timer = this.host.setTimer(delayUs, 'zk-client-ping', () => {
      const nowUs = this.host.now()
      if (nowUs >= this.lastHeardUs + this.readTimeoutUs) {
        this.lost()
        return
      }
      if (nowUs >= this.lastSentUs + Math.floor(this.readTimeoutUs / 2)) this.send({ zk: 'Ping' })
      this.armHeartbeat()
    })
  }

  private traceState(state: 'connected' | 'disconnected' | 'expired', server: string | null): void {
    if (this.host.tracing) this.host.trace({ kind: 'ZkClientState', state, session: this.session, server })
  }
}

function outcome<T>(error: ZkError, value: T | undefined): ZkResult<T> {
  return value === undefined ? { error } : { error, value }
}
