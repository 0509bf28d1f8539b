/**
 * Varints of record format 2 (formats.md 1.5; `ByteUtils.java` of kafka-clients): zigzag, then seven bits a byte, low ones
 * first. An int32 takes five bytes at most, an int64 ten. The reader is an object, so that a walk over many records
 * makes none.
 */
import { InvalidRecordError } from '../errors.ts'

const VARINT_BYTES_MAX = 5
const VARLONG_BYTES_MAX = 10
/** |n| below this fits the 32-bit way. */
const SMALL = 0x4000_0000

/** Bytes that `writeVarint` takes for an int32. */
export function sizeOfVarint(value: number): number {
  let left = ((value << 1) ^ (value >> 31)) >>> 0
  let size = 1
  while (left > 0x7f) {
    left >>>= 7
    size++
  }
  return size
}

/** Bytes that `writeVarlong` takes for an integer of up to 2^53. */
export function sizeOfVarlong(value: number): number {
  if (value > -SMALL && value < SMALL) return sizeOfVarint(value)
  // Zigzag of n is 2n, and of -n-1 it is 2n+1: six bits of n fit the first byte.
  const magnitude = value < 0 ? -value - 1 : value
  let size = 1
  for (let left = Math.floor(magnitude / 64); left >= 1; left = Math.floor(left / 128)) size++
  return size
}

/** Writes an int32; returns where it ends. */
export function writeVarint(bytes: Uint8Array, start: number, value: number): number {
  let left = ((value << 1) ^ (value >> 31)) >>> 0
  let at = start
  while (left > 0x7f) {
    bytes[at++] = (left & 0x7f) | 0x80
    left >>>= 7
  }
  bytes[at++] = left
  return at
}

/** Writes an integer of up to 2^53 as an int64; returns where it ends. */
export function writeVarlong(bytes: Uint8Array, start: number, value: number): number {
  if (value > -SMALL && value < SMALL) return writeVarint(bytes, start, value)
  const low = value | 0
  const high = Math.floor(value / 0x1_0000_0000) | 0
  const sign = high >> 31
  let zigzagLow = (low << 1) ^ sign
  let zigzagHigh = ((high << 1) | (low >>> 31)) ^ sign
  let at = start
  while (zigzagHigh !== 0 || zigzagLow >>> 0 > 0x7f) {
    bytes[at++] = (zigzagLow & 0x7f) | 0x80
    zigzagLow = (zigzagLow >>> 7) | (zigzagHigh << 25)
    zigzagHigh >>>= 7
  }
  bytes[at++] = zigzagLow
  return at
}

/** Reads varints one after another, up to an end. */
export class VarintReader {
  bytes: Uint8Array
  /** Where the next one begins. */
  at: number
  /** Nothing is read from here on. */
  end: number

  constructor(bytes: Uint8Array, from: number, end: number) {
    this.bytes = bytes
    this.at = from
    this.end = end
  }

  /** @throws InvalidRecordError */
  varint(): number {
    const first = this.byte()
    if (first < 0x80) return (first >>> 1) ^ -(first & 1)
    let value = first & 0x7f
    for (let i = 1; i < VARINT_BYTES_MAX; i++) {
      const byte = this.byte()
      value |= (byte & 0x7f) << (7 * i)
      if (byte < 0x80) return (value >>> 1) ^ -(value & 1)
    }
    throw new InvalidRecordError(`a varint of more than ${VARINT_BYTES_MAX} bytes ends at byte ${this.at}`)
  }

  /** Values beyond 2^53 lose their low bits. @throws InvalidRecordError */
  varlong(): number {
    let low = 0
    let high = 0
    for (let i = 0; i < VARLONG_BYTES_MAX; i++) {
      const byte = this.byte()
      const bits = byte & 0x7f
      const shift = 7 * i
      // The fifth byte lies across the two words.
      if (i < 5) low |= bits << shift
      if (i === 4) high = bits >>> 4
      else if (i > 4) high |= bits << (shift - 32)
      if (byte < 0x80) {
        const sign = -(low & 1)
        const zigzagLow = ((low >>> 1) | (high << 31)) ^ sign
        const zigzagHigh = (high >>> 1) ^ sign
        return zigzagHigh * 0x1_0000_0000 + (zigzagLow >>> 0)
      }
    }
    throw new InvalidRecordError(`a varlong of more than ${VARLONG_BYTES_MAX} bytes ends at byte ${this.at}`)
  }

  /** Passes over `count` bytes; returns where they begin. @throws InvalidRecordError */
  skip(count: number): number {
    const from = this.at
    if (count > this.end - from) {
      throw new InvalidRecordError(`${count} bytes at byte ${from}, where ${this.end - from} are left`)
    }
    this.at = from + count
    return from
  }

  byte(): number {
    if (this.at >= this.end) throw new InvalidRecordError(`a record is cut short at byte ${this.at}`)
    return this.bytes[this.at++]!
  }
}
