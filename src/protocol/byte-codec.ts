/**
 * Kafka's primitive types in bytes (formats.md 5.1), as keys and values of internal topics and the metadata that group
 * members exchange are written: big-endian integers, strings with an int16 length, byte arrays and arrays with an int32
 * length, -1 for null. Int64 is a `number` here: values up to 2^53.
 */
import { fromUtf8, utf8 } from '../host/index.ts'

const TWO_TO_32 = 0x1_0000_0000

export class ByteWriter {
  private bytes = new Uint8Array(64)
  private length = 0

  int8(value: number): this {
    this.reserve(1)
    this.bytes[this.length++] = value
    return this
  }

  int16(value: number): this {
    return this.int8(value >> 8).int8(value)
  }

  int32(value: number): this {
    return this.int16(value >> 16).int16(value)
  }

  int64(value: number): this {
    return this.int32(Math.floor(value / TWO_TO_32)).int32(value >>> 0)
  }

  string(value: string): this {
    const bytes = utf8(value)
    return this.int16(bytes.length).raw(bytes)
  }

  nullableString(value: string | null): this {
    return value === null ? this.int16(-1) : this.string(value)
  }

  byteArray(value: Uint8Array): this {
    return this.int32(value.length).raw(value)
  }

  nullableByteArray(value: Uint8Array | null): this {
    return value === null ? this.int32(-1) : this.byteArray(value)
  }

  /** Seven bits a byte, the lowest first. */
  unsignedVarint(value: number): this {
    let rest = value >>> 0
    while (rest > 0x7f) {
      this.int8((rest & 0x7f) | 0x80)
      rest >>>= 7
    }
    return this.int8(rest)
  }

  /** With its length, and one, as an unsigned varint (KIP-482). */
  compactString(value: string): this {
    const bytes = utf8(value)
    return this.unsignedVarint(bytes.length + 1).raw(bytes)
  }

  array<T>(items: readonly T[], write: (item: T) => void): this {
    this.int32(items.length)
    for (const item of items) write(item)
    return this
  }

  private raw(value: Uint8Array): this {
    this.reserve(value.length)
    this.bytes.set(value, this.length)
    this.length += value.length
    return this
  }

  toBytes(): Uint8Array {
    return this.bytes.slice(0, this.length)
  }

  private reserve(more: number): void {
    if (this.length + more <= this.bytes.length) return
    const larger = new Uint8Array(Math.max(this.bytes.length * 2, this.length + more))
    larger.set(this.bytes)
    this.bytes = larger
  }
}

/** Bytes that end too early, or a length that cannot be. */
export class ByteCodecError extends Error {}

export class ByteReader {
  private readonly bytes: Uint8Array
  private at = 0

  constructor(bytes: Uint8Array) {
    this.bytes = bytes
  }

  get remaining(): number {
    return this.bytes.length - this.at
  }

  int8(): number {
    if (this.at >= this.bytes.length) throw new ByteCodecError('the bytes end too early')
    return (this.bytes[this.at++]! << 24) >> 24
  }

  int16(): number {
    return (this.int8() << 8) | (this.int8() & 0xff)
  }

  int32(): number {
    return (this.int16() << 16) | (this.int16() & 0xffff)
  }

  int64(): number {
    return this.int32() * TWO_TO_32 + (this.int32() >>> 0)
  }

  string(): string {
    const value = this.nullableString()
    if (value === null) throw new ByteCodecError('null where a string must be')
    return value
  }

  nullableString(): string | null {
    const length = this.int16()
    return length < 0 ? null : fromUtf8(this.raw(length))
  }

  byteArray(): Uint8Array {
    const value = this.nullableByteArray()
    if (value === null) throw new ByteCodecError('null where bytes must be')
    return value
  }

  nullableByteArray(): Uint8Array | null {
    const length = this.int32()
    return length < 0 ? null : this.raw(length)
  }

  unsignedVarint(): number {
    let value = 0
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.int8() & 0xff
      value |= (byte & 0x7f) << shift
      if (byte < 0x80) return value >>> 0
    }
    throw new ByteCodecError('a varint without an end')
  }

  compactString(): string {
    const length = this.unsignedVarint() - 1
    if (length < 0) throw new ByteCodecError('null where a string must be')
    return fromUtf8(this.raw(length))
  }

  /** Tagged fields that nobody wants to know (KIP-482). */
  skipTaggedFields(): void {
    for (let left = this.unsignedVarint(); left > 0; left--) {
      this.unsignedVarint()
      this.raw(this.unsignedVarint())
    }
  }

  array<T>(read: () => T): T[] {
    const length = this.int32()
    const items: T[] = []
    for (let i = 0; i < length; i++) items.push(read())
    return items
  }

  private raw(length: number): Uint8Array {
    if (length > this.remaining) throw new ByteCodecError('the bytes end too early')
    const part = this.bytes.slice(this.at, this.at + length)
    this.at += length
    return part
  }
}
