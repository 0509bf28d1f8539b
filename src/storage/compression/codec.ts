/**
 * What a compression codec is to the storage engine: bytes in, bytes out, at once, the same everywhere. Compressed bytes
 * are part of the trace, so a simulated run uses exactly one encoder a codec, and that one runs in Node and browser alike.
 * The numbers stand in the attributes of all message formats (formats.md 4.1).
 */
export const CompressionId = { none: 0, gzip: 1, snappy: 2, lz4: 3, zstd: 4 } as const

export type CompressionType = keyof typeof CompressionId

const names: readonly CompressionType[] = ['none', 'gzip', 'snappy', 'lz4', 'zstd']

/** `gzip` for 1; undefined for a number without a codec. */
export const compressionName = (id: number): CompressionType | undefined => names[id]

export interface Codec {
  readonly id: number
  readonly name: CompressionType
  /** @param magic message format of the batch (lz4 frames differ) */
  compress(bytes: Uint8Array, magic: number): Uint8Array
  /**
   * @param maxBytes how much may come out; memory is taken as output comes, never on the word of a header
   * @throws CompressionError broken input, or more than `maxBytes`
   */
  decompress(bytes: Uint8Array, magic: number, maxBytes: number): Uint8Array
}

/** Input of a decompressor that is no output of any compressor, or is a bomb. */
export class CompressionError extends Error {
  readonly codec: CompressionType
  constructor(codec: CompressionType, detail: string) {
    super(`${codec}: ${detail}`)
    this.name = 'CompressionError'
    this.codec = codec
  }
}

/** More would come out than the caller allows: a large batch, or a bomb. */
export class DecompressedTooLargeError extends CompressionError {
  constructor(codec: CompressionType, maxBytes: number) {
    super(codec, `more than ${maxBytes} bytes come out`)
    this.name = 'DecompressedTooLargeError'
  }
}

/** What comes out of one batch at most unless a caller says otherwise. Kafka knows no limit. */
export const DECOMPRESSED_BYTES_MAX = 128 * 1024 * 1024
