/// <reference path="./untyped-packages.d.ts" />
/**
 * Checksums of messages: CRC-32 (zlib's polynomial) in formats 0 and 1, CRC-32C (Castagnoli's) in format 2. The only file
 * that knows where they come from: a module of our own where the engine can run it, a package elsewhere.
 */
import ieee from 'crc-32'
import castagnoli from 'crc-32/crc32c.js'
import { type Checksum, wasmChecksums } from './checksum/crc-module.ts'

/** Made at the first input that is worth it; false where the engine cannot run it. */
let module: { readonly crc32: Checksum; readonly crc32c: Checksum } | false | undefined

/** Below, the way into the module costs more than it saves. */
const WORTH_IT_BYTES = 64

/** Unsigned. `before`: the sum of the bytes in front of these, where a row is summed piece by piece. */
export function crc32(bytes: Uint8Array, before = 0): number {
  if (bytes.length >= WORTH_IT_BYTES && (module ??= made()) !== false) return module.crc32(bytes, before)
  return ieee.buf(bytes, before) >>> 0
}

/** Unsigned; `before` as in `crc32`. */
export function crc32c(bytes: Uint8Array, before = 0): number {
  if (bytes.length >= WORTH_IT_BYTES && (module ??= made()) !== false) return module.crc32c(bytes, before)
  return castagnoli.buf(bytes, before) >>> 0
}

const made = () => wasmChecksums() ?? false
