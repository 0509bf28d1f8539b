/** Writing the 61 bytes in front of a batch of format 2, and its CRC-32C (formats.md 1.4). */
import { writeInt32, writeInt64 } from '../big-endian.ts'
import { crc32c } from '../crc.ts'
import {
  BASE_SEQUENCE_AT,
  BASE_TIMESTAMP_AT,
  BATCH_ATTRIBUTES_AT,
  BATCH_CRC_AT,
  CONTROL_FLAG,
  DELETE_HORIZON_FLAG,
  ENTRY_OVERHEAD,
  LAST_OFFSET_DELTA_AT,
  LEADER_EPOCH_AT,
  MAGIC_AT,
  MAX_TIMESTAMP_AT,
  NO_LEADER_EPOCH,
  NO_PRODUCER_EPOCH,
  NO_PRODUCER_ID,
  NO_SEQUENCE,
  PRODUCER_EPOCH_AT,
  PRODUCER_ID_AT,
  RECORD_COUNT_AT,
  SIZE_AT,
  TIMESTAMP_TYPE_FLAG,
  type TimestampType,
  TRANSACTIONAL_FLAG,
} from './layout.ts'

/** Who wrote a batch; what is left out is written as "none". */
export interface BatchOrigin {
  readonly producerId?: number
  readonly producerEpoch?: number
  readonly baseSequence?: number
  readonly isTransactional?: boolean
  readonly isControl?: boolean
  readonly partitionLeaderEpoch?: number
}

export interface BatchHeader extends BatchOrigin {
  readonly baseOffset: number
  readonly lastOffsetDelta: number
  readonly codecId: number
  readonly timestampType: TimestampType
  /** First record's timestamp, or the delete horizon. */
  readonly baseTimestamp: number
  readonly maxTimestamp: number
  readonly hasDeleteHorizon?: boolean
  readonly count: number
}

/** Writes the header of the batch `bytes[at, end)`, whose records are in their place, with its CRC. */
export function writeBatchHeader(bytes: Uint8Array, at: number, end: number, header: BatchHeader): void {
  let attributes = header.codecId
  if (header.timestampType === 'LogAppendTime') attributes |= TIMESTAMP_TYPE_FLAG
  if (header.isTransactional === true) attributes |= TRANSACTIONAL_FLAG
  if (header.isControl === true) attributes |= CONTROL_FLAG
  if (header.hasDeleteHorizon === true) attributes |= DELETE_HORIZON_FLAG
  const producerEpoch = header.producerEpoch ?? NO_PRODUCER_EPOCH
  writeInt64(bytes, at, header.baseOffset)
  writeInt32(bytes, at + SIZE_AT, end - at - ENTRY_OVERHEAD)
  writeInt32(bytes, at + LEADER_EPOCH_AT, header.partitionLeaderEpoch ?? NO_LEADER_EPOCH)
  bytes[at + MAGIC_AT] = 2
  bytes[at + BATCH_ATTRIBUTES_AT] = 0
  bytes[at + BATCH_ATTRIBUTES_AT + 1] = attributes
  writeInt32(bytes, at + LAST_OFFSET_DELTA_AT, header.lastOffsetDelta)
  writeInt64(bytes, at + BASE_TIMESTAMP_AT, header.baseTimestamp)
  writeInt64(bytes, at + MAX_TIMESTAMP_AT, header.maxTimestamp)
  writeInt64(bytes, at + PRODUCER_ID_AT, header.producerId ?? NO_PRODUCER_ID)
  bytes[at + PRODUCER_EPOCH_AT] = producerEpoch >> 8
  bytes[at + PRODUCER_EPOCH_AT + 1] = producerEpoch
  writeInt32(bytes, at + BASE_SEQUENCE_AT, header.baseSequence ?? NO_SEQUENCE)
  writeInt32(bytes, at + RECORD_COUNT_AT, header.count)
  writeBatchCrc(bytes, at, end)
}

export function writeBatchCrc(bytes: Uint8Array, at: number, end: number): void {
  writeInt32(bytes, at + BATCH_CRC_AT, crc32c(bytes, 0, at + BATCH_ATTRIBUTES_AT, end))
}
