import { describe, expect, it } from 'vitest'
import { utf8 } from '../../../../src/host/index.ts'
import { crc32, crc32c } from '../../../../src/storage/crc.ts'
import {
  allCodecs,
  type Batch,
  batchesOf,
  buildRecords,
  buildTransactionMarker,
  type CompressionType,
  type LogRecord,
  type Magic,
  type NewRecord,
  readControlRecord,
  readRecords,
} from '../../../../src/storage/index.ts'
import vectors from '../../../fixtures/kafka-vectors.json' with { type: 'json' }
import { bytesToHex, hexToBytes } from '../support.ts'
import written from './kafka-written/batches.json' with { type: 'json' }

const T = 1_700_000_000_000
const v = vectors.records
const record = (offset: number, key: string | null, value: string | null, timestamp = -1): LogRecord => ({
  offset,
  timestamp,
  key: key === null ? null : utf8(key),
  value: value === null ? null : utf8(value),
  headers: [],
})

/** The three records of every data batch of format 2 among the vectors. */
const threeRecords = (base: number): LogRecord[] => [
  {
    ...record(base, 'k', 'v2', T),
    headers: [
      { key: 'h1', value: utf8('x') },
      { key: 'h2', value: null },
    ],
  },
  record(base + 1, null, 'second', T + 5),
  record(base + 2, 'k', null, T - 3),
]

const only = (hex: string): Batch => {
  const [batch, ...rest] = batchesOf(hexToBytes(hex))
  expect(rest).toEqual([])
  return batch!
}

describe('the vectors of formats.md', () => {
  it('have right CRCs', () => {
    for (const { hex, len } of Object.values(v)) {
      expect(hexToBytes(hex)).toHaveLength(len)
      for (const batch of batchesOf(hexToBytes(hex))) expect(batch.isCrcValid).toBe(true)
    }
    expect(crc32(utf8('123456789')).toString(16)).toBe(vectors.crc.crc32_123456789)
    expect(crc32c(utf8('123456789')).toString(16)).toBe(vectors.crc.crc32c_123456789)
  })

  it('are read one after another, formats and codecs mixed, without the markers', () => {
    const all = Object.values(v).map(({ hex }) => hex)
    const records = readRecords(hexToBytes(all.join('')))
    expect(records.map(({ offset }) => offset)).toEqual(Array.from({ length: 26 }, (_, i) => i))
    expect(readRecords(hexToBytes(all.join('')), { from: 14 }).map(({ offset }) => offset)[0]).toBe(14)
  })

  it('of format 0 are read', () => {
    expect(readRecords(hexToBytes(v.v0_set_offsets_0_1_2.hex))).toEqual([
      record(0, 'k', 'v0'),
      record(1, null, 'no key'),
      record(2, 'k', null),
    ])
    const wrapper = only(v.v0_gzip_wrapper_last_offset_4.hex)
    expect(wrapper).toMatchObject({ magic: 0, codecId: 1, lastOffset: 4, baseOffset: undefined, count: undefined })
    expect(wrapper.timestampType).toBeUndefined()
    expect(wrapper.records().map(({ offset, timestamp }) => [offset, timestamp])).toEqual([
      [3, -1],
      [4, -1],
    ])
  })

  it('of format 1 are read, with relative offsets and both types of timestamps', () => {
    expect(only(v.v1_plain_offset_5.hex).records()).toEqual([record(5, 'k', 'v1', T)])
    const created = only(v.v1_gzip_wrapper_last_offset_7.hex)
    expect(created).toMatchObject({ magic: 1, timestampType: 'CreateTime', maxTimestamp: T + 2 })
    expect(created.records().map(({ offset, timestamp }) => [offset, timestamp])).toEqual([
      [6, T + 1],
      [7, T + 2],
    ])
    const appended = only(v.v1_logappend_wrapper_last_offset_9.hex)
    expect(appended).toMatchObject({ timestampType: 'LogAppendTime', maxTimestamp: T + 50 })
    expect(appended.records().map(({ offset, timestamp }) => [offset, timestamp])).toEqual([
      [8, T + 50],
      [9, T + 50],
    ])
  })

  it.each([
    ['v2_plain_base_10', 10, 0],
    ['v2_gzip_base_13', 13, 1],
    ['v2_snappy_xerial_base_16', 16, 2],
    ['v2_snappy_raw_base_19', 19, 2],
    ['v2_lz4_stored_block_base_22', 22, 3],
  ] as const)('%s is read', (name, base, codecId) => {
    const batch = only(v[name].hex)
    expect(batch).toMatchObject({ magic: 2, baseOffset: base, lastOffset: base + 2, codecId, count: 3 })
    expect(batch).toMatchObject({ baseTimestamp: T, maxTimestamp: T + 5, partitionLeaderEpoch: 0, isControl: false })
    expect(batch.records()).toEqual(threeRecords(base))
  })

  it('that are not compressed are written byte for byte', () => {
    const build = (records: readonly NewRecord[], magic: Magic) => bytesToHex(buildRecords(records, { magic }))
    expect(build(readRecords(hexToBytes(v.v0_set_offsets_0_1_2.hex)), 0)).toBe(v.v0_set_offsets_0_1_2.hex)
    expect(build([record(5, 'k', 'v1', T)], 1)).toBe(v.v1_plain_offset_5.hex)
    const plain = buildRecords(threeRecords(10), { magic: 2, partitionLeaderEpoch: 0 })
    expect(bytesToHex(plain)).toBe(v.v2_plain_base_10.hex)
    const transactional = buildRecords([record(25, 'k', 'txn', T)], {
      magic: 2,
      producerId: 1000,
      producerEpoch: 0,
      baseSequence: 0,
      isTransactional: true,
      partitionLeaderEpoch: 0,
    })
    expect(bytesToHex(transactional)).toBe(v.v2_txn_data_base_25.hex)
  })

  it('that are compressed come out the same after being written again by us', () => {
    const cases: ReadonlyArray<readonly [string, Magic, CompressionType]> = [
      [v.v0_gzip_wrapper_last_offset_4.hex, 0, 'gzip'],
      [v.v1_gzip_wrapper_last_offset_7.hex, 1, 'gzip'],
      [v.v2_gzip_base_13.hex, 2, 'gzip'],
      [v.v2_snappy_xerial_base_16.hex, 2, 'snappy'],
      [v.v2_lz4_stored_block_base_22.hex, 2, 'lz4'],
    ]
    for (const [hex, magic, compression] of cases) {
      const records = only(hex).records()
      expect(only(bytesToHex(buildRecords(records, { magic, compression }))).records()).toEqual(records)
    }
    const framed = buildRecords(threeRecords(16), { magic: 2, compression: 'snappy', partitionLeaderEpoch: 0 })
    expect(bytesToHex(framed)).toBe(v.v2_snappy_xerial_base_16.hex)
    const header = (magic: Magic) => bytesToHex(allCodecs.byId(3)!.compress(utf8('x'), magic)).slice(0, 14)
    expect([header(0), header(1), header(2)]).toEqual([
      vectors.lz4.header_magic0_broken,
      vectors.lz4.header_correct,
      vectors.lz4.header_correct,
    ])
  })

  it('show transaction markers with their producer, and write them byte for byte', () => {
    for (const [name, type, producerId, baseOffset] of [
      ['v2_control_commit_base_26', 'commit', 1000, 26],
      ['v2_control_abort_base_27', 'abort', 1001, 27],
    ] as const) {
      const batch = only(v[name].hex)
      expect(batch).toMatchObject({ isControl: true, isTransactional: true, producerId, producerEpoch: 0 })
      expect(batch).toMatchObject({ baseSequence: -1, lastSequence: -1, size: 78 })
      expect(readControlRecord(batch.records()[0]!)).toEqual({ type, version: 0, coordinatorEpoch: 7 })
      const marker = { type, producerId, producerEpoch: 0, coordinatorEpoch: 7, timestamp: T, baseOffset }
      expect(bytesToHex(buildTransactionMarker({ ...marker, partitionLeaderEpoch: 0 }))).toBe(v[name].hex)
    }
  })
})

