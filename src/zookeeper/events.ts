/** Trace events of ZooKeeper servers and of the client library. zxids print as `epoch:counter`. */
import type { ElectionEvent } from './recipes/events.ts'
import type { Zxid } from './zxid.ts'

/** What one committed transaction did to the tree, node by node. */
export type ZnodeChange =
  | { readonly op: 'create'; readonly path: string; readonly data: string; readonly ephemeralOwner: string | null }
  | { readonly op: 'setData'; readonly path: string; readonly data: string; readonly version: number }
  | { readonly op: 'delete'; readonly path: string }

export type ServerState = 'LOOKING' | 'FOLLOWING' | 'LEADING'

/** Why a server stops leading, or following, and looks for a leader again. */
export type RoleEnd =
  /** A leader: fewer than a quorum were heard from within syncLimit ticks, or joined within initLimit ticks. */
  | 'no-quorum'
  | 'too-few-joined'
  /** A leader: a follower of its has a longer history, or has promised a later epoch. */
  | 'follower-ahead'
  | 'follower-in-later-epoch'
  /** A follower: the leader cannot be reached, closed the connection, or was silent for too long. */
  | 'leader-unreachable'
  | 'leader-gone'
  | 'leader-silent'
  /** A follower: the leader's epoch is older than one promised. */
  | 'leader-in-older-epoch'
  /** A follower: what the leader sent does not fit its log, or is damaged. */
  | 'histories-differ'

export type ZooKeeperEvent =
  | ElectionEvent
  | {
      readonly kind: 'ZkServerState'
      readonly state: ServerState
      readonly epoch: number
      readonly leader: string | null
    }
  | { readonly kind: 'ZkRoleEnded'; readonly role: ServerState; readonly reason: RoleEnd }
  /** A leader has a quorum that follows it and begins to serve. */
  | { readonly kind: 'ZkLeaderServing'; readonly epoch: number }
  | { readonly kind: 'ZkProposed'; readonly zxid: Zxid; readonly txn: string }
  /** A server has everything up to `zxid` on its disk and acknowledges that, its own leader by counting itself. */
  | { readonly kind: 'ZkAcknowledged'; readonly zxid: Zxid }
  /**
   * The leader committed a transaction: from now on it is true. Emitted by the leader only, in the order of zxids. A new
   * leader repeats those of which it does not know whether its predecessor committed them, as it begins to serve: a zxid
   * that is not above all seen before is a repetition, with the same content. So too for the session events.
   */
  | {
      readonly kind: 'ZkCommitted'
      readonly zxid: Zxid
      /** `create`, `setData`, `delete`, `multi`, `createSession`, `closeSession`, `error`. */
      readonly txn: string
      readonly session: string
      readonly changes: readonly ZnodeChange[]
    }
  /** A server applied a committed transaction to its own tree. */
  | { readonly kind: 'ZkApplied'; readonly zxid: Zxid }
  | { readonly kind: 'ZkSynced'; readonly mode: 'DIFF' | 'TRUNC' | 'SNAP'; readonly to: string; readonly zxid: Zxid }
  | { readonly kind: 'ZkRecovered'; readonly lastZxid: Zxid; readonly truncatedBytes: number }
  /** A snapshot was found damaged and is removed: an older state and the log make up for it. */
  | { readonly kind: 'ZkSnapshotDamaged'; readonly zxid: Zxid }
  /**
   * The disk fails the server, which stops: a file cannot be read or written, or is damaged so that the server cannot
   * know what it has acknowledged.
   */
  | {
      readonly kind: 'ZkDiskFailed'
      readonly failure: 'full' | 'io-error' | 'damaged'
      readonly path: string
      readonly detail: string
    }
  /** A client was refused because it has seen more than this server. */
  | {
      readonly kind: 'ZkClientAhead'
      readonly client: string
      readonly clientZxid: Zxid
      readonly serverZxid: Zxid
    }
  /** The leader granted a session; `owner` is the machine of the client. */
  | { readonly kind: 'ZkSessionCreated'; readonly session: string; readonly owner: string; readonly timeoutMs: number }
  /** The leader ended a session: by expiry or because the client closed it. */
  | { readonly kind: 'ZkSessionClosed'; readonly session: string; readonly expired: boolean }
  | { readonly kind: 'ZkWatchFired'; readonly session: string; readonly event: string; readonly path: string }
  /** Client side. `server` is the machine it is connected to. */
  | {
      readonly kind: 'ZkClientState'
      readonly state: 'connected' | 'disconnected' | 'expired'
      readonly session: string
      readonly server: string | null
    }
