import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type FileSystem, readFile, utf8 } from '../../../src/host/index.ts'
import { buildMessageSet, CorruptLogError, type Log, readMessageSet } from '../../../src/storage/index.ts'
import vectors from '../../fixtures/kafka-vectors.json' with { type: 'json' }
import { parseDirectory, problemsOf } from './parse-files.ts'
import { append, copyFiles, hexToBytes, open, rewrite, StorageHost, setOf, valuesOf } from './support.ts'

const LOG = 'orders-0/00000000000000000000.log'
const INDEX = 'orders-0/00000000000000000000.index'

/** The files as they are now, for another life of the process. */
function crashed(host: StorageHost): StorageHost {
  const after = new StorageHost()
  copyFiles(host.files, after.files)
  return after
}

const stem = (baseOffset: number): string => String(baseOffset).padStart(20, '0')

const sets = fc.array(
  fc.record({
    values: fc.array(fc.string({ maxLength: 50 }), { minLength: 1, maxLength: 5 }),
    flush: fc.nat(5).map((n) => n === 0),
  }),
  { minLength: 1, maxLength: 25 },
)

const settings = fc.record({
  'segment.bytes': fc.integer({ min: 900, max: 2000 }),
  'index.interval.bytes': fc.integer({ min: 0, max: 300 }),
  'segment.index.bytes': fc.integer({ min: 8, max: 100 }),
})

/** What a power loss makes of what was not flushed. */
const damage = fc.record({
  /** Where, of 1000, the tail is cut off. */
  cut: fc.nat(1000),
  /** What comes behind the cut: torn sectors, zeros of a size that got ahead of the data. */
  tail: fc.oneof(fc.constant(new Uint8Array(0)), fc.uint8Array({ maxLength: 100 }), fc.constant(new Uint8Array(64))),
  /** Segments behind the cut that are there all the same, by bits. */
  survivors: fc.nat(255),
  index: fc.constantFrom('as it was', 'missing', 'garbage', 'empty'),
})

