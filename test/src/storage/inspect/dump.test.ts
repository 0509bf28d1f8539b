import { describe, expect, test } from 'vitest'
import { logRecipes } from '../../../../sim/fuzz/log-mutations/index.ts'
import { MemoryFileSystem } from '../../../../sim/kernel/index.ts'
import { fromUtf8, readFile, utf8 } from '../../../../src/host/index.ts'
import { buildRecords, readRecords } from '../../../../src/storage/index.ts'
import { type DumpItem, dumpFile, readRecordsOf } from '../../../../src/storage/inspect/index.ts'
import { validLogs } from './valid.ts'

const all = { deep: true }

function itemsOf(files: ReturnType<typeof validLogs>, path: string, options = {}): DumpItem[] {
  const items: DumpItem[] = []
  dumpFile(files, path, { ...all, ...options }, (item) => items.push(item))
  return items
}

describe('dump', () => {
  test.each(logRecipes.map(({ name }) => name))('gives every record of %s as a reader of the format does', (name) => {
    const files = validLogs()
    for (const file of files.list(name)) {
      if (!file.endsWith('.log')) continue
      const items = itemsOf(files, `${name}/${file}`)
      expect(items.filter(({ kind }) => kind === 'problem')).toEqual([])
      const records = items.flatMap((item) =>
        item.kind === 'record' && item.control === undefined ? [item.record] : [],
      )
      expect(records).toEqual(readRecords(readFile(files, `${name}/${file}`)))
    }
  })

  test('shows markers, aborted transactions, producers, epochs and checkpoints', () => {
    const files = validLogs()
    const name = 'transactions.2.none-0'
    const kinds = (path: string) => itemsOf(files, path).map((item) => item.kind)
    const markers = itemsOf(files, `${name}/00000000000000000000.log`).flatMap((item) =>
      item.kind === 'record' && item.control !== undefined ? [item.control] : [],
    )
    expect(markers).toContainEqual({ type: 'abort', version: 0, coordinatorEpoch: 7 })
    expect(markers).toContainEqual({ type: 'commit', version: 0, coordinatorEpoch: 7 })
    expect(itemsOf(files, `${name}/00000000000000000000.txnindex`)[1]).toEqual({
      kind: 'transaction',
      transaction: { version: 0, producerId: 1000, firstOffset: 0, lastOffset: 10, lastStableOffset: 5 },
    })
    expect(kinds(`${name}/00000000000000000024.snapshot`)).toEqual(['file', 'producer', 'producer'])
    expect(kinds(`${name}/leader-epoch-checkpoint`)).toEqual(['file', 'epoch'])
    expect(itemsOf(files, 'plain.1.none-0/00000000000000000000.index')[1]).toMatchObject({ kind: 'index' })
    expect(itemsOf(files, 'plain.1.none-0/00000000000000000000.timeindex')[1]).toMatchObject({ kind: 'timeindex' })
    expect(kinds('recovery-point-offset-checkpoint')).toEqual(['file', ...logRecipes.map(() => 'offset')])
    expect(itemsOf(files, 'meta.properties')).toContainEqual({ kind: 'property', name: 'broker.id', value: '1' })
  })

  test('opens no bomb: what comes out of a batch is limited, and it says so', () => {
    const files = new MemoryFileSystem()
    const bomb = { magic: 2, compression: 'gzip' } as const
    const bytes = buildRecords([{ key: null, value: new Uint8Array(3_000_000) }], bomb)
    expect(bytes.length).toBeLessThan(5000)
    const handle = files.open('00000000000000000000.log', { create: true })
    handle.write(0, bytes)
    handle.close()
    const [, batch, problem] = itemsOf(files, '00000000000000000000.log', { openedBytesMax: 1_000_000 })
    expect(batch).toMatchObject({ kind: 'batch', crcValid: true })
    expect(problem).toMatchObject({ kind: 'problem', position: 0 })
    expect((problem as { message: string }).message).toBe(
      'the entry is not opened: gzip: more than 1000000 bytes come out (--max-opened)',
    )
  })

  test('checks an entry that is too large for memory in pieces', () => {
    const files = new MemoryFileSystem()
    const large = { key: null, value: new Uint8Array(3_000_000).map((_, i) => i) }
    const handle = files.open('00000000000000000000.log', { create: true })
    let position = 0
    for (const magic of [0, 1, 2] as const) {
      const bytes = buildRecords([large], { magic, baseOffset: magic })
      handle.write(position, bytes)
      position += bytes.length
    }
    const limits = { entryBytesMax: 100_000, deep: false }
    const flags = () =>
      itemsOf(files, '00000000000000000000.log', limits).flatMap((item) =>
        item.kind === 'batch' ? [item.crcValid] : [],
      )
    expect(flags()).toEqual([true, true, true])
    handle.write(position - 9, Uint8Array.of(99))
    expect(flags()).toEqual([true, true, false])
  })
})

describe('cat', () => {
  test('reads records from an offset on, through all segments, until the reader has enough', () => {
    const files = validLogs()
    const name = 'transactions.2.lz4-0'
    const logs = files.list(name).filter((file) => file.endsWith('.log'))
    const read = (from: number, control: boolean, most: number): number[] => {
      const offsets: number[] = []
      readRecordsOf(
        files,
        logs.map((log) => `${name}/${log}`),
        {
          from,
          control,
          entryBytesMax: 1_000_000,
          openedBytesMax: 1_000_000,
          record: ({ offset }) => offsets.push(offset) < most,
          problem: ({ message }) => expect.fail(message),
        },
      )
      return offsets
    }
    expect(read(8, false, 6)).toEqual([8, 9, 12, 13, 14, 15])
    expect(read(8, true, 6)).toEqual([8, 9, 10, 11, 12, 13])
    expect(read(0, false, 1000)).toHaveLength(30)
  })

  test('leaves out a batch with a wrong checksum, and tells of it', () => {
    const files = validLogs()
    const path = 'plain.0.none-0/00000000000000000000.log'
    const handle = files.open(path, { create: false })
    handle.write(12, utf8('x'))
    handle.close()
    const problems: string[] = []
    const values: string[] = []
    readRecordsOf(files, [path], {
      from: 0,
      control: false,
      entryBytesMax: 1_000_000,
      openedBytesMax: 1_000_000,
      record: ({ key }) => values.push(key === null ? 'null' : fromUtf8(key)) < 3,
      problem: ({ position, message }) => problems.push(`${position}: ${message}`),
    })
    expect(problems).toEqual(['0: wrong CRC'])
    expect(values).toEqual(['null', 'key-2', 'key-3'])
  })
})
