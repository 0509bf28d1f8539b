/**
 * What travels between ZooKeeper clients and servers (port 2181), between leader and followers (2888) and in elections
 * (3888). Names are ZooKeeper's (zookeeper.jute, QuorumPacket types); `zk` tells them apart. Everything is readonly.
 *
 * Where we pack tighter than ZooKeeper: DIFF and TRUNC carry the missing transactions themselves, and ACK and COMMIT
 * stand for all transactions up to their zxid, which the order of the connection allows.
 */
import type { ZkError } from './errors.ts'
import type { ServerState } from './events.ts'
import type { ClientOperation, OperationResult, WriteOperation } from './operation.ts'
import type { WatchEventType } from './server/watch-table.ts'
import type { Txn } from './tree/txn.ts'
import type { Zxid } from './zxid.ts'

export const ZOOKEEPER_CLIENT_PORT = 2181
export const ZOOKEEPER_PEER_PORT = 2888
export const ZOOKEEPER_ELECTION_PORT = 3888

export type ClientMessage =
  /** `session` is empty for a new one. */
  | {
      readonly zk: 'ConnectRequest'
      readonly lastZxidSeen: Zxid
      readonly timeoutMs: number
      readonly session: string
      readonly password: string
    }
  /** `timeoutMs` 0: the session is gone. */
  | {
      readonly zk: 'ConnectResponse'
      readonly timeoutMs: number
      readonly session: string
      readonly password: string
    }
  | { readonly zk: 'Request'; readonly xid: number; readonly operation: ClientOperation }
  /** `op` repeats what was asked, for readers of traces. */
  | {
      readonly zk: 'Response'
      readonly xid: number
      readonly op: ClientOperation['op']
      readonly zxid: Zxid
      readonly error: ZkError
      readonly result: OperationResult
    }
  | { readonly zk: 'Ping' }
  | { readonly zk: 'Pong' }
  | { readonly zk: 'WatchEvent'; readonly type: WatchEventType; readonly path: string }

/** A vote: the proposed leader, and how advanced its history is. */
export interface Vote {
  readonly leader: number
  readonly zxid: Zxid
  /** The proposed leader's current epoch. */
  readonly peerEpoch: number
}

export interface Notification {
  readonly zk: 'Notification'
  readonly from: number
  readonly vote: Vote
  /** The sender's logical clock. */
  readonly round: number
  readonly state: ServerState
}

/** Follower to leader. */
export type FollowerMessage =
  | { readonly zk: 'FollowerInfo'; readonly id: number; readonly acceptedEpoch: number }
  /** `currentEpoch` null: this epoch was accepted before, do not count it again. The log can be cut to `oldestZxid`. */
  | {
      readonly zk: 'AckEpoch'
      readonly currentEpoch: number | null
      readonly lastZxid: Zxid
      readonly oldestZxid: Zxid
    }
  | { readonly zk: 'Ack'; readonly zxid: Zxid }
  /** Answer to a ping of the leader, with the sessions heard from since the last one and their timeouts. */
  | { readonly zk: 'FollowerPing'; readonly touched: ReadonlyArray<readonly [session: string, timeoutMs: number]> }
  | {
      readonly zk: 'Forward'
      readonly session: string
      readonly xid: number
      readonly operation: WriteOperation
    }
  | { readonly zk: 'Sync'; readonly session: string; readonly xid: number }
  | { readonly zk: 'Revalidate'; readonly session: string; readonly timeoutMs: number }

/** Leader to follower. */
export type LeaderMessage =
  | { readonly zk: 'LeaderInfo'; readonly epoch: number }
  | { readonly zk: 'Diff'; readonly txns: readonly Txn[]; readonly zxid: Zxid }
  /** Cut the log after `after`, then as Diff. */
  | { readonly zk: 'Trunc'; readonly after: Zxid; readonly txns: readonly Txn[]; readonly zxid: Zxid }
  | { readonly zk: 'Snap'; readonly zxid: Zxid; readonly bytes: Uint8Array }
  | { readonly zk: 'NewLeader'; readonly zxid: Zxid }
  | { readonly zk: 'UpToDate' }
  | { readonly zk: 'Proposal'; readonly txn: Txn }
  | { readonly zk: 'Commit'; readonly zxid: Zxid }
  | { readonly zk: 'LeaderPing' }
  | { readonly zk: 'Synced'; readonly session: string; readonly xid: number }
  | { readonly zk: 'Revalidated'; readonly session: string; readonly valid: boolean }

export type ZkMessage = ClientMessage | Notification | FollowerMessage | LeaderMessage

/**
 * A short name of a message, such as `ZkProposal`, `ZkCreate`, `ZkCreateResponse`; undefined if it is not ZooKeeper's.
 * Requests and their answers are named after the operation.
 */
export function describeZkMessage(message: object): string | undefined {
  if (!('zk' in message)) return undefined
  const m = message as ZkMessage
  if (m.zk === 'Request') return `Zk${capitalised(m.operation.op)}`
  if (m.zk === 'Response') return `Zk${capitalised(m.op)}Response`
  return `Zk${m.zk}`
}

const capitalised = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1)
