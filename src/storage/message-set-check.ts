/**
 * What a leader of a release up to 0.9 does with a message set: checks, and the numbering of its messages in one pass over
 * a copy (`append` of `kafka/log/Log.scala`, `assignOffsets` of `kafka/message/ByteBufferMessageSet.scala`, 0.8.2.2;
 * `validateMessagesAndAssignOffsets` of the same, 0.9). Magic, key and value lengths are not looked at, as there. If any
 * message is a wrapper, or since 0.9 shall be in one (`compression.type`), the whole set is opened, numbered and closed
 * again as one wrapper, or not at all.
 */
import { ErrorCode } from '../protocol/index.ts'
import { writeInt64 } from './big-endian.ts'
import type { CheckedRecords } from './checked-records.ts'
import { CompressionError, DECOMPRESSED_BYTES_MAX } from './compression/codec.ts'
import { workingCopy } from './crc.ts'
import { checkCodec, checkCrc, checkedEnd } from './entries-check.ts'
import { AppendError, LogError } from './errors.ts'
import { type LogFormat, targetCodecId } from './log-format.ts'
import { Batch } from './record/batch.ts'
import { buildWrapper } from './record/build-records.ts'
import { codecIdAt, entryEnd } from './record/entry.ts'
import { ENTRY_OVERHEAD, NO_TIMESTAMP } from './record/layout.ts'
import { readLegacyFields } from './record/legacy-message.ts'
import { innerPositions, openWrapper } from './record/legacy-records.ts'

/**
 * @param assignFrom offset of the first message
 * @param needsKeys a message without key is refused
 * @throws AppendError InvalidMessage (impossible size, wrong CRC), MessageSizeTooLarge, Unknown (codec, broken compression)
 */
export function checkMessageSet(
  records: Uint8Array,
  maxMessageBytes: number,
  assignFrom: number,
  format: LogFormat,
  needsKeys = false,
): CheckedRecords {
  const bytes = workingCopy(records)
  let at = 0
  let count = 0
  let codecId = 0
  while (bytes.length - at >= ENTRY_OVERHEAD) {
    const end = checkedEnd(bytes, at, maxMessageBytes)
    if (end < 0) break
    checkCrc(bytes, at, end, format)
    const codecHere = codecIdAt(bytes, at)
    if (codecHere !== 0) {
      checkCodec(codecHere, format)
      codecId = codecHere
    } else if (needsKeys) {
      checkKey(bytes, at, end)
    }
    writeInt64(bytes, at, assignFrom + count)
    count++
    at = end
  }
  const whole = at === bytes.length ? bytes : bytes.subarray(0, at)
  const target = targetCodecId(format, codecId)
  if (codecId === 0 && target === 0) return numbered(whole, assignFrom, count, assignFrom)
  const rebuilt = renumbered(whole, assignFrom, target, format, needsKeys)
  for (let from = 0; from < rebuilt.bytes.length; ) from = checkedEnd(rebuilt.bytes, from, maxMessageBytes)
  const firstEntryLast = target === 0 ? assignFrom : assignFrom + rebuilt.count - 1
  return numbered(rebuilt.bytes, assignFrom, rebuilt.count, firstEntryLast)
}

const numbered = (
  bytes: Uint8Array,
  assignFrom: number,
  count: number,
  firstEntryLastOffset: number,
): CheckedRecords => ({
  bytes,
  count,
  firstOffset: count === 0 ? -1 : assignFrom,
  lastOffset: count === 0 ? -1 : assignFrom + count - 1,
  firstEntryLastOffset,
  monotonic: true,
  maxTimestamp: NO_TIMESTAMP,
  offsetOfMaxTimestamp: -1,
})

/** All messages of a set, opened, with offsets from `assignFrom` on, in one wrapper of a codec; or uncompressed (0). */
function renumbered(
  set: Uint8Array,
  assignFrom: number,
  codecId: number,
  format: LogFormat,
  needsKeys: boolean,
): { readonly bytes: Uint8Array; readonly count: number } {
  try {
    const messages = openedMessages(set, format)
    if (needsKeys) for (const message of messages) checkKey(message, 0, message.length)
    const plain = new Uint8Array(messages.reduce((sum, message) => sum + message.length, 0))
    let at = 0
    messages.forEach((message, i) => {
      plain.set(message, at)
      writeInt64(plain, at, assignFrom + i)
      at += message.length
    })
    const count = messages.length
    // A row of wrappers that hold nothing becomes nothing.
    if (count === 0 || codecId === 0) return { bytes: plain, count }
    const value = format.codecs.byId(codecId)!.compress(plain, format.magic)
    return { bytes: buildWrapper(0, assignFrom + count - 1, codecId, NO_TIMESTAMP, value), count }
  } catch (error) {
    if (error instanceof CompressionError) throw new AppendError(ErrorCode.Unknown, error.message)
    if (error instanceof AppendError) throw error
    if (error instanceof LogError) throw new AppendError(ErrorCode.InvalidMessage, error.message)
    throw error
  }
}

/** @throws AppendError InvalidMessage */
function checkKey(bytes: Uint8Array, at: number, end: number): void {
  if (readLegacyFields(bytes, at, end)?.key === null) {
    throw new AppendError(ErrorCode.InvalidMessage, 'a message without key for a compacted topic')
  }
}

/** The messages of a set and of its wrappers, in order; inner CRCs are not looked at, as in 0.8.2. */
function openedMessages(set: Uint8Array, format: LogFormat): Uint8Array[] {
  const messages: Uint8Array[] = []
  let left = DECOMPRESSED_BYTES_MAX
  for (let at = 0; at < set.length; ) {
    const end = entryEnd(set, at)
    if (codecIdAt(set, at) === 0) {
      messages.push(set.subarray(at, end))
    } else {
      const inner = openWrapper(new Batch(set, at, end), format.codecs, left)
      left -= inner.length
      for (const from of innerPositions(inner)) messages.push(inner.subarray(from, entryEnd(inner, from)))
    }
    at = end
  }
  return messages
}
