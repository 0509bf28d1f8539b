/**
 * Reader of one raw snappy block (google/snappy, format_description.txt): the length, then literals and copies.
 * Our own because snappyjs takes blocks that end early for whole ones.
 */
import type { ByteSink } from './byte-sink.ts'
import { CompressionError } from './codec.ts'

/** Three bytes of input are 64 bytes of output at most. */
const EXPANSION_MAX = 22

/** @throws CompressionError */
export function readSnappyBlock(block: Uint8Array, sink: ByteSink): void {
  let at = 0
  let length = 0
  for (let shift = 0; ; shift += 7) {
    if (at >= block.length || shift > 28) throw broken('its length is cut short')
    const byte = block[at++]!
    length += (byte & 0x7f) * 2 ** shift
    if (byte < 0x80) break
  }
  if (length > EXPANSION_MAX * block.length) throw broken(`${length} bytes cannot come out of ${block.length}`)
  sink.reserve(length)
  const out = sink.bytes
  const start = sink.length
  const end = start + length
  let to = start
  while (at < block.length) {
    const tag = block[at++]!
    const kind = tag & 3
    if (kind === 0) {
      let count = (tag >> 2) + 1
      if (count > 60) {
        const width = count - 60
        if (at + width > block.length) throw broken('a literal is cut short')
        count = 1
        for (let i = 0; i < width; i++) count += block[at + i]! * 2 ** (8 * i)
        at += width
      }
      if (at + count > block.length || to + count > end) throw broken('a literal is too long')
      for (let i = 0; i < count; i++) out[to++] = block[at++]!
      continue
    }
    const width = kind === 3 ? 4 : kind
    if (at + width > block.length) throw broken('a copy is cut short')
    const count = kind === 1 ? ((tag >> 2) & 7) + 4 : (tag >> 2) + 1
    let offset = kind === 1 ? (tag >> 5) * 256 + block[at]! : block[at]! + block[at + 1]! * 256
    if (kind === 3) offset += block[at + 2]! * 0x1_0000 + block[at + 3]! * 0x100_0000
    at += width
    if (offset === 0 || offset > to - start) throw broken('a copy reaches before the start')
    if (to + count > end) throw broken('a copy is too long')
    for (let i = 0; i < count; i++, to++) out[to] = out[to - offset]!
  }
  if (to !== end) throw broken(`${to - start} bytes came out, not ${length}`)
  sink.length = end
}

const broken = (detail: string): CompressionError => new CompressionError('snappy', detail)
