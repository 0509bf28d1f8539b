/**
 * Turns requests into transactions (org.apache.zookeeper.server.PrepRequestProcessor). Proposals are pipelined: a
 * request is judged by the tree *and* by what is proposed and not applied yet, which is kept here path by path until its
 * transaction is applied.
 */
import { type Digest, unreachable } from '../../host/index.ts'
import type { ZkError } from '../errors.ts'
import type { MultiPart, WriteOperation } from '../operation.ts'
import type { DataTree } from '../tree/data-tree.ts'
import { isSpecialPath, isValidPath, parentPath, sequentialSuffix } from '../tree/path.ts'
import type { NodeTxn, Txn, TxnBody } from '../tree/txn.ts'
import { isEphemeralMode, isSequentialMode } from '../tree/znode.ts'
import type { Zxid } from '../zxid.ts'

/** A node as it will be once everything proposed is applied; undefined `node`: it will not be there. */
interface PlannedChange {
  readonly zxid: Zxid
  readonly node: PlannedNode | undefined
}

interface PlannedNode {
  readonly version: number
  readonly childrenCreated: number
  readonly childCount: number
  readonly ephemeralOwner: string | null
}

const refusal = (error: ZkError, results: readonly ZkError[] = []): TxnBody => ({ type: 'error', error, results })

export class RequestPreparer {
  private readonly tree: DataTree
  private readonly planned = new Map<string, PlannedChange>()

  constructor(tree: DataTree) {
    this.tree = tree
  }

  /** The transaction for a request of a session in good standing, to be proposed as `zxid`. */
  prepare(session: string, operation: WriteOperation, zxid: Zxid): TxnBody {
    switch (operation.op) {
      case 'createSession':
        return { type: 'createSession', timeoutMs: operation.timeoutMs, client: operation.client }
      case 'closeSession':
        return this.closeSession(session, zxid, false)
      case 'multi':
        return this.multi(session, operation.parts, zxid)
      default: {
        const prepared = this.part(session, operation, zxid)
        return typeof prepared === 'string' ? refusal(prepared) : prepared
      }
    }
  }

  closeSession(session: string, zxid: Zxid, expired: boolean): TxnBody {
    const owned = new Set(this.tree.ephemeralsOf(session))
    for (const [path, { node }] of this.planned) {
      if (node?.ephemeralOwner === session) owned.add(path)
      else owned.delete(path)
    }
    for (const path of owned) this.planDeletion(path, zxid)
    return { type: 'closeSession', expired }
  }

  /** The tree now says what was planned up to this transaction. */
  applied(txn: Txn): void {
    for (const [path, change] of this.planned) {
      if (change.zxid > txn.zxid) return
      this.planned.delete(path)
    }
  }

  digest(d: Digest): void {
    d.word(this.planned.size)
    for (const [path, { zxid }] of this.planned) d.string(path).int(zxid)
  }

  private multi(session: string, parts: readonly MultiPart[], zxid: Zxid): TxnBody {
    const before = new Map(this.planned)
    const txns: NodeTxn[] = []
    for (const [index, part] of parts.entries()) {
      const prepared = this.part(session, part, zxid)
      if (typeof prepared !== 'string') {
        txns.push(prepared)
        continue
      }
      this.planned.clear()
      for (const [path, change] of before) this.planned.set(path, change)
      const results = parts.map((_, i): ZkError => (i < index ? 'OK' : i === index ? prepared : 'RuntimeInconsistency'))
      return refusal(prepared, results)
    }
    return { type: 'multi', txns }
  }

  private part(session: string, part: MultiPart, zxid: Zxid): NodeTxn | ZkError {
    switch (part.op) {
      case 'create': {
        if (!part.path.startsWith('/') || part.path.includes('\0')) return 'BadArguments'
        const parent = this.node(parentPath(part.path))
        if (parent === undefined) return 'NoNode'
        const path = isSequentialMode(part.mode) ? part.path + sequentialSuffix(parent.childrenCreated) : part.path
        if (!isValidPath(path)) return 'BadArguments'
        if (this.node(path) !== undefined) return 'NodeExists'
        if (parent.ephemeralOwner !== null) return 'NoChildrenForEphemerals'
        const ephemeralOwner = isEphemeralMode(part.mode) ? session : null
        const parentChildrenCreated = (parent.childrenCreated + 1) | 0
        this.plan(parentPath(path), zxid, {
          ...parent,
          childrenCreated: parentChildrenCreated,
          childCount: parent.childCount + 1,
        })
        this.plan(path, zxid, { version: 0, childrenCreated: 0, childCount: 0, ephemeralOwner })
        return { type: 'create', path, data: part.data, ephemeralOwner, parentChildrenCreated }
      }
      case 'delete': {
        if (!part.path.startsWith('/') || isSpecialPath(part.path)) return 'BadArguments'
        const node = this.node(part.path)
        if (node === undefined) return 'NoNode'
        if (!matches(part.version, node.version)) return 'BadVersion'
        if (node.childCount > 0) return 'NotEmpty'
        this.planDeletion(part.path, zxid)
        return { type: 'delete', path: part.path }
      }
      case 'setData': {
        if (!isValidPath(part.path)) return 'BadArguments'
        const node = this.node(part.path)
        if (node === undefined) return 'NoNode'
        if (!matches(part.version, node.version)) return 'BadVersion'
        const version = node.version + 1
        this.plan(part.path, zxid, { ...node, version })
        return { type: 'setData', path: part.path, data: part.data, version }
      }
      case 'check': {
        if (!isValidPath(part.path)) return 'BadArguments'
        const node = this.node(part.path)
        if (node === undefined) return 'NoNode'
        if (!matches(part.version, node.version)) return 'BadVersion'
        return { type: 'check', path: part.path, version: node.version }
      }
      default:
        return unreachable(part)
    }
  }

  private node(path: string): PlannedNode | undefined {
    const change = this.planned.get(path)
    if (change !== undefined) return change.node
    const node = this.tree.node(path)
    if (node === undefined) return undefined
    const { version, childrenCreated, ephemeralOwner } = node
    return { version, childrenCreated, childCount: node.children.size, ephemeralOwner }
  }

  private plan(path: string, zxid: Zxid, node: PlannedNode | undefined): void {
    // Moved to the end: the map stays in the order of zxids.
    this.planned.delete(path)
    this.planned.set(path, { zxid, node })
  }

  private planDeletion(path: string, zxid: Zxid): void {
    const parent = this.node(parentPath(path))!
    this.plan(parentPath(path), zxid, { ...parent, childCount: parent.childCount - 1 })
    this.plan(path, zxid, undefined)
  }
}

const matches = (expected: number, actual: number): boolean => expected === -1 || expected === actual