describe('recovery after an unclean stop', () => {
  it('leaves a prefix with dense offsets that holds all that was flushed, whatever became of the rest', () => {
    fc.assert(
      fc.property(sets, settings, damage, (appends, config, { cut, tail, survivors, index }) => {
        const host = new StorageHost()
        const log = open(host, config)
        for (const { values, flush } of appends) {
          append(log, ...values)
          if (flush) log.flush()
        }
        const written = valuesOf(log)
        const { recoveryPoint } = log
        const after = crashed(host)
        const torn = tearTail(after, log, { cut, tail, survivors, index })

        const again = open(after, config, { recoveryPoint })
        const left = valuesOf(again)
        expect(left).toEqual(written.slice(0, left.length))
        expect(left.length).toBeGreaterThanOrEqual(torn)
        expect(again.logEndOffset).toBe(left.length)
        const segments = parseDirectory(after.files, 'orders-0')
        expect(problemsOf(segments)).toEqual([])
        append(again, 'life goes on')
        expect(valuesOf(again)).toEqual([...left, 'life goes on'])
        expect(problemsOf(parseDirectory(after.files, 'orders-0'))).toEqual([])
      }),
      { numRuns: 300 },
    )
  })

  it('keeps everything when only the process died, and finds the index as it was', () => {
    fc.assert(
      fc.property(sets, settings, (appends, config) => {
        const host = new StorageHost()
        const log = open(host, config)
        for (const { values } of appends) for (const value of values) append(log, value)
        const before = parseDirectory(host.files, 'orders-0')
        const after = crashed(host)
        const again = open(after, config)
        expect(valuesOf(again)).toEqual(valuesOf(log))
        expect(parseDirectory(after.files, 'orders-0')).toEqual(before)
      }),
      { numRuns: 50 },
    )
  })

  it('cuts at a flipped bit and deletes the segments behind it', () => {
    const host = new StorageHost()
    const log = open(host, { 'segment.bytes': 90 })
    for (let i = 0; i < 8; i++) append(log, `v-${i + 10}`)
    const after = crashed(host)
    rewrite(after.files, `orders-0/${stem(3)}.log`, (bytes) => bytes.map((byte, i) => (i === 55 ? byte ^ 4 : byte)))
    const again = open(after, { 'segment.bytes': 90 })
    expect(valuesOf(again)).toEqual(['v-10', 'v-11', 'v-12', 'v-13'])
    expect(after.files.list('orders-0').filter((name) => name.endsWith('.deleted'))).toHaveLength(2)
  })

  it('trusts what lies before the segment of the recovery point', () => {
    const host = new StorageHost()
    const log = open(host, { 'segment.bytes': 90 })
    for (let i = 0; i < 8; i++) append(log, `v-${i + 10}`)
    const rotten = (recoveryPoint: number): Log => {
      const after = crashed(host)
      rewrite(after.files, LOG, (bytes) => bytes.map((byte, i) => (i === 29 ? byte ^ 4 : byte)))
      return open(after, { 'segment.bytes': 90 }, { recoveryPoint })
    }
    expect(rotten(3).logEndOffset).toBe(8)
    expect(rotten(2).logEndOffset).toBe(0)
  })

  it('takes a segment for empty whose index promises a higher offset than it holds, after a clean shutdown', () => {
    const host = new StorageHost()
    const log = open(host, { 'index.interval.bytes': 0 })
    for (const value of ['a', 'b', 'c']) append(log, value)
    log.close()
    rewrite(host.files, INDEX, (bytes) => {
      bytes[bytes.length - 8 + 1]! ^= 1
      return bytes
    })
    // What 0.8.2.2 does with these files: the look-up of the last indexed offset finds nothing.
    expect(open(host, {}, { cleanShutdown: true }).logEndOffset).toBe(0)
  })

  it('does not look for damage after a clean shutdown', () => {
    const host = new StorageHost()
    const log = open(host)
    append(log, 'a', 'b')
    log.close()
    rewrite(host.files, LOG, (bytes) => bytes.map((byte, i) => (i === 26 ? byte ^ 4 : byte)))
    const again = open(host, {}, { cleanShutdown: true })
    expect([again.logEndOffset, again.recoveryPoint]).toEqual([2, 2])
    expect(readMessageSet(again.read(0, 1000).records).map(({ crcValid }) => crcValid)).toEqual([false, true])
  })

  it('treats a message larger than max.message.bytes as damage, as 0.8.2 does', () => {
    const host = new StorageHost()
    append(open(host), 'small', 'x'.repeat(200), 'small')
    expect(valuesOf(open(crashed(host), { 'max.message.bytes': 100 }))).toEqual(['small'])
  })

  it('gives up a segment whose offsets fall', () => {
    const host = new StorageHost()
    const config = { 'index.interval.bytes': 0 }
    append(open(host, config), 'a', 'b', 'c', 'd')
    rewrite(host.files, LOG, (bytes) => {
      new DataView(bytes.buffer).setBigInt64(27 * 3, 1n)
      return bytes
    })
    const again = open(host, config)
    expect([again.logEndOffset, again.size]).toEqual([0, 0])
  })

  it('treats offsets that an index cannot hold as damage', () => {
    for (const offset of [-1n, 0x7fff_ffffn + 1n, 0x7fff_ffff_ffff_ffffn]) {
      const host = new StorageHost()
      append(open(host), 'a', 'b', 'c')
      rewrite(host.files, LOG, (bytes) => {
        new DataView(bytes.buffer).setBigInt64(27 * 2, offset)
        return bytes
      })
      expect(valuesOf(open(host))).toEqual(['a', 'b'])
    }
  })

  it('does without further index entries when the index is full', () => {
    const host = new StorageHost()
    const config = { 'index.interval.bytes': 0 }
    append(open(host, config), 'a', 'b', 'c', 'd')
    const again = open(host, { ...config, 'segment.index.bytes': 16 })
    expect(valuesOf(again)).toEqual(['a', 'b', 'c', 'd'])
    expect(parseDirectory(host.files, 'orders-0')[0]!.index).toHaveLength(2)
    append(again, 'rolls')
    expect(again.segments.map(({ baseOffset }) => baseOffset)).toEqual([0, 4])
  })

  it('indexes a compressed set by the offset of its first inner message', () => {
    const host = new StorageHost()
    const config = { 'index.interval.bytes': 0 }
    const log = open(host, config)
    log.append(hexToBytes(vectors.records.v0_set_offsets_0_1_2.hex), { assignOffsets: false })
    log.append(hexToBytes(vectors.records.v0_gzip_wrapper_last_offset_4.hex), { assignOffsets: false })
    const index = (host: StorageHost) => [...readFile(host.files, INDEX).subarray(0, 32)]
    const again = open(crashed(host), config)
    expect(again.segments[0]!.index.lookup(4)).toEqual({ offset: 3, position: 88 })
    expect(index(host).slice(0, 8)).toEqual([0, 0, 0, 3, 0, 0, 0, 88])
  })
})

