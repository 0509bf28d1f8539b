/**
 * The side of a server that clients see (port 2181): sessions' connections, reads from this server's own tree, writes
 * passed to the leader, watches. One client's requests are answered in the order they were sent: a read after a write of
 * the same session waits for it (CommitProcessor). While the server has no leader it closes every connection.
 */
import { type Connection, type Digest, type Host, MILLISECOND } from '../../host/index.ts'
import type { ZkError } from '../errors.ts'
import { type ClientMessage, ZOOKEEPER_CLIENT_PORT } from '../messages.ts'
import { isRead, type OperationResult, type ReadOperation } from '../operation.ts'
import type { Role } from '../quorum/peer.ts'
import type { Database } from '../storage/database.ts'
import type { TxnResult } from '../tree/data-tree.ts'
import type { Txn } from '../tree/txn.ts'
import { ClientLink, type PendingRequest } from './client-link.ts'
import { sessionPassword } from './password.ts'
import { readTree } from './read-tree.ts'
import { type WatchEventType, WatchTable } from './watch-table.ts'

type ConnectRequest = Extract<ClientMessage, { zk: 'ConnectRequest' }>

export class ClientGateway {
  readonly watches: WatchTable<ClientLink>
  private readonly host: Host
  private readonly serverId: number
  private readonly tickTimeMs: number
  private readonly database: () => Database
  private readonly links = new Map<Connection, ClientLink>()
  private readonly bySession = new Map<string, ClientLink>()
  private role: Role | undefined
  private sessionsGranted = 0

  /** @param database asked late: it needs this gateway's watches to be built */
  constructor(host: Host, options: { id: number; tickTimeMs: number }, database: () => Database) {
    this.host = host
    this.serverId = options.id
    this.tickTimeMs = options.tickTimeMs
    this.database = database
    this.watches = new WatchTable((link, type, path) => this.fire(link, type, path))
  }

  listen(): void {
    this.host.listen(ZOOKEEPER_CLIENT_PORT, (connection) => {
      const link = new ClientLink(connection)
      this.links.set(connection, link)
      return {
        received: (message) => this.received(link, message as ClientMessage),
        closed: () => this.forget(link),
      }
    })
  }

  /** Begins to serve, with a role that carries writes. */
  serve(role: Role): void {
    this.role = role
  }

  /** Stops serving: every client has to find another server. */
  stop(): void {
    this.role = undefined
    for (const link of this.links.values()) link.connection.close()
    this.links.clear()
    this.bySession.clear()
    this.watches.clear()
  }

  /** A transaction was applied, its watches have fired: answer the client, if it is one of ours. */
  applied(txn: Txn, result: TxnResult): void {
    const link = this.bySession.get(txn.session)
    if (link === undefined) return
    if (txn.body.type === 'createSession') {
      this.grant(link)
      return
    }
    const head = link.pending[0]
    const asked = head !== undefined && head.xid === txn.xid && !isRead(head.operation)
    if (asked) {
      // A connection-level refusal (ZOOKEEPER-710): the client is, or thinks it is, somewhere else.
      if (result.error === 'SessionMoved') {
        this.close(link)
        return
      }
      this.respond(link, head, result.error, operationResult(result))
    }
    if (txn.body.type === 'closeSession') this.close(link)
    else if (asked) this.next(link)
  }

  /** The leader let a sync pass. */
  synced(session: string, xid: number): void {
    const link = this.bySession.get(session)
    const head = link?.pending[0]
    if (link === undefined || head === undefined || head.xid !== xid || head.operation.op !== 'sync') return
    this.respond(link, head, 'OK', { path: head.operation.path })
    this.next(link)
  }

  /** The leader knows whether a client that came back still has its session. */
  revalidated(session: string, valid: boolean): void {
    const link = this.bySession.get(session)
    if (link === undefined || link.established) return
    if (valid) this.grant(link)
    else this.refuseSession(link)
  }

  digest(d: Digest): void {
    d.boolean(this.role !== undefined).int(this.sessionsGranted)
    for (const link of this.links.values()) link.digest(d)
    this.watches.digest(d, (link) => link.session)
  }

  private received(link: ClientLink, message: ClientMessage): void {
    const { role } = this
    if (role === undefined) {
      this.close(link)
      return
    }
    if (message.zk === 'ConnectRequest') {
      this.connect(link, role, message)
      return
    }
    if (!link.established) {
      this.close(link)
      return
    }
    role.touch(link.session, link.timeoutMs)
    if (message.zk === 'Ping') link.send({ zk: 'Pong' })
    else if (message.zk === 'Request') this.request(link, role, message)
  }

