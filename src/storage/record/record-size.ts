/** Sizes of records as a producer reckons them before it writes a batch (`AbstractRecords.java`, `DefaultRecord.java`). */
import { BATCH_OVERHEAD, legacyOverhead, type Magic } from './layout.ts'
import { sizeOfLegacyMessage } from './legacy-message.ts'
import { type NewRecord, sizeOfRecordBody } from './record.ts'
import { sizeOfVarint } from './varint.ts'

/** Of a record of format 2 that holds nothing: length, attributes, timestamp and offset, at their longest. */
const RECORD_OVERHEAD_MAX = 21

/** Bytes that come before the first record of a batch of format 2. */
export const batchHeaderSize = (magic: Magic): number => (magic === 2 ? BATCH_OVERHEAD : 0)

/** Bytes that a record adds to a batch, before compression. */
export function sizeInBatch(magic: Magic, record: NewRecord, offsetDelta: number, timestampDelta: number): number {
  if (magic !== 2) return sizeOfLegacyMessage(magic, record.key, record.value)
  const body = sizeOfRecordBody(timestampDelta, offsetDelta, record)
  return sizeOfVarint(body) + body
}

/** Bytes that a batch of this record alone has at most (`estimateSizeInBytesUpperBound`). */
export function sizeOfBatchOf(magic: Magic, record: NewRecord, isCompressed: boolean): number {
  const { key, value } = record
  if (magic === 2) {
    const fields = sizeOfVarint(key?.length ?? -1) + (key?.length ?? 0) + sizeOfVarint(value?.length ?? -1)
    return BATCH_OVERHEAD + RECORD_OVERHEAD_MAX + fields + (value?.length ?? 0) + sizeOfVarint(0)
  }
  return sizeOfLegacyMessage(magic, key, value) + (isCompressed ? legacyOverhead(magic) : 0)
}
