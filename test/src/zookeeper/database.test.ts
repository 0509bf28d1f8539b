/** Log and snapshots on a disk, and what is left of them after crashes and damage. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { MemoryFileSystem } from '../../../sim/kernel/index.ts'
import { FileError, type FileSystem, readFile } from '../../../src/host/index.ts'
import { CorruptStorageError } from '../../../src/zookeeper/storage/corrupt-storage-error.ts'
import { Database } from '../../../src/zookeeper/storage/database.ts'
import { encodeSnapshot } from '../../../src/zookeeper/storage/snapshot.ts'
import type { Txn } from '../../../src/zookeeper/tree/txn.ts'
import { makeZxid } from '../../../src/zookeeper/zxid.ts'

const txn = (zxid: number): Txn => ({
  zxid,
  session: 's',
  xid: 0,
  timeMs: 0,
  body: {
    type: 'create',
    path: `/n${zxid}`,
    data: 'data',
    ephemeralOwner: null,
    parentChildrenCreated: zxid,
  },
})

function open(files: FileSystem, snapshotEvery = 1000): Database {
  const database = new Database(files, { snapshotEvery })
  database.open()
  return database
}

function fill(database: Database, from: number, to: number): void {
  for (let zxid = from; zxid <= to; zxid++) {
    database.append(txn(zxid))
    database.flush()
    database.applyNext()
    database.snapshotIfDue()
  }
}

/** The state that the database will reach when all it has logged turns out to be committed. */
function names(database: Database): string[] {
  while (database.nextToApply !== undefined) database.applyNext()
  return [...database.tree.nodes.keys()].filter((path) => path.startsWith('/n')).map((path) => path.slice(2))
}

const upTo = (n: number): string[] => Array.from({ length: n }, (_, i) => String(i + 1))

function flip(files: FileSystem, path: string, position: number): void {
  const bytes = readFile(files, path)
  const handle = files.open(path, { create: false })
  handle.write(position, Uint8Array.of(bytes[position]! ^ 1))
  handle.close()
}

const logFile = 'version-2/log.0000000000000000'

