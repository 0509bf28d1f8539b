/**
 * The checks that every set passes before it is appended, on a leader or as it came from one: whole entries, sizes, CRCs,
 * known codecs (`analyzeAndValidateMessageSet` of `kafka/log/Log.scala`, 0.8.2.2, and its heir
 * `analyzeAndValidateRecords` of `UnifiedLog.scala`). One pass; nothing is opened, nothing is copied.
 */
import { ErrorCode } from '../protocol/index.ts'
import { readInt32, readInt64 } from './big-endian.ts'
import type { CheckedRecords } from './checked-records.ts'
import { AppendError } from './errors.ts'
import type { LogFormat } from './log-format.ts'
import { codecIdAt, isBatch, isCrcValid, lastOffsetAt, maxTimestampAt } from './record/entry.ts'
import { ENTRY_OVERHEAD, MESSAGE_SIZE_MIN, NO_TIMESTAMP, RECORD_COUNT_AT, SIZE_AT } from './record/layout.ts'

/** @throws AppendError InvalidMessage (impossible size, wrong CRC), MessageSizeTooLarge, Unknown (codec) */
export function checkEntries(records: Uint8Array, maxMessageBytes: number, format: LogFormat): CheckedRecords {
  let at = 0
  while (records.length - at >= ENTRY_OVERHEAD) {
    const end = checkedEnd(records, at, maxMessageBytes)
    if (end < 0) break
    checkCrc(records, at, end, format)
    const codecId = codecIdAt(records, at)
    if (codecId !== 0) checkCodec(codecId, format)
    at = end
  }
  return describeEntries(at === records.length ? records : records.subarray(0, at))
}

/**
 * End of the entry at `at`; -1 if it is cut short.
 * @throws AppendError InvalidMessage (impossible size), MessageSizeTooLarge
 */
export function checkedEnd(records: Uint8Array, at: number, maxMessageBytes: number): number {
  const messageSize = readInt32(records, at + SIZE_AT)
  if (messageSize < MESSAGE_SIZE_MIN) {
    throw new AppendError(ErrorCode.InvalidMessage, `message of ${messageSize} bytes at byte ${at} of the set`)
  }
  const end = at + ENTRY_OVERHEAD + messageSize
  if (end > records.length) return -1
  if (end - at > maxMessageBytes) {
    throw new AppendError(ErrorCode.MessageSizeTooLarge, `message of ${end - at} bytes, more than ${maxMessageBytes}`)
  }
  return end
}

/** @throws AppendError InvalidMessage */
export function checkCrc(records: Uint8Array, at: number, end: number, format: LogFormat): void {
  // A release before format 2 takes the leader epoch for the CRC and finds it wrong.
  const isKnown = format.validation === 'records' || !isBatch(records, at)
  if (!isKnown || !isCrcValid(records, at, end)) {
    throw new AppendError(ErrorCode.InvalidMessage, `wrong CRC of the message at byte ${at} of the set`)
  }
}

/** @throws AppendError Unknown */
export function checkCodec(codecId: number, format: LogFormat): void {
  if (!format.codecs.has(codecId)) {
    throw new AppendError(ErrorCode.Unknown, `unknown compression codec ${codecId}, where ${format.codecs} are known`)
  }
}

/** Reads offsets and times off whole entries, unopened. */
export function describeEntries(bytes: Uint8Array): CheckedRecords {
  let count = 0
  let firstOffset = -1
  let firstEntryLastOffset = -1
  let lastOffset = -1
  let monotonic = true
  let maxTimestamp = NO_TIMESTAMP
  let offsetOfMaxTimestamp = -1
  for (let at = 0; at < bytes.length; at += ENTRY_OVERHEAD + readInt32(bytes, at + SIZE_AT)) {
    const batch = isBatch(bytes, at)
    const last = batch ? lastOffsetAt(bytes, at) : readInt64(bytes, at)
    if (at === 0) {
      firstOffset = readInt64(bytes, at)
      firstEntryLastOffset = last
    }
    if (last <= lastOffset) monotonic = false
    lastOffset = last
    const timestamp = maxTimestampAt(bytes, at)
    if (timestamp > maxTimestamp) {
      maxTimestamp = timestamp
      offsetOfMaxTimestamp = last
    }
    count += batch ? readInt32(bytes, at + RECORD_COUNT_AT) : 1
  }
  return {
    bytes,
    count,
    firstOffset,
    lastOffset,
    firstEntryLastOffset,
    monotonic,
    maxTimestamp,
    offsetOfMaxTimestamp,
  }
}
