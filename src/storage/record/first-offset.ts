/** Offset of the first record of an entry, which for a wrapper means to open it. */
import { readInt64 } from '../big-endian.ts'
import { CompressionError } from '../compression/codec.ts'
import type { CodecRegistry } from '../compression/registry.ts'
import { LogError } from '../errors.ts'
import { Batch } from './batch.ts'
import { codecIdAt, isBatch } from './entry.ts'

/** Undefined if the entry is a wrapper that cannot be opened. */
export function firstOffsetAt(bytes: Uint8Array, at: number, end: number, codecs: CodecRegistry): number | undefined {
  if (isBatch(bytes, at) || codecIdAt(bytes, at) === 0) return readInt64(bytes, at)
  try {
    return new Batch(bytes, at, end).records({ codecs })[0]!.offset
  } catch (error) {
    if (error instanceof CompressionError || error instanceof LogError) return undefined
    throw error
  }
}
