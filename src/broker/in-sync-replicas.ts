/**
 * Who is in sync: the rules by which followers leave and join the ISR (replication.md 2.5; F01, F13;
 * `kafka/cluster/Partition.scala`, 0.8.2.2, 0.9.0.1, 0.10.2.1, 2.1.0).
 */
import type { Micros } from '../host/index.ts'
import type { ProtocolVersions } from '../versions.ts'
import { type RemoteReplica, UNKNOWN_OFFSET } from './replica.ts'

export interface LagLimits {
  /** `replica.lag.time.max.ms` in microseconds. */
  readonly lagTimeMaxUs: Micros
  /** `replica.lag.max.messages`. */
  readonly lagMaxMessages: number
}

/**
 * A follower's fetch at `offset` (`UNKNOWN_OFFSET` if it failed) was served by a leader that ends at `leaderEndOffset`.
 */
export function recordFetch(
  follower: RemoteReplica,
  offset: number,
  nowUs: Micros,
  leaderEndOffset: number,
  versions: ProtocolVersions,
): void {
  switch (versions.isrLag) {
    case 'since-reached-end-of-last-fetch':
    case 'since-reached-end-of-last-fetch-or-at-end':
      follower.recordFetchAfterFetch(offset, nowUs, leaderEndOffset)
      return
    default:
      follower.recordFetch(offset, nowUs, leaderEndOffset)
  }
}

/** Why a follower is out of sync, or undefined if it is not. All limits are strict. */
export function outOfSyncReason(
  follower: RemoteReplica,
  leaderEndOffset: number,
  nowUs: Micros,
  limits: LagLimits,
  versions: ProtocolVersions,
): 'stuck' | 'slow' | 'lagging' | undefined {
  switch (versions.isrLag) {
    case 'since-reached-end-of-last-fetch-or-at-end':
      if (follower.logEndOffset === leaderEndOffset) return undefined
      return nowUs - follower.caughtUpUs > limits.lagTimeMaxUs ? 'lagging' : undefined
    case 'since-reached-end':
    case 'since-reached-end-of-last-fetch':
      return nowUs - follower.caughtUpUs > limits.lagTimeMaxUs ? 'lagging' : undefined
  }
  const silent = nowUs - follower.updatedUs > limits.lagTimeMaxUs
  // 0.8.0 forgave silence to a follower that had everything.
  const behind = follower.logEndOffset < leaderEndOffset
  if (silent && (versions.isrLag === 'time-or-messages' || behind)) return 'stuck'
  const lag = leaderEndOffset - follower.logEndOffset
  if (follower.logEndOffset !== UNKNOWN_OFFSET && lag > limits.lagMaxMessages) return 'slow'
  return undefined
}

/**
 * F13: a follower may join once it has reached the leader's high watermark, and, since KAFKA-7128, what the leader had
 * when its epoch began: a new leader's high watermark lags behind what is committed. No test of time.
 */
export const mayJoinIsr = (
  follower: RemoteReplica,
  leader: { readonly highWatermark: number; readonly epochStartOffset: number },
  versions: ProtocolVersions,
): boolean =>
  follower.logEndOffset >= leader.highWatermark &&
  (versions.isrExpand === 'high-watermark' || follower.logEndOffset >= leader.epochStartOffset)
