/**
 * The replicated state of a ZooKeeper server: znodes and sessions (org.apache.zookeeper.server.DataTree). It changes
 * through `apply` only, one committed transaction after another, so that equal logs give equal trees on every server.
 * `TreeListener` hears of changes in ZooKeeper's order: for a node first, then for its parent.
 */
import { type Digest, invariant, unreachable, utf8 } from '../../host/index.ts'
import type { ZkError } from '../errors.ts'
import type { ZnodeChange } from '../events.ts'
import type { Zxid } from '../zxid.ts'
import { baseName, parentPath, SPECIAL_PATHS } from './path.ts'
import type { NodeTxn, Txn } from './txn.ts'
import type { ZkStat, Znode } from './znode.ts'

export interface TreeListener {
  nodeCreated(path: string): void
  nodeDataChanged(path: string): void
  nodeDeleted(path: string): void
  childrenChanged(path: string): void
}

/** What a transaction did, for the answer to the client that asked. */
export interface TxnResult {
  readonly error: ZkError
  /** Of `create`: the path with its sequential suffix. */
  readonly path?: string
  /** Of `setData`: the new Stat. */
  readonly stat?: ZkStat
  /** Of `multi`: one per operation. */
  readonly results?: readonly TxnResult[]
}

const OK: TxnResult = { error: 'OK' }

export class DataTree {
  readonly nodes = new Map<string, Znode>()
  /** Live sessions and their timeouts in milliseconds. */
  readonly sessions = new Map<string, number>()
  /** The transaction applied last. */
  lastZxid: Zxid = 0
  private readonly ephemerals = new Map<string, Set<string>>()
  private readonly listener: TreeListener | undefined

  constructor(listener?: TreeListener) {
    this.listener = listener
    // They do not count as created children: a first child of `/` gets suffix 0.
    for (const path of SPECIAL_PATHS) this.restore(path, emptyNode())
  }

  node(path: string): Znode | undefined {
    return this.nodes.get(path)
  }

  stat(path: string): ZkStat | undefined {
    const node = this.nodes.get(path)
    return node === undefined ? undefined : statOf(node)
  }

  /** Names of the children in code unit order, or undefined without such a node. (ZooKeeper promises no order.) */
  children(path: string): readonly string[] | undefined {
    const node = this.nodes.get(path)
    return node === undefined ? undefined : [...node.children].sort()
  }

  /** Paths of a session's ephemeral nodes, in code unit order. */
  ephemeralsOf(session: string): readonly string[] {
    const paths = this.ephemerals.get(session)
    return paths === undefined ? [] : [...paths].sort()
  }

  /** Sessions that own ephemeral nodes. */
  ephemeralOwners(): readonly string[] {
    return [...this.ephemerals.keys()].sort()
  }

  /** Applies the next committed transaction. `changes`, if given, collects what it did to nodes. */
  apply(txn: Txn, changes?: ZnodeChange[]): TxnResult {
    invariant(txn.zxid > this.lastZxid, () => `transaction ${txn.zxid} after ${this.lastZxid} was applied`)
    this.lastZxid = txn.zxid
    const body = txn.body
    switch (body.type) {
      case 'create':
      case 'setData':
      case 'delete':
      case 'check':
        return this.applyToNode(body, txn, changes)
      case 'multi':
        return { error: 'OK', results: body.txns.map((part) => this.applyToNode(part, txn, changes)) }
      case 'createSession':
        this.sessions.set(txn.session, body.timeoutMs)
        return OK
      case 'closeSession':
        for (const path of this.ephemeralsOf(txn.session)) this.delete(path, txn.zxid, changes)
        this.sessions.delete(txn.session)
        return OK
      case 'error':
        return body.results.length === 0
          ? { error: body.error }
          : { error: body.error, results: body.results.map((error) => ({ error })) }
      default:
        return unreachable(body)
    }
  }

  /** Puts a node of a snapshot in place; parents come before their children. */
  restore(path: string, node: Znode): void {
    this.nodes.set(path, node)
    if (path !== '/') this.existing(parentPath(path)).children.add(baseName(path))
    if (node.ephemeralOwner !== null) this.ephemeralSet(node.ephemeralOwner).add(path)
  }