describe('loading a log', () => {
  it('rebuilds a missing index even after a clean shutdown', () => {
    const host = new StorageHost()
    const config = { 'index.interval.bytes': 0 }
    const log = open(host, config)
    for (let i = 0; i < 4; i++) append(log, `v${i}`)
    log.close()
    const before = readFile(host.files, INDEX)
    expect(before).toHaveLength(24)
    host.files.removeFile(INDEX)
    const again = open(host, config, { cleanShutdown: true })
    again.close()
    expect(readFile(host.files, INDEX)).toEqual(before)
  })

  it('writes a rebuilt index thousands of entries at a time, as whole as one that grew entry by entry', () => {
    const host = new StorageHost()
    const config = { 'index.interval.bytes': 0 }
    const log = open(host, config)
    for (let i = 0; i < 9000; i++) append(log, 'v')
    log.close()
    const before = readFile(host.files, INDEX)
    expect(before).toHaveLength(8 * 8999)
    host.files.removeFile(INDEX)
    const writes = countWrites(host.files, INDEX)
    const again = open(host, config, { cleanShutdown: true })
    expect(writes.count).toBe(3)
    append(again, 'v')
    append(again, 'v')
    expect(writes.count).toBe(4)
    again.close()
    expect(Buffer.compare(readFile(host.files, INDEX).subarray(0, before.length), before)).toBe(0)
    expect(problemsOf(parseDirectory(host.files, 'orders-0'))).toEqual([])
  })

  it('removes orphan indexes and the leftovers of deletion and compaction, and finishes a swap', () => {
    const host = new StorageHost()
    const log = open(host)
    append(log, 'old')
    log.close()
    const swapped = buildMessageSet([{ key: null, value: utf8('compacted') }])
    const leave = (name: string, bytes: Uint8Array) => rewrite(host.files, `orders-0/${name}`, () => bytes)
    leave(`${stem(0)}.log.swap`, swapped)
    leave(`${stem(0)}.index.swap`, utf8('partial'))
    leave(`${stem(0)}.log.cleaned`, utf8('partial'))
    leave(`${stem(0)}.index.cleaned`, utf8('partial'))
    leave(`${stem(7)}.log.deleted`, utf8('gone'))
    leave(`${stem(9)}.index`, new Uint8Array(80))
    const again = open(host, {}, { cleanShutdown: true })
    expect(valuesOf(again)).toEqual(['compacted'])
    expect(host.files.list('orders-0')).toEqual([`${stem(0)}.index`, `${stem(0)}.log`])
  })

  it('refuses an index that fails its sanity check after a clean shutdown, and names the file', () => {
    const host = new StorageHost()
    const log = open(host)
    append(log, 'a')
    log.close()
    rewrite(host.files, INDEX, () => new Uint8Array(24))
    expect(() => open(host, {}, { cleanShutdown: true })).toThrow(CorruptLogError)
    expect(() => open(host, {}, { cleanShutdown: true })).toThrow(
      /orders-0\/0{20}\.index is corrupt at byte \d+: last offset 0, base offset 0/,
    )
    expect(valuesOf(open(host))).toEqual(['a'])
  })

  it('refuses a last offset beyond what a number can hold', () => {
    const host = new StorageHost()
    const log = open(host)
    append(log, 'a')
    log.close()
    rewrite(host.files, LOG, (bytes) => {
      new DataView(bytes.buffer).setBigInt64(0, 0x7fff_ffff_ffff_fff0n)
      return bytes
    })
    expect(() => open(host, {}, { cleanShutdown: true })).toThrow(CorruptLogError)
  })

  it('passes over files that are not of a log', () => {
    const host = new StorageHost()
    append(open(host), 'a')
    rewrite(host.files, 'orders-0/notes.log', () => utf8('hello'))
    rewrite(host.files, 'orders-0/7.log', () => utf8('hello'))
    rewrite(host.files, 'orders-0/99999999999999999999.log', () => utf8('hello'))
    expect(valuesOf(open(host))).toEqual(['a'])
  })

  it('comes to an end with any bytes in its files, and answers every read of them', () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 400 }),
      fc.tuple(fc.nat(100), fc.uint8Array({ minLength: 1, maxLength: 20 })).map(([at, patch]) => {
        const good = Uint8Array.from([...setOf('one', 'two'), ...setOf('three', 'four', 'five')])
        good.set(patch.subarray(0, good.length - at), at)
        return good
      }),
    )
    fc.assert(
      fc.property(bytes, fc.uint8Array({ maxLength: 48 }), fc.boolean(), (log, index, cleanShutdown) => {
        const host = new StorageHost()
        host.files.makeDirectory('orders-0')
        rewrite(host.files, LOG, () => log)
        rewrite(host.files, INDEX, () => index)
        try {
          const opened = open(host, { 'index.interval.bytes': 50 }, { cleanShutdown })
          for (let offset = 0; offset < Math.min(opened.logEndOffset, 20); offset++) {
            expect(opened.read(offset, 1000, 100).records.length).toBeLessThanOrEqual(log.length)
          }
          append(opened, 'more')
        } catch (error) {
          expect(error).toBeInstanceOf(Error)
          expect((error as Error).name).toMatch(/^(CorruptLogError|IndexOffsetError|OffsetOutOfRangeError)$/)
          expect(cleanShutdown).toBe(true)
        }
      }),
      { numRuns: 1000 },
    )
  })
})

