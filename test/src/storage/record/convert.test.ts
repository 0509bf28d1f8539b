import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { utf8 } from '../../../../src/host/index.ts'
import { ErrorCode } from '../../../../src/protocol/errors.ts'
import {
  batchesOf,
  buildRecords,
  buildTransactionMarker,
  downConvert,
  InvalidRecordError,
  type Magic,
  readControlRecord,
  readRecords,
  UnsupportedCodecError,
} from '../../../../src/storage/index.ts'
import { asRead, combinations, newRecords, representable } from './records.ts'

const T = 1_700_000_000_000
const concat = (...parts: Uint8Array[]): Uint8Array => Uint8Array.from(parts.flatMap((part) => [...part]))
const older = fc.constantFrom<Magic>(0, 1)
const convertible = fc.constantFrom(...combinations.filter(({ compression }) => compression !== 'zstd'))

describe('down-conversion', () => {
  it('keeps keys, values, offsets, and timestamps where there are any', () => {
    fc.assert(
      fc.property(newRecords, convertible, older, fc.nat(1000), (records, { magic, compression }, to, base) => {
        const sayable = records.map((record) => representable(record, magic))
        const bytes = buildRecords(sayable, { magic, compression, baseOffset: base })
        const converted = downConvert(bytes, to)
        const target = Math.min(magic, to) as Magic
        expect(readRecords(converted)).toEqual(asRead(sayable, target, base))
        for (const batch of batchesOf(converted)) {
          expect(batch.magic).toBe(target)
          expect(batch.isCrcValid).toBe(true)
        }
        // A compressed batch stays one, of the same codec.
        const codecs = (set: Uint8Array) => [...batchesOf(set)].map(({ codecId }) => codecId)
        if (compression !== 'none') expect(codecs(converted)).toEqual(codecs(bytes))
        if (magic <= to) expect(converted).toEqual(bytes)
      }),
      { numRuns: 200 },
    )
  })

  it('keeps the time of the append', () => {
    const bytes = buildRecords([{ timestamp: 5, key: null, value: utf8('v') }], { magic: 2, logAppendTime: T })
    const [batch] = batchesOf(downConvert(bytes, 1))
    expect(batch).toMatchObject({ timestampType: 'LogAppendTime', maxTimestamp: T })
  })

  it('leaves out control batches, headers, and what is below the offset asked for unless it is compressed', () => {
    const records = ['a', 'b', 'c'].map((value) => ({
      timestamp: T,
      key: null,
      value: utf8(value),
      headers: [{ key: 'h', value: null }],
    }))
    const set = concat(
      buildRecords(records, { magic: 2, compression: 'gzip', baseOffset: 10 }),
      buildTransactionMarker({
        type: 'commit',
        coordinatorEpoch: 1,
        producerId: 5,
        producerEpoch: 0,
        timestamp: T,
        baseOffset: 13,
      }),
      buildRecords(records, { magic: 2, baseOffset: 14 }),
    )
    const converted = readRecords(downConvert(set, 1, { from: 15 }))
    expect(converted.map(({ offset }) => offset)).toEqual([10, 11, 12, 15, 16])
    expect(converted.every(({ headers }) => headers.length === 0)).toBe(true)
    expect(downConvert(set, 2, { from: 15 })).toEqual(set)
  })

  it('leaves out a last batch that is cut short', () => {
    const set = buildRecords([{ key: null, value: utf8('v') }], { magic: 2 })
    expect(downConvert(concat(set, set.subarray(0, 50)), 0)).toEqual(downConvert(set, 0))
    expect(downConvert(set.subarray(0, 50), 0)).toHaveLength(0)
  })

  it('of zstd is refused with error 76', () => {
    const set = buildRecords([{ key: null, value: utf8('v') }], { magic: 2, compression: 'zstd' })
    expect(() => downConvert(set, 1)).toThrow(UnsupportedCodecError)
    expect(new UnsupportedCodecError('').errorCode).toBe(ErrorCode.UnsupportedCompressionType)
    expect(downConvert(set, 2)).toEqual(set)
  })
})

describe('control records', () => {
  const record = (key: Uint8Array | null, value: Uint8Array | null) => ({
    offset: 0,
    timestamp: T,
    key,
    value,
    headers: [],
  })

  it('of all types are named, those to come are not an error', () => {
    const typeOf = (type: number) => readControlRecord(record(Uint8Array.of(0, 0, 0, type), new Uint8Array(6))).type
    expect([0, 1, 2, 3, 4, 5, 6, 7, 99].map(typeOf)).toEqual([
      'abort',
      'commit',
      'leader-change',
      'snapshot-header',
      'snapshot-footer',
      'kraft-version',
      'kraft-voters',
      'unknown',
      'unknown',
    ])
  })

  it('that are broken are refused', () => {
    for (const [key, value] of [
      [null, new Uint8Array(6)],
      [Uint8Array.of(0, 0, 0), new Uint8Array(6)],
      [Uint8Array.of(0xff, 0xff, 0, 0), new Uint8Array(6)],
      [Uint8Array.of(0, 0, 0, 1), null],
      [Uint8Array.of(0, 0, 0, 1), new Uint8Array(5)],
      [Uint8Array.of(0, 0, 0, 1), Uint8Array.of(0x80, 0, 0, 0, 0, 0)],
    ] as const) {
      expect(() => readControlRecord(record(key, value))).toThrow(InvalidRecordError)
    }
  })

  it('are not shown to applications, but are there', () => {
    const set = buildTransactionMarker({
      type: 'abort',
      coordinatorEpoch: 2,
      producerId: 1,
      producerEpoch: 0,
      timestamp: T,
    })
    expect(readRecords(set)).toEqual([])
    const [batch] = batchesOf(set)
    expect(readControlRecord(batch!.records()[0]!)).toEqual({ type: 'abort', version: 0, coordinatorEpoch: 2 })
  })
})
