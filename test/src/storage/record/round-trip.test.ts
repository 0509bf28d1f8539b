import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  batchesOf,
  buildEmptyBatch,
  buildRecords,
  CompressionError,
  LogError,
  type Magic,
  readRecords,
} from '../../../../src/storage/index.ts'
import { writeBatchCrc } from '../../../../src/storage/record/batch-header.ts'
import { entryEnd, isBatch } from '../../../../src/storage/record/entry.ts'
import { writeLegacyCrc } from '../../../../src/storage/record/legacy-message.ts'
import { asRead, combination, combinations, newRecords, representable } from './records.ts'

const baseOffset = fc.oneof(fc.nat(1000), fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER - 100 }))

/** Reads to the end, or is refused; anything else fails the test. */
function attempt(bytes: Uint8Array): number {
  try {
    return readRecords(bytes).length
  } catch (error) {
    if (!(error instanceof LogError) && !(error instanceof CompressionError)) throw error
    return -1
  }
}

describe('records in any format and codec', () => {
  it('come back as they were written, as far as the format can say them', () => {
    fc.assert(
      fc.property(newRecords, combination, baseOffset, (records, { magic, compression }, base) => {
        const sayable = records.map((record) => representable(record, magic))
        const bytes = buildRecords(sayable, { magic, compression, baseOffset: base })
        expect(readRecords(bytes)).toEqual(asRead(records, magic, base))
        const batches = [...batchesOf(bytes)]
        expect(batches).toHaveLength(magic === 2 || compression !== 'none' ? 1 : records.length)
        expect(batches.at(-1)!.lastOffset).toBe(base + records.length - 1)
        const times = batches.map(({ maxTimestamp }) => maxTimestamp)
        expect(Math.max(...times)).toBe(Math.max(...sayable.map(({ timestamp = -1 }) => timestamp)))
      }),
      { numRuns: 300 },
    )
  })

  it('keep gaps in their offsets, as compaction leaves them', () => {
    const gaps = fc.array(fc.nat(5), { minLength: 12, maxLength: 12 })
    fc.assert(
      fc.property(newRecords, combination, gaps, fc.nat(1000), (records, { magic, compression }, steps, base) => {
        let offset = base
        const spread = records.map((record, i) => {
          offset += steps[i]! + 1
          return { ...representable(record, magic), offset }
        })
        const read = readRecords(buildRecords(spread, { magic, compression, baseOffset: base }))
        expect(read.map((record) => record.offset)).toEqual(spread.map((record) => record.offset))
      }),
    )
  })

  it('all read as appended when the time is that of the append', () => {
    fc.assert(
      fc.property(newRecords, combination, fc.nat(), (records, { magic, compression }, logAppendTime) => {
        const sayable = records.map((record) => representable(record, magic))
        const bytes = buildRecords(sayable, { magic, compression, logAppendTime })
        for (const batch of batchesOf(bytes)) {
          expect(batch.timestampType).toBe(magic === 0 ? undefined : 'LogAppendTime')
          expect(batch.isCrcValid).toBe(true)
        }
        const expected = magic === 0 ? -1 : logAppendTime
        expect(readRecords(bytes).every(({ timestamp }) => timestamp === expected)).toBe(true)
      }),
    )
  })

  it('carry producer, sequence, leader epoch and flags in format 2', () => {
    const origin = fc.record({
      producerId: fc.maxSafeNat(),
      producerEpoch: fc.nat(32_767),
      baseSequence: fc.nat(0x7fff_ffff),
      partitionLeaderEpoch: fc.integer({ min: -1, max: 0x7fff_ffff }),
      isTransactional: fc.boolean(),
    })
    fc.assert(
      fc.property(newRecords, origin, (records, options) => {
        const [batch] = batchesOf(buildRecords(records, { magic: 2, ...options }))
        expect(batch).toMatchObject({ ...options, isControl: false, count: records.length })
        const last = options.baseSequence + records.length - 1
        expect(batch!.lastSequence).toBe(last > 0x7fff_ffff ? last - 0x8000_0000 : last)
      }),
    )
  })

  it('lose only the entry that a cut goes through', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(newRecords, combination), { maxLength: 4 }), fc.nat(), (parts, cut) => {
        let next = 0
        const built = parts.map(([records, { magic, compression }]) => {
          const sayable = records.map((record) => representable(record, magic))
          const bytes = buildRecords(sayable, { magic, compression, baseOffset: next })
          next += records.length
          return bytes
        })
        const all = Uint8Array.from(built.flatMap((part) => [...part]))
        const whole = [...batchesOf(all)].map(({ position, end, lastOffset }) => [position, end, lastOffset])
        const at = cut % (all.length + 1)
        const left = [...batchesOf(all.subarray(0, at))].map(({ position, end, lastOffset }) => [
          position,
          end,
          lastOffset,
        ])
        expect(left).toEqual(whole.filter(([, end]) => end! <= at))
      }),
    )
  })
})

