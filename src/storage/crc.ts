/** CRC-32 (zlib's polynomial) of messages in formats 0 and 1. The only file that knows where it comes from. */
import implementation from 'crc-32'

/** Unsigned. */
export const crc32 = (bytes: Uint8Array): number => implementation.buf(bytes) >>> 0
