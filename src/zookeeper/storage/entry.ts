/**
 * The frame around everything that a ZooKeeper server keeps on disk (a format of our own):
 *
 *     length  uint32 big-endian, bytes of the payload
 *     crc     uint32 big-endian, CRC-32 (zlib's polynomial) of the payload
 *     payload UTF-8 JSON
 *
 * An entry that is cut short or whose CRC differs was not written to its end, or rotted.
 */
import crc32 from 'crc-32'
import { fromUtf8, utf8 } from '../../host/index.ts'

const FRAME_BYTES = 8

export interface Entry {
  readonly value: unknown
  /** Position after the entry. */
  readonly end: number
}

export function encodeEntry(value: unknown): Uint8Array {
  const payload = utf8(JSON.stringify(value))
  const bytes = new Uint8Array(FRAME_BYTES + payload.length)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, payload.length)
  view.setUint32(4, crc32.buf(payload) >>> 0)
  bytes.set(payload, FRAME_BYTES)
  return bytes
}

/** The entry at `position`, or undefined if no sound one is there. */
export function decodeEntry(bytes: Uint8Array, position: number): Entry | undefined {
  if (position + FRAME_BYTES > bytes.length) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const start = position + FRAME_BYTES
  const end = start + view.getUint32(position)
  // No payload is empty: zeros, as a lost page reads, are not an entry.
  if (end > bytes.length || end === start) return undefined
  const payload = bytes.subarray(start, end)
  if (crc32.buf(payload) >>> 0 !== view.getUint32(position + 4)) return undefined
  return { value: JSON.parse(fromUtf8(payload)), end }
}
