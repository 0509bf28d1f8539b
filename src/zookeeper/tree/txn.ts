/**
 * Transactions: what a leader decided, in a form that every server applies to its own tree without deciding again.
 * Versions and sequential names are therefore already worked out here. A refused write is a transaction too (`error`):
 * it takes a zxid and travels the same way, so that its answer keeps its place in the client's order.
 */
import type { ZkError } from '../errors.ts'
import type { Zxid } from '../zxid.ts'

export type NodeTxn =
  | {
      readonly type: 'create'
      readonly path: string
      readonly data: string
      readonly ephemeralOwner: string | null
      /** The parent's count of children ever created, this one included. */
      readonly parentChildrenCreated: number
    }
  | { readonly type: 'setData'; readonly path: string; readonly data: string; readonly version: number }
  | { readonly type: 'delete'; readonly path: string }
  /** A version check inside a multi; changes nothing. */
  | { readonly type: 'check'; readonly path: string; readonly version: number }

export type TxnBody =
  | NodeTxn
  | { readonly type: 'multi'; readonly txns: readonly NodeTxn[] }
  /** `client` is the machine of the client. */
  | { readonly type: 'createSession'; readonly timeoutMs: number; readonly client: string }
  | { readonly type: 'closeSession'; readonly expired: boolean }
  /** `results`: for a refused multi, the outcome of each operation. */
  | { readonly type: 'error'; readonly error: ZkError; readonly results: readonly ZkError[] }

export interface Txn {
  readonly zxid: Zxid
  /** The session that asked. */
  readonly session: string
  /** The client's number of the request; 0 for what no client asked. */
  readonly xid: number
  /** The leader's clock, milliseconds. */
  readonly timeMs: number
  readonly body: TxnBody
}

/** Index of the first transaction after `zxid` in a history, which rises. */
export function firstAfter(history: readonly Txn[], zxid: Zxid): number {
  let low = 0
  let high = history.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (history[middle]!.zxid > zxid) high = middle
    else low = middle + 1
  }
  return low
}
