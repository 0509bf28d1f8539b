import { describe, expect, it } from 'vitest'
import { readFile, utf8 } from '../../../src/host/index.ts'
import { ErrorCode } from '../../../src/protocol/errors.ts'
import { crc32 } from '../../../src/storage/crc.ts'
import { AppendError, buildMessageSet, buildRecords, type Log, logFormat24 } from '../../../src/storage/index.ts'
import vectors from '../../fixtures/kafka-vectors.json' with { type: 'json' }
import { parseDirectory, problemsOf } from './parse-files.ts'
import { append, bytesToHex, hexToBytes, open, rewrite, StorageHost, setOf, valuesOf } from './support.ts'

const errorOf = (log: Log, records: Uint8Array, assignOffsets = true): number => {
  const before = [log.logEndOffset, log.size, valuesOf(log)]
  try {
    log.append(records, { assignOffsets })
  } catch (error) {
    if (!(error instanceof AppendError)) throw error
    expect([log.logEndOffset, log.size, valuesOf(log)]).toEqual(before)
    return error.errorCode
  }
  return ErrorCode.NoError
}

const flipped = (bytes: Uint8Array, at: number): Uint8Array => bytes.map((byte, i) => (i === at ? byte ^ 1 : byte))

describe('an append by the leader', () => {
  it('numbers the messages from the log end offset on and leaves all other bytes, and the caller its own', () => {
    const host = new StorageHost()
    const log = open(host)
    append(log, 'a', 'b', 'c')
    const records = hexToBytes(vectors.records.v0_set_offsets_0_1_2.hex)
    expect(log.append(records, { assignOffsets: true })).toEqual({
      firstOffset: 3,
      lastOffset: 5,
      count: 3,
      bytes: 88,
      maxTimestamp: -1,
      offsetOfMaxTimestamp: -1,
      logAppendTime: -1,
    })
    expect(bytesToHex(records)).toBe(vectors.records.v0_set_offsets_0_1_2.hex)
    const file = readFile(host.files, 'orders-0/00000000000000000000.log')
    const expected = buildMessageSet(
      [
        { key: utf8('k'), value: utf8('v0') },
        { key: null, value: utf8('no key') },
        { key: utf8('k'), value: null },
      ],
      3,
    )
    expect(bytesToHex(file.subarray(file.length - 88))).toBe(bytesToHex(expected))
    expect(log.logEndOffset).toBe(6)
  })

  it('drops a last message that was cut short', () => {
    const log = open(new StorageHost())
    const records = setOf('first', 'second')
    expect(log.append(records.subarray(0, records.length - 1), { assignOffsets: true })).toMatchObject({ count: 1 })
    expect(valuesOf(log)).toEqual(['first'])
  })

  it('of nothing, or of half a message, changes nothing', () => {
    const log = open(new StorageHost())
    const nothing = { firstOffset: -1, lastOffset: -1, count: 0, bytes: 0 }
    expect(log.append(new Uint8Array(0), { assignOffsets: true })).toMatchObject(nothing)
    expect(log.append(setOf('value').subarray(0, 20), { assignOffsets: true })).toMatchObject(nothing)
    expect([log.logEndOffset, log.size]).toEqual([0, 0])
  })

  it('is refused as a whole with error 2 for a wrong CRC anywhere, even behind good messages', () => {
    const log = open(new StorageHost())
    append(log, 'before')
    const records = setOf('good', 'bad')
    expect(errorOf(log, flipped(records, records.length - 1))).toBe(ErrorCode.InvalidMessage)
    expect(errorOf(log, flipped(records, 16))).toBe(ErrorCode.InvalidMessage)
  })

  it('is refused with error 2 for a size that no message has', () => {
    const log = open(new StorageHost())
    for (const size of [13, 0, -1, -0x8000_0000]) {
      const records = setOf('value')
      new DataView(records.buffer).setInt32(8, size)
      expect(errorOf(log, records)).toBe(ErrorCode.InvalidMessage)
    }
  })

  it('is refused with error 10 above max.message.bytes, offset and size fields included', () => {
    const log = open(new StorageHost(), { 'max.message.bytes': 31 })
    expect(errorOf(log, setOf('12345'))).toBe(ErrorCode.NoError)
    expect(errorOf(log, setOf('123456'))).toBe(ErrorCode.MessageSizeTooLarge)
    expect(errorOf(log, setOf('1', '123456'))).toBe(ErrorCode.MessageSizeTooLarge)
  })

  it('is refused with error 18 above segment.bytes', () => {
    const log = open(new StorageHost(), { 'segment.bytes': 62 })
    expect(errorOf(log, setOf('12345', '12345'))).toBe(ErrorCode.NoError)
    expect(errorOf(log, setOf('12345', '123456'))).toBe(ErrorCode.MessageSetSizeTooLarge)
  })

  it('is refused with error -1 for a codec that the release does not know', () => {
    const log = open(new StorageHost())
    for (const codec of [4, 5, 6, 7]) {
      const records = setOf('value')
      records[17] = codec
      new DataView(records.buffer).setUint32(12, crc32(records.subarray(16)))
      expect(errorOf(log, records)).toBe(ErrorCode.Unknown)
    }
  })
})