/** Does to the files what a power loss may; returns how many messages must be left. */
function tearTail(
  after: StorageHost,
  log: Log,
  how: { cut: number; tail: Uint8Array; survivors: number; index: string },
): number {
  const { files } = after
  const unflushed = log.segments.filter(
    ({ nextOffset, baseOffset }) => nextOffset > log.recoveryPoint || baseOffset >= log.recoveryPoint,
  )
  const flushedBytes = (segment: Log['segments'][number]): number => {
    const position = log.recoveryPoint <= segment.baseOffset ? 0 : segment.positionOf(log.recoveryPoint)
    return position < 0 ? segment.size : position
  }
  const total = unflushed.reduce((sum, segment) => sum + segment.size - flushedBytes(segment), 0)
  let left = Math.floor((total * how.cut) / 1000)
  let isCut = false
  unflushed.forEach((segment, i) => {
    const path = `orders-0/${stem(segment.baseOffset)}`
    const from = flushedBytes(segment)
    const loose = segment.size - from
    if (isCut) {
      // Behind the cut, whole segments may have reached the disk, or none of their bytes.
      if ((how.survivors & (1 << (i % 8))) === 0) {
        files.removeFile(`${path}.log`)
        files.removeFile(`${path}.index`)
      }
      return
    }
    if (left < loose || i === unflushed.length - 1) {
      isCut = true
      rewrite(files, `${path}.log`, (bytes) => Uint8Array.from([...bytes.subarray(0, from + left), ...how.tail]))
    }
    left -= loose
    if (how.index === 'missing') files.removeFile(`${path}.index`)
    else if (how.index === 'garbage')
      rewrite(files, `${path}.index`, (bytes) => bytes.map((byte, n) => byte ^ (n * 37 + 11)))
    else if (how.index === 'empty') rewrite(files, `${path}.index`, () => new Uint8Array(0))
  })
  return log.recoveryPoint
}

/** Counts the writes to one file, where it is opened from now on. */
function countWrites(files: FileSystem, path: string): { count: number } {
  const counter = { count: 0 }
  const openFile = files.open.bind(files)
  files.open = (opened, options) => {
    const handle = openFile(opened, options)
    if (opened !== path) return handle
    const write = handle.write.bind(handle)
    handle.write = (position, bytes) => {
      counter.count++
      write(position, bytes)
    }
    return handle
  }
  return counter
}
