/// <reference path="../untyped-packages.d.ts" />
/**
 * snappy in the framing of snappy-java ("xerial", formats.md 4.3): a magic, two versions, then chunks, each an int32
 * length and a raw block of at most 32 KiB of input. C clients write one raw block without framing; readers take both.
 */
import { compress as compressBlock } from 'snappyjs'
import { readInt32, writeInt32 } from '../big-endian.ts'
import { ByteSink } from './byte-sink.ts'
import { type Codec, CompressionError, CompressionId } from './codec.ts'
import { readSnappyBlock } from './snappy-block.ts'

/** `82 "SNAPPY" 00`, version 1, readable by version 1. */
const HEADER = Uint8Array.of(0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0, 0, 0, 0, 1, 0, 0, 0, 1)
const MAGIC_BYTES = 8
/** The reader does not look at the second version. */
const VERSION_MIN = 1
const CHUNK_BYTES = 32_768

export const snappy: Codec = {
  id: CompressionId.snappy,
  name: 'snappy',

  compress(bytes) {
    const blocks: Uint8Array[] = []
    let size = HEADER.length
    for (let at = 0; at < bytes.length; at += CHUNK_BYTES) {
      const block = compressBlock(bytes.subarray(at, at + CHUNK_BYTES))
      blocks.push(block)
      size += 4 + block.length
    }
    const framed = new Uint8Array(size)
    framed.set(HEADER)
    let at = HEADER.length
    for (const block of blocks) {
      writeInt32(framed, at, block.length)
      framed.set(block, at + 4)
      at += 4 + block.length
    }
    return framed
  },

  decompress(bytes, _magic, maxBytes) {
    const sink = new ByteSink('snappy', maxBytes, 4 * bytes.length)
    if (isFramed(bytes)) readChunks(bytes, sink)
    else readSnappyBlock(bytes, sink)
    return sink.taken()
  },
}

function isFramed(bytes: Uint8Array): boolean {
  for (let i = 0; i < MAGIC_BYTES; i++) if (bytes[i] !== HEADER[i]) return false
  return true
}

function readChunks(bytes: Uint8Array, sink: ByteSink): void {
  if (bytes.length < HEADER.length) throw new CompressionError('snappy', 'the header is cut short')
  const version = readInt32(bytes, MAGIC_BYTES)
  if (version < VERSION_MIN) throw new CompressionError('snappy', `framing of version ${version}`)
  let at = HEADER.length
  while (at < bytes.length) {
    const size = at + 4 <= bytes.length ? readInt32(bytes, at) : -1
    const end = at + 4 + size
    if (size < 0 || end > bytes.length) throw new CompressionError('snappy', `the chunk at byte ${at} is cut short`)
    readSnappyBlock(bytes.subarray(at + 4, end), sink)
    at = end
  }
}
