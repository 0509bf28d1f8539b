/** Retention: which segments go, when, and what is left (formats.md 2.9). */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { TopicConfig } from '../../../src/config/index.ts'
import { fromUtf8, utf8 } from '../../../src/host/index.ts'
import {
  buildRecords,
  type Log,
  type LogFormat,
  logFormat09,
  logFormat21,
  logFormat082,
  OffsetOutOfRangeError,
} from '../../../src/storage/index.ts'
import { append, copyFiles, manager, open, StorageHost, valuesOf } from './support.ts'

const HOUR = 3_600_000
const T = 1_700_000_000_000
const basesOf = (log: Log): number[] => log.segments.map(({ baseOffset }) => baseOffset)
const namesEndingIn = (host: StorageHost, suffix: string): string[] =>
  host.files.list('orders-0').filter((name) => name.endsWith(suffix))

/** Segments of three messages of 30 bytes, one an hour; the last one is active. */
function hourly(count: number, config: Partial<TopicConfig> = {}, format: LogFormat = logFormat082) {
  const host = new StorageHost()
  const log = open(host, { 'segment.bytes': 90, 'retention.ms': -1, ...config }, { format })
  for (let i = 0; i < count; i++) {
    for (let n = 0; n < 3; n++) append(log, `v${String(3 * i + n).padStart(3, '0')}`)
    if (i < count - 1) host.advanceMs(HOUR)
  }
  return { host, log }
}

/** One record with a time, as a leader since 0.11 writes it. */
const add = (log: Log, timestamp: number): void =>
  void log.append(buildRecords([{ timestamp, key: null, value: utf8('v') }], { magic: 2 }), { assignOffsets: true })

describe('retention by time', () => {
  it('deletes segments whose file was last changed longer ago than the limit', () => {
    const { host, log } = hourly(5, { 'retention.ms': 2 * HOUR })
    expect(log.deleteOldSegments()).toBe(2)
    expect(basesOf(log)).toEqual([6, 9, 12])
    expect(log.logStartOffset).toBe(6)
    expect(() => log.read(5, 100)).toThrow(OffsetOutOfRangeError)
    expect(valuesOf(log)[0]).toBe('v006')
    expect(host.events.at(-1)).toEqual({
      kind: 'SegmentsDeleted',
      tp: 'orders-0',
      baseOffsets: [0, 3],
      reason: 'time',
      logStartOffset: 6,
    })
    expect(log.deleteOldSegments()).toBe(0)
  })

  it('keeps what is exactly as old as the limit', () => {
    const { log } = hourly(3, { 'retention.ms': 2 * HOUR })
    expect(log.deleteOldSegments()).toBe(0)
  })

  it('removes the files after their delay, and at the next start', () => {
    const { host, log } = hourly(3, { 'retention.ms': HOUR, 'file.delete.delay.ms': 5000 })
    log.deleteOldSegments()
    expect(namesEndingIn(host, '.deleted')).toHaveLength(2)
    const crashed = new StorageHost()
    copyFiles(host.files, crashed.files)
    expect(basesOf(open(crashed, { 'segment.bytes': 90 }))).toEqual([3, 6])
    expect(namesEndingIn(crashed, '.deleted')).toEqual([])
    host.advanceMs(4999)
    expect(namesEndingIn(host, '.deleted')).toHaveLength(2)
    host.advanceMs(1)
    expect(namesEndingIn(host, '.deleted')).toEqual([])
  })

  it('begins a new segment where all may go, and leaves an empty one alone', () => {
    const { host, log } = hourly(2, { 'retention.ms': HOUR })
    host.advanceMs(2 * HOUR)
    expect(log.deleteOldSegments()).toBe(2)
    expect(basesOf(log)).toEqual([6])
    expect([log.logStartOffset, log.logEndOffset]).toEqual([6, 6])
    host.advanceMs(2 * HOUR)
    expect(log.deleteOldSegments()).toBe(0)
    append(log, 'goes on')
    expect(valuesOf(log)).toEqual(['goes on'])
  })

  it('takes a limit below zero for none since 0.9; in 0.8.2 everything is older than that', () => {
    expect(hourly(3, {}, logFormat09).log.deleteOldSegments()).toBe(0)
    expect(hourly(3, {}, logFormat082).log.deleteOldSegments()).toBe(3)
  })

  it('stops at the first segment that may stay', () => {
    const { host, log } = hourly(4, { 'retention.ms': HOUR })
    host.files.setModified(log.segments[1]!.log.path, host.nowUs)
    expect(log.deleteOldSegments()).toBe(1)
    expect(basesOf(log)).toEqual([3, 6, 9])
  })

  it('goes by the largest timestamp of the records since 0.10.1, wherever the file has been', () => {
    const host = new StorageHost()
    const log = open(host, { 'segment.ms': HOUR, 'retention.ms': 3 * HOUR }, { format: logFormat21 })
    for (const hours of [-9, -5, -7, -2, 0]) add(log, T + hours * HOUR)
    log.updateHighWatermark(log.logEndOffset)
    expect(basesOf(log)).toEqual([0, 1, 3, 4])
    expect(log.deleteOldSegments()).toBe(2)
    expect(basesOf(log)).toEqual([3, 4])
  })
})

