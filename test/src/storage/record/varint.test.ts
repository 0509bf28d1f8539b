import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { InvalidRecordError } from '../../../../src/storage/errors.ts'
import {
  sizeOfVarint,
  sizeOfVarlong,
  VarintReader,
  writeVarint,
  writeVarlong,
} from '../../../../src/storage/record/varint.ts'
import vectors from '../../../fixtures/kafka-vectors.json' with { type: 'json' }
import { bytesToHex, hexToBytes } from '../support.ts'

const int32 = fc.integer({ min: -0x8000_0000, max: 0x7fff_ffff })
const int54 = fc.oneof(
  fc.maxSafeInteger(),
  int32,
  // Near powers of two, where the number of bytes changes.
  fc.tuple(fc.nat(52), fc.integer({ min: -2, max: 2 }), fc.boolean()).map(([power, by, negative]) => {
    const magnitude = Math.min(2 ** power + by, Number.MAX_SAFE_INTEGER)
    return negative ? 0 - magnitude : magnitude
  }),
)

/** The definition, in integers of any size. */
function reference(value: number): number[] {
  const n = BigInt(value)
  let left = BigInt.asUintN(64, (n << 1n) ^ (n >> 63n))
  const bytes: number[] = []
  for (; left > 0x7fn; left >>= 7n) bytes.push(Number(left & 0x7fn) | 0x80)
  bytes.push(Number(left))
  return bytes
}

const written = (write: typeof writeVarint, value: number): number[] => {
  const bytes = new Uint8Array(12).fill(0xee)
  const end = write(bytes, 1, value)
  expect(bytes[0]).toBe(0xee)
  expect([...bytes.subarray(end)].every((byte) => byte === 0xee)).toBe(true)
  return [...bytes.subarray(1, end)]
}

const readerOf = (bytes: Iterable<number>): VarintReader => {
  const all = Uint8Array.from(bytes)
  return new VarintReader(all, 0, all.length)
}

describe('varints', () => {
  it('are written and read as Kafka does', () => {
    for (const { n, hex } of vectors.varint_zigzag) {
      expect(bytesToHex(Uint8Array.from(written(writeVarint, n)))).toBe(hex)
      expect(bytesToHex(Uint8Array.from(written(writeVarlong, n)))).toBe(hex)
      expect(readerOf(hexToBytes(hex)).varint()).toBe(n)
      expect(readerOf(hexToBytes(hex)).varlong()).toBe(n)
    }
  })

  it('of 32 bits come back, in as many bytes as foretold', () => {
    fc.assert(
      fc.property(int32, (value) => {
        const bytes = written(writeVarint, value)
        expect(bytes).toEqual(reference(value))
        expect(sizeOfVarint(value)).toBe(bytes.length)
        const reader = readerOf(bytes)
        expect(reader.varint()).toBe(value)
        expect(reader.at).toBe(bytes.length)
      }),
      { numRuns: 1000 },
    )
  })

  it('of up to 53 bits come back, in as many bytes as foretold', () => {
    fc.assert(
      fc.property(int54, (value) => {
        const bytes = written(writeVarlong, value)
        expect(bytes).toEqual(reference(value))
        expect(sizeOfVarlong(value)).toBe(bytes.length)
        const reader = readerOf(bytes)
        expect(reader.varlong()).toBe(value)
        expect(reader.at).toBe(bytes.length)
      }),
      { numRuns: 2000 },
    )
  })

  it('that are cut short, or never end, are refused', () => {
    expect(() => readerOf([0x80]).varint()).toThrow(InvalidRecordError)
    expect(() => readerOf([]).varlong()).toThrow(InvalidRecordError)
    expect(() => readerOf(Array(20).fill(0xff)).varint()).toThrow(/more than 5 bytes/)
    expect(() => readerOf(Array(20).fill(0xff)).varlong()).toThrow(/more than 10 bytes/)
    expect(() => readerOf([1, 2]).skip(3)).toThrow(InvalidRecordError)
  })
})
