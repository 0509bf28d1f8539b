/**
 * What a leader says of the epochs in its log (F11; `ReplicaManager.lastOffsetForLeaderEpoch`, 0.11.0.2 and 2.4.1;
 * `Partition.readRecords`, 2.8.0).
 */
import type { EpochEndOffsetResult, FetchPartitionResult } from '../protocol/index.ts'
import {
  type Log,
  OffsetOutOfRangeError,
  UNDEFINED_EPOCH,
  UNDEFINED_EPOCH_END,
  UNDEFINED_EPOCH_OFFSET,
} from '../storage/index.ts'
import type { ProtocolVersions } from '../versions.ts'

/** Where an epoch ends in a log. Up to 1.1 the answer does not say which epoch it is for. */
export function endOfEpoch(
  { leaderEpochCache, logEndOffset }: Log,
  epoch: number,
  { truncation }: ProtocolVersions,
): Pick<EpochEndOffsetResult, 'leaderEpoch' | 'endOffset'> {
  const end = leaderEpochCache?.endOffsetFor(epoch, logEndOffset) ?? UNDEFINED_EPOCH_END
  return { leaderEpoch: truncation === 'epoch-end' ? UNDEFINED_EPOCH : end.epoch, endOffset: end.endOffset }
}

/**
 * Where the log of a follower, whose record before `fetchOffset` is of `lastFetchedEpoch`, parts from the leader's;
 * undefined if it does not.
 * @throws OffsetOutOfRangeError the leader cannot tell
 */
export function divergence(
  log: Log,
  fetchOffset: number,
  lastFetchedEpoch: number,
): FetchPartitionResult['divergingEpoch'] {
  const { leaderEpochCache, logStartOffset, logEndOffset } = log
  const { epoch, endOffset } = leaderEpochCache?.endOffsetFor(lastFetchedEpoch, logEndOffset) ?? UNDEFINED_EPOCH_END
  if (endOffset === UNDEFINED_EPOCH_OFFSET || epoch === UNDEFINED_EPOCH) {
    throw new OffsetOutOfRangeError(log.topicPartition, fetchOffset, logStartOffset, logEndOffset)
  }
  return epoch < lastFetchedEpoch || endOffset < fetchOffset ? { epoch, endOffset } : undefined
}