describe('retention by size', () => {
  it('deletes the oldest segments while what is left is not below the limit', () => {
    const { log } = hourly(5, { 'retention.bytes': 200 }, logFormat09)
    const [segmentBytes] = log.segments.map(({ size }) => size)
    expect(log.size).toBe(5 * segmentBytes!)
    log.deleteOldSegments()
    expect(log.size).toBeGreaterThanOrEqual(200)
    expect(log.size - segmentBytes!).toBeLessThan(200)
  })

  it('leaves a log above its limit, by less than a segment, whatever was appended', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(60), { minLength: 1, maxLength: 60 }),
        fc.nat(2500),
        fc.integer({ min: 100, max: 400 }),
        (sizes, limit, segmentBytes) => {
          const host = new StorageHost()
          const log = open(host, { 'segment.bytes': segmentBytes, 'retention.bytes': limit }, { format: logFormat09 })
          for (const size of sizes) append(log, 'x'.repeat(size))
          const before = valuesOf(log)
          const sizeBefore = log.size
          log.deleteOldSegments()
          const after = valuesOf(log)
          expect(after).toEqual(before.slice(before.length - after.length))
          expect(log.logEndOffset).toBe(before.length)
          if (sizeBefore < limit) expect(log.size).toBe(sizeBefore)
          else {
            expect(log.size).toBeGreaterThanOrEqual(limit)
            expect(log.size - log.segments[0]!.size).toBeLessThan(Math.max(1, limit))
          }
        },
      ),
    )
  })

  it('has no limit by default', () => {
    expect(hourly(4, { 'retention.bytes': -1 }, logFormat09).log.deleteOldSegments()).toBe(0)
  })
})

describe('retention and the high watermark', () => {
  const config = { 'segment.bytes': 200, 'retention.bytes': 0 }
  const filled = (): Log => {
    const log = open(new StorageHost(), config, { format: logFormat21 })
    for (let i = 0; i < 12; i++) add(log, T)
    return log
  }

  it('nothing goes before the high watermark is known, and then nothing at or above it, since 0.11', () => {
    const log = filled()
    const bases = basesOf(log)
    expect(bases.length).toBeGreaterThan(4)
    expect(log.deleteOldSegments()).toBe(0)
    log.updateHighWatermark(bases[2]! + 1)
    expect(log.deleteOldSegments()).toBe(2)
    expect(log.logStartOffset).toBe(bases[2]!)
    log.updateHighWatermark(log.logEndOffset)
    log.deleteOldSegments()
    expect([log.logStartOffset, log.logEndOffset, log.segments.length]).toEqual([12, 12, 1])
  })

  it('a log that begins within a segment gives up the segments below, is not read there, and says so in a file', () => {
    const host = new StorageHost()
    const make = () => {
      const logs = manager(host, { 'segment.bytes': 200 }, '', { logFormat: () => logFormat21 })
      logs.load()
      return logs
    }
    const logs = make()
    const log = logs.getOrCreate('orders-0')
    for (let i = 0; i < 12; i++) add(log, T)
    log.updateHighWatermark(12)
    const [, second] = basesOf(log)
    log.startAt(second! + 1)
    expect(log.logStartOffset).toBe(second! + 1)
    expect(() => log.read(second!, 100)).toThrow(OffsetOutOfRangeError)
    expect(log.messages(0, 99)[0]!.offset).toBe(second! + 1)
    logs.cleanupLogs()
    expect(log.offsetByTimestamp(T)?.offset).toBe(second! + 1)
    expect(basesOf(log)[0]).toBe(second)
    expect(host.events.at(-1)).toMatchObject({ kind: 'SegmentsDeleted', reason: 'log-start-offset' })
    logs.shutdown()
    const file = host.files.open('log-start-offset-checkpoint', { create: false })
    const bytes = new Uint8Array(file.size())
    file.read(0, bytes, 0, bytes.length)
    expect(fromUtf8(bytes)).toBe(`0\n1\norders 0 ${second! + 1}\n`)
    expect(make().log('orders-0')!.logStartOffset).toBe(second! + 1)
  })

  it('a log that ends below where it should begin has lost its segments, and begins there anew', () => {
    const host = new StorageHost()
    add(open(host, {}, { format: logFormat21 }), T)
    const log = open(host, {}, { format: logFormat21, logStartOffset: 7 })
    expect([log.logStartOffset, log.logEndOffset, basesOf(log)]).toEqual([7, 7, [7]])
  })
})

describe('the log manager', () => {
  it('looks at all logs that are not compacted', () => {
    const host = new StorageHost()
    const logs = manager(host, { 'segment.bytes': 90, 'retention.bytes': 0 })
    logs.load()
    for (const tp of ['orders-0', 'orders-1']) {
      const log = logs.getOrCreate(tp)
      for (let i = 0; i < 9; i++) append(log, `v${i}`)
    }
    logs.getOrCreate('orders-1').config = { ...logs.getOrCreate('orders-1').config, 'cleanup.policy': 'compact' }
    logs.cleanupLogs()
    expect(logs.log('orders-0')!.logStartOffset).toBe(9)
    expect(logs.log('orders-1')!.logStartOffset).toBe(0)
  })

  it('flushes the logs that were not for longer than flush.ms', () => {
    const host = new StorageHost()
    const logs = manager(host, { 'flush.ms': 1000 })
    logs.load()
    const log = logs.getOrCreate('orders-0')
    append(log, 'a')
    host.advanceMs(999)
    logs.flushDirtyLogs()
    expect(log.recoveryPoint).toBe(0)
    host.advanceMs(1)
    logs.flushDirtyLogs()
    expect(log.recoveryPoint).toBe(1)
    append(log, 'b')
    host.advanceMs(999)
    logs.flushDirtyLogs()
    expect(log.recoveryPoint).toBe(1)
  })
})
