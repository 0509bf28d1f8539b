/**
 * The high watermark: end of the prefix that is known to be committed (replication.md 2.4; F14;
 * `Partition.maybeIncrementLeaderHW`, 0.8.2.2 and 0.10.2.1).
 */
import type { Micros } from '../host/index.ts'
import type { RemoteReplica } from './replica.ts'

/**
 * What the leader may move its high watermark to: the smallest log end offset over its cached ISR, itself included.
 * -1 while a member has not fetched from this leader yet.
 */
export function isrEndOffset(leaderEndOffset: number, isr: Iterable<RemoteReplica>): number {
  let smallest = leaderEndOffset
  for (const member of isr) if (member.logEndOffset < smallest) smallest = member.logEndOffset
  return smallest
}

/**
 * The same since KAFKA-4485: replicas outside the ISR that were caught up of late hold it back as well, else one that is
 * catching up would never reach a high watermark that runs with the leader's end.
 * @param mayJoin whether a replica could be taken into the ISR at all (KAFKA-15021, 3.6)
 */
export function caughtUpEndOffset(
  leaderEndOffset: number,
  isr: Iterable<RemoteReplica>,
  followers: Iterable<RemoteReplica>,
  caughtUpSinceUs: Micros,
  mayJoin: (follower: RemoteReplica) => boolean = anyMayJoin,
): number {
  let smallest = isrEndOffset(leaderEndOffset, isr)
  for (const follower of followers) {
    if (follower.logEndOffset >= smallest || follower.caughtUpUs < caughtUpSinceUs) continue
    if (mayJoin(follower)) smallest = follower.logEndOffset
  }
  return smallest
}

const anyMayJoin = (): boolean => true

/** A follower's high watermark after an append: it cannot know more than the leader says, nor more than it holds. */
export const followerHighWatermark = (logEndOffset: number, leaderHighWatermark: number): number =>
  Math.min(logEndOffset, leaderHighWatermark)
