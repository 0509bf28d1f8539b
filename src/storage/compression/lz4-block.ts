/**
 * LZ4 blocks (lz4/lz4, doc/lz4_Block_format.md): tokens of literals and matches. The encoder makes the choices of
 * `LZ4_compress_default` for blocks below 64 KiB, and so the bytes of lz4-java on top of it. Our own because the packages
 * that are at once pure, synchronous and made of blocks either break the rule of the last twelve bytes (lz4js) or hide
 * the block behind a frame that Kafka's Java reader refuses.
 */
import type { ByteSink } from './byte-sink.ts'
import { CompressionError } from './codec.ts'
import { readLittleEndian32 } from './xxhash32.ts'

/** Largest input of `compressLz4Block`: positions are kept in 16 bits. */
export const LZ4_BLOCK_BYTES_MAX = 65_536

const MIN_MATCH = 4
/** A match begins at least so many bytes before the end. */
const MATCH_FIND_LIMIT = 12
/** The last bytes are literals. */
const LAST_LITERALS = 5
/** Bytes after the literals of any sequence but the last: a match offset, a token, the last literals. */
const SEQUENCE_TAIL = 2 + 1 + LAST_LITERALS
const HASH_BITS = 13
const SKIP_TRIGGER = 6
const NIBBLE_MAX = 15

/** Used within one call, so all callers can share it. */
const hashTable = new Uint16Array(1 << HASH_BITS)

const hashAt = (bytes: Uint8Array, at: number): number =>
  Math.imul(readLittleEndian32(bytes, at), 0x9e3779b1) >>> (32 - HASH_BITS)

/** Room that the output of `compressLz4Block` needs at most. */
export const lz4BlockBound = (inputBytes: number): number => inputBytes + Math.ceil(inputBytes / 255) + 16

/** Compresses `input` into `output` from `start` on; returns where it ends. */
export function compressLz4Block(input: Uint8Array, output: Uint8Array, start: number): number {
  const matchStartLimit = input.length - MATCH_FIND_LIMIT + 1
  const matchEndLimit = input.length - LAST_LITERALS
  let to = start
  let anchor = 0
  if (input.length > MATCH_FIND_LIMIT) {
    hashTable.fill(0)
    let at = 1
    search: for (;;) {
      let match: number
      let next = at
      let step = 1
      let attempts = 1 << SKIP_TRIGGER
      do {
        at = next
        next += step
        step = attempts++ >> SKIP_TRIGGER
        if (next > matchStartLimit) break search
        const slot = hashAt(input, at)
        match = hashTable[slot]!
        hashTable[slot] = at
      } while (readLittleEndian32(input, match) !== readLittleEndian32(input, at))
      while (at > anchor && match > 0 && input[at - 1] === input[match - 1]) {
        at--
        match--
      }
      let token = to
      to = writeLiterals(input, anchor, at, output, to)
      for (;;) {
        output[to++] = at - match
        output[to++] = (at - match) >> 8
        const matchedFrom = at + MIN_MATCH
        at = matchedFrom
        match += MIN_MATCH
        while (at < matchEndLimit && input[at] === input[match]) {
          at++
          match++
        }
        const length = at - matchedFrom
        if (length >= NIBBLE_MAX) {
          output[token]! |= NIBBLE_MAX
          to = writeLength(output, to, length - NIBBLE_MAX)
        } else {
          output[token]! |= length
        }
        anchor = at
        if (at >= matchStartLimit) break search
        hashTable[hashAt(input, at - 2)] = at - 2
        const slot = hashAt(input, at)
        match = hashTable[slot]!
        hashTable[slot] = at
        if (readLittleEndian32(input, match) !== readLittleEndian32(input, at)) break
        token = to++
        output[token] = 0
      }
      at++
    }
  }
  return writeLiterals(input, anchor, input.length, output, to)
}

/** A token with its literals; the match nibble is left zero. */
function writeLiterals(input: Uint8Array, from: number, end: number, output: Uint8Array, start: number): number {
  const count = end - from
  let to = start
  if (count >= NIBBLE_MAX) {
    output[to++] = NIBBLE_MAX << 4
    to = writeLength(output, to, count - NIBBLE_MAX)
  } else {
    output[to++] = count << 4
  }
  output.set(input.subarray(from, end), to)
  return to + count
}

function writeLength(output: Uint8Array, start: number, length: number): number {
  let to = start
  let left = length
  for (; left >= 255; left -= 255) output[to++] = 255
  output[to++] = left
  return to
}

/**
 * Reads the block `input[from, end)` as `LZ4_decompress_safe` does with room for `maxBytes`.
 * @throws CompressionError
 */
export function decompressLz4Block(
  input: Uint8Array,
  from: number,
  end: number,
  maxBytes: number,
  sink: ByteSink,
): void {
  const start = sink.length
  const outEnd = start + maxBytes
  let out = sink.bytes
  let at = from
  let to = start
  for (;;) {
    if (at >= end) throw broken('a block ends without literals')
    const token = input[at++]!
    let literals = token >> 4
    if (literals === NIBBLE_MAX) {
      let byte: number
      do {
        if (at >= end) throw broken('a length is cut short')
        byte = input[at++]!
        literals += byte
      } while (byte === 255)
    }
    const literalEnd = to + literals
    const isLast = literalEnd > outEnd - MATCH_FIND_LIMIT || at + literals > end - SEQUENCE_TAIL
    if (isLast && (at + literals !== end || literalEnd > outEnd)) throw broken('the last literals do not end the block')
    if (literalEnd > out.length) out = grown(sink, to, literals)
    if (isLast) {
      out.set(input.subarray(at, end), to)
      sink.length = literalEnd
      return
    }
    for (let i = 0; i < literals; i++) out[to++] = input[at++]!
    const offset = input[at]! | (input[at + 1]! << 8)
    at += 2
    if (offset === 0 || offset > to - start) throw broken('a match reaches before the block')
    let length = token & NIBBLE_MAX
    if (length === NIBBLE_MAX) {
      let byte: number
      do {
        if (at > end - LAST_LITERALS) throw broken('a length is cut short')
        byte = input[at++]!
        length += byte
      } while (byte === 255)
    }
    length += MIN_MATCH
    if (to + length > outEnd - LAST_LITERALS) throw broken('a match is too long')
    if (to + length > out.length) out = grown(sink, to, length)
    for (const matchEnd = to + length; to < matchEnd; to++) out[to] = out[to - offset]!
  }
}

function grown(sink: ByteSink, filledTo: number, count: number): Uint8Array {
  sink.length = filledTo
  sink.reserve(count)
  return sink.bytes
}

const broken = (detail: string): CompressionError => new CompressionError('lz4', detail)
