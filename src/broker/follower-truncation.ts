/**
 * Where a follower cuts its log back to, from what the leader says of its epochs (F11; `ReplicaFetcherThread.maybeTruncate`,
 * 0.11.0.2; `AbstractFetcherThread.getOffsetTruncationState`, 2.0.0 and 2.4.1).
 */
import { type EpochEndOffset, UNDEFINED_EPOCH, UNDEFINED_EPOCH_OFFSET } from '../storage/index.ts'

export interface Truncation {
  readonly offset: number
  /** False: the leader must be asked again, about an older epoch. */
  readonly completed: boolean
}

/** A follower's log, as far as a truncation looks at it. */
export interface FollowerLog {
  readonly logEndOffset: number
  /** Where an epoch ends in it: as the leader answers for its own. */
  endOffsetForEpoch(epoch: number): EpochEndOffset
}

/**
 * @param answer the leader's; without an epoch if its release names none
 * @param fallback where to cut if the leader does not know: the high watermark
 */
export function truncationFor(answer: EpochEndOffset, log: FollowerLog, fallback: number): Truncation {
  if (answer.endOffset === UNDEFINED_EPOCH_OFFSET) return { offset: fallback, completed: true }
  const offset = Math.min(answer.endOffset, log.logEndOffset)
  if (answer.epoch === UNDEFINED_EPOCH) return { offset, completed: true }
  const own = log.endOffsetForEpoch(answer.epoch)
  // No epoch of its own is that old: as after KIP-101, before KIP-279.
  if (own.endOffset === UNDEFINED_EPOCH_OFFSET) return { offset, completed: true }
  // An epoch that this log does not have: all behind the largest smaller one goes, and then that one is asked about.
  if (own.epoch !== answer.epoch) return { offset: Math.min(own.endOffset, log.logEndOffset), completed: false }
  return { offset: Math.min(own.endOffset, offset), completed: true }
}
