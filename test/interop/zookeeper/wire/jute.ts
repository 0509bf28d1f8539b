/**
 * Jute, the record format of ZooKeeper's wire protocol: big-endian integers, booleans of one byte, buffers and strings
 * with a 32-bit length (-1 for null), vectors with a 32-bit count. A frame is a 32-bit length and that many bytes.
 */

export class JuteWriter {
  private readonly parts: Buffer[] = []

  int(value: number): this {
    const bytes = Buffer.allocUnsafe(4)
    bytes.writeInt32BE(value)
    return this.append(bytes)
  }

  long(value: bigint): this {
    const bytes = Buffer.allocUnsafe(8)
    bytes.writeBigInt64BE(value)
    return this.append(bytes)
  }

  boolean(value: boolean): this {
    return this.append(Buffer.of(value ? 1 : 0))
  }

  buffer(value: Uint8Array): this {
    this.int(value.length)
    return this.append(Buffer.from(value))
  }

  string(value: string): this {
    return this.buffer(Buffer.from(value, 'utf8'))
  }

  vector<T>(items: readonly T[], write: (item: T) => void): this {
    this.int(items.length)
    for (const item of items) write(item)
    return this
  }

  /** Everything written, as one frame. */
  frame(): Buffer {
    const payload = Buffer.concat(this.parts)
    const length = Buffer.allocUnsafe(4)
    length.writeInt32BE(payload.length)
    return Buffer.concat([length, payload])
  }

  private append(bytes: Buffer): this {
    this.parts.push(bytes)
    return this
  }
}

/** Reads one payload. Running over its end throws Node's RangeError. */
export class JuteReader {
  private readonly bytes: Buffer
  private position = 0

  constructor(bytes: Buffer) {
    this.bytes = bytes
  }

  get remaining(): number {
    return this.bytes.length - this.position
  }

  int(): number {
    const value = this.bytes.readInt32BE(this.position)
    this.position += 4
    return value
  }

  long(): bigint {
    const value = this.bytes.readBigInt64BE(this.position)
    this.position += 8
    return value
  }

  boolean(): boolean {
    const value = this.bytes.readUInt8(this.position)
    this.position += 1
    return value !== 0
  }

  /** A null buffer is read as an empty one. */
  buffer(): Buffer {
    const length = Math.max(0, this.int())
    if (length > this.remaining) throw new RangeError(`a buffer of ${length} bytes where ${this.remaining} are left`)
    const value = this.bytes.subarray(this.position, this.position + length)
    this.position += length
    return value
  }

  string(): string {
    return this.buffer().toString('utf8')
  }

  vector<T>(read: () => T): T[] {
    const count = Math.max(0, this.int())
    return Array.from({ length: count }, read)
  }
}

/** Cuts a stream of bytes into the payloads of its frames. */
export class FrameSplitter {
  private pending: Buffer = Buffer.alloc(0)

  push(bytes: Buffer): Buffer[] {
    this.pending = this.pending.length === 0 ? bytes : Buffer.concat([this.pending, bytes])
    const payloads: Buffer[] = []
    while (this.pending.length >= 4) {
      const end = 4 + this.pending.readInt32BE(0)
      if (this.pending.length < end) break
      payloads.push(this.pending.subarray(4, end))
      this.pending = this.pending.subarray(end)
    }
    return payloads
  }
}