describe('a server’s database', () => {
  test('comes back with all it has logged, none of it taken for committed', () => {
    const files = new MemoryFileSystem()
    fill(open(files), 1, 5)
    const again = open(files)
    expect(again.lastLogged).toBe(5)
    expect(again.lastApplied).toBe(0)
    expect(names(again)).toEqual(upTo(5))
  })

  test('cuts a torn entry off the end, wherever it is torn', () => {
    const files = new MemoryFileSystem()
    fill(open(files), 1, 3)
    const whole = readFile(files, logFile)
    const entry = whole.length / 3
    fc.assert(
      fc.property(fc.integer({ min: 0, max: whole.length }), (size) => {
        const torn = new MemoryFileSystem()
        torn.makeDirectory('version-2')
        const handle = torn.open(logFile, { create: true })
        handle.write(0, whole.subarray(0, size))
        const database = new Database(torn, { snapshotEvery: 1000 })
        const { lastZxid, truncatedBytes } = database.open()
        expect(lastZxid).toBe(Math.floor(size / entry))
        expect(truncatedBytes).toBe(size % entry)
        // What follows may be shorter than what was torn.
        while (database.nextToApply !== undefined) database.applyNext()
        database.append({ zxid: 9, session: '', xid: 0, timeMs: 0, body: { type: 'closeSession', expired: true } })
        database.flush()
        expect(open(torn).history.map(({ zxid }) => zxid)).toEqual([...upTo(lastZxid).map(Number), 9])
      }),
    )
  })

  test('cuts what reads as zeros after an unfinished write, and writes on from there', () => {
    const files = new MemoryFileSystem()
    fill(open(files), 1, 3)
    const handle = files.open(logFile, { create: false })
    const size = handle.size()
    handle.truncate(size - 9)
    handle.truncate(size + 4096)
    handle.close()
    const database = open(files)
    expect(database.lastLogged).toBe(2)
    while (database.nextToApply !== undefined) database.applyNext()
    fill(database, 3, 3)
    expect(open(files).lastLogged).toBe(3)
  })

  test('does not start after any bit of what it had logged or snapshotted has rotted, or has lost nothing by it', () => {
    const whole = new MemoryFileSystem()
    fill(open(whole, 10), 1, 34)
    const paths = whole.list('version-2').map((name) => `version-2/${name}`)
    let refused = 0
    fc.assert(
      fc.property(fc.nat(paths.length - 1), fc.nat(1_000_000), fc.integer({ min: 0, max: 7 }), (file, where, bit) => {
        const path = paths[file]!
        const files = copyOf(whole)
        const bytes = readFile(files, path)
        const position = where % bytes.length
        const handle = files.open(path, { create: false })
        handle.write(position, Uint8Array.of(bytes[position]! ^ (1 << bit)))
        handle.close()
        let database: Database
        try {
          database = open(files, 10)
        } catch (error) {
          expect(error).toBeInstanceOf(CorruptStorageError)
          refused += 1
          return
        }
        expect(names(database)).toEqual(upTo(34))
      }),
      { numRuns: 500 },
    )
    expect(refused).toBeGreaterThan(0)
  })

  test('does not start from a log into which a write went astray', () => {
    const files = new MemoryFileSystem()
    fill(open(files), 1, 3)
    const entry = readFile(files, logFile).subarray(0, readFile(files, logFile).length / 3)
    const handle = files.open(logFile, { create: false })
    handle.write(handle.size(), entry)
    handle.close()
    expect(() => open(files)).toThrow(/out of order/)
  })

  test('takes snapshots, keeps three, and the log from the oldest on', () => {
    const files = new MemoryFileSystem()
    fill(open(files, 10), 1, 55)
    expect(files.list('version-2')).toEqual([
      'log.000000000000001e',
      'log.0000000000000028',
      'log.0000000000000032',
      'snapshot.000000000000001e',
      'snapshot.0000000000000028',
      'snapshot.0000000000000032',
    ])
    const again = open(files)
    expect(again.lastApplied).toBe(50)
    expect(again.historyBase).toBe(30)
    expect(names(again)).toEqual(upTo(55))
  })

  test('passes over a damaged snapshot as long as an older one and the log make up for it', () => {
    const files = new MemoryFileSystem()
    fill(open(files, 10), 1, 55)
    flip(files, 'version-2/snapshot.0000000000000032', 20)
    const damaged: number[] = []
    const again = new Database(files, { snapshotEvery: 1000, snapshotDamaged: (zxid) => damaged.push(zxid) })
    again.open()
    expect(damaged).toEqual([50])
    expect(again.lastApplied).toBe(40)
    expect(names(again)).toEqual(upTo(55))
  })

  test('does not start when it cannot know what it acknowledged', () => {
    const files = new MemoryFileSystem()
    fill(open(files, 10), 1, 55)
    for (const name of files.list('version-2')) if (name.startsWith('snapshot')) flip(files, `version-2/${name}`, 20)
    expect(() => open(files)).toThrow(CorruptStorageError)

    const holed = new MemoryFileSystem()
    fill(open(holed, 10), 1, 25)
    flip(holed, 'version-2/log.000000000000000a', 20)
    expect(() => open(holed)).toThrow(CorruptStorageError)
  })

  test('keeps the epochs', () => {
    const files = new MemoryFileSystem()
    const database = open(files)
    database.epochs.accept(7)
    database.epochs.enter(6)
    expect(open(files).epochs.acceptedEpoch).toBe(7)
    expect(open(files).epochs.currentEpoch).toBe(6)
    flip(files, 'version-2/currentEpoch', 1)
    expect(() => open(files)).toThrow(CorruptStorageError)
    flip(files, 'version-2/currentEpoch', 1)
    database.epochs.enter(8)
    expect(() => open(files)).toThrow(/acceptedEpoch: below the current epoch 8/)
  })

  test.each([0, 3, 7, 10, 23, 24])('cuts its log after %i, and the tree with it', (zxid) => {
    const files = new MemoryFileSystem()
    const database = open(files, 10)
    fill(database, 1, 24)
    expect(database.truncateAfter(zxid)).toBe(true)
    expect(database.lastLogged).toBe(zxid)
    expect(database.lastApplied).toBeLessThanOrEqual(zxid)
    expect(names(database)).toEqual(upTo(zxid))
    fill(database, 100, 101)
    expect(names(open(files))).toEqual([...upTo(zxid), '100', '101'])
  })

  test('does not cut at a transaction that it does not have', () => {
    const database = open(new MemoryFileSystem())
    fill(database, 5, 8)
    expect(database.truncateAfter(4)).toBe(false)
    expect(database.truncateAfter(9)).toBe(false)
    expect(database.lastLogged).toBe(8)
  })

  test('is replaced by a leader’s snapshot', () => {
    const leader = open(new MemoryFileSystem())
    fill(leader, 1, 30)
    const files = new MemoryFileSystem()
    const follower = open(files, 5)
    fill(follower, 1, 12)
    follower.append(txn(13))
    expect(follower.install(encodeSnapshot(leader.tree))).toBe(true)
    expect(follower.lastLogged).toBe(30)
    fill(follower, 31, 33)
    expect(names(open(files))).toEqual(upTo(33))
    expect(follower.install(new Uint8Array(20))).toBe(false)
  })

  test('is whole whenever a crash interrupts a snapshot, a cut or an installation', () => {
    const leader = open(new MemoryFileSystem())
    fill(leader, 1, 30)
    const snapshot = encodeSnapshot(leader.tree)
    const works: Array<[name: string, work: (database: Database) => void, after: number[]]> = [
      ['snapshot', (database) => fill(database, 25, 31), [24, 25, 26, 27, 28, 29, 30, 31]],
      ['cut', (database) => database.truncateAfter(22), [22, 24]],
      ['deep cut', (database) => database.truncateAfter(8), [8, 14, 21, 24]],
      ['installation', (database) => database.install(snapshot), [30, 24, 21, 14, 7]],
    ]
    for (const [name, work, allowed] of works) {
      for (let operations = 0; ; operations++) {
        const files = new MemoryFileSystem()
        fill(open(files, 7), 1, 24)
        const database = open(crashAfter(files, operations), 7)
        while (database.nextToApply !== undefined) database.applyNext()
        let crashed = false
        try {
          work(database)
        } catch (error) {
          if (!(error instanceof FileError)) throw error
          crashed = true
        }
        const again = open(files)
        expect(allowed, `${name} after ${operations}`).toContain(again.lastLogged)
        expect(names(again), `${name} after ${operations}`).toEqual(upTo(again.lastLogged))
        if (!crashed && operations > 40) break
      }
    }
  })

  test('orders epochs before counters in its file names', () => {
    const files = new MemoryFileSystem()
    const database = open(files, 1)
    fill(database, makeZxid(1, 0xffff), makeZxid(1, 0xffff))
    fill(database, makeZxid(2, 1), makeZxid(2, 1))
    expect(open(files).lastApplied).toBe(makeZxid(2, 1))
  })
})

