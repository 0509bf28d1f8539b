/**
 * Trace events of coordinators, the brokers that keep the offsets of groups and (from 0.9) lead them. `client` is a
 * client id, `offsets` are next offsets to read by `topic-partition`.
 */
import type { Host } from '../host/index.ts'
import type { ErrorCode } from '../protocol/index.ts'
import type { TransactionEvent } from './transaction-events.ts'

export type CoordinatorEvent =
  | TransactionEvent
  /** A commit stands: in ZooKeeper, or acknowledged in the offsets topic. */
  | {
      readonly kind: 'OffsetsCommitted'
      readonly group: string
      readonly storage: 'zookeeper' | 'kafka'
      readonly client: string
      /** -1, and an empty text, from who is no member of a coordinated group. */
      readonly generation: number
      readonly member: string
      readonly offsets: Readonly<Record<string, number>>
    }
  | {
      readonly kind: 'OffsetsFetched'
      readonly group: string
      readonly storage: 'zookeeper' | 'kafka'
      readonly client: string
      /** -1: none is kept. */
      readonly offsets: Readonly<Record<string, number>>
    }
  /** A request about a group was refused, or a commit could not be written. */
  | {
      readonly kind: 'GroupRequestRefused'
      readonly api:
        | 'OffsetCommit'
        | 'OffsetFetch'
        | 'FindCoordinator'
        | 'JoinGroup'
        | 'SyncGroup'
        | 'Heartbeat'
        | 'LeaveGroup'
        | 'TxnOffsetCommit'
      readonly group: string
      readonly client: string
      readonly member: string
      readonly errorCode: ErrorCode
    }
  /** A new coordinator begins to read its partition of the offsets topic. */
  | { readonly kind: 'CoordinatorLoading'; readonly tp: string; readonly from: number; readonly to: number }
  /** It has come to `to`, and keeps so many offsets, and groups with members, of the partition now. */
  | {
      readonly kind: 'CoordinatorLoaded'
      readonly tp: string
      readonly to: number
      readonly offsets: number
      readonly groups: number
    }
  /** It leads the partition no more, and forgets what it had of it. */
  | { readonly kind: 'CoordinatorUnloaded'; readonly tp: string; readonly offsets: number; readonly groups: number }
  /** Offsets that nobody committed anew in time are forgotten. */
  | { readonly kind: 'OffsetsExpired'; readonly group: string; readonly offsets: Readonly<Record<string, number>> }
  // ---- groups with members, from 0.9 ----
  | { readonly kind: 'MemberJoined'; readonly group: string; readonly member: string; readonly client: string }
  | {
      readonly kind: 'MemberLeft'
      readonly group: string
      readonly member: string
      readonly client: string
      readonly reason: string
    }
  /** Members must join again; `generation` is the one that ends, `members` how many it knows. */
  | {
      readonly kind: 'RebalanceStarted'
      readonly group: string
      readonly generation: number
      readonly members: number
      readonly reason: string
    }
  /** All have joined; the leader computes the assignment by `protocol`. */
  | {
      readonly kind: 'GenerationStarted'
      readonly group: string
      readonly generation: number
      readonly leader: string
      readonly protocol: string
      readonly members: readonly string[]
    }
  /** The leader's assignment is written down: partitions by member. */
  | {
      readonly kind: 'GroupAssigned'
      readonly group: string
      readonly generation: number
      readonly assignments: Readonly<Record<string, readonly string[]>>
    }
  | { readonly kind: 'GroupEmptied'; readonly group: string; readonly generation: number }

export const traceCoordinator = (host: Host, event: CoordinatorEvent): void => host.trace(event)