describe('a flipped bit', () => {
  it.each(combinations.map((one) => [one.magic, one.compression] as const))(
    'is found wherever the CRC of format %i, %s, covers it',
    (magic, compression) => {
      const records = [
        { timestamp: 1_700_000_000_000, key: null, value: new Uint8Array(9).fill(7) },
        { timestamp: 1_700_000_000_003, key: new Uint8Array([1, 2]), value: null },
      ]
      const bytes = buildRecords(records, { magic, compression })
      const { end } = batchesOf(bytes).next().value!
      for (let bit = 0; bit < 8 * end; bit++) {
        // The size is outside, but a wrong one leaves no whole entry, or one of other bytes.
        if (bit >= 64 && bit < 96) continue
        const flipped = bytes.slice(0, end)
        flipped[bit >> 3]! ^= 0x80 >> (bit & 7)
        // The offset is outside, in format 2 also the leader epoch.
        const intact = bit < 64 || (magic === 2 && bit >= 96 && bit < 128)
        // A flipped magic can also make the entry too small for its format.
        const isSmall = isBatch(flipped, 0) && end < 61
        const valid = !isSmall && [...batchesOf(flipped)].every((batch) => batch.isCrcValid)
        expect(valid, `bit ${bit}`).toBe(intact)
      }
    },
  )
})

describe('bytes that nobody wrote', () => {
  it('are read to an end, or refused', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        attempt(bytes)
      }),
      { numRuns: 1000 },
    )
  })

  it('are read to an end, or refused, also when the CRC says that they are right', () => {
    const change = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 6 })
    fc.assert(
      fc.property(newRecords, combination, change, (records, { magic, compression }, changes) => {
        const sayable = records.map((record) => representable(record, magic))
        const bytes = buildRecords(sayable, { magic, compression })
        for (const [at, byte] of changes) bytes[17 + (at % (bytes.length - 17))] = byte
        for (let at = 0, end = 0; (end = entryEnd(bytes, at)) > 0; at = end) {
          if (!isBatch(bytes, at)) writeLegacyCrc(bytes, at, end)
          else if (end - at >= 61) writeBatchCrc(bytes, at, end)
        }
        attempt(bytes)
      }),
      { numRuns: 2000 },
    )
  })

  it('that promise very many records cost no more than they are', () => {
    for (const compression of ['none', 'gzip'] as const) {
      const bytes = buildRecords([{ key: null, value: null }], { magic: 2, compression })
      new DataView(bytes.buffer).setInt32(57, 0x7fff_ffff)
      writeBatchCrc(bytes, 0, bytes.length)
      expect(attempt(bytes)).toBe(-1)
    }
  })

  it('show a size that no entry has', () => {
    for (const size of [13, 0, -1, -0x8000_0000]) {
      const bytes = new Uint8Array(40)
      new DataView(bytes.buffer).setInt32(8, size)
      expect(() => readRecords(bytes)).toThrow(/bytes at byte 0/)
    }
    const batch = new Uint8Array(40)
    batch[11] = 28
    batch[16] = 2
    expect(() => readRecords(batch)).toThrow(/a batch of 40 bytes/)
  })
})

describe('a batch that compaction has emptied', () => {
  it('keeps its offsets and its producer, and no record', () => {
    const bytes = buildEmptyBatch({
      baseOffset: 100,
      lastOffset: 107,
      timestampType: 'CreateTime',
      maxTimestamp: 1234,
      producerId: 9,
      producerEpoch: 1,
      baseSequence: 40,
      partitionLeaderEpoch: 3,
    })
    const [batch] = batchesOf(bytes)
    expect(batch).toMatchObject({ baseOffset: 100, lastOffset: 107, count: 0, lastSequence: 47, maxTimestamp: 1234 })
    expect(batch).toMatchObject({ baseTimestamp: -1, size: 61, isCrcValid: true })
    expect(batch!.records()).toEqual([])
  })

  it('in part keeps its last offset and a delete horizon', () => {
    const records = [{ timestamp: 50, key: null, value: null, offset: 11 }]
    const options = { magic: 2 as Magic, baseOffset: 10, lastOffset: 19, deleteHorizonMs: 5000 }
    const [batch] = batchesOf(buildRecords(records, options))
    expect(batch).toMatchObject({ baseOffset: 10, lastOffset: 19, deleteHorizonMs: 5000, maxTimestamp: 50 })
    expect(batch!.records()).toMatchObject([{ offset: 11, timestamp: 50 }])
  })
})
