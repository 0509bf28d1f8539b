/** Rolling and lookups by the time of records, and the files for it, as releases from 0.10.1 on have them. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { utf8 } from '../../../src/host/index.ts'
import {
  buildRecords,
  type CompressionType,
  type Log,
  LogError,
  type LogFormat,
  logFormat21,
  logFormat010,
  logFormat011,
} from '../../../src/storage/index.ts'
import { batchesOf } from '../../../src/storage/record/batch.ts'
import { append, copyFiles, open, StorageHost } from './support.ts'

const T = 1_700_000_000_000
const stem = (baseOffset: number): string => String(baseOffset).padStart(20, '0')
const namesIn = (host: StorageHost): string[] => [...host.files.list('orders-0')]

/** One set of records with these times, as a leader gets it. */
function add(log: Log, times: readonly number[], compression: CompressionType = 'none'): void {
  const records = times.map((timestamp) => ({ timestamp, key: null, value: utf8('v') }))
  const { magic } = log.format
  log.append(buildRecords(records, { magic, compression }), { assignOffsets: true })
}

const formats = fc.constantFrom<LogFormat>(logFormat010, logFormat011, logFormat21)
/** Times around one another, some missing. */
const time = fc.oneof(
  { weight: 9, arbitrary: fc.integer({ min: T, max: T + 50 }) },
  { weight: 1, arbitrary: fc.constant(-1) },
)
const sets = fc.array(
  fc.tuple(fc.array(time, { minLength: 1, maxLength: 4 }), fc.constantFrom<CompressionType>('none', 'gzip')),
  { minLength: 1, maxLength: 25 },
)
const settings = fc.record({
  'segment.bytes': fc.integer({ min: 500, max: 1500 }),
  'index.interval.bytes': fc.constantFrom(0, 100, 300),
})

/** What the time index of each segment must say, entry by entry: the largest time so far, and where it was first. */
function expectTimeIndexes(log: Log): void {
  for (const segment of log.segments) {
    const batches = [...batchesOf(segment.log.read(0, segment.size))]
    const index = segment.timeIndex!
    for (let slot = 0; slot < index.entries; slot++) {
      const { timestamp, offset } = index.entry(slot)
      const at = batches.findIndex((batch) => batch.lastOffset === offset)
      expect(at).toBeGreaterThanOrEqual(0)
      expect(batches[at]!.maxTimestamp).toBe(timestamp)
      for (const batch of batches.slice(0, at)) expect(batch.maxTimestamp).toBeLessThan(timestamp)
    }
    // A closed segment says the largest of all.
    const largest = batches.reduce((max, batch) => Math.max(max, batch.maxTimestamp), -1)
    if (segment !== log.activeSegment) expect(index.lastEntry.timestamp).toBe(largest)
  }
}

