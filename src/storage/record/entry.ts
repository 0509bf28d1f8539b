/**
 * Entries of a log as a scan sees them, without an object an entry: size, offsets, CRC, in any format. An entry is a
 * message or wrapper of format 0 or 1, or a batch of format 2; a magic that nobody knows is read as format 0, whose CRC
 * then will not fit.
 */
import { readInt32, readInt64 } from '../big-endian.ts'
import { crc32, crc32c } from '../crc.ts'
import {
  BATCH_ATTRIBUTES_AT,
  BATCH_CRC_AT,
  BATCH_OVERHEAD,
  CODEC_MASK,
  ENTRY_OVERHEAD,
  LAST_OFFSET_DELTA_AT,
  LEGACY_ATTRIBUTES_AT,
  LEGACY_CRC_AT,
  LEGACY_TIMESTAMP_AT,
  MAGIC_AT,
  MAX_TIMESTAMP_AT,
  MESSAGE_SIZE_MIN,
  NO_TIMESTAMP,
  SIZE_AT,
} from './layout.ts'

/** End of the entry at `at`, or -1 if it is cut short or of an impossible size. */
export function entryEnd(bytes: Uint8Array, at: number): number {
  if (bytes.length - at < ENTRY_OVERHEAD) return -1
  const size = readInt32(bytes, at + SIZE_AT)
  const end = at + ENTRY_OVERHEAD + size
  return size < MESSAGE_SIZE_MIN || end > bytes.length ? -1 : end
}

/** True for a batch of format 2, false for an entry of format 0 or 1. */
export const isBatch = (bytes: Uint8Array, at: number): boolean => bytes[at + MAGIC_AT] === 2

/** Offset of the entry's last record. */
export function lastOffsetAt(bytes: Uint8Array, at: number): number {
  const offset = readInt64(bytes, at)
  return isBatch(bytes, at) ? offset + readInt32(bytes, at + LAST_OFFSET_DELTA_AT) : offset
}

/** Largest timestamp of the entry's records, or the time of its append; -1 if there is none. */
export function maxTimestampAt(bytes: Uint8Array, at: number): number {
  if (bytes[at + MAGIC_AT] === 0) return NO_TIMESTAMP
  return readInt64(bytes, at + (isBatch(bytes, at) ? MAX_TIMESTAMP_AT : LEGACY_TIMESTAMP_AT))
}

/** Codec in the attributes; 0 for none. */
export const codecIdAt = (bytes: Uint8Array, at: number): number =>
  bytes[at + (isBatch(bytes, at) ? BATCH_ATTRIBUTES_AT + 1 : LEGACY_ATTRIBUTES_AT)]! & CODEC_MASK

/** True if the checksum stored in the entry is that of what it covers. */
export function isCrcValid(bytes: Uint8Array, at: number, end: number): boolean {
  if (!isBatch(bytes, at)) return readInt32(bytes, at + LEGACY_CRC_AT) >>> 0 === crc32(bytes, 0, at + MAGIC_AT, end)
  if (end - at < BATCH_OVERHEAD) return false
  return readInt32(bytes, at + BATCH_CRC_AT) >>> 0 === crc32c(bytes, 0, at + BATCH_ATTRIBUTES_AT, end)
}
