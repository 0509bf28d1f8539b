/**
 * The outer structure of zstd input (RFC 8878): frames and their blocks, walked without decompressing, to know how much
 * can come out before any memory is taken for it.
 */
import { CompressionError } from './codec.ts'
import { readLittleEndian32 } from './xxhash32.ts'

const FRAME_MAGIC = 0xfd2fb528 | 0
const SKIPPABLE_MAGIC = 0x184d2a50
const SKIPPABLE_MASK = 0xfffffff0 | 0
const BLOCK_BYTES_MAX = 131_072
const BLOCK_RAW = 0
const BLOCK_RLE = 1
const BLOCK_RESERVED = 3
/** Window that every decoder must support; the reference one refuses larger ones too. */
const WINDOW_BYTES_MAX = 0x800_0000

/**
 * Most bytes that can come out of whole frames; the true number is less by a block a frame at most, if their encoder
 * filled its blocks.
 * @throws CompressionError the structure is broken
 */
export function zstdOutputBound(bytes: Uint8Array): number {
  let bound = 0
  let at = 0
  if (bytes.length === 0) throw broken('no frame')
  while (at < bytes.length) {
    need(bytes, at + 8)
    const magic = readLittleEndian32(bytes, at)
    if ((magic & SKIPPABLE_MASK) === SKIPPABLE_MAGIC) {
      at += 8 + (readLittleEndian32(bytes, at + 4) >>> 0)
      need(bytes, at)
      continue
    }
    if (magic !== FRAME_MAGIC) throw broken(`no frame at byte ${at}`)
    const descriptor = bytes[at + 4]!
    at = headerEnd(bytes, at)
    for (let last = false; !last; ) {
      need(bytes, at + 3)
      const header = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16)
      const kind = (header >> 1) & 3
      const size = header >> 3
      if (kind === BLOCK_RESERVED || size > BLOCK_BYTES_MAX) throw broken(`impossible block at byte ${at}`)
      last = (header & 1) === 1
      bound += kind === BLOCK_RAW || kind === BLOCK_RLE ? size : BLOCK_BYTES_MAX
      at += 3 + (kind === BLOCK_RLE ? 1 : size)
      need(bytes, at)
    }
    if ((descriptor & 4) !== 0) at += 4
    need(bytes, at)
  }
  return bound
}

function headerEnd(bytes: Uint8Array, start: number): number {
  const descriptor = bytes[start + 4]!
  const singleSegment = (descriptor & 0x20) !== 0
  const sizeFlag = descriptor >> 6
  if ((descriptor & 8) !== 0) throw broken('a reserved bit is set')
  if ((descriptor & 3) !== 0) throw broken('needs a dictionary')
  let at = start + 5
  if (!singleSegment) {
    const exponent = bytes[at]! >> 3
    const window = 2 ** (10 + exponent) * (1 + (bytes[at]! & 7) / 8)
    if (window > WINDOW_BYTES_MAX) throw broken(`a window of ${window} bytes`)
    at++
  }
  at += sizeFlag === 0 ? (singleSegment ? 1 : 0) : 1 << sizeFlag
  need(bytes, at)
  return at
}

function need(bytes: Uint8Array, end: number): void {
  if (end > bytes.length) throw broken('cut short')
}

const broken = (detail: string): CompressionError => new CompressionError('zstd', detail)