  private connect(link: ClientLink, role: Role, request: ConnectRequest): void {
    // Time must not run backwards for a client: it has seen what this server has not.
    const { lastZxidSeen: clientZxid } = request
    const { lastApplied: serverZxid } = this.database()
    if (clientZxid > serverZxid) {
      const client = link.connection.peer
      if (this.host.tracing) this.host.trace({ kind: 'ZkClientAhead', client, clientZxid, serverZxid })
      this.close(link)
      return
    }
    link.timeoutMs = Math.min(Math.max(request.timeoutMs, 2 * this.tickTimeMs), 20 * this.tickTimeMs)
    if (request.session === '') {
      link.session = this.newSessionId()
      this.bySession.set(link.session, link)
      const client = link.connection.peer
      role.submit(link.session, 0, { op: 'createSession', timeoutMs: link.timeoutMs, client })
      return
    }
    const before = this.bySession.get(request.session)
    if (before !== undefined) this.close(before)
    link.session = request.session
    if (request.password !== sessionPassword(request.session)) {
      this.refuseSession(link)
      return
    }
    this.bySession.set(link.session, link)
    role.revalidate(link.session, link.timeoutMs)
  }

  private grant(link: ClientLink): void {
    const { session, timeoutMs } = link
    link.established = true
    link.send({ zk: 'ConnectResponse', timeoutMs, session, password: sessionPassword(session) })
  }

  private refuseSession(link: ClientLink): void {
    link.send({ zk: 'ConnectResponse', timeoutMs: 0, session: '', password: '' })
    this.close(link)
  }

  private request(link: ClientLink, role: Role, { xid, operation }: PendingRequest): void {
    if (isRead(operation)) {
      if (link.pending.length === 0) this.read(link, xid, operation)
      else link.pending.push({ xid, operation })
      return
    }
    link.pending.push({ xid, operation })
    if (operation.op === 'sync') role.sync(link.session, xid)
    else role.submit(link.session, xid, operation)
  }

  /** The head of the queue is answered: the reads behind it had waited for it. */
  private next(link: ClientLink): void {
    link.pending.shift()
    for (let head = link.pending[0]; head !== undefined && isRead(head.operation); head = link.pending[0]) {
      link.pending.shift()
      this.read(link, head.xid, head.operation)
    }
  }

  private read(link: ClientLink, xid: number, operation: ReadOperation): void {
    const { error, result } = readTree(this.database().tree, operation, {
      watchData: (path) => this.watches.watchData(path, link),
      watchChildren: (path) => this.watches.watchChildren(path, link),
      missed: (type, path) => this.fire(link, type, path),
    })
    this.respond(link, { xid, operation }, error, result)
  }

  private respond(link: ClientLink, request: PendingRequest, error: ZkError, result: OperationResult): void {
    const { xid, operation } = request
    link.send({ zk: 'Response', xid, op: operation.op, zxid: this.database().lastApplied, error, result })
  }

  private fire(link: ClientLink, type: WatchEventType, path: string): void {
    if (this.host.tracing) this.host.trace({ kind: 'ZkWatchFired', session: link.session, event: type, path })
    link.send({ zk: 'WatchEvent', type, path })
  }

  private close(link: ClientLink): void {
    link.connection.close()
    this.forget(link)
  }

  private forget(link: ClientLink): void {
    this.links.delete(link.connection)
    if (this.bySession.get(link.session) === link) this.bySession.delete(link.session)
    this.watches.removeWatcher(link)
  }

  /** Server id, milliseconds, count: 64 bits in hexadecimal, as ZooKeeper composes them. */
  private newSessionId(): string {
    this.sessionsGranted += 1
    const timeMs = Math.floor(this.host.now() / MILLISECOND)
    const digits = (value: number, length: number): string => value.toString(16).padStart(length, '0').slice(-length)
    return `0x${digits(this.serverId, 2)}${digits(timeMs, 10)}${digits(this.sessionsGranted, 4)}`
  }
}

function operationResult({ path, stat, results }: TxnResult): OperationResult {
  return {
    ...(path === undefined ? {} : { path }),
    ...(stat === undefined ? {} : { stat }),
    ...(results === undefined ? {} : { results }),
  }
}
