/**
 * How the leader of a group deals partitions out (`PartitionAssignor.java`, 0.9.0.1 to 1.1): a pure function of who
 * subscribes to what and how many partitions there are.
 */
import type { AssignedPartition } from '../../protocol/index.ts'

export interface MemberSubscription {
  readonly memberId: string
  readonly topics: readonly string[]
  /** What the member told besides: of the sticky assignor, the partitions that it had. */
  readonly userData: Uint8Array | null
}

/** Partitions by topic; topics that do not exist are missing. */
export type PartitionCounts = ReadonlyMap<string, number>

/** Every member has an entry, if only an empty one. */
export type Assignments = Map<string, AssignedPartition[]>

export interface Assignor {
  readonly name: string
  assign(partitions: PartitionCounts, members: readonly MemberSubscription[]): Assignments
  /**
   * What a member tells of itself when it joins.
   * @param owned what it was assigned last; undefined: nothing ever
   * @param generation in which that was, for releases that tell it (KIP-341)
   */
  userData(owned: readonly AssignedPartition[] | undefined, generation?: number): Uint8Array | null
}

/** In code unit order, as `String.compareTo` has it. */
export const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

export const emptyAssignments = (members: readonly MemberSubscription[]): Assignments =>
  new Map(members.map(({ memberId }) => [memberId, []]))

/** All topics that anybody subscribes to, in order. */
export const subscribedTopics = (members: readonly MemberSubscription[]): string[] =>
  [...new Set(members.flatMap(({ topics }) => topics))].sort(compareText)
