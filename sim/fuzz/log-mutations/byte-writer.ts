/** Bytes that grow as fields are written behind one another, big-endian. */
export class ByteWriter {
  private buffer = new Uint8Array(256)
  length = 0

  int16(value: number): void {
    const at = this.room(2)
    this.buffer[at] = value >> 8
    this.buffer[at + 1] = value
  }

  int32(value: number): void {
    const at = this.room(4)
    for (let i = 0; i < 4; i++) this.buffer[at + i] = value >> (24 - 8 * i)
  }

  int64(value: number): void {
    this.int32(Math.floor(value / 0x1_0000_0000))
    this.int32(value | 0)
  }

  bytes(bytes: Uint8Array): void {
    // Making room may replace the buffer.
    const at = this.room(bytes.length)
    this.buffer.set(bytes, at)
  }

  taken(): Uint8Array {
    return this.buffer.slice(0, this.length)
  }

  private room(count: number): number {
    const at = this.length
    this.length += count
    if (this.length > this.buffer.length) {
      const larger = new Uint8Array(Math.max(this.length, 2 * this.buffer.length))
      larger.set(this.buffer)
      this.buffer = larger
    }
    return at
  }
}