describe('batches that the Java client wrote (see WriteBatches.java)', () => {
  const bytesOf = (hex: string | null): Uint8Array | null => (hex === null ? null : hexToBytes(hex))
  for (const { magic, codec, timestampType, hex, records } of written) {
    const expected = records.map(({ offset, timestamp, key, value, headers }) => ({
      offset,
      timestamp,
      key: bytesOf(key),
      value: bytesOf(value),
      headers: headers.map((header) => ({ key: header.key, value: bytesOf(header.value) })),
    }))
    it(`of format ${magic}, ${codec}, ${timestampType} are read as it reads them`, () => {
      expect(readRecords(hexToBytes(hex))).toEqual(expected)
    })

    // gzip differs in the byte that names the operating system; snappy and zstd make other choices.
    if (codec !== 'none' && codec !== 'lz4') continue
    it(`of format ${magic}, ${codec}, ${timestampType} are written byte for byte`, () => {
      const created = [T, T - 3, T + 20, T - 9]
      const bytes = buildRecords(
        expected.map((one, i) => ({ ...one, timestamp: created[i]! })),
        {
          magic: magic as Magic,
          compression: codec,
          ...(timestampType === 'LogAppendTime' ? { logAppendTime: T + 9999 } : {}),
        },
      )
      expect(bytesToHex(bytes)).toBe(hex)
    })
  }

  it('of gzip are written byte for byte but for the operating system', () => {
    const gzip = written.filter(({ codec }) => codec === 'gzip')
    expect(gzip).toHaveLength(5)
    for (const { magic, hex } of gzip) {
      const from = [26, 34, 61][magic]!
      const theirs = hexToBytes(hex).slice(from)
      expect(theirs[9]).toBe(255)
      theirs[9] = 0
      const codec = allCodecs.byId(1)!
      expect(bytesToHex(codec.compress(codec.decompress(theirs, magic, 10_000), magic))).toBe(bytesToHex(theirs))
    }
  })
})
