/**
 * Message sets of format 0 (`kafka/message/Message.scala`, `ByteBufferMessageSet.scala` at 0.8.2.2; formats.md 1.3):
 * entries back to back, each an offset (8 bytes), a size (4) and a message: CRC-32 (4), magic (1), attributes (1),
 * key length (4, -1 for null), key, value length (4, -1 for null), value. The CRC covers all that follows it, so the
 * offset may be set without touching it.
 */
import { readInt64 } from './big-endian.ts'
import { entryEnd, isCrcValid } from './record/entry.ts'
import { LEGACY_ATTRIBUTES_AT, MAGIC_AT, NO_TIMESTAMP } from './record/layout.ts'
import { readLegacyFields, sizeOfLegacyMessage, writeLegacyMessage } from './record/legacy-message.ts'

const MAGIC = 0

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
  for (const { key, value } of messages) size += sizeOfLegacyMessage(MAGIC, key, value)
  const bytes = new Uint8Array(size)
  let at = 0
  let offset = baseOffset
  for (const { key, value } of messages) {
    const message = { magic: MAGIC, offset: offset++, attributes: 0, timestamp: NO_TIMESTAMP, key, value }
    at = writeLegacyMessage(bytes, at, message)
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

function readEntry(bytes: Uint8Array, at: number, end: number): MessageEntry {
  const magic = bytes[at + MAGIC_AT]!
  const fields = magic === MAGIC ? readLegacyFields(bytes, at, end) : undefined
  return {
    offset: readInt64(bytes, at),
    key: fields?.key ?? null,
    value: fields?.value ?? null,
    position: at,
    size: end - at,
    magic,
    attributes: bytes[at + LEGACY_ATTRIBUTES_AT]!,
    crcValid: isCrcValid(bytes, at, end),
    wellFormed: fields !== undefined,
  }
}
