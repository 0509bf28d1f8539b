/** What a leader makes of what clients send, by release: `Log.append` in the formats after 0.8. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fromUtf8, utf8 } from '../../../src/host/index.ts'
import { ErrorCode } from '../../../src/protocol/errors.ts'
import {
  AppendError,
  type AppendOptions,
  allCodecs,
  type Batch,
  type BuildOptions,
  batchesOf,
  buildRecords,
  buildTransactionMarker,
  type CompressionType,
  type LogFormat,
  logFormat09,
  logFormat21,
  logFormat010,
  logFormat011,
  logFormat080,
  logFormat082,
  type NewRecord,
} from '../../../src/storage/index.ts'
import { writeBatchCrc } from '../../../src/storage/record/batch-header.ts'
import { writeLegacyCrc } from '../../../src/storage/record/legacy-message.ts'
import vectors from '../../fixtures/kafka-vectors.json' with { type: 'json' }
import { asRead, combination, newRecords, representable } from './record/records.ts'
import { bytesToHex, hexToBytes, open, StorageHost } from './support.ts'

const T = 1_700_000_000_000
const AS_LEADER: AppendOptions = { assignOffsets: true }
const one = (value: string, timestamp = T): NewRecord => ({ timestamp, key: utf8('k'), value: utf8(value) })
const three = [one('a', T + 1), one('b', T + 3), one('c', T + 2)]

const logOf = (format: Partial<LogFormat>, config: Parameters<typeof open>[1] = {}) =>
  open(new StorageHost(), config, { format: { ...logFormat21, ...format } })
type TestLog = ReturnType<typeof logOf>

const batchesIn = (log: TestLog): Batch[] => [...batchesOf(log.read(0, 1_000_000).records)]
const valuesIn = (log: TestLog) => log.messages(0, 1000).map(({ offset, value }) => [offset, fromUtf8(value!)])

function errorOf(log: TestLog, records: Uint8Array, options = AS_LEADER): number {
  const before = [log.logEndOffset, log.size]
  try {
    log.append(records, options)
  } catch (error) {
    if (!(error instanceof AppendError)) throw error
    expect([log.logEndOffset, log.size]).toEqual(before)
    return error.errorCode
  }
  return ErrorCode.NoError
}

/** A set changed behind its CRC, with a new one. */
function changed(records: Uint8Array, change: (view: DataView) => void): Uint8Array {
  const bytes = records.slice()
  change(new DataView(bytes.buffer))
  if (bytes[16] === 2) writeBatchCrc(bytes, 0, bytes.length)
  else writeLegacyCrc(bytes, 0, bytes.length)
  return bytes
}

describe('a leader of any release', () => {
  const formats = fc.constantFrom(logFormat082, logFormat010, logFormat011, logFormat21)
  it('gives dense offsets to what it takes, and keeps keys, values, and times where both formats have them', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(newRecords, combination), { maxLength: 5 }), formats, (sets, format) => {
        const log = logOf(format)
        const expected: ReturnType<typeof asRead> = []
        for (const [records, { magic, compression }] of sets) {
          // Up to 0.9 a leader writes what it gets; later ones convert, but know no headers below format 2.
          const isOld = format.validation === 'message-set'
          const sayable = records.map((record) => ({
            ...representable(record, magic),
            headers: format.magic === 2 && magic === 2 ? (record.headers ?? []) : [],
          }))
          if (!format.codecs.has(['none', 'gzip', 'snappy', 'lz4', 'zstd'].indexOf(compression))) {
            if (compression !== 'none') continue
          }
          if (isOld && magic !== 0) continue
          const info = log.append(buildRecords(sayable, { magic, compression }), AS_LEADER)
          expect(info).toMatchObject({ firstOffset: expected.length, count: records.length })
          const times = Math.max(...sayable.map(({ timestamp = -1 }) => timestamp))
          expect(info.maxTimestamp).toBe(format.magic === 0 ? -1 : times)
          expected.push(...asRead(sayable, format.magic, expected.length))
          expect(info.lastOffset).toBe(expected.length - 1)
        }
        expect(log.logEndOffset).toBe(expected.length)
        expect(log.messages(0, expected.length)).toEqual(expected)
        for (const batch of batchesIn(log)) expect([batch.magic, batch.isCrcValid]).toEqual([format.magic, true])
      }),
      { numRuns: 60 },
    )
  })
})