describe('a log with time indexes', () => {
  it('finds the first record at or after a time, as a scan does, before and after a crash and a clean stop', () => {
    fc.assert(
      fc.property(formats, sets, settings, (format, all, config) => {
        const host = new StorageHost()
        const log = open(host, config, { format })
        for (const [times, compression] of all) add(log, times, compression)
        const check = (found: Log): void => {
          const records = found.messages(0, found.logEndOffset)
          for (const target of [0, T, T + 10, T + 25, T + 49, T + 50, T + 51]) {
            const expected = records.find(({ timestamp }) => timestamp >= target)
            const answer = found.offsetByTimestamp(target)
            if (expected === undefined) expect(answer).toBeUndefined()
            else expect(answer).toMatchObject({ offset: expected.offset, timestamp: expected.timestamp })
          }
          expect(found.offsetByTimestamp(-2)).toMatchObject({ offset: 0, timestamp: -1 })
          expect(found.offsetByTimestamp(-1)).toMatchObject({ offset: found.logEndOffset, timestamp: -1 })
          expectTimeIndexes(found)
        }
        check(log)
        const crashed = new StorageHost()
        copyFiles(host.files, crashed.files)
        check(open(crashed, config, { format }))
        log.close()
        check(open(host, config, { format, cleanShutdown: true }))
      }),
      { numRuns: 80 },
    )
  })

  it('forgets times with the records that are cut off', () => {
    fc.assert(
      fc.property(formats, sets, settings, fc.nat(1000), (format, all, config, permille) => {
        const log = open(new StorageHost(), config, { format })
        for (const [times, compression] of all) add(log, times, compression)
        log.truncateTo(Math.floor((log.logEndOffset * permille) / 1000))
        expectTimeIndexes(log)
        const records = log.messages(0, log.logEndOffset)
        const largest = records
          .filter(({ offset }) => offset >= log.activeSegment.baseOffset)
          .reduce((max, { timestamp }) => Math.max(max, timestamp), -1)
        if (largest >= 0) expect(log.activeSegment.largestTimestampMs).toBe(largest)
        add(log, [T + 60])
        expect(log.offsetByTimestamp(T + 60)?.offset).toBe(log.logEndOffset - 1)
        expectTimeIndexes(log)
      }),
      { numRuns: 80 },
    )
  })

  it('knows no times in a log of format 0', () => {
    const log = open(new StorageHost(), {})
    append(log, 'a')
    expect(() => log.offsetByTimestamp(T)).toThrow(LogError)
    expect(log.offsetByTimestamp(-1)?.offset).toBe(1)
  })

  it('rolls by the time of records, not by the clock', () => {
    const host = new StorageHost()
    const log = open(host, { 'segment.ms': 1000 }, { format: logFormat21 })
    add(log, [T])
    host.advanceMs(100_000)
    add(log, [T + 1000])
    expect(log.segments).toHaveLength(1)
    add(log, [T + 1001])
    expect(log.segments.map(({ baseOffset }) => baseOffset)).toEqual([0, 2])
    // The first append of the new segment counts from now on; a time that falls makes nobody wait.
    add(log, [T])
    add(log, [T + 2001])
    expect(log.segments).toHaveLength(2)
    add(log, [T + 2002])
    expect(log.segments).toHaveLength(3)
  })

  it('rolls by the clock where records have no time, and takes the first entry for the age of a reopened segment', () => {
    const host = new StorageHost()
    const config = { 'segment.ms': 1000 }
    const log = open(host, config, { format: logFormat21 })
    add(log, [-1])
    add(log, [T])
    expect(log.segments).toHaveLength(1)
    host.advanceMs(1001)
    add(log, [T])
    expect(log.segments).toHaveLength(2)
    log.close()
    const again = open(host, config, { format: logFormat21, cleanShutdown: true })
    add(again, [T + 1000])
    expect(again.segments).toHaveLength(2)
    add(again, [T + 1001])
    expect(again.segments).toHaveLength(3)
  })

  it('rolls when the time index is full', () => {
    const log = open(
      new StorageHost(),
      { 'segment.index.bytes': 48, 'index.interval.bytes': 0 },
      { format: logFormat21 },
    )
    for (let i = 0; i < 12; i++) add(log, [T + i])
    // Four entries would fit, one of them is kept for the end; the first append has none.
    expect(log.segments.map(({ baseOffset }) => baseOffset)).toEqual([0, 4, 8])
    expect(log.segments[0]!.timeIndex!.entries).toBe(3)
  })

  it('rolls earlier by a jitter drawn for each segment', () => {
    const host = new StorageHost()
    const drawn: number[] = []
    const intBelow = (n: number): number => {
      drawn.push(n)
      return 400
    }
    Object.assign(host, { random: () => ({ intBelow }) })
    const log = open(host, { 'segment.ms': 1000, 'segment.jitter.ms': 500 })
    append(log, 'a')
    host.advanceMs(600)
    append(log, 'b')
    expect(log.segments).toHaveLength(1)
    host.advanceMs(1)
    append(log, 'c')
    expect(log.segments).toHaveLength(2)
    expect(drawn).toEqual([500, 500])
  })
})

describe('the files of a log', () => {
  it.each([
    ['0.8.2', undefined, ['.index', '.log']],
    ['0.10.2', logFormat010, ['.index', '.log', '.timeindex']],
    ['0.11', logFormat011, ['.index', '.log', '.timeindex', 'leader-epoch-checkpoint']],
  ] as const)('are those of %s', (_, format, expected) => {
    const host = new StorageHost()
    open(host, {}, format === undefined ? {} : { format })
    expect(namesIn(host).map((name) => name.replace(stem(0), ''))).toEqual(expected)
  })

  it('of an older release are taken over: a missing time index stays empty until the segment is written to', () => {
    const host = new StorageHost()
    const config = { 'segment.bytes': 90 }
    const old = open(host, config)
    for (let i = 0; i < 4; i++) append(old, `old${i}`)
    old.close()
    const log = open(host, config, { format: logFormat010, cleanShutdown: true })
    expect(log.segments[0]!.timeIndex!.entries).toBe(0)
    expect(host.files.status(`orders-0/${stem(0)}.timeindex`)!.size).toBe(0)
    add(log, [T + 1])
    expect(log.messages(0, 9).map(({ timestamp }) => timestamp)).toEqual([-1, -1, -1, -1, T + 1])
    expect(log.offsetByTimestamp(T + 1)?.offset).toBe(4)
    // A segment whose records have no time is as old as its file, and hides what is asked for before.
    expect(log.offsetByTimestamp(T)).toBeUndefined()
  })
})
