import ieee from 'crc-32'
import castagnoli from 'crc-32/crc32c.js'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { utf8 } from '../../../src/host/index.ts'
import { borrowWindow, crc32, crc32c, returnWindow, workingCopy } from '../../../src/storage/crc.ts'

/** Bytes that a test can name by two numbers. */
function bytesOf(length: number, seed: number): Uint8Array {
  const bytes = new Uint8Array(length)
  for (let i = 0, x = seed | 1; i < length; i++) {
    x = (Math.imul(x, 1_103_515_245) + 12_345) >>> 0
    bytes[i] = x >>> 16
  }
  return bytes
}

const lengths = fc.oneof(
  fc.nat(200),
  fc.nat(12_000),
  // Around the sizes at which another way of summing begins.
  fc.constantFrom(
    63,
    64,
    255,
    256,
    257,
    383,
    384,
    385,
    6959,
    6960,
    6961,
    10_415,
    10_416,
    10_417,
    65_535,
    65_536,
    65_537,
    131_072,
    150_001,
  ),
)

describe('checksums', () => {
  test('have the values that everybody has for "123456789"', () => {
    expect(crc32(utf8('123456789')).toString(16)).toBe('cbf43926')
    expect(crc32c(utf8('123456789')).toString(16)).toBe('e3069283')
  })

  test('are those of another implementation, for inputs of any length, whole or in two pieces', () => {
    fc.assert(
      fc.property(lengths, fc.nat(), fc.double({ min: 0, max: 1, noNaN: true }), (length, seed, part) => {
        const bytes = bytesOf(length, seed)
        const cut = Math.floor(part * length)
        for (const [own, other] of [
          [crc32, ieee],
          [crc32c, castagnoli],
        ] as const) {
          const expected = other.buf(bytes) >>> 0
          expect(own(bytes)).toBe(expected)
          expect(own(bytes.subarray(cut), own(bytes.subarray(0, cut)))).toBe(expected)
        }
      }),
      { numRuns: 400 },
    )
  })

  test('change with any bit', () => {
    const bytes = bytesOf(16_384, 5)
    const [before32, before32c] = [crc32(bytes), crc32c(bytes)]
    for (let place = 0; place < bytes.length; place += 97) {
      bytes[place]! ^= 1 << (place % 8)
      expect(crc32(bytes)).not.toBe(before32)
      expect(crc32c(bytes)).not.toBe(before32c)
      bytes[place]! ^= 1 << (place % 8)
    }
  })

  test('are the same where bytes lie in memory that was borrowed, or in the working copy, from any place on', () => {
    fc.assert(
      fc.property(lengths, fc.nat(), fc.double({ min: 0, max: 1, noNaN: true }), (length, seed, part) => {
        const bytes = bytesOf(length, seed)
        const from = Math.floor(part * length)
        const window = borrowWindow(length)!
        try {
          window.set(bytes)
          const copy = workingCopy(bytes)
          expect(Buffer.compare(copy, bytes)).toBe(0)
          for (const sum of [crc32, crc32c]) {
            const expected = sum(bytes.slice(from))
            expect(sum(bytes, 0, from, length)).toBe(expected)
            expect(sum(window, 0, from, length)).toBe(expected)
            expect(sum(copy, 0, from, length)).toBe(expected)
          }
          expect(Buffer.compare(window, bytes)).toBe(0)
        } finally {
          returnWindow(window)
        }
      }),
      { numRuns: 200 },
    )
  })

  test('are taken in memory that is lent to one borrower at a time, and not beyond its size', () => {
    const window = borrowWindow(1000)!
    expect(borrowWindow(1000)).toBeUndefined()
    returnWindow(new Uint8Array(1000))
    expect(borrowWindow(1000)).toBeUndefined()
    returnWindow(window)
    expect(borrowWindow(1 << 30)).toBeUndefined()
    const again = borrowWindow(10)!
    expect(again).toHaveLength(10)
    returnWindow(again)
  })

  test('leave alone what was copied: a set too large for the working copy gets memory of its own', () => {
    const large = bytesOf(300_000, 3)
    const copy = workingCopy(large)
    workingCopy(bytesOf(300_000, 4))
    expect(Buffer.compare(copy, large)).toBe(0)
    copy[0]! ^= 1
    expect(Buffer.compare(copy, large)).not.toBe(0)
  })
})
