/**
 * What a leader changes in an entry without touching its records (`DefaultRecordBatch.java`,
 * `AbstractLegacyRecordBatch.java` of kafka-clients). Offsets and the leader epoch are outside the CRC; the time is not.
 */
import { readInt32, readInt64, writeInt32, writeInt64 } from '../big-endian.ts'
import { writeBatchCrc } from './batch-header.ts'
import { isBatch } from './entry.ts'
import {
  BATCH_ATTRIBUTES_AT,
  LAST_OFFSET_DELTA_AT,
  LEADER_EPOCH_AT,
  LEGACY_ATTRIBUTES_AT,
  LEGACY_TIMESTAMP_AT,
  MAX_TIMESTAMP_AT,
  TIMESTAMP_TYPE_FLAG,
  type TimestampType,
} from './layout.ts'
import { writeLegacyCrc } from './legacy-message.ts'

/** Moves the entry so that its last record gets `offset`. */
export function setLastOffset(bytes: Uint8Array, at: number, offset: number): void {
  writeInt64(bytes, at, isBatch(bytes, at) ? offset - readInt32(bytes, at + LAST_OFFSET_DELTA_AT) : offset)
}

/** Format 2 only. */
export function setPartitionLeaderEpoch(bytes: Uint8Array, at: number, epoch: number): void {
  writeInt32(bytes, at + LEADER_EPOCH_AT, epoch)
}

/** Sets type and largest timestamp, or the time of the append; a new CRC only if that changes anything. Not in format 0. */
export function setMaxTimestamp(
  bytes: Uint8Array,
  at: number,
  end: number,
  type: TimestampType,
  timestamp: number,
): void {
  const batch = isBatch(bytes, at)
  const attributesAt = at + (batch ? BATCH_ATTRIBUTES_AT + 1 : LEGACY_ATTRIBUTES_AT)
  const timestampAt = at + (batch ? MAX_TIMESTAMP_AT : LEGACY_TIMESTAMP_AT)
  const attributes = bytes[attributesAt]!
  const changed = type === 'LogAppendTime' ? attributes | TIMESTAMP_TYPE_FLAG : attributes & ~TIMESTAMP_TYPE_FLAG
  if (changed === attributes && readInt64(bytes, timestampAt) === timestamp) return
  bytes[attributesAt] = changed
  writeInt64(bytes, timestampAt, timestamp)
  if (batch) writeBatchCrc(bytes, at, end)
  else writeLegacyCrc(bytes, at, end)
}