describe('a leader of 0.8', () => {
  it('opens a wrapper, numbers what is in it and closes it again with the same codec', () => {
    const log = logOf(logFormat082)
    log.append(buildRecords([one('first')], { magic: 0 }), AS_LEADER)
    for (const compression of ['gzip', 'snappy', 'lz4'] as const) {
      const set = buildRecords(three, { magic: 0, compression })
      const info = log.append(set, AS_LEADER)
      expect(info).toMatchObject({ count: 3, lastOffset: info.firstOffset + 2 })
      expect([...batchesOf(set)][0]!.lastOffset).toBe(2)
    }
    expect(batchesIn(log).map(({ magic, codecId, lastOffset }) => [magic, codecId, lastOffset])).toEqual([
      [0, 0, 0],
      [0, 1, 3],
      [0, 2, 6],
      [0, 3, 9],
    ])
    expect(valuesIn(log).map(([offset]) => offset)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
  })

  it('numbers the vector of formats.md as a producer sent it', () => {
    const log = logOf(logFormat082)
    for (let i = 0; i < 3; i++) log.append(buildRecords([one('x')], { magic: 0 }), AS_LEADER)
    const vector = hexToBytes(vectors.records.v0_gzip_wrapper_last_offset_4.hex)
    log.append(vector, AS_LEADER)
    const [theirs] = batchesOf(vector)
    expect(batchesIn(log).at(-1)!.records()).toEqual(theirs!.records())
  })

  it('makes one wrapper of a set with a wrapper in it, of the codec that came last', () => {
    const log = logOf(logFormat082)
    const set = Buffer.concat([
      buildRecords([one('plain')], { magic: 0 }),
      buildRecords([one('zipped')], { magic: 0, compression: 'gzip' }),
      buildRecords([one('snapped')], { magic: 0, compression: 'snappy' }),
      buildRecords([one('plain too')], { magic: 0 }),
    ])
    log.append(Uint8Array.from(set), AS_LEADER)
    expect(batchesIn(log).map(({ codecId, lastOffset }) => [codecId, lastOffset])).toEqual([[2, 3]])
    expect(valuesIn(log).map(([, value]) => value)).toEqual(['plain', 'zipped', 'snapped', 'plain too'])
  })

  it('does not look at the CRCs inside a wrapper, as it never did', () => {
    const codec = allCodecs.byId(1)!
    const inner = buildRecords([one('value')], { magic: 0 })
    inner[inner.length - 1]! ^= 1
    const log = logOf(logFormat082)
    log.append(wrapperOf(0, 1, codec.compress(inner, 0)), AS_LEADER)
    expect(valuesIn(log)).toEqual([[0, 'valud']])
  })

  it('refuses what it cannot open with error -1, impossible inner sizes with error 2, too large a result with 10', () => {
    const log = logOf(logFormat082, { 'max.message.bytes': 2000 })
    expect(errorOf(log, wrapperOf(0, 1, utf8('no gzip')))).toBe(ErrorCode.Unknown)
    expect(errorOf(log, wrapperOf(0, 1, allCodecs.byId(1)!.compress(new Uint8Array(30), 0)))).toBe(
      ErrorCode.InvalidMessage,
    )
    expect(errorOf(log, wrapperOf(0, 4, utf8('zstd')))).toBe(ErrorCode.Unknown)
    // What gzip made small snappy cannot: the set gets the codec of its last wrapper.
    const noise = new Uint8Array(40).map((_, i) => (i * i * 7 + i) & 255)
    const small = buildRecords(
      Array.from({ length: 40 }, (_, i) => ({ key: null, value: noise.map((byte) => byte ^ (i & 1)) })),
      { magic: 0, compression: 'gzip' },
    )
    expect(errorOf(log, small)).toBe(ErrorCode.NoError)
    const plain = buildRecords(
      Array.from({ length: 200 }, (_, i) => ({ key: null, value: utf8(`${i * 7919}${i * 104_729}`) })),
      { magic: 0, compression: 'gzip' },
    )
    expect(plain.length).toBeGreaterThan(2000)
    expect(errorOf(log, plain)).toBe(ErrorCode.MessageSizeTooLarge)
  })

  it('appends nothing for a wrapper that holds nothing', () => {
    const log = logOf(logFormat082)
    const empty = wrapperOf(0, 1, allCodecs.byId(1)!.compress(new Uint8Array(0), 0))
    expect(log.append(empty, AS_LEADER)).toMatchObject({ count: 0, bytes: 0 })
    expect([log.logEndOffset, log.size]).toEqual([0, 0])
  })

  it('takes a batch of format 2 for a message with a wrong CRC', () => {
    const log = logOf(logFormat082)
    expect(errorOf(log, buildRecords(three, { magic: 2 }))).toBe(ErrorCode.InvalidMessage)
    expect(errorOf(log, buildRecords(three, { magic: 2 }), { assignOffsets: false })).toBe(ErrorCode.InvalidMessage)
  })

  it('knows lz4 since 0.8.2, and then only with the broken header checksum', () => {
    const lz4 = buildRecords(three, { magic: 0, compression: 'lz4' })
    expect(errorOf(logOf(logFormat080), lz4)).toBe(ErrorCode.Unknown)
    expect(errorOf(logOf(logFormat082), lz4)).toBe(ErrorCode.NoError)
    const right = wrapperOf(0, 3, allCodecs.byId(3)!.compress(buildRecords(three, { magic: 0 }), 1))
    expect(errorOf(logOf(logFormat082), right)).toBe(ErrorCode.Unknown)
    expect(errorOf(logOf({ ...logFormat010, magic: 0 }), right)).toBe(ErrorCode.NoError)
  })

  function wrapperOf(magic: 0, codecId: number, value: Uint8Array): Uint8Array {
    return changed(buildRecords([{ key: null, value }], { magic }), (view) => view.setUint8(17, codecId))
  }
})

describe('a leader of 0.10', () => {
  it('moves a wrapper by its own offset alone: the compressed bytes stay', () => {
    const log = logOf(logFormat010)
    log.append(buildRecords([one('first')], { magic: 1 }), AS_LEADER)
    const set = buildRecords(three, { magic: 1, compression: 'gzip' })
    log.append(set, AS_LEADER)
    const stored = batchesIn(log)[1]!
    expect(stored.lastOffset).toBe(3)
    expect(bytesToHex(stored.bytes.subarray(stored.position + 12, stored.end))).toBe(bytesToHex(set.subarray(12)))
  })

  it('takes the wrapper of a client that wrote offset 0 for it', () => {
    const set = buildRecords(three, { magic: 1, compression: 'gzip' })
    new DataView(set.buffer).setBigInt64(0, 0n)
    const log = logOf(logFormat010)
    log.append(set, AS_LEADER)
    expect(valuesIn(log)).toEqual([
      [0, 'a'],
      [1, 'b'],
      [2, 'c'],
    ])
    expect(batchesIn(log)[0]!.lastOffset).toBe(2)
  })

  it('rewrites a wrapper whose inner offsets are not 0, 1, 2 …, as some old clients wrote them', () => {
    const spread = three.map((record, i) => ({ ...record, offset: 5 + 2 * i }))
    const set = buildRecords(spread, { magic: 1, compression: 'gzip', baseOffset: 0 })
    const log = logOf(logFormat010)
    expect(log.append(set, AS_LEADER)).toMatchObject({ firstOffset: 0, lastOffset: 2, count: 3 })
    expect(valuesIn(log).map(([offset]) => offset)).toEqual([0, 1, 2])
  })

  it('checks what a wrapper holds', () => {
    const log = logOf(logFormat010)
    const codec = allCodecs.byId(1)!
    const wrapper = (inner: Uint8Array) =>
      changed(buildRecords([{ key: null, value: codec.compress(inner, 1) }], { magic: 1 }), (view) =>
        view.setUint8(17, 1),
      )
    const good = buildRecords([one('value')], { magic: 1 })
    expect(errorOf(log, wrapper(good))).toBe(ErrorCode.NoError)
    const rotten = good.slice()
    rotten[rotten.length - 1]! ^= 1
    expect(errorOf(log, wrapper(rotten))).toBe(ErrorCode.InvalidMessage)
    expect(errorOf(log, wrapper(buildRecords([one('value')], { magic: 0 })))).toBe(ErrorCode.InvalidRecord)
    expect(errorOf(log, wrapper(wrapper(good)))).toBe(ErrorCode.InvalidRecord)
    expect(errorOf(log, wrapper(new Uint8Array(30)))).toBe(ErrorCode.InvalidMessage)
    expect(errorOf(log, wrapper(new Uint8Array(0)))).toBe(ErrorCode.InvalidRecord)
  })

  it('refuses a second wrapper in a set, and formats that are mixed', () => {
    const log = logOf(logFormat010)
    const wrapper = buildRecords(three, { magic: 1, compression: 'gzip' })
    expect(errorOf(log, Buffer.concat([wrapper, wrapper]))).toBe(ErrorCode.InvalidRecord)
    const mixed = Buffer.concat([buildRecords(three, { magic: 1 }), buildRecords(three, { magic: 0 })])
    expect(errorOf(log, mixed)).toBe(ErrorCode.InvalidRecord)
  })

  it('refuses zstd in a wrapper', () => {
    const set = changed(buildRecords([{ key: null, value: utf8('x') }], { magic: 1 }), (view) => view.setUint8(17, 4))
    expect(errorOf(logOf({ magic: 1 }), set)).toBe(ErrorCode.InvalidRecord)
    expect(errorOf(logOf(logFormat010), set)).toBe(ErrorCode.Unknown)
  })

  it('has no place for producer ids and headers of format 2', () => {
    const log = logOf(logFormat010)
    const idempotent = buildRecords(three, { magic: 2, producerId: 1, producerEpoch: 0, baseSequence: 0 })
    expect(errorOf(log, idempotent)).toBe(ErrorCode.UnsupportedForMessageFormat)
    const withHeader = buildRecords([{ ...one('v'), headers: [{ key: 'h', value: null }] }], { magic: 2 })
    expect(errorOf(log, withHeader)).toBe(ErrorCode.Unknown)
    const zstd = buildRecords(three, { magic: 2, compression: 'zstd' })
    expect(errorOf(logOf({ magic: 1 }), zstd)).toBe(ErrorCode.Unknown)
    expect(errorOf(log, buildRecords(three, { magic: 2, compression: 'gzip' }))).toBe(ErrorCode.NoError)
    expect(batchesIn(log).map(({ magic, codecId }) => [magic, codecId])).toEqual([[1, 1]])
  })
})

describe('a leader since 0.11', () => {
  const batch = (options: Partial<BuildOptions> = {}) => buildRecords(three, { magic: 2, ...options })

  it('writes base offset and leader epoch into the header, and leaves the CRC and all else', () => {
    for (const compression of ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const) {
      const log = logOf({})
      log.append(batch(), AS_LEADER)
      const set = batch({ compression, producerId: 7, producerEpoch: 1, baseSequence: 0 })
      const info = log.append(set, { ...AS_LEADER, partitionLeaderEpoch: 9 })
      expect(info).toMatchObject({ firstOffset: 3, lastOffset: 5, maxTimestamp: T + 3, offsetOfMaxTimestamp: 5 })
      const stored = batchesIn(log)[1]!
      expect(stored).toMatchObject({ baseOffset: 3, lastOffset: 5, partitionLeaderEpoch: 9, producerId: 7 })
      expect(bytesToHex(stored.bytes.subarray(stored.position + 16, stored.end))).toBe(bytesToHex(set.subarray(16)))
    }
  })

  const broken: ReadonlyArray<readonly [string, () => Uint8Array]> = [
    ['two batches', () => Uint8Array.from(Buffer.concat([batch(), batch()]))],
    ['a base offset', () => changed(batch(), (view) => view.setBigInt64(0, 1n))],
    ['no record', () => changed(batch(), (view) => view.setInt32(57, 0))],
    ['fewer records than the offsets say', () => changed(batch(), (view) => view.setInt32(57, 2))],
    ['another last offset than the records say', () => changed(batch(), (view) => view.setInt32(23, 1))],
    [
      'a count that both fields agree on, and is wrong',
      () =>
        changed(batch(), (view) => {
          view.setInt32(57, 4)
          view.setInt32(23, 3)
        }),
    ],
    [
      'a record too many',
      () =>
        changed(batch(), (view) => {
          view.setInt32(57, 2)
          view.setInt32(23, 1)
        }),
    ],
    ['the control bit', () => batch({ isControl: true })],
    ['a producer without sequence', () => batch({ producerId: 1, producerEpoch: 0 })],
    ['a record that is cut short', () => changed(batch(), (view) => view.setUint8(61, view.getUint8(61) + 2))],
  ]
  it.each(broken)('refuses %s from a client with error 87', (_what, set) => {
    expect(errorOf(logOf({}), set())).toBe(ErrorCode.InvalidRecord)
  })

  it('refuses a wrong CRC with error 2, too large a batch with 10, broken compression with -1', () => {
    const rotten = batch()
    rotten[80]! ^= 1
    expect(errorOf(logOf({}), rotten)).toBe(ErrorCode.InvalidMessage)
    expect(errorOf(logOf({}, { 'max.message.bytes': batch().length - 1 }), batch())).toBe(ErrorCode.MessageSizeTooLarge)
    const closed = changed(batch(), (view) => view.setUint8(22, 1))
    expect(errorOf(logOf({}), closed)).toBe(ErrorCode.Unknown)
    expect(errorOf(logOf(logFormat011), batch({ compression: 'zstd' }))).toBe(ErrorCode.Unknown)
  })

  it('takes control batches from the coordinator only', () => {
    const marker = buildTransactionMarker({
      type: 'commit',
      coordinatorEpoch: 1,
      producerId: 3,
      producerEpoch: 0,
      timestamp: T,
    })
    const log = logOf({ compressionType: 'gzip' })
    expect(errorOf(log, marker)).toBe(ErrorCode.InvalidRecord)
    expect(log.append(marker, { ...AS_LEADER, origin: 'coordinator' })).toMatchObject({ count: 1 })
    // The topic's codec is not for markers.
    expect(batchesIn(log)[0]).toMatchObject({ isControl: true, codecId: 0 })
  })

  it('refuses times too far from its clock, whatever else is wrong', () => {
    const near = logOf({ timestampBeforeMaxMs: 1000, timestampAfterMaxMs: 500 })
    const at = (timestamp: number) => errorOf(near, buildRecords([one('v', timestamp)], { magic: 2 }))
    expect([at(T - 1000), at(T - 1001), at(T + 500), at(T + 501), at(-1)]).toEqual([
      ErrorCode.NoError,
      ErrorCode.InvalidTimestamp,
      ErrorCode.NoError,
      ErrorCode.InvalidTimestamp,
      ErrorCode.NoError,
    ])
  })

  it('takes LogAppendTime from no producer', () => {
    const set = buildRecords([{ key: null, value: utf8('v') }], { magic: 2, logAppendTime: -1 })
    expect(errorOf(logOf({}), set)).toBe(ErrorCode.InvalidTimestamp)
  })

  it('writes the time of the append where the topic says so, with a new CRC', () => {
    for (const [magic, compression] of [
      [1, 'none'],
      [1, 'gzip'],
      [2, 'none'],
      [2, 'gzip'],
    ] as const) {
      const log = logOf({ magic, timestampType: 'LogAppendTime' })
      const info = log.append(buildRecords(three, { magic, compression }), AS_LEADER)
      const isOneByOne = magic === 1 && compression === 'none'
      expect(info).toMatchObject({ maxTimestamp: T, logAppendTime: T, offsetOfMaxTimestamp: isOneByOne ? 0 : 2 })
      for (const stored of batchesIn(log)) {
        expect(stored).toMatchObject({ timestampType: 'LogAppendTime', maxTimestamp: T, isCrcValid: true })
      }
      expect(log.messages(0, 3).map(({ timestamp }) => timestamp)).toEqual([T, T, T])
    }
  })

  it('corrects a largest timestamp that is not that of the records', () => {
    const log = logOf({})
    log.append(
      changed(batch(), (view) => view.setBigInt64(35, BigInt(T + 77))),
      AS_LEADER,
    )
    expect(batchesIn(log)[0]).toMatchObject({ maxTimestamp: T + 3, isCrcValid: true })
  })

  it('compresses, recompresses and uncompresses where the topic says so', () => {
    const codecs: readonly CompressionType[] = ['none', 'gzip', 'snappy', 'lz4', 'zstd']
    for (const magic of [1, 2] as const) {
      for (const from of codecs) {
        for (const to of ['uncompressed', 'gzip', 'snappy', 'lz4', 'zstd'] as const) {
          if (magic === 1 && (from === 'zstd' || to === 'zstd')) continue
          const log = logOf({ magic, compressionType: to })
          const set = buildRecords(three, { magic, compression: from })
          expect(log.append(set, AS_LEADER)).toMatchObject({ count: 3, firstOffset: 0, lastOffset: 2 })
          const codecId = to === 'uncompressed' ? 0 : codecs.indexOf(to)
          for (const stored of batchesIn(log)) expect(stored).toMatchObject({ codecId, isCrcValid: true, magic })
          expect(log.messages(0, 3).map(({ timestamp, value }) => [timestamp, fromUtf8(value!)])).toEqual(
            three.map(({ timestamp, value }) => [timestamp, fromUtf8(value!)]),
          )
        }
      }
    }
  })

  it('keeps producer, sequence and transaction when it recompresses', () => {
    const log = logOf({ compressionType: 'lz4' })
    const origin = { producerId: 77, producerEpoch: 2, baseSequence: 0, isTransactional: true }
    log.append(batch({ compression: 'gzip', ...origin }), { ...AS_LEADER, partitionLeaderEpoch: 4 })
    expect(batchesIn(log)[0]).toMatchObject({ ...origin, codecId: 3, partitionLeaderEpoch: 4 })
  })

  it('refuses a batch that grows too large when its codec is changed', () => {
    const large = buildRecords([{ key: utf8('k'), value: new Uint8Array(3000) }], { magic: 2, compression: 'gzip' })
    const log = logOf({ compressionType: 'uncompressed' }, { 'max.message.bytes': 1000 })
    expect(errorOf(log, large)).toBe(ErrorCode.MessageSizeTooLarge)
  })

  it('lifts sets of old clients to its format', () => {
    const log = logOf({})
    log.append(buildRecords(three, { magic: 0 }), AS_LEADER)
    log.append(buildRecords(three, { magic: 1, compression: 'gzip' }), AS_LEADER)
    const stored = batchesIn(log)
    expect(
      stored.map(({ magic, codecId, baseOffset, lastOffset }) => [magic, codecId, baseOffset, lastOffset]),
    ).toEqual([
      [2, 0, 0, 2],
      [2, 1, 3, 5],
    ])
    expect(stored.map(({ maxTimestamp }) => maxTimestamp)).toEqual([-1, T + 3])
  })

  it('leaves the bytes of the caller alone', () => {
    for (const set of [batch(), batch({ compression: 'gzip' }), buildRecords(three, { magic: 1 })]) {
      const copy = set.slice()
      logOf({ timestampType: 'LogAppendTime' }).append(set, { ...AS_LEADER, partitionLeaderEpoch: 3 })
      expect(set).toEqual(copy)
    }
  })
})

describe('any set from a client', () => {
  it('that has been damaged behind its CRC is taken or refused, and never breaks the leader', () => {
    const change = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 })
    const target = fc.constantFrom(logFormat082, logFormat010, logFormat21, {
      ...logFormat21,
      compressionType: 'lz4' as const,
    })
    fc.assert(
      fc.property(newRecords, combination, change, target, (records, { magic, compression }, changes, format) => {
        const sayable = records.map((record) => representable(record, magic))
        const set = changed(buildRecords(sayable, { magic, compression }), (view) => {
          for (const [at, byte] of changes) view.setUint8(17 + (at % (view.byteLength - 17)), byte)
        })
        const log = logOf(format)
        log.append(buildRecords([one('first')], { magic: format.magic }), AS_LEADER)
        const end = log.logEndOffset
        if (errorOf(log, set) === ErrorCode.NoError) expect(log.logEndOffset).toBeGreaterThanOrEqual(end)
        log.append(buildRecords([one('last')], { magic: format.magic }), AS_LEADER)
        for (const stored of batchesIn(log)) expect(stored.isCrcValid).toBe(true)
      }),
      { numRuns: 1000 },
    )
  })
})

