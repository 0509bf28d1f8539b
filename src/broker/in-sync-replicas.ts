/**
 * Who is in sync: the rules by which followers leave and join the ISR (replication.md 2.5; F01, F13;
 * `kafka/cluster/Partition.scala`, 0.8.2.2, 0.9.0.1, 0.10.2.1, 2.1.0).
 */
import type { Micros } from '../host/index.ts'
import type { ProtocolVersions } from '../versions.ts'
import { NEVER, type RemoteReplica, UNKNOWN_OFFSET } from './replica.ts'

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

/** Who is out of sync, and why, in words. */
export function laggards(
  members: readonly RemoteReplica[],
  leaderEndOffset: number,
  nowUs: Micros,
  limits: LagLimits,
  versions: ProtocolVersions,
): { readonly leaving: readonly number[]; readonly reason: string } {
  const leaving: number[] = []
  const reasons: string[] = []
  for (const remote of members) {
    const why = outOfSyncReason(remote, leaderEndOffset, nowUs, limits, versions)
    if (why === undefined) continue
    const id = remote.brokerId
    leaving.push(id)
    if (why === 'stuck') reasons.push(`${id} silent for ${sinceMs(nowUs, remote.updatedUs)}`)
    else if (why === 'slow') reasons.push(`${id} behind by ${leaderEndOffset - remote.logEndOffset} messages`)
    else if (remote.caughtUpUs === NEVER) reasons.push(`${id} never caught up`)
    else reasons.push(`${id} not caught up for ${sinceMs(nowUs, remote.caughtUpUs)}`)
  }
  return { leaving, reason: reasons.join(', ') }
}

const sinceMs = (nowUs: Micros, thenUs: Micros): string => `${Math.floor((nowUs - thenUs) / 1000)} ms`

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
