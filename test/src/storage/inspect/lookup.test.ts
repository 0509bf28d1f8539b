import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { logRecipes } from '../../../../sim/fuzz/log-mutations/index.ts'
import { MemoryFileSystem } from '../../../../sim/kernel/index.ts'
import { readFile } from '../../../../src/host/index.ts'
import { writeInt32 } from '../../../../src/storage/big-endian.ts'
import { batchesOf, readRecords } from '../../../../src/storage/index.ts'
import { halve } from '../../../../src/storage/inspect/halving.ts'
import { lookupOffset, lookupTimestamp, readPartitionDirectory } from '../../../../src/storage/inspect/index.ts'
import { searchIndex } from '../../../../src/storage/inspect/lookup.ts'
import { change, validLogs } from './valid.ts'

/** Of the directories looked at. */
const INDEX_INTERVAL_BYTES = 200
const BATCH_BYTES_MAX = 251

describe('a lookup', () => {
  test('resolves 16 to entry 10 at byte 98 in the table 1:0 5:6 10:98 100:1200, in steps', () => {
    const files = new MemoryFileSystem()
    const bytes = new Uint8Array(32)
    for (const [i, [offset, position]] of [
      [1, 0],
      [5, 6],
      [10, 98],
      [100, 1200],
    ].entries()) {
      writeInt32(bytes, 8 * i, offset!)
      writeInt32(bytes, 8 * i + 4, position!)
    }
    const handle = files.open('00000000000000001000.index', { create: true })
    handle.write(0, bytes)
    handle.close()
    const found = searchIndex(files, '00000000000000001000.index', 1000, 1016)
    expect(found.entry).toEqual({ slot: 2, offset: 1010, position: 98 })
    expect(found.steps).toEqual([
      { low: 0, high: 3, middle: 1, value: 1005, reaches: true },
      { low: 2, high: 3, middle: 2, value: 1010, reaches: true },
      { low: 3, high: 3, middle: 3, value: 1100, reaches: false },
    ])
    expect(searchIndex(files, '00000000000000001000.index', 1000, 1000).entry).toBeUndefined()
    expect(searchIndex(files, '00000000000000001000.index', 1000, 5000).entry).toMatchObject({ position: 1200 })
  })

  test('halves to the largest value at or below any target, in as many steps as that takes', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(1000), { maxLength: 70 }), fc.nat(1000), (values, target) => {
        const sorted = values.sort((a, b) => a - b)
        const { slot, steps } = halve(sorted.length, target, (at) => sorted[at]!)
        expect(slot).toBe(sorted.findLastIndex((value) => value <= target))
        expect(steps.length).toBeLessThanOrEqual(Math.ceil(Math.log2(sorted.length + 1)))
      }),
    )
  })

  test.each(logRecipes.map(({ name }) => name))('finds every record of %s by its offset', (name) => {
    const files = validLogs()
    const directory = readPartitionDirectory(files, name)
    const records = directory.segments.flatMap(({ names }) =>
      readRecords(readFile(files, `${name}/${names.get('log')}`)),
    )
    expect(records.length).toBeGreaterThan(20)
    for (const record of records) {
      const { found, segments } = lookupOffset(files, directory, record.offset)
      expect(found?.record).toEqual(record)
      const { scan } = segments.at(-1)!
      // An entry for the last offset of a batch does not help those who look for its first.
      expect(scan.bytes - scan.found!.size).toBeLessThanOrEqual(INDEX_INTERVAL_BYTES + BATCH_BYTES_MAX)
    }
    const end = records.at(-1)!.offset + 1
    const { found } = lookupOffset(files, directory, end + 100)
    expect(found).toBeUndefined()
  })

  test.each(['plain.1.gzip-0', 'plain.2.none-0', 'transactions.2.lz4-0'])(
    'finds in %s the first record at or after a time',
    (name) => {
      const files = validLogs()
      const directory = readPartitionDirectory(files, name)
      // Transaction markers have a time as well, and Kafka finds them.
      const records = directory.segments.flatMap(({ names }) =>
        [...batchesOf(readFile(files, `${name}/${names.get('log')}`))].flatMap((batch) => batch.records()),
      )
      const times = new Set(records.flatMap(({ timestamp }) => [timestamp - 1, timestamp, timestamp + 1]))
      for (const time of times) {
        const expected = records.find(({ timestamp }) => timestamp >= time)
        expect(lookupTimestamp(files, directory, time).found?.record).toEqual(expected)
      }
    },
  )

  test('needs no index: it scans from the start', () => {
    const files = validLogs()
    for (const name of files.list('plain.2.none-0'))
      if (name.endsWith('index')) files.removeFile(`plain.2.none-0/${name}`)
    const { found, segments } = lookupOffset(files, readPartitionDirectory(files, 'plain.2.none-0'), 24)
    expect(segments[0]).toMatchObject({ index: undefined, scan: { from: 0, entries: 5 } })
    expect(found?.record?.offset).toBe(24)
  })

  test('tells of damage in its way instead of an answer', () => {
    const files = validLogs()
    change(files, 'plain.2.none-0/00000000000000000000.index', (bytes) => {
      writeInt32(bytes, 4, 7777)
      return bytes
    })
    const { found, segments } = lookupOffset(files, readPartitionDirectory(files, 'plain.2.none-0'), 10)
    expect(found).toBeUndefined()
    expect(segments[0]!.scan.problem).toEqual({
      position: 7777,
      message: 'the index points to byte 7777 of a log of 1255 bytes',
    })
  })
})