describe('an append by a follower', () => {
  it('keeps the bytes as they came', () => {
    const host = new StorageHost()
    const log = open(host)
    log.append(hexToBytes(vectors.records.v0_set_offsets_0_1_2.hex), { assignOffsets: false })
    const wrapper = hexToBytes(vectors.records.v0_gzip_wrapper_last_offset_4.hex)
    expect(log.append(wrapper, { assignOffsets: false })).toMatchObject({ firstOffset: 4, lastOffset: 4 })
    expect(bytesToHex(readFile(host.files, 'orders-0/00000000000000000000.log'))).toBe(
      vectors.records.v0_set_offsets_0_1_2.hex + vectors.records.v0_gzip_wrapper_last_offset_4.hex,
    )
    expect(log.logEndOffset).toBe(5)
  })

  it('is refused if offsets do not rise or begin below the log end offset', () => {
    const log = open(new StorageHost())
    const one = (offset: number) => buildMessageSet([{ key: null, value: utf8('v') }], offset)
    expect(errorOf(log, Buffer.concat([one(0), one(1)]), false)).toBe(ErrorCode.NoError)
    expect(errorOf(log, one(1), false)).toBe(ErrorCode.Unknown)
    expect(errorOf(log, Buffer.concat([one(2), one(2)]), false)).toBe(ErrorCode.Unknown)
    expect(errorOf(log, one(2), false)).toBe(ErrorCode.NoError)
  })

  it('refuses a wrong CRC too', () => {
    const log = open(new StorageHost())
    expect(errorOf(log, flipped(setOf('value'), 30), false)).toBe(ErrorCode.InvalidMessage)
  })
})

describe('the index of an active segment', () => {
  it('gets an entry for the first message of an append when more than the interval lies behind the last entry', () => {
    const host = new StorageHost()
    const log = open(host, { 'index.interval.bytes': 60, 'segment.index.bytes': 100 })
    // Entries of 30 bytes each: 26 and a value of four.
    for (let i = 0; i < 12; i++) append(log, `v-${i + 10}`)
    append(log, 'v-22', 'v-23', 'v-24')
    append(log, 'v-25')
    const [segment] = parseDirectory(host.files, 'orders-0')
    expect(segment!.index).toEqual([
      [3, 90],
      [6, 180],
      [9, 270],
      [12, 360],
      [15, 450],
    ])
    expect(segment!.indexBytes).toBe(96)
  })
})

