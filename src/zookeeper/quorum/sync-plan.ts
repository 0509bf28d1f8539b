/**
 * How a leader brings a follower up to date (formats.md 8.6; org.apache.zookeeper.server.quorum.LearnerHandler). Two logs
 * that hold the same transaction are the same up to it, so the last zxid of the follower tells all: if it is in the
 * leader's history, the rest follows (DIFF); if not, the follower logged something that was never committed, which it
 * must cut first (TRUNC); if the log does not reach, or the way is long, it gets the whole state (SNAP).
 */
import { txnBytes } from '../message-size.ts'
import { firstAfter, type Txn } from '../tree/txn.ts'
import type { Zxid } from '../zxid.ts'

export type SyncPlan =
  | { readonly mode: 'DIFF'; readonly txns: readonly Txn[] }
  | { readonly mode: 'TRUNC'; readonly after: Zxid; readonly txns: readonly Txn[] }
  | { readonly mode: 'SNAP' }

export interface LeaderHistory {
  /** Transactions after `base`, rising. */
  readonly txns: readonly Txn[]
  readonly base: Zxid
  /** Size of the leader's last snapshot, 0 if there is none. */
  readonly snapshotBytes: number
  /** So many transactions are always sent rather than a snapshot (commitLogCount, 500). */
  readonly diffTxnsMax: number
}

/** @param oldestZxid the follower cannot cut its log below it; if that is above `lastZxid`, it asks for a snapshot */
export function planSync(lastZxid: Zxid, oldestZxid: Zxid, history: LeaderHistory): SyncPlan {
  const { base, snapshotBytes, diffTxnsMax } = history
  if (lastZxid < base || lastZxid < oldestZxid) return { mode: 'SNAP' }
  const known = firstAfter(history.txns, lastZxid)
  const common = known === 0 ? base : history.txns[known - 1]!.zxid
  const txns = history.txns.slice(known)
  // As ZooKeeper: a long way through the log is gone only if it is shorter than a third of a snapshot.
  if (txns.length > diffTxnsMax && snapshotBytes > 0) {
    if (txns.reduce((sum, txn) => sum + txnBytes(txn), 0) > snapshotBytes / 3) return { mode: 'SNAP' }
  }
  if (common === lastZxid) return { mode: 'DIFF', txns }
  return common < oldestZxid ? { mode: 'SNAP' } : { mode: 'TRUNC', after: common, txns }
}
