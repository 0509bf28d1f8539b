/**
 * LZ4 frames as Kafka's Java code writes and reads them (`Lz4BlockOutputStream`, `Lz4BlockInputStream`; formats.md 4.4):
 * independent blocks of 64 KiB without checksums. Up to 0.9 the header's checksum was taken over the magic as well
 * (KAFKA-3160); batches of format 0 keep that byte for ever.
 */
import { ByteSink } from './byte-sink.ts'
import { type Codec, CompressionError, CompressionId } from './codec.ts'
import { compressLz4Block, decompressLz4Block, LZ4_BLOCK_BYTES_MAX, lz4BlockBound } from './lz4-block.ts'
import { readLittleEndian32, xxHash32 } from './xxhash32.ts'

const MAGIC = 0x184d2204
/** Version 01, independent blocks. */
const FLAGS = 0x60
/** Blocks of 64 KiB. */
const BLOCK_DESCRIPTOR = 0x40
const HEADER_BYTES = 7

const FLAG_CONTENT_CHECKSUM = 0x04
const FLAG_CONTENT_SIZE = 0x08
const FLAG_BLOCK_CHECKSUM = 0x10
const FLAG_INDEPENDENT = 0x20
const STORED = 0x8000_0000

/**
 * What a reader makes of the header checksum of format 0: releases up to 0.9 demand the broken one, later ones do not
 * look. The right one is demanded in formats 1 and 2 by all.
 */
export type Lz4HeaderCheck = 'demand-broken' | 'ignore'

export const lz4Codec = (formatZero: Lz4HeaderCheck): Codec => ({
  id: CompressionId.lz4,
  name: 'lz4',

  compress(bytes, magic) {
    const blocks = Math.ceil(bytes.length / LZ4_BLOCK_BYTES_MAX)
    const frame = new Uint8Array(HEADER_BYTES + lz4BlockBound(bytes.length) + 20 * blocks + 4)
    writeLittleEndian32(frame, 0, MAGIC)
    frame[4] = FLAGS
    frame[5] = BLOCK_DESCRIPTOR
    frame[6] = headerChecksum(frame, 6, magic === 0)
    let to = HEADER_BYTES
    for (let at = 0; at < bytes.length; at += LZ4_BLOCK_BYTES_MAX) {
      const block = bytes.subarray(at, at + LZ4_BLOCK_BYTES_MAX)
      const end = compressLz4Block(block, frame, to + 4)
      const size = end - to - 4
      if (size < block.length) {
        writeLittleEndian32(frame, to, size)
        to = end
      } else {
        writeLittleEndian32(frame, to, block.length | STORED)
        frame.set(block, to + 4)
        to += 4 + block.length
      }
    }
    writeLittleEndian32(frame, to, 0)
    return frame.slice(0, to + 4)
  },

  decompress(bytes, magic, maxBytes) {
    const { flags, blockBytesMax, headerEnd } = readHeader(bytes)
    const broken = magic === 0
    if (!broken || formatZero === 'demand-broken') {
      if (bytes[headerEnd - 1] !== headerChecksum(bytes, headerEnd - 1, broken)) throw failure('wrong header checksum')
    }
    const sink = new ByteSink('lz4', maxBytes, 4 * bytes.length)
    let at = headerEnd
    for (;;) {
      if (at + 4 > bytes.length) throw failure('the end mark is missing')
      const word = readLittleEndian32(bytes, at)
      const size = word & ~STORED
      at += 4
      // A content checksum behind the end mark is skipped, as Kafka does.
      if (size === 0) break
      const end = at + size
      if (size > blockBytesMax) throw failure(`a block of ${size} bytes, more than ${blockBytesMax}`)
      if (end > bytes.length) throw failure('a block is cut short')
      if (word < 0) sink.push(bytes.subarray(at, end))
      else decompressLz4Block(bytes, at, end, blockBytesMax, sink)
      at = end
      if ((flags & FLAG_BLOCK_CHECKSUM) !== 0) {
        if (at + 4 > bytes.length) throw failure('a block checksum is cut short')
        if (readLittleEndian32(bytes, at) !== (xxHash32(bytes, end - size, end) | 0))
          throw failure('wrong block checksum')
        at += 4
      }
    }
    if ((flags & FLAG_CONTENT_CHECKSUM) !== 0 && at + 4 > bytes.length)
      throw failure('the content checksum is cut short')
    return sink.taken()
  },
})

/** Checks all of a frame's header but its checksum, which is its last byte. */
function readHeader(bytes: Uint8Array): { flags: number; blockBytesMax: number; headerEnd: number } {
  if (bytes.length < HEADER_BYTES) throw failure('the header is cut short')
  if (readLittleEndian32(bytes, 0) !== MAGIC) throw failure('not a frame')
  const flags = bytes[4]!
  const descriptor = bytes[5]!
  if (flags >> 6 !== 1) throw failure(`version ${flags >> 6}`)
  if ((flags & FLAG_INDEPENDENT) === 0) throw failure('blocks that depend on each other')
  const blockSizeId = descriptor >> 4
  if ((flags & 3) !== 0 || (descriptor & 0x8f) !== 0 || blockSizeId < 4) throw failure('reserved bits are set')
  const headerEnd = HEADER_BYTES + ((flags & FLAG_CONTENT_SIZE) === 0 ? 0 : 8)
  if (bytes.length < headerEnd) throw failure('the header is cut short')
  return { flags, blockBytesMax: 1 << (2 * blockSizeId + 8), headerEnd }
}

/** Second byte of the hash over the descriptor, which begins behind the magic. */
const headerChecksum = (frame: Uint8Array, end: number, broken: boolean): number =>
  (xxHash32(frame, broken ? 0 : 4, end) >>> 8) & 0xff

function writeLittleEndian32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value
  bytes[at + 1] = value >>> 8
  bytes[at + 2] = value >>> 16
  bytes[at + 3] = value >>> 24
}

const failure = (detail: string): CompressionError => new CompressionError('lz4', detail)
