import { crc32 as zlibCrc32 } from 'node:zlib'
import castagnoli from 'crc-32/crc32c.js'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { crc32, crc32c } from '../../../src/storage/crc.ts'

describe('checksums', () => {
  it('have the check values of their definitions', () => {
    const digits = Uint8Array.from('123456789', (digit) => digit.charCodeAt(0))
    expect(crc32(digits)).toBe(0xcbf4_3926)
    expect(crc32c(digits)).toBe(0xe306_9283)
  })

  it('are those of zlib and of the Castagnoli package, at any length, place and beginning', () => {
    const bytes = Uint8Array.from({ length: 5000 }, (_, i) => (i * i * 7919) >> 5)
    fc.assert(
      fc.property(fc.nat(3000), fc.nat(2000), fc.nat(0xffff_ffff), (from, length, before) => {
        const part = bytes.subarray(from, from + length)
        expect(crc32(part, before)).toBe(zlibCrc32(part, before))
        expect(crc32c(part, before)).toBe(castagnoli.buf(part, before) >>> 0)
      }),
      { numRuns: 1000 },
    )
  })

  it('can be taken piece by piece', () => {
    const bytes = Uint8Array.from({ length: 3000 }, (_, i) => i * 31)
    expect(crc32c(bytes.subarray(1111), crc32c(bytes.subarray(0, 1111)))).toBe(crc32c(bytes))
  })
})
