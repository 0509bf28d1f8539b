/**
 * Message sets of format 0 (`kafka/message/Message.scala`, `ByteBufferMessageSet.scala` at 0.8.2.2; formats.md 1.3):
 * entries back to back, each an offset (8 bytes), a size (4) and a message: CRC-32 (4), magic (1), attributes (1),
 * key length (4, -1 for null), key, value length (4, -1 for null), value. The CRC covers all that follows it, so the
 * offset may be set without touching it.
 */
import { readInt32, readInt64, writeInt32, writeInt64 } from './big-endian.ts'
import { crc32 } from './crc.ts'

/** Bytes of an entry before its message: offset and size. */
export const ENTRY_OVERHEAD = 12
/** Smallest message: null key, null value. */
export const MESSAGE_SIZE_MIN = 14
/** Bits of the attributes that name the compression codec. */
export const CODEC_MASK = 7

const MAGIC = 0
const NULL = -1

export interface MessageEntry {
  readonly offset: number
  readonly key: Uint8Array | null
  readonly value: Uint8Array | null
  /** Where the entry begins in the bytes that were read. */
  readonly position: number
  /** Bytes of the whole entry, offset and size fields included. */
  readonly size: number
  readonly magic: number
  readonly attributes: number
  readonly crcValid: boolean
  /** False if key and value do not fill the message exactly as a message of format 0; both then read as null. */
  readonly wellFormed: boolean
}

/** Writes messages, uncompressed, with dense offsets from `baseOffset` (0 from a producer: the leader numbers anew). */
export function buildMessageSet(
  messages: ReadonlyArray<{ readonly key: Uint8Array | null; readonly value: Uint8Array | null }>,
  baseOffset = 0,
): Uint8Array {
  let size = 0
  for (const { key, value } of messages) {
    size += ENTRY_OVERHEAD + MESSAGE_SIZE_MIN + (key?.length ?? 0) + (value?.length ?? 0)
  }
  const bytes = new Uint8Array(size)
  let at = 0
  let offset = baseOffset
  for (const { key, value } of messages) {
    const messageSize = MESSAGE_SIZE_MIN + (key?.length ?? 0) + (value?.length ?? 0)
    const end = at + ENTRY_OVERHEAD + messageSize
    writeInt64(bytes, at, offset++)
    writeInt32(bytes, at + 8, messageSize)
    bytes[at + 16] = MAGIC
    const afterKey = writeField(bytes, at + 18, key)
    writeField(bytes, afterKey, value)
    writeInt32(bytes, at + 12, crc32(bytes.subarray(at + 16, end)))
    at = end
  }
  return bytes
}

/**
 * Reads the entries of a set, one level deep: a compressed wrapper is one entry. Keys and values are views of `bytes`.
 * A last entry that is cut short is left out, as is everything from an entry with an impossible size on.
 */
export function readMessageSet(bytes: Uint8Array): MessageEntry[] {
  const entries: MessageEntry[] = []
  let at = 0
  for (let end = entryEnd(bytes, at); end > 0; end = entryEnd(bytes, at)) {
    entries.push(readEntry(bytes, at, end))
    at = end
  }
  return entries
}

/** True if the CRC stored in the message of the entry at `at` is that of its content. */
export const isCrcValid = (bytes: Uint8Array, at: number, end: number): boolean =>
  readInt32(bytes, at + ENTRY_OVERHEAD) >>> 0 === crc32(bytes.subarray(at + 16, end))

/** End of the entry at `at`, or -1 if it is cut short or of an impossible size. */
export function entryEnd(bytes: Uint8Array, at: number): number {
  if (bytes.length - at < ENTRY_OVERHEAD) return -1
  const messageSize = readInt32(bytes, at + 8)
  const end = at + ENTRY_OVERHEAD + messageSize
  return messageSize < MESSAGE_SIZE_MIN || end > bytes.length ? -1 : end
}

function readEntry(bytes: Uint8Array, at: number, end: number): MessageEntry {
  const keyEnd = fieldEnd(bytes, at + 18, end - 4)
  const wellFormed = keyEnd > 0 && fieldEnd(bytes, keyEnd, end) === end
  return {
    offset: readInt64(bytes, at),
    key: wellFormed ? readField(bytes, at + 18, keyEnd) : null,
    value: wellFormed ? readField(bytes, keyEnd, end) : null,
    position: at,
    size: end - at,
    magic: bytes[at + 16]!,
    attributes: bytes[at + 17]!,
    crcValid: isCrcValid(bytes, at, end),
    wellFormed,
  }
}

function writeField(bytes: Uint8Array, at: number, field: Uint8Array | null): number {
  writeInt32(bytes, at, field === null ? NULL : field.length)
  if (field === null) return at + 4
  bytes.set(field, at + 4)
  return at + 4 + field.length
}

/** End of the field whose length stands at `at`, or -1 if it does not fit before `limit`. */
function fieldEnd(bytes: Uint8Array, at: number, limit: number): number {
  const length = readInt32(bytes, at)
  const end = at + 4 + Math.max(0, length)
  return length < NULL || end > limit ? -1 : end
}

const readField = (bytes: Uint8Array, at: number, end: number): Uint8Array | null =>
  readInt32(bytes, at) === NULL ? null : bytes.subarray(at + 4, end)
