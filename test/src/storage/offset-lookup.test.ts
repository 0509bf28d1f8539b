/** From an offset to a byte: a binary search over the names of segments, one over the index, and a short scan. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { FileSystem } from '../../../src/host/index.ts'
import { buildMessageSet, type Log, OffsetIndex } from '../../../src/storage/index.ts'
import { append, open, StorageHost } from './support.ts'

it('takes the greatest entry at or below the offset, in the documented table 1:0 5:6 10:98 100:1200 @shows 10.9, 10.10', () => {
  const host = new StorageHost()
  const index = new OffsetIndex(host.files, '00000000000000001000.index', 1000, 4096)
  for (const [relativeOffset, position] of [
    [1, 0],
    [5, 6],
    [10, 98],
    [100, 1200],
  ] as const) {
    index.append(1000 + relativeOffset, position)
  }
  expect(index.lookup(1016)).toEqual({ offset: 1010, position: 98 })
  expect(index.lookup(1005)).toEqual({ offset: 1005, position: 6 })
  expect(index.lookup(1500)).toEqual({ offset: 1100, position: 1200 })
  expect(index.lookup(1000)).toEqual({ offset: 1000, position: 0 })
})

/** A log whose segments begin at 0, 1000 and 3500. */
function documentedLog(): Log {
  const log = open(new StorageHost(), { 'segment.bytes': 1 << 30, 'index.interval.bytes': 400 })
  for (let offset = 0; offset < 3600; offset++) {
    if (offset === 1000 || offset === 3500) log.roll()
    append(log, `message ${offset}`)
  }
  return log
}

it('finds offset 1016 in the second of the segments 0, 1000 and 3500, as relative offset 16 behind an index entry @shows 10.5, 10.8, 10.11', () => {
  const log = documentedLog()
  expect(log.segments.map(({ baseOffset }) => baseOffset)).toEqual([0, 1000, 3500])
  expect(log.messages(0, 1000)).toHaveLength(1000)
  expect(log.messages(1000, 3500)).toHaveLength(2500)
  const found = log.read(1016, 1000)
  expect(found.segmentBaseOffset).toBe(1000)
  const entry = log.segments[1]!.index.lookup(1016)
  expect(entry.offset).toBeLessThanOrEqual(1016)
  expect(entry.offset).toBeGreaterThan(1000)
  // Behind the entry the messages are passed one after another, each of 26 bytes and its value.
  expect(found.startPosition - entry.position).toBe((1016 - entry.offset) * (26 + 'message 1016'.length))
})

it('scans at most an index interval and one message, however long the log is @shows 2.25', () => {
  const log = documentedLog()
  const messageBytes = 26 + 'message 1000'.length
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 3599 }), (offset) => {
      const { startPosition, segmentBaseOffset } = log.read(offset, 1000)
      const segment = log.segments.find(({ baseOffset }) => baseOffset === segmentBaseOffset)!
      expect(startPosition - segment.index.lookup(offset).position).toBeLessThanOrEqual(400 + 2 * messageBytes)
      expect(log.messages(offset, offset + 1)[0]!.offset).toBe(offset)
    }),
  )
})

it('passes over at most an index interval and one set, and reads hardly more than that, whatever the sizes', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 50, max: 10_000 }),
      fc.array(fc.array(fc.integer({ min: 0, max: 3000 }), { minLength: 1, maxLength: 5 }), {
        minLength: 1,
        maxLength: 60,
      }),
      fc.integer({ min: 1, max: 3 }),
      (intervalBytes, sets, rollEvery) => {
        const host = new StorageHost()
        const reads = countReads(host.files)
        const log = open(host, { 'segment.bytes': 1 << 30, 'index.interval.bytes': intervalBytes })
        let largestSet = 0
        sets.forEach((sizes, i) => {
          if (i > 0 && i % (20 * rollEvery) === 0) log.roll()
          const messages = sizes.map((size) => ({ key: null, value: new Uint8Array(size) }))
          largestSet = Math.max(largestSet, log.append(buildMessageSet(messages), { assignOffsets: true }).bytes)
        })
        for (let offset = 0; offset < log.logEndOffset; offset++) {
          const segment = log.segments.findLast(({ baseOffset }) => baseOffset <= offset)!
          reads.bytes = 0
          const passed = segment.positionOf(offset) - segment.index.positionFor(offset)
          expect(passed).toBeLessThanOrEqual(intervalBytes + largestSet)
          // Headers are read 4096 bytes at a time, of which a few are read again where a header lies across two reads.
          expect(reads.bytes).toBeLessThanOrEqual(1.01 * passed + 4096)
        }
      },
    ),
    { numRuns: 40 },
  )
})

/** Counts the bytes that are read from files opened from now on. */
function countReads(files: FileSystem): { bytes: number } {
  const counter = { bytes: 0 }
  const openFile = files.open.bind(files)
  files.open = (path, options) => {
    const handle = openFile(path, options)
    const read = handle.read.bind(handle)
    handle.read = (position, target, targetOffset, length) => {
      const got = read(position, target, targetOffset, length)
      counter.bytes += got
      return got
    }
    return handle
  }
  return counter
}
