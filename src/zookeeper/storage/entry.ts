/**
 * The frame around everything that a ZooKeeper server keeps on disk (a format of our own):
 *
 *     length  uint32 big-endian, bytes of the payload
 *     guard   uint32 big-endian, the complement of the length
 *     crc     uint32 big-endian, CRC-32 (zlib's polynomial) of the payload
 *     payload UTF-8 JSON
 *     end     one byte, 0x42, as in ZooKeeper's log
 *
 * A write that was under way when the power failed leaves an entry without its end: nothing, or zeros, in its place. An
 * entry that has its end, or is followed by something, was written whole: if it is wrong now, the medium rotted. The two
 * must not be taken for each other: what was torn was never acknowledged, what rotted may have been.
 */
import crc32 from 'crc-32'
import { fromUtf8, utf8 } from '../../host/index.ts'

const HEADER_BYTES = 12
const END = 0x42

export interface Entry {
  readonly value: unknown
  /** Position after the entry. */
  readonly end: number
}

export function encodeEntry(value: unknown): Uint8Array {
  const payload = utf8(JSON.stringify(value))
  const bytes = new Uint8Array(HEADER_BYTES + payload.length + 1)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, payload.length)
  view.setUint32(4, ~payload.length >>> 0)
  view.setUint32(8, crc32.buf(payload) >>> 0)
  bytes.set(payload, HEADER_BYTES)
  bytes[bytes.length - 1] = END
  return bytes
}

/**
 * The entry at `position`; `torn`: what is there was never finished, and nothing follows it; `damaged`: it was once
 * whole. At the end of the bytes: `torn`, of nothing.
 */
export function decodeEntry(bytes: Uint8Array, position: number): Entry | 'torn' | 'damaged' {
  const written = lengthWithoutZeros(bytes)
  if (written < position + HEADER_BYTES) return 'torn'
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const length = view.getUint32(position)
  if (view.getUint32(position + 4) !== ~length >>> 0) return 'damaged'
  const start = position + HEADER_BYTES
  const end = start + length + 1
  if (written < end) return 'torn'
  const payload = bytes.subarray(start, end - 1)
  if (bytes[end - 1] !== END || crc32.buf(payload) >>> 0 !== view.getUint32(position + 8)) return 'damaged'
  return { value: JSON.parse(fromUtf8(payload)), end }
}

/** Zeros at the end are what a page reads that was never written. */
function lengthWithoutZeros(bytes: Uint8Array): number {
  let length = bytes.length
  while (length > 0 && bytes[length - 1] === 0) length -= 1
  return length
}
