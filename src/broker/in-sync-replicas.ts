/**
 * Who is in sync: the rules by which followers leave and join the ISR (replication.md 2.5; F01, F13;
 * `kafka/cluster/Partition.scala`, 0.8.2.2).
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

/** Why a follower is out of sync, or undefined if it is not. Both limits are strict. */
export function outOfSyncReason(
  follower: RemoteReplica,
  leaderEndOffset: number,
  nowUs: Micros,
  limits: LagLimits,
  versions: ProtocolVersions,
): 'stuck' | 'slow' | undefined {
  const silent = nowUs - follower.updatedUs > limits.lagTimeMaxUs
  // 0.8.0 forgave silence to a follower that had everything.
  const behind = follower.logEndOffset < leaderEndOffset
  if (silent && (versions.isrLag === 'time-or-messages' || behind)) return 'stuck'
  const lag = leaderEndOffset - follower.logEndOffset
  if (follower.logEndOffset !== UNKNOWN_OFFSET && lag > limits.lagMaxMessages) return 'slow'
  return undefined
}

/** F13, before KAFKA-7128: a follower may join once it has reached the leader's high watermark. No test of time. */
export const mayJoinIsr = (follower: RemoteReplica, leaderHighWatermark: number): boolean =>
  follower.logEndOffset >= leaderHighWatermark