function copyOf(files: MemoryFileSystem): MemoryFileSystem {
  const copy = new MemoryFileSystem()
  copy.makeDirectory('version-2')
  for (const name of files.list('version-2')) {
    const handle = copy.open(`version-2/${name}`, { create: true })
    handle.write(0, readFile(files, `version-2/${name}`))
    handle.close()
  }
  return copy
}

/** The same files, but every change after the first `operations` fails. */
function crashAfter(files: MemoryFileSystem, operations: number): FileSystem {
  let left = operations
  const counted =
    <A extends unknown[], R>(path: string, body: (...args: A) => R) =>
    (...args: A): R => {
      if (left <= 0) throw new FileError('EIO', path, 'the process is gone')
      left -= 1
      return body(...args)
    }
  return {
    open: (path, options) => {
      const handle = files.open(path, options)
      return {
        path,
        size: () => handle.size(),
        read: (position, target, offset, length) => handle.read(position, target, offset, length),
        write: counted(path, (position: number, bytes: Uint8Array) => handle.write(position, bytes)),
        truncate: counted(path, (size: number) => handle.truncate(size)),
        sync: () => handle.sync(),
        close: () => handle.close(),
      }
    },
    status: (path) => files.status(path),
    list: (path) => files.list(path),
    makeDirectory: (path) => files.makeDirectory(path),
    rename: counted('rename', (from: string, to: string) => files.rename(from, to)),
    removeFile: counted('remove', (path: string) => files.removeFile(path)),
    removeDirectory: (path) => files.removeDirectory(path),
    setModified: (path, us) => files.setModified(path, us),
    syncDirectory: (path) => files.syncDirectory(path),
  }
}
