/**
 * What ZooKeeper has committed, folded from the trace alone: the tree and the sessions that follow from the transactions
 * in the order of their zxids. It knows nothing of the servers' own trees; they are compared with it. As it folds it
 * checks each transaction against what ZooKeeper promises of its data model.
 */
import type { ZnodeChange } from '../../../src/zookeeper/events.ts'
import { formatZxid, parentPath, type Zxid } from '../../../src/zookeeper/index.ts'
import { promise } from './breach.ts'

export interface CommittedNode {
  data: string
  version: number
  readonly czxid: Zxid
  mzxid: Zxid
  pzxid: Zxid
  /** Children ever created. */
  created: number
  readonly owner: string | null
  readonly children: Set<string>
}

export interface CommittedTxn {
  readonly zxid: Zxid
  readonly txn: string
  readonly session: string
  readonly changes: readonly ZnodeChange[]
}

const SEQUENTIAL = /^(.*?)(\d{10})$/

export class CommittedState {
  readonly nodes = new Map<string, CommittedNode>()
  readonly sessions = new Set<string>()
  lastZxid: Zxid = 0
  private readonly told = new Map<Zxid, CommittedTxn>()
  /** Zxids that wrote a path's data or created it, and those that changed its children. */
  private readonly writes = new Map<string, Zxid[]>()
  private readonly childChanges = new Map<string, Zxid[]>()
  private readonly data = new Map<string, string>()

  constructor() {
    for (const path of ['/', '/zookeeper', '/zookeeper/quota']) {
      this.nodes.set(path, newNode('', 0, null))
      if (path !== '/') this.nodes.get(parentPath(path))!.children.add(path)
    }
  }

  /** True if it is new: a new leader tells again what its predecessors committed. */
  apply(txn: CommittedTxn): boolean {
    const { zxid, session, changes } = txn
    const at = (): string => formatZxid(zxid)
    const before = this.told.get(zxid)
    if (before !== undefined) {
      const [first, again] = [textOf(before), textOf(txn)]
      promise(first === again, () => `zxid ${at()} means ${first} and ${again}`)
      return false
    }
    promise(zxid > this.lastZxid, () => `${at()} was committed after ${formatZxid(this.lastZxid)}`)
    this.lastZxid = zxid
    this.told.set(zxid, txn)
    if (txn.txn === 'createSession') this.sessions.add(session)
    else if (txn.txn !== 'closeSession' && txn.txn !== 'error') {
      promise(this.sessions.has(session), () => `${at()} is a write of ${session}, which has ended or never began`)
    }
    for (const change of changes) this.change(change, zxid, session)
    if (txn.txn === 'closeSession') this.closeSession(session, zxid)
    return true
  }

  /** The first write of a path's data after a zxid; Infinity if there is none. */
  nextWrite(path: string, after: Zxid): Zxid {
    return nextAfter(this.writes.get(path), after)
  }

  nextChildChange(path: string, after: Zxid): Zxid {
    return nextAfter(this.childChanges.get(path), after)
  }

  /** What a path held after the transaction that wrote it; undefined if that one did not. */
  dataAt(path: string, mzxid: Zxid): string | undefined {
    return this.data.get(`${mzxid} ${path}`)
  }

  private change(change: ZnodeChange, zxid: Zxid, session: string): void {
    const { path } = change
    const at = (): string => formatZxid(zxid)
    switch (change.op) {
      case 'create': {
        const parent = this.nodes.get(parentPath(path))
        promise(parent !== undefined, () => `${at()} creates ${path} without a parent`)
        promise(!this.nodes.has(path), () => `${at()} creates ${path}, which is there`)
        promise(parent.owner === null, () => `${at()} creates ${path} below an ephemeral node`)
        const owner = change.ephemeralOwner
        promise(owner === null || owner === session, () => `${at()} creates ${path} for ${owner}, not for ${session}`)
        const suffix = SEQUENTIAL.exec(path)?.[2]
        promise(
          suffix === undefined || Number(suffix) === parent.created,
          () => `${at()} creates ${path} as child number ${parent.created}`,
        )
        parent.created += 1
        parent.pzxid = zxid
        parent.children.add(path)
        this.nodes.set(path, newNode(change.data, zxid, owner))
        this.remember(path, change.data, zxid)
        push(this.childChanges, parentPath(path), zxid)
        return
      }
      case 'setData': {
        const node = this.nodes.get(path)
        promise(node !== undefined, () => `${at()} writes ${path}, which is not there`)
        promise(
          change.version === node.version + 1,
          () => `${at()} makes version ${node.version} of ${path} ${change.version}`,
        )
        node.data = change.data
        node.version = change.version
        node.mzxid = zxid
        this.remember(path, change.data, zxid)
        return
      }
      case 'delete': {
        const node = this.nodes.get(path)
        promise(node !== undefined, () => `${at()} deletes ${path}, which is not there`)
        promise(node.children.size === 0, () => `${at()} deletes ${path}, which has children`)
        this.nodes.delete(path)
        const parent = this.nodes.get(parentPath(path))!
        parent.children.delete(path)
        parent.pzxid = zxid
        push(this.writes, path, zxid)
        push(this.childChanges, parentPath(path), zxid)
      }
    }
  }

  private closeSession(session: string, zxid: Zxid): void {
    this.sessions.delete(session)
    for (const [path, { owner }] of this.nodes) {
      promise(owner !== session, () => `${formatZxid(zxid)} ends ${session} and leaves its ephemeral node ${path}`)
    }
  }

  private remember(path: string, data: string, zxid: Zxid): void {
    push(this.writes, path, zxid)
    this.data.set(`${zxid} ${path}`, data)
  }
}

const textOf = ({ txn, session, changes }: CommittedTxn): string => JSON.stringify([txn, session, changes])

function newNode(data: string, zxid: Zxid, owner: string | null): CommittedNode {
  return { data, version: 0, czxid: zxid, mzxid: zxid, pzxid: zxid, created: 0, owner, children: new Set() }
}

function push(table: Map<string, Zxid[]>, path: string, zxid: Zxid): void {
  const zxids = table.get(path)
  if (zxids === undefined) table.set(path, [zxid])
  else if (zxids.at(-1) !== zxid) zxids.push(zxid)
}

/** From the end: what is asked for is most often the last. */
function nextAfter(zxids: readonly Zxid[] | undefined, after: Zxid): Zxid {
  let next = Number.POSITIVE_INFINITY
  if (zxids === undefined) return next
  for (let i = zxids.length - 1; i >= 0 && zxids[i]! > after; i--) next = zxids[i]!
  return next
}