describe('a log rolls', () => {
  const bases = (log: Log) => log.segments.map(({ baseOffset }) => baseOffset)

  it('before the append that would make the segment larger than segment.bytes', () => {
    const host = new StorageHost()
    const log = open(host, { 'segment.bytes': 90, 'index.interval.bytes': 0, 'segment.index.bytes': 80 })
    for (let i = 0; i < 7; i++) append(log, `v-${i + 10}`)
    expect(bases(log)).toEqual([0, 3, 6])
    expect(host.files.list('orders-0')).toEqual([
      '00000000000000000000.index',
      '00000000000000000000.log',
      '00000000000000000003.index',
      '00000000000000000003.log',
      '00000000000000000006.index',
      '00000000000000000006.log',
    ])
    const segments = parseDirectory(host.files, 'orders-0')
    expect(problemsOf(segments)).toEqual([])
    expect(segments.map(({ indexBytes }) => indexBytes)).toEqual([16, 16, 80])
    expect(host.events.filter(({ kind }) => kind === 'SegmentRolled')).toEqual([
      { kind: 'SegmentRolled', tp: 'orders-0', baseOffset: 3 },
      { kind: 'SegmentRolled', tp: 'orders-0', baseOffset: 6 },
    ])
  })

  it('when the segment is older than segment.ms and not empty, counted from the making of the segment object', () => {
    const host = new StorageHost()
    const log = open(host, { 'segment.ms': 1000 })
    host.advanceMs(5000)
    append(log, 'late, but first')
    expect(bases(log)).toEqual([0])
    append(log, 'rolls')
    expect(bases(log)).toEqual([0, 1])
    host.advanceMs(1000)
    append(log, 'exactly as old')
    expect(bases(log)).toEqual([0, 1])
    log.close()
    host.advanceMs(900)
    const again = open(host, { 'segment.ms': 1000 }, { cleanShutdown: true })
    host.advanceMs(1000)
    append(again, 'young again after a restart')
    expect(bases(again)).toEqual([0, 1])
  })

  it('when the index is full', () => {
    const log = open(new StorageHost(), { 'index.interval.bytes': 0, 'segment.index.bytes': 16 })
    for (let i = 0; i < 7; i++) append(log, `v${i}`)
    expect(bases(log)).toEqual([0, 3, 6])
  })

  it('but not when that is the index of an empty segment, which begins anew', () => {
    const host = new StorageHost()
    host.files.makeDirectory('orders-0')
    rewrite(host.files, `orders-0/${'0'.repeat(20)}.log`, () => new Uint8Array(0))
    rewrite(host.files, `orders-0/${'0'.repeat(20)}.index`, () => new Uint8Array(40).fill(9))
    const format = logFormat24
    const log = open(host, { 'index.interval.bytes': 0, 'segment.index.bytes': 40 }, { format, cleanShutdown: true })
    expect(log.activeSegment.isIndexFull).toBe(true)
    for (let i = 0; i < 2; i++)
      log.append(buildRecords([{ key: null, value: null }], { magic: 2 }), { assignOffsets: true })
    expect(bases(log)).toEqual([0])
    expect(log.activeSegment.index.entry(0)).toEqual({ offset: 1, position: log.activeSegment.size / 2 })
  })

  it('when an offset would be further from the base than an index entry can say', () => {
    const log = open(new StorageHost())
    append(log, 'v')
    log.append(buildMessageSet([{ key: null, value: null }], 0x7fff_ffff), { assignOffsets: false })
    log.append(buildMessageSet([{ key: null, value: null }], 0x8000_0000), { assignOffsets: false })
    expect(bases(log)).toEqual([0, 0x8000_0000])
  })

  it('and the old segment is flushed in the background, which moves the recovery point', () => {
    const host = new StorageHost()
    const log = open(host, { 'segment.bytes': 90 })
    for (let i = 0; i < 4; i++) append(log, `v-${i + 10}`)
    expect(log.recoveryPoint).toBe(0)
    host.advanceMs(0)
    expect([log.recoveryPoint, log.logEndOffset]).toEqual([3, 4])
  })

  it('over a file that a failed roll left behind', () => {
    const host = new StorageHost()
    const log = open(host, { 'segment.bytes': 60 })
    append(log, 'v-10', 'v-11')
    const stale = host.files.open('orders-0/00000000000000000002.log', { create: true })
    stale.write(0, utf8('stale'))
    stale.close()
    append(log, 'v-12')
    expect(problemsOf(parseDirectory(host.files, 'orders-0'))).toEqual([])
    expect(valuesOf(log)).toEqual(['v-10', 'v-11', 'v-12'])
  })
})

describe('a flush', () => {
  it('comes by itself after flush.messages messages', () => {
    const log = open(new StorageHost(), { 'flush.messages': 3 })
    append(log, 'a', 'b')
    expect(log.recoveryPoint).toBe(0)
    append(log, 'c')
    expect(log.recoveryPoint).toBe(3)
  })

  it('up to an offset syncs just the segments that hold what is not durable below it', () => {
    const host = new StorageHost()
    const synced: string[] = []
    const { files } = host
    const original = files.open.bind(files)
    files.open = (path, options) => {
      const handle = original(path, options)
      const sync = handle.sync.bind(handle)
      handle.sync = () => {
        synced.push(path.slice(-12))
        sync()
      }
      return handle
    }
    const log = open(host, { 'segment.bytes': 60 })
    for (let i = 0; i < 7; i++) append(log, `v-${i + 10}`)
    log.flush(4)
    expect(synced.splice(0)).toEqual(['00000000.log', '000000.index', '00000002.log', '000002.index'])
    expect(log.recoveryPoint).toBe(4)
    log.flush(3)
    expect(synced).toEqual([])
    log.flush()
    expect(synced).toEqual(['00000004.log', '000004.index', '00000006.log', '000006.index'])
    expect(log.recoveryPoint).toBe(7)
  })
})
