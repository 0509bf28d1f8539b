import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { utf8 } from '../../../src/host/index.ts'
import { crc32 } from '../../../src/storage/crc.ts'
import { buildMessageSet, readMessageSet } from '../../../src/storage/index.ts'
import vectors from '../../fixtures/kafka-vectors.json' with { type: 'json' }
import { parseLog } from './parse-files.ts'
import { bytesToHex, hexToBytes } from './support.ts'

const field = fc.option(fc.uint8Array({ maxLength: 40 }))
const messages = fc.array(fc.record({ key: field, value: field }), { maxLength: 12 })

describe('message sets of format 0', () => {
  it('are written byte for byte as Kafka writes them', () => {
    const { hex } = vectors.records.v0_set_offsets_0_1_2
    const set = buildMessageSet([
      { key: utf8('k'), value: utf8('v0') },
      { key: null, value: utf8('no key') },
      { key: utf8('k'), value: null },
    ])
    expect(bytesToHex(set)).toBe(hex)
  })

  it('are read as Kafka reads them', () => {
    const entries = readMessageSet(hexToBytes(vectors.records.v0_set_offsets_0_1_2.hex))
    expect(entries.map(({ offset, key, value }) => ({ offset, key, value }))).toEqual([
      { offset: 0, key: utf8('k'), value: utf8('v0') },
      { offset: 1, key: null, value: utf8('no key') },
      { offset: 2, key: utf8('k'), value: null },
    ])
    expect(entries.every(({ crcValid, wellFormed, magic }) => crcValid && wellFormed && magic === 0)).toBe(true)
    expect(entries.map(({ position, size }) => [position, size])).toEqual([
      [0, 29],
      [29, 32],
      [61, 27],
    ])
  })

  it('show a compressed set as one entry with its codec', () => {
    const entries = readMessageSet(hexToBytes(vectors.records.v0_gzip_wrapper_last_offset_4.hex))
    expect(entries).toHaveLength(1)
    expect(entries[0]).toMatchObject({
      offset: 4,
      attributes: 1,
      key: null,
      crcValid: true,
      wellFormed: true,
      size: 83,
    })
  })

  it('show a message of format 1 as an entry that is valid but not well formed', () => {
    const [entry] = readMessageSet(hexToBytes(vectors.records.v1_plain_offset_5.hex))
    expect(entry).toMatchObject({ offset: 5, magic: 1, crcValid: true, wellFormed: false, key: null, value: null })
  })

  it('use the CRC-32 of zlib', () => {
    expect(crc32(utf8('123456789')).toString(16)).toBe(vectors.crc.crc32_123456789)
  })

  it('come back as they were written, at any offset', () => {
    fc.assert(
      fc.property(messages, fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER - 20 }), (written, baseOffset) => {
        const bytes = buildMessageSet(written, baseOffset)
        const entries = readMessageSet(bytes)
        expect(entries.map(({ key, value }) => ({ key, value }))).toEqual(written)
        expect(entries.map(({ offset }) => offset)).toEqual(written.map((_, i) => baseOffset + i))
        expect(entries.every(({ crcValid, wellFormed }) => crcValid && wellFormed)).toBe(true)
        expect(parseLog(bytes).map(({ offset, position }) => [offset, position])).toEqual(
          entries.map(({ offset, position }) => [offset, position]),
        )
      }),
    )
  })

  it('lose only the entry that a cut goes through', () => {
    fc.assert(
      fc.property(messages, fc.nat(600), (written, cut) => {
        const bytes = buildMessageSet(written)
        const whole = readMessageSet(bytes)
        const left = readMessageSet(bytes.subarray(0, cut))
        expect(left).toEqual(whole.filter(({ position, size }) => position + size <= cut))
      }),
    )
  })

  it('are read to an end whatever the bytes are', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        let end = 0
        for (const { position, size } of readMessageSet(bytes)) {
          expect(position).toBe(end)
          expect(size).toBeGreaterThanOrEqual(26)
          end = position + size
        }
        expect(end).toBeLessThanOrEqual(bytes.length)
      }),
    )
  })

  it('show any flipped bit of a message, but not of its offset', () => {
    const bytes = buildMessageSet([{ key: utf8('key'), value: utf8('value') }])
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const flipped = bytes.slice()
      flipped[bit >> 3]! ^= 0x80 >> (bit & 7)
      const [entry] = readMessageSet(flipped)
      const intact = bit < 64
      expect(entry?.crcValid ?? false, `bit ${bit}`).toBe(intact)
    }
  })
})
