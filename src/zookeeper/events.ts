/** Trace events of ZooKeeper servers and of the client library. zxids print as `epoch:counter`. */
import type { Zxid } from './zxid.ts'

/** What one committed transaction did to the tree, node by node. */
export type ZnodeChange =
  | { readonly op: 'create'; readonly path: string; readonly data: string; readonly ephemeralOwner: string | null }
  | { readonly op: 'setData'; readonly path: string; readonly data: string; readonly version: number }
  | { readonly op: 'delete'; readonly path: string }

export type ServerState = 'LOOKING' | 'FOLLOWING' | 'LEADING'

export type ZooKeeperEvent =
  | {
      readonly kind: 'ZkServerState'
      readonly state: ServerState
      readonly epoch: number
      readonly leader: string | null
    }
  /** A leader has a quorum that follows it and begins to serve. */
  | { readonly kind: 'ZkLeaderServing'; readonly epoch: number }
  | { readonly kind: 'ZkProposed'; readonly zxid: Zxid; readonly txn: string }
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
