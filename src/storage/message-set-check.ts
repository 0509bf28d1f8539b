/**
 * What a broker checks in a message set before it appends it, and the numbering of its messages: one pass over a copy.
 * `analyzeAndValidateMessageSet` and `append` of `kafka/log/Log.scala`, `assignOffsets` of
 * `kafka/message/ByteBufferMessageSet.scala`, 0.8.2.2. Magic, key and value lengths are not looked at, as there.
 */
import { ErrorCode } from '../protocol/index.ts'
import { readInt32, readInt64, writeInt64 } from './big-endian.ts'
import { AppendError } from './errors.ts'
import { CODEC_MASK, ENTRY_OVERHEAD, isCrcValid, MESSAGE_SIZE_MIN } from './message-set.ts'

/** Codecs that have a number in 0.8.2: none, gzip, snappy, lz4. */
const CODEC_MAX = 3

export interface CheckedMessageSet {
  /** The whole entries of the set; a last one that was cut short is gone. */
  readonly bytes: Uint8Array
  readonly count: number
  /** Offset of the first and last entry (of a compressed one: its last inner message); -1 in an empty set. */
  readonly firstOffset: number
  readonly lastOffset: number
  /** Offsets rise from entry to entry. */
  readonly monotonic: boolean
}

/**
 * @param assignFrom number the messages from here on, in a copy; undefined: keep their offsets (and no copy is made)
 * @throws AppendError InvalidMessage (impossible size, wrong CRC), MessageSizeTooLarge, Unknown (codec)
 */
export function checkMessageSet(
  records: Uint8Array,
  maxMessageBytes: number,
  assignFrom: number | undefined,
): CheckedMessageSet {
  const bytes = assignFrom === undefined ? records : records.slice()
  let at = 0
  let count = 0
  let firstOffset = -1
  let lastOffset = -1
  let monotonic = true
  while (bytes.length - at >= ENTRY_OVERHEAD) {
    const messageSize = readInt32(bytes, at + 8)
    if (messageSize < MESSAGE_SIZE_MIN) {
      throw new AppendError(ErrorCode.InvalidMessage, `message of ${messageSize} bytes at byte ${at} of the set`)
    }
    const end = at + ENTRY_OVERHEAD + messageSize
    if (end > bytes.length) break
    if (end - at > maxMessageBytes) {
      throw new AppendError(ErrorCode.MessageSizeTooLarge, `message of ${end - at} bytes, more than ${maxMessageBytes}`)
    }
    if (!isCrcValid(bytes, at, end)) {
      throw new AppendError(ErrorCode.InvalidMessage, `wrong CRC of the message at byte ${at} of the set`)
    }
    const codec = bytes[at + 17]! & CODEC_MASK
    if (codec !== 0) checkCodec(codec, assignFrom !== undefined)
    if (assignFrom !== undefined) writeInt64(bytes, at, assignFrom + count)
    const offset = assignFrom !== undefined ? assignFrom + count : readInt64(bytes, at)
    if (count === 0) firstOffset = offset
    if (lastOffset >= offset) monotonic = false
    lastOffset = offset
    count++
    at = end
  }
  return { bytes: at === bytes.length ? bytes : bytes.subarray(0, at), count, firstOffset, lastOffset, monotonic }
}

/** A leader must open a compressed set to number its messages; a follower takes it as it is. */
function checkCodec(codec: number, mustOpen: boolean): void {
  if (codec > CODEC_MAX) throw new AppendError(ErrorCode.Unknown, `unknown compression codec ${codec}`)
  if (mustOpen) throw new AppendError(ErrorCode.Unknown, `compression codec ${codec} is not available`)
}
