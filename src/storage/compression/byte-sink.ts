/** Output of a decompressor: grows by doubling, up to a limit that ends it. */
import { type CompressionType, DecompressedTooLargeError } from './codec.ts'

export class ByteSink {
  /** Valid up to `length`; replaced by `reserve` when it must grow. */
  bytes: Uint8Array
  length = 0
  private readonly codec: CompressionType
  private readonly maxBytes: number

  constructor(codec: CompressionType, maxBytes: number, expectedBytes: number) {
    this.codec = codec
    this.maxBytes = maxBytes
    this.bytes = new Uint8Array(Math.min(maxBytes, Math.max(64, expectedBytes)))
  }

  /**
   * Makes room for `count` more bytes.
   * @throws CompressionError if that is more than may come out
   */
  reserve(count: number): void {
    const needed = this.length + count
    if (needed > this.maxBytes) throw new DecompressedTooLargeError(this.codec, this.maxBytes)
    if (needed <= this.bytes.length) return
    const larger = new Uint8Array(Math.min(this.maxBytes, Math.max(needed, 2 * this.bytes.length)))
    larger.set(this.bytes.subarray(0, this.length))
    this.bytes = larger
  }

  push(chunk: Uint8Array): void {
    this.reserve(chunk.length)
    this.bytes.set(chunk, this.length)
    this.length += chunk.length
  }

  /** What has come out. */
  taken(): Uint8Array {
    return this.bytes.subarray(0, this.length)
  }
}