  digest(d: Digest): void {
    d.int(this.lastZxid)
    for (const [path, node] of this.nodes) {
      d.string(path).string(node.data).int(node.czxid).int(node.mzxid).int(node.pzxid)
      d.int(node.version).int(node.childrenCreated)
    }
    for (const [session, timeoutMs] of this.sessions) d.string(session).int(timeoutMs)
  }

  private applyToNode(body: NodeTxn, txn: Txn, changes: ZnodeChange[] | undefined): TxnResult {
    switch (body.type) {
      case 'create': {
        const { path, data, ephemeralOwner } = body
        const parent = this.existing(parentPath(path))
        invariant(!this.nodes.has(path), () => `${path} is created twice`)
        parent.childrenCreated = body.parentChildrenCreated
        parent.pzxid = txn.zxid
        this.restore(path, {
          data,
          czxid: txn.zxid,
          mzxid: txn.zxid,
          pzxid: txn.zxid,
          ctimeMs: txn.timeMs,
          mtimeMs: txn.timeMs,
          version: 0,
          childrenCreated: 0,
          ephemeralOwner,
          children: new Set(),
        })
        changes?.push({ op: 'create', path, data, ephemeralOwner })
        this.listener?.nodeCreated(path)
        this.listener?.childrenChanged(parentPath(path))
        return { error: 'OK', path }
      }
      case 'setData': {
        const { path, data, version } = body
        const node = this.existing(path)
        node.data = data
        node.version = version
        node.mzxid = txn.zxid
        node.mtimeMs = txn.timeMs
        changes?.push({ op: 'setData', path, data, version })
        this.listener?.nodeDataChanged(path)
        return { error: 'OK', stat: statOf(node) }
      }
      case 'delete':
        this.delete(body.path, txn.zxid, changes)
        return OK
      case 'check':
        return OK
      default:
        return unreachable(body)
    }
  }

  private delete(path: string, zxid: Zxid, changes: ZnodeChange[] | undefined): void {
    const node = this.existing(path)
    invariant(node.children.size === 0, () => `${path} is deleted with children`)
    const parent = this.existing(parentPath(path))
    this.nodes.delete(path)
    parent.children.delete(baseName(path))
    parent.pzxid = zxid
    if (node.ephemeralOwner !== null) {
      const owned = this.ephemeralSet(node.ephemeralOwner)
      owned.delete(path)
      if (owned.size === 0) this.ephemerals.delete(node.ephemeralOwner)
    }
    changes?.push({ op: 'delete', path })
    this.listener?.nodeDeleted(path)
    this.listener?.childrenChanged(parentPath(path))
  }

  private existing(path: string): Znode {
    const node = this.nodes.get(path)
    invariant(node !== undefined, () => `a transaction needs ${path}, which is not there`)
    return node
  }

  private ephemeralSet(session: string): Set<string> {
    let paths = this.ephemerals.get(session)
    if (paths === undefined) this.ephemerals.set(session, (paths = new Set()))
    return paths
  }
}

function emptyNode(): Znode {
  return {
    data: '',
    czxid: 0,
    mzxid: 0,
    pzxid: 0,
    ctimeMs: 0,
    mtimeMs: 0,
    version: 0,
    childrenCreated: 0,
    ephemeralOwner: null,
    children: new Set(),
  }
}

export function statOf(node: Znode): ZkStat {
  return {
    czxid: node.czxid,
    mzxid: node.mzxid,
    pzxid: node.pzxid,
    ctimeMs: node.ctimeMs,
    mtimeMs: node.mtimeMs,
    version: node.version,
    cversion: 2 * node.childrenCreated - node.children.size,
    aversion: 0,
    ephemeralOwner: node.ephemeralOwner,
    dataLength: utf8Length(node.data),
    numChildren: node.children.size,
  }
}

function utf8Length(text: string): number {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0x7f) return utf8(text).length
  return text.length
}
