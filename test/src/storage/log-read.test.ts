import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fromUtf8, readFile } from '../../../src/host/index.ts'
import { OffsetOutOfRangeError, ReadPastLimitError, readMessageSet } from '../../../src/storage/index.ts'
import { append, open, StorageHost, setOf, valuesOf } from './support.ts'

/** Appends of one to five messages with values of up to 60 bytes. */
const appends = fc.array(fc.array(fc.string({ maxLength: 60 }), { minLength: 1, maxLength: 5 }), { maxLength: 25 })

const settings = fc.record({
  'segment.bytes': fc.integer({ min: 700, max: 2000 }),
  'index.interval.bytes': fc.integer({ min: 0, max: 300 }),
  'segment.index.bytes': fc.integer({ min: 8, max: 200 }),
})

describe('a read', () => {
  it('at every offset, with every limit, is the slice of the file that Kafka would send', () => {
    const limit = fc.option(fc.nat(120), { nil: undefined })
    fc.assert(
      fc.property(appends, settings, fc.nat(400), limit, (sets, config, maxBytes, maxOffset) => {
        const host = new StorageHost()
        const log = open(host, config)
        for (const set of sets) append(log, ...set)
        for (let offset = 0; offset < Math.min(log.logEndOffset, maxOffset ?? Number.POSITIVE_INFINITY); offset++) {
          const { records, startPosition, segmentBaseOffset } = log.read(offset, maxBytes, maxOffset)
          const name = String(segmentBaseOffset).padStart(20, '0')
          const file = readFile(host.files, `orders-0/${name}.log`)
          const entries = readMessageSet(file)
          const first = entries.find((entry) => entry.offset >= offset)!
          const end = entries.find((entry) => maxOffset !== undefined && entry.offset >= maxOffset)
          expect(first.offset).toBe(offset)
          expect(startPosition).toBe(first.position)
          const endPosition = Math.min(startPosition + maxBytes, end?.position ?? file.length, file.length)
          expect(records).toEqual(file.subarray(startPosition, endPosition))
        }
      }),
      { numRuns: 150 },
    )
  })

  it('at the log end offset is empty, also above a limit', () => {
    const log = open(new StorageHost())
    append(log, 'a', 'b')
    expect(log.read(2, 1000)).toEqual({ records: new Uint8Array(0), startPosition: log.size, segmentBaseOffset: 0 })
    expect(log.read(2, 1000, 1).records).toHaveLength(0)
  })

  it('at its limit is empty', () => {
    const log = open(new StorageHost())
    append(log, 'a', 'b')
    expect(log.read(1, 1000, 1).records).toHaveLength(0)
  })

  it('past the log end offset or below the first segment is out of range', () => {
    const log = open(new StorageHost())
    append(log, 'a')
    expect(() => log.read(2, 1000)).toThrow(OffsetOutOfRangeError)
    log.truncateFullyAndStartAt(10)
    expect(() => log.read(9, 1000)).toThrow(OffsetOutOfRangeError)
    expect(() => log.read(9, 1000)).toThrow('offset 9 is outside of orders-0, which has 10..10')
  })

  it('between its limit and the log end offset is refused with error -1, as 0.8.2 does above the high watermark', () => {
    const log = open(new StorageHost())
    append(log, 'a', 'b', 'c')
    expect(() => log.read(2, 1000, 1)).toThrow(ReadPastLimitError)
  })

  it('gives bytes that later changes of the log do not touch', () => {
    const log = open(new StorageHost())
    append(log, 'original')
    const { records } = log.read(0, 1000)
    const before = records.slice()
    log.truncateTo(0)
    append(log, 'replaced')
    expect(records).toEqual(before)
    records.fill(0)
    expect(valuesOf(log)).toEqual(['replaced'])
  })

  it('goes on to the next segment when the offset lies in a gap at the end of one', () => {
    const log = open(new StorageHost(), { 'segment.bytes': 60 })
    append(log, 'v-10', 'v-11')
    const behindGap = setOf('v-12')
    new DataView(behindGap.buffer).setBigInt64(0, 10n)
    log.append(behindGap, { assignOffsets: false })
    expect(log.segments.map(({ baseOffset }) => baseOffset)).toEqual([0, 2])
    expect(readMessageSet(log.read(5, 1000).records)[0]!.offset).toBe(10)
  })

  it('finds messages among large ones, and so does recovery', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(200_000), { minLength: 1, maxLength: 8 }), fc.nat(100_000), (sizes, interval) => {
        const host = new StorageHost()
        const config = { 'index.interval.bytes': interval }
        let log = open(host, config)
        const values = sizes.map((size, i) => `${i}:`.padEnd(size % 3 === 0 ? size : size % 5000, 'x'))
        for (const value of values) append(log, value)
        for (const life of ['first', 'second']) {
          for (let offset = 0; offset < values.length; offset++) {
            const [found] = log.messages(offset, offset + 1)
            expect(fromUtf8(found!.value!) === values[offset], `${life} life, offset ${offset}`).toBe(true)
          }
          log = open(host, config)
        }
      }),
      { numRuns: 40 },
    )
  })

  it('decodes a range of messages across segments', () => {
    const log = open(new StorageHost(), { 'segment.bytes': 60 })
    for (let i = 0; i < 7; i++) append(log, `v-${i + 10}`)
    expect(log.messages(1, 5).map(({ offset }) => offset)).toEqual([1, 2, 3, 4])
    expect(log.messages(5, 100).map(({ offset }) => offset)).toEqual([5, 6])
    expect(log.messages(7, 100)).toEqual([])
  })
})

describe('offsets before a time', () => {
  it('are those of segments by their last change, and the log end offset for now', () => {
    const host = new StorageHost()
    const log = open(host, { 'segment.bytes': 60 })
    for (let i = 0; i < 5; i++) {
      append(log, `v-${i + 10}`)
      host.advanceMs(1000)
    }
    // Last changes: segment 0 at 1 s, segment 2 at 3 s, segment 4 at 4 s; now is 5 s.
    const startMs = host.nowUs / 1000 - 5000
    expect(log.offsetsBefore(-1, 1)).toEqual([5])
    expect(log.offsetsBefore(-1, 10)).toEqual([5, 4, 2, 0])
    expect(log.offsetsBefore(-2, 10)).toEqual([0])
    expect(log.offsetsBefore(startMs + 5000, 2)).toEqual([5, 4])
    expect(log.offsetsBefore(startMs + 4999, 2)).toEqual([4, 2])
    expect(log.offsetsBefore(startMs + 2999, 2)).toEqual([0])
    expect(log.offsetsBefore(startMs + 999, 2)).toEqual([])
    expect(log.offsetsBefore(-1, 0)).toEqual([])
  })

  it('do not name the end of an empty active segment twice', () => {
    const log = open(new StorageHost())
    expect(log.offsetsBefore(-1, 10)).toEqual([0])
  })
})
