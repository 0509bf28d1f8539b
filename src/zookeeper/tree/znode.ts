/** A node of the data tree, its modes of creation, and the Stat that clients see. */
import type { Zxid } from '../zxid.ts'

export type CreateMode = 'persistent' | 'ephemeral' | 'persistent-sequential' | 'ephemeral-sequential'

export const isEphemeralMode = (mode: CreateMode): boolean => mode === 'ephemeral' || mode === 'ephemeral-sequential'
export const isSequentialMode = (mode: CreateMode): boolean =>
  mode === 'persistent-sequential' || mode === 'ephemeral-sequential'

/** ZooKeeper's Stat. Times are milliseconds of the leader's clock at the time of the proposal. */
export interface ZkStat {
  readonly czxid: Zxid
  readonly mzxid: Zxid
  /** Last creation or deletion of a child. */
  readonly pzxid: Zxid
  readonly ctimeMs: number
  readonly mtimeMs: number
  readonly version: number
  /** Counts creations and deletions of children. */
  readonly cversion: number
  /** Changes of the access control list: always 0, we keep none. */
  readonly aversion: number
  /** Session id, or null for a persistent node. */
  readonly ephemeralOwner: string | null
  readonly dataLength: number
  readonly numChildren: number
}

export interface Znode {
  data: string
  readonly czxid: Zxid
  mzxid: Zxid
  pzxid: Zxid
  readonly ctimeMs: number
  mtimeMs: number
  version: number
  /** Children ever created: the next sequential suffix. The visible `cversion` is derived from it. */
  childrenCreated: number
  readonly ephemeralOwner: string | null
  /** Names, not paths. */
  readonly children: Set<string>
}
