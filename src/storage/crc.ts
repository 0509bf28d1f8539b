/// <reference path="./untyped-packages.d.ts" />
/**
 * Checksums of messages: CRC-32 (zlib's polynomial) in formats 0 and 1, CRC-32C (Castagnoli's) in format 2. The only file
 * that knows where they come from: a module of our own where the engine can run it, a package elsewhere.
 */
import ieee from 'crc-32'
import castagnoli from 'crc-32/crc32c.js'
import { type WasmChecksums, wasmChecksums } from './checksum/crc-module.ts'

/** Made at the first input that is worth it; false where the engine cannot run it. */
let module: WasmChecksums | false | undefined
let borrowed: Uint8Array | undefined

/** Below, the way into the module costs more than it saves. */
const WORTH_IT_BYTES = 64
/** Bytes that can be borrowed to read files into. */
const WINDOW_BYTES = 262_144
/** Sets up to this size are copied to where they can be summed in place. */
const COPY_BYTES = 262_144

/**
 * Of `bytes[from, to)`, unsigned. `before`: the sum of the bytes in front of these, where a row is summed piece by piece.
 */
export function crc32(bytes: Uint8Array, before = 0, from = 0, to = bytes.length): number {
  if (to - from >= WORTH_IT_BYTES && (module ??= made()) !== false) return module.crc32(bytes, before, from, to)
  return ieee.buf(bytes.subarray(from, to), before) >>> 0
}

/** Castagnoli's, as `crc32`. */
export function crc32c(bytes: Uint8Array, before = 0, from = 0, to = bytes.length): number {
  if (to - from >= WORTH_IT_BYTES && (module ??= made()) !== false) return module.crc32c(bytes, before, from, to)
  return castagnoli.buf(bytes.subarray(from, to), before) >>> 0
}

/**
 * Lends memory where bytes are summed without being copied first, such as a window of a file: to one borrower at a time.
 * @returns undefined if it is lent out, too small, or not to be had
 */
export function borrowWindow(length: number): Uint8Array | undefined {
  if (borrowed !== undefined || length > WINDOW_BYTES || (module ??= made()) === false) return undefined
  borrowed = module.memory.subarray(0, length)
  return borrowed
}

/** Takes it back; nothing happens to any other memory. */
export function returnWindow(window: Uint8Array): void {
  if (window === borrowed) borrowed = undefined
}

/** A copy that is good until the next one is made, in memory where it can be summed without being copied once more. */
export function workingCopy(bytes: Uint8Array): Uint8Array {
  if (bytes.length > COPY_BYTES || (module ??= made()) === false) return Uint8Array.from(bytes)
  const copy = module.memory.subarray(WINDOW_BYTES, WINDOW_BYTES + bytes.length)
  copy.set(bytes)
  return copy
}

const made = () => wasmChecksums(WINDOW_BYTES + COPY_BYTES) ?? false