describe('a leader of 0.9', () => {
  const shape = (log: TestLog) => batchesIn(log).map(({ codecId, lastOffset }) => [codecId, lastOffset])
  const values = [
    [0, 'a'],
    [1, 'b'],
    [2, 'c'],
    [3, 'a'],
    [4, 'b'],
    [5, 'c'],
  ]

  it('leaves compression to the producer, unless the topic says otherwise', () => {
    const log = logOf(logFormat09)
    log.append(buildRecords(three, { magic: 0 }), AS_LEADER)
    log.append(buildRecords(three, { magic: 0, compression: 'snappy' }), AS_LEADER)
    expect(shape(log)).toEqual([
      [0, 0],
      [0, 1],
      [0, 2],
      [2, 5],
    ])
    expect(valuesIn(log)).toEqual(values)
  })

  it('puts every set in one wrapper of the topic codec (KAFKA-1499)', () => {
    const log = logOf({ ...logFormat09, compressionType: 'gzip' })
    log.append(buildRecords(three, { magic: 0 }), AS_LEADER)
    const info = log.append(buildRecords(three, { magic: 0, compression: 'snappy' }), AS_LEADER)
    expect(info).toMatchObject({ firstOffset: 3, lastOffset: 5, count: 3 })
    expect(shape(log)).toEqual([
      [1, 2],
      [1, 5],
    ])
    expect(valuesIn(log)).toEqual(values)
  })

  it('opens wrappers for a topic that is uncompressed, and then measures the messages', () => {
    const log = logOf({ ...logFormat09, compressionType: 'uncompressed' })
    log.append(buildRecords(three, { magic: 0 }), AS_LEADER)
    const info = log.append(buildRecords(three, { magic: 0, compression: 'gzip' }), AS_LEADER)
    expect(info).toMatchObject({ firstOffset: 3, lastOffset: 5, count: 3 })
    expect(shape(log).map(([codec]) => codec)).toEqual([0, 0, 0, 0, 0, 0])
    expect(valuesIn(log)).toEqual(values)
    const narrow = logOf({ ...logFormat09, compressionType: 'uncompressed' }, { 'max.message.bytes': 200 })
    const long = one('x'.repeat(500))
    expect(errorOf(narrow, buildRecords([long], { magic: 0, compression: 'gzip' }))).toBe(ErrorCode.MessageSizeTooLarge)
  })

  it('looks for keys in what it opens', () => {
    const log = logOf({ ...logFormat09, compressionType: 'gzip' }, { 'cleanup.policy': 'compact' })
    const keyless = buildRecords([{ ...one('a'), key: null }], { magic: 0 })
    expect(errorOf(log, keyless)).toBe(ErrorCode.InvalidMessage)
    expect(errorOf(log, buildRecords(three, { magic: 0 }))).toBe(ErrorCode.NoError)
  })
})
