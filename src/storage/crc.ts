/// <reference path="./untyped-packages.d.ts" />
/**
 * Checksums of messages: CRC-32 (zlib's polynomial) in formats 0 and 1, CRC-32C (Castagnoli's) in format 2. The only file
 * that knows where they come from.
 */
import ieee from 'crc-32'
import castagnoli from 'crc-32/crc32c.js'

/** Unsigned. */
export const crc32 = (bytes: Uint8Array): number => ieee.buf(bytes) >>> 0

/** Unsigned. */
export const crc32c = (bytes: Uint8Array): number => castagnoli.buf(bytes) >>> 0
