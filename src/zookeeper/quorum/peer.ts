/**
 * What the roles of a server (leader, follower) share with it. A role lives from the end of an election to the next one;
 * it hands committed transactions to the server and carries the requests of the server's clients.
 */
import type { Digest, Host } from '../../host/index.ts'
import type { RoleEnd } from '../events.ts'
import type { WriteOperation } from '../operation.ts'
import type { Database } from '../storage/database.ts'
import type { TxnResult } from '../tree/data-tree.ts'
import type { Txn } from '../tree/txn.ts'
import type { Zxid } from '../zxid.ts'
import type { ElectionFactory } from './fast-leader-election.ts'

export interface EnsembleMember {
  readonly id: number
  readonly machine: string
}

export interface ZooKeeperServerOptions {
  readonly id: number
  /** All voters, this server included: 1, 3 or 5 of them. */
  readonly ensemble: readonly EnsembleMember[]
  readonly tickTimeMs: number
  /** Ticks for followers to connect and to be brought up to date. */
  readonly initLimit: number
  /** Ticks of silence after which leader and follower give each other up. */
  readonly syncLimit: number
  /** Transactions from one snapshot to the next (snapCount); default 10000. */
  readonly snapCount?: number
  /** A follower that lacks no more transactions than this gets them rather than a snapshot; default 500. */
  readonly commitLogCount?: number
  /** How leaders are found; fast leader election unless given. */
  readonly election?: ElectionFactory
  /**
   * For the trace alone: how far the commits of this ensemble have been told, shared by its servers. Only the trace can
   * know; without it a new leader tells again what its predecessors committed, since a log does not say what was.
   */
  readonly told?: { zxid: Zxid }
}

export interface Peer {
  readonly host: Host
  readonly options: ZooKeeperServerOptions
  readonly database: Database
  /** This server's log does not fit the leader's: ask for its whole state. */
  wantsSnapshot: boolean
  /** Asks for an fsync of the log soon; the role's `flushed` tells of it. */
  scheduleFlush(): void
  /** A transaction was applied to the tree. */
  applied(txn: Txn, result: TxnResult): void
  enteredEpoch(epoch: number): void
  /** The role may serve clients from now on. */
  serve(): void
  /** The role is over: look for a leader. */
  giveUp(reason: RoleEnd): void
  revalidated(session: string, valid: boolean): void
  synced(session: string, xid: number): void
}

export interface Role {
  start(): void
  stop(): void
  /** Everything logged is durable. */
  flushed(): void
  submit(session: string, xid: number, operation: WriteOperation): void
  sync(session: string, xid: number): void
  revalidate(session: string, timeoutMs: number): void
  /** A client was heard from. */
  touch(session: string, timeoutMs: number): void
  digest(digest: Digest): void
}
