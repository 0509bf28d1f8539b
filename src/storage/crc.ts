/// <reference path="./untyped-packages.d.ts" />
/**
 * Checksums of messages: CRC-32 (zlib's polynomial) in formats 0 and 1, CRC-32C (Castagnoli's) in format 2. The only file
 * that knows where they come from.
 */
import ieee from 'crc-32'
import castagnoli from 'crc-32/crc32c.js'

/** Unsigned. `before`: the sum of the bytes in front of these, where a row is summed piece by piece. */
export const crc32 = (bytes: Uint8Array, before = 0): number => ieee.buf(bytes, before) >>> 0

/** Unsigned; `before` as in `crc32`. */
export const crc32c = (bytes: Uint8Array, before = 0): number => castagnoli.buf(bytes, before) >>> 0
