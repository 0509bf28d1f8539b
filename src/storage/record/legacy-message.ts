/**
 * Messages of formats 0 and 1 (formats.md 1.3; `LegacyRecord.java` of kafka-clients): offset and size, CRC-32, magic,
 * attributes, a timestamp in format 1, key, value. A wrapper is a message whose value is a compressed row of such.
 */
import { readInt32, writeInt32, writeInt64 } from '../big-endian.ts'
import { crc32 } from '../crc.ts'
import {
  ENTRY_OVERHEAD,
  LEGACY_ATTRIBUTES_AT,
  LEGACY_CRC_AT,
  LEGACY_TIMESTAMP_AT,
  legacyKeyAt,
  legacyOverhead,
  MAGIC_AT,
  SIZE_AT,
} from './layout.ts'

const NULL = -1

export interface LegacyFields {
  readonly key: Uint8Array | null
  readonly value: Uint8Array | null
}

export const sizeOfLegacyMessage = (magic: number, key: Uint8Array | null, value: Uint8Array | null): number =>
  legacyOverhead(magic) + (key?.length ?? 0) + (value?.length ?? 0)

/** Writes an entry with its CRC; returns where it ends. `timestamp` is left out in format 0. */
export function writeLegacyMessage(
  bytes: Uint8Array,
  at: number,
  message: LegacyFields & {
    readonly magic: number
    readonly offset: number
    readonly attributes: number
    readonly timestamp: number
  },
): number {
  const { magic, key, value } = message
  const end = at + sizeOfLegacyMessage(magic, key, value)
  writeInt64(bytes, at, message.offset)
  writeInt32(bytes, at + SIZE_AT, end - at - ENTRY_OVERHEAD)
  bytes[at + MAGIC_AT] = magic
  bytes[at + LEGACY_ATTRIBUTES_AT] = message.attributes
  if (magic > 0) writeInt64(bytes, at + LEGACY_TIMESTAMP_AT, message.timestamp)
  writeField(bytes, writeField(bytes, at + legacyKeyAt(magic), key), value)
  writeLegacyCrc(bytes, at, end)
  return end
}

export function writeLegacyCrc(bytes: Uint8Array, at: number, end: number): void {
  writeInt32(bytes, at + LEGACY_CRC_AT, crc32(bytes, 0, at + MAGIC_AT, end))
}

/** Key and value of the entry at `at`, as views; undefined if they do not fill it exactly, or its magic is not known. */
export function readLegacyFields(bytes: Uint8Array, at: number, end: number): LegacyFields | undefined {
  const magic = bytes[at + MAGIC_AT]!
  if (magic > 1 || end - at < legacyOverhead(magic)) return undefined
  const keyAt = at + legacyKeyAt(magic)
  const keyEnd = fieldEnd(bytes, keyAt, end - 4)
  if (keyEnd < 0 || fieldEnd(bytes, keyEnd, end) !== end) return undefined
  return { key: readField(bytes, keyAt, keyEnd), value: readField(bytes, keyEnd, end) }
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
