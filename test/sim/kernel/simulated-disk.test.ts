import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { NodeFileSystem } from '../../../live/index.ts'
import { MemoryFileSystem, RandomStreams, SimulatedDisk } from '../../../sim/kernel/index.ts'
import { Digest, FileError, type FileHandle, type FileSystem, readFile, SECOND } from '../../../src/host/index.ts'

/** A disk whose time, charges and faults the test sees. */
function makeDisk(options: { seed?: number; backing?: FileSystem } = {}) {
  const state = { now: 0, charged: 0, faults: [] as string[] }
  const random = new RandomStreams(options.seed ?? 1).stream('disk')
  const disk = new SimulatedDisk(options.backing ?? new MemoryFileSystem(), {
    trueTime: () => state.now,
    clock: () => state.now + 1000,
    charge: (us) => {
      state.charged += us
    },
    random,
    fault: (fault, path, position, length) => state.faults.push(`${fault} ${path} ${position} ${length}`),
  })
  return { disk, state }
}

const filled = (length: number, value: number): Uint8Array => new Uint8Array(length).fill(value)

function put(files: FileSystem, path: string, bytes: Uint8Array, sync = false): void {
  const handle = files.open(path, { create: true })
  handle.write(0, bytes)
  if (sync) handle.sync()
  handle.close()
}

/** All files with their content, as text to compare. */
function tree(files: FileSystem, path = ''): string[] {
  return files.list(path).flatMap((name) => {
    const entry = path === '' ? name : `${path}/${name}`
    if (files.status(entry)!.kind === 'directory') return [`${entry}/`, ...tree(files, entry)]
    return [`${entry}=${[...readFile(files, entry)].join()}`]
  })
}

let directory: string
let directories = 0
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'kafka-trial-disk-'))
})
afterAll(() => rmSync(directory, { recursive: true, force: true }))
const realFiles = (): FileSystem => new NodeFileSystem(join(directory, String(directories++)), { realSync: false })

type ContentOperation =
  | { readonly do: 'write'; readonly position: number; readonly length: number }
  | { readonly do: 'truncate'; readonly size: number }
  | { readonly do: 'sync' }

const contentOperation: fc.Arbitrary<ContentOperation> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant('write' as const), position: fc.nat(2500), length: fc.nat(2000) }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('truncate' as const), size: fc.nat(4000) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('sync' as const) }) },
)

/** The content after a change, of which only the first `keep` bytes reached the disk. */
function applied(content: Uint8Array, op: ContentOperation, value: number, keep = Infinity): Uint8Array {
  if (op.do === 'sync') return content
  if (op.do === 'truncate') {
    const next = new Uint8Array(op.size)
    next.set(content.subarray(0, op.size))
    return next
  }
  const length = Math.min(op.length, keep)
  if (length === 0) return content
  const next = new Uint8Array(Math.max(content.length, op.position + length))
  next.set(content)
  next.fill(value, op.position, op.position + length)
  return next
}

/** Every content that a power loss after these operations may leave. */
function allowed(operations: readonly ContentOperation[], tears: boolean): Set<string> {
  let content: Uint8Array = new Uint8Array(0)
  let states = new Set([content.join()])
  operations.forEach((op, i) => {
    if (tears && op.do === 'write') {
      for (let end = 512 * (Math.floor(op.position / 512) + 1); end < op.position + op.length; end += 512) {
        states.add(applied(content, op, i + 1, end - op.position).join())
      }
    }
    content = applied(content, op, i + 1)
    if (op.do === 'sync') states = new Set()
    states.add(content.join())
  })
  return states
}

function perform(handle: FileHandle, operations: readonly ContentOperation[]): void {
  operations.forEach((op, i) => {
    if (op.do === 'write') handle.write(op.position, filled(op.length, i + 1))
    else if (op.do === 'truncate') handle.truncate(op.size)
    else handle.sync()
  })
}

describe('a power loss', () => {
  test('leaves of a file what was synced, a prefix of what was not, and at most its last write torn at a sector', () => {
    const outcomes = { torn: 0, cut: 0, whole: 0 }
    const property = (makeBacking: () => FileSystem) =>
      fc.property(
        fc.integer(),
        fc.array(contentOperation, { maxLength: 12 }),
        fc.boolean(),
        (seed, operations, tears) => {
          const { disk, state } = makeDisk({ seed, backing: makeBacking() })
          disk.tearWrites = tears
          const handle = disk.open('f', { create: true })
          handle.sync()
          perform(handle, operations)
          const before = readFile(disk, 'f').join()
          disk.powerLoss()
          const after = readFile(disk, 'f').join()
          expect(allowed(operations, tears).has(after)).toBe(true)
          expect(disk.unsyncedBytes).toBe(0)
          outcomes[state.faults.length > 0 ? 'torn' : after === before ? 'whole' : 'cut']++
        },
      )
    fc.assert(
      property(() => new MemoryFileSystem()),
      { numRuns: 600 },
    )
    fc.assert(property(realFiles), { numRuns: 30 })
    expect(Math.min(...Object.values(outcomes))).toBeGreaterThan(10)
  })

  test('keeps older losses apart: what one left is durable at the next', () => {
    fc.assert(
      fc.property(fc.integer(), fc.array(contentOperation, { maxLength: 8 }), (seed, operations) => {
        const { disk } = makeDisk({ seed })
        const handle = disk.open('f', { create: true })
        handle.sync()
        perform(handle, operations)
        disk.powerLoss()
        const left = readFile(disk, 'f')
        disk.powerLoss()
        expect(readFile(disk, 'f')).toEqual(left)
      }),
    )
  })

  test('loses whole new files that nobody synced, or keeps them: both happen', () => {
    const seen = new Set<string>()
    for (let seed = 0; seed < 60; seed++) {
      const { disk } = makeDisk({ seed })
      put(disk, 'synced', filled(1, 1), true)
      put(disk, 'new', filled(1, 2))
      disk.powerLoss()
      seen.add(tree(disk).join(' '))
    }
    // The name may survive without the content, as on any file system that writes data late.
    expect([...seen].sort()).toEqual(['new= synced=1', 'new=2 synced=1', 'synced=1'])
  })

  test('leaves the old or the new file after a rename over it, never none', () => {
    const seen = new Set<string>()
    for (let seed = 0; seed < 60; seed++) {
      const { disk } = makeDisk({ seed })
      put(disk, 'checkpoint', filled(3000, 1), true)
      put(disk, 'checkpoint.tmp', filled(2, 2), true)
      disk.rename('checkpoint.tmp', 'checkpoint')
      disk.powerLoss()
      const content = readFile(disk, 'checkpoint')
      seen.add(`${content.length} of ${content[0]} in ${disk.list('')}`)
    }
    expect([...seen].sort()).toEqual(['2 of 2 in checkpoint', '3000 of 1 in checkpoint,checkpoint.tmp'])
  })

  test('cannot undo renames and removals after their directory was synced', () => {
    for (let seed = 0; seed < 40; seed++) {
      const { disk } = makeDisk({ seed })
      disk.makeDirectory('d')
      for (const name of ['a', 'b', 'c']) put(disk, `d/${name}`, filled(1, name.charCodeAt(0)), true)
      disk.rename('d/a', 'd/b')
      disk.removeFile('d/c')
      disk.syncDirectory('d')
      disk.powerLoss()
      expect(tree(disk)).toEqual(['d/', 'd/b=97'])
    }
  })

  test('brings a removed file back with all its content, holes and size, though it is open no more', () => {
    let back = 0
    for (const makeBacking of [() => new MemoryFileSystem(), realFiles]) {
      for (let seed = 0; seed < 20; seed++) {
        const { disk } = makeDisk({ seed, backing: makeBacking() })
        put(disk, 'index', filled(100_000, 5))
        const handle = disk.open('index', { create: false })
        handle.truncate(10_485_760)
        handle.sync()
        disk.removeFile('index')
        put(disk, 'index', filled(1, 9), false)
        disk.powerLoss()
        if ((disk.status('index')?.size ?? 0) < 2) continue
        back++
        const content = readFile(disk, 'index')
        expect(content.length).toBe(10_485_760)
        expect([content[0], content[99_999], content[100_000]]).toEqual([5, 5, 0])
      }
    }
    expect(back).toBeGreaterThan(4)
  })

  test('undoes nothing that is old: data after 30 s, names after 5 s', () => {
    for (let seed = 0; seed < 30; seed++) {
      const { disk, state } = makeDisk({ seed })
      put(disk, 'old', filled(10, 1))
      state.now = 29 * SECOND
      const handle = disk.open('old', { create: false })
      handle.write(10, filled(10, 2))
      put(disk, 'removed', filled(10, 2), true)
      disk.removeFile('removed')
      state.now = 35 * SECOND
      expect(disk.unsyncedBytes).toBe(10)
      disk.powerLoss()
      expect(disk.list('')).toEqual(['old'])
      expect(readFile(disk, 'old').subarray(0, 10)).toEqual(filled(10, 1))
    }
  })

  test('says how much it took', () => {
    for (let seed = 0; seed < 20; seed++) {
      const { disk } = makeDisk({ seed })
      disk.tearWrites = false
      put(disk, 'f', filled(10, 1), true)
      const handle = disk.open('f', { create: false })
      for (let i = 1; i <= 3; i++) handle.write(10 * i, filled(10, 1))
      expect(disk.unsyncedBytes).toBe(30)
      const { filesChanged, bytesLost } = disk.powerLoss()
      expect(disk.status('f')!.size).toBe(40 - bytesLost)
      expect(filesChanged).toBe(bytesLost > 0 ? 1 : 0)
    }
  })
})

type NameOperation =
  | {
      readonly do: 'put' | 'putSynced' | 'remove' | 'removeDirectory' | 'syncDirectory' | 'makeDirectory'
      readonly path: string
    }
  | { readonly do: 'rename'; readonly path: string; readonly to: string }

const PATHS = ['a', 'b', 'd', 'e', 'd/a', 'd/b', 'e/a', 'd/x/a', 'd/x'] as const
const anyPath = fc.constantFrom(...PATHS)
const nameOperation: fc.Arbitrary<NameOperation> = fc.oneof(
  fc.record({
    do: fc.constantFrom(
      'put' as const,
      'putSynced' as const,
      'put' as const,
      'remove' as const,
      'makeDirectory' as const,
    ),
    path: anyPath,
  }),
  fc.record({
    do: fc.constantFrom('removeDirectory' as const, 'syncDirectory' as const),
    path: fc.constantFrom('', 'd', 'e'),
  }),
  fc.record({ do: fc.constant('rename' as const), path: anyPath, to: anyPath }),
)

/** Does one operation; what the file system refuses is no change. */
function performName(files: FileSystem, op: NameOperation, value: number): void {
  try {
    if (op.do === 'put' || op.do === 'putSynced') {
      if (files.status(op.path) !== undefined) files.removeFile(op.path)
      put(files, op.path, filled(600, value), op.do === 'putSynced')
    } else if (op.do === 'rename') files.rename(op.path, op.to)
    else if (op.do === 'remove') files.removeFile(op.path)
    else if (op.do === 'removeDirectory') files.removeDirectory(op.path)
    else if (op.do === 'makeDirectory') files.makeDirectory(op.path)
    else files.syncDirectory(op.path)
  } catch (error) {
    if (!(error instanceof FileError)) throw error
  }
}

const performAll = (files: FileSystem, operations: readonly NameOperation[]): void => {
  for (const [i, op] of operations.entries()) performName(files, op, i + 1)
}

/** All names, without content. */
function names(files: FileSystem, path = ''): string {
  return files
    .list(path)
    .map((name) => {
      const entry = path === '' ? name : `${path}/${name}`
      return files.status(entry)!.kind === 'directory' ? `${entry}/ ${names(files, entry)}` : `${entry} `
    })
    .join('')
}

/** A file system in memory that calls `after` after each single change of names. */
class WatchedFiles extends MemoryFileSystem {
  after: () => void = () => {}
  override open(path: string, options: { readonly create: boolean }): FileHandle {
    const handle = super.open(path, options)
    this.after()
    return handle
  }
  override removeFile(path: string): void {
    super.removeFile(path)
    this.after()
  }
  override removeDirectory(path: string): void {
    super.removeDirectory(path)
    this.after()
  }
  override rename(from: string, to: string): void {
    super.rename(from, to)
    this.after()
  }
}

describe('the names on a disk', () => {
  test('are after a power loss as they were at some moment, if nothing was synced', () => {
    let changed = 0
    fc.assert(
      fc.property(fc.integer(), fc.array(nameOperation, { maxLength: 15 }), (seed, operations) => {
        const backing = new WatchedFiles()
        const { disk } = makeDisk({ seed, backing })
        const moments = new Set([''])
        backing.after = () => moments.add(names(backing))
        operations.forEach((op, i) => {
          if (op.do === 'syncDirectory') return
          if (op.do === 'makeDirectory') {
            // One call, but a change for each missing parent.
            const parts = op.path.split('/')
            for (let n = 1; n <= parts.length; n++) {
              performName(disk, { do: 'makeDirectory', path: parts.slice(0, n).join('/') }, i)
              backing.after()
            }
          } else {
            performName(disk, op.do === 'putSynced' ? { do: 'put', path: op.path } : op, i + 1)
          }
        })
        backing.after = () => {}
        const before = names(disk)
        disk.powerLoss()
        expect([...moments]).toContain(names(disk))
        if (names(disk) !== before) changed++
      }),
      { numRuns: 400 },
    )
    expect(changed).toBeGreaterThan(50)
  })

  test('and contents are all kept if all was synced', () => {
    fc.assert(
      fc.property(fc.integer(), fc.array(nameOperation, { maxLength: 15 }), (seed, operations) => {
        const { disk } = makeDisk({ seed })
        performAll(disk, operations)
        const syncAll = (path: string): void => {
          disk.syncDirectory(path)
          for (const name of disk.list(path)) {
            const entry = path === '' ? name : `${path}/${name}`
            if (disk.status(entry)!.kind === 'directory') syncAll(entry)
            else disk.open(entry, { create: false }).sync()
          }
        }
        syncAll('')
        const before = tree(disk)
        disk.powerLoss()
        expect(tree(disk)).toEqual(before)
      }),
      { numRuns: 200 },
    )
  })

  test('of a file that was synced stay, if it was not renamed or removed since', () => {
    fc.assert(
      fc.property(fc.integer(), fc.array(nameOperation, { maxLength: 12 }), (seed, operations) => {
        const { disk } = makeDisk({ seed })
        performAll(disk, operations)
        performName(disk, { do: 'makeDirectory', path: 'k' }, 0)
        put(disk, 'k/keep', filled(600, 77), true)
        performName(disk, { do: 'put', path: 'd/b' }, 78)
        performName(disk, { do: 'rename', path: 'a', to: 'd/b' }, 79)
        disk.powerLoss()
        expect(readFile(disk, 'k/keep')).toEqual(filled(600, 77))
      }),
      { numRuns: 200 },
    )
  })

  test('and contents come out the same over memory and over real files, whatever was done and lost', () => {
    fc.assert(
      fc.property(fc.integer(), fc.array(nameOperation, { maxLength: 20 }), (seed, operations) => {
        const results = [new MemoryFileSystem(), realFiles()].map((backing) => {
          const { disk, state } = makeDisk({ seed, backing })
          operations.forEach((op, i) => {
            state.now += SECOND / 2
            performName(disk, op, i + 1)
          })
          const outcome = disk.powerLoss()
          for (const path of PATHS) expect(disk.status(path)?.size).toBe(backing.status(path)?.size)
          performAll(disk, operations)
          const digest = new Digest()
          disk.digest(digest)
          return { tree: tree(disk), inBacking: tree(backing), outcome, faults: state.faults, digest: digest.hex() }
        })
        expect(results[1]).toEqual(results[0])
        expect(results[0]!.inBacking).toEqual(results[0]!.tree)
      }),
      { numRuns: 40 },
    )
  })
})

describe('a faulty disk', () => {
  const codeOf = (body: () => unknown): string => {
    try {
      body()
    } catch (error) {
      if (error instanceof FileError) return error.code
      throw error
    }
    return 'none'
  }

  test('that is full takes what fits, fails the rest, and has room again when files are cut or removed', () => {
    const { disk, state } = makeDisk()
    put(disk, 'old', filled(50, 1))
    disk.fillUp(100)
    const handle = disk.open('f', { create: true })
    handle.write(0, filled(80, 2))
    handle.write(0, filled(80, 3))
    expect(codeOf(() => handle.write(80, filled(80, 4)))).toBe('ENOSPC')
    expect(handle.size()).toBe(100)
    expect(state.faults).toEqual(['disk-full f 80 80'])
    expect(codeOf(() => handle.write(100, filled(1, 5)))).toBe('ENOSPC')
    disk.removeFile('old')
    handle.write(100, filled(50, 5))
    handle.truncate(10)
    handle.write(10, filled(140, 6))
    expect(codeOf(() => handle.write(150, filled(1, 7)))).toBe('ENOSPC')
    disk.fillUp(undefined)
    handle.write(150, filled(10_000, 8))
    expect(handle.size()).toBe(10_150)
  })

  test('that cannot be read fails reads of that file only, until it is mended', () => {
    const { disk } = makeDisk()
    put(disk, 'bad', filled(5, 1))
    put(disk, 'good', filled(5, 2))
    disk.failReads('bad')
    expect(codeOf(() => readFile(disk, 'bad'))).toBe('EIO')
    expect(readFile(disk, 'good')).toEqual(filled(5, 2))
    disk.open('bad', { create: false }).write(5, filled(1, 1))
    disk.failReads(undefined)
    expect(readFile(disk, 'bad')).toEqual(filled(6, 1))
  })

  test('that rots flips the one bit that it is told to, durably', () => {
    const { disk, state } = makeDisk()
    put(disk, 'f', Uint8Array.of(0, 0b1010, 0), true)
    disk.corruptBit('f', 1, 0)
    disk.corruptBit('f', 1, 3)
    disk.powerLoss()
    expect([...readFile(disk, 'f')]).toEqual([0, 0b0011, 0])
    expect(state.faults).toEqual(['bit-rot f 1 1', 'bit-rot f 1 1'])
    expect(codeOf(() => disk.corruptBit('none', 0, 0))).toBe('ENOENT')
    expect(codeOf(() => disk.corruptBit('f', 3, 0))).toBe('EIO')
  })

  test('misdirects one write: its bytes land in another sector, its place keeps what it had', () => {
    const { disk, state } = makeDisk()
    put(disk, 'f', filled(2048, 1))
    const handle = disk.open('f', { create: false })
    disk.misdirectNextWrite()
    handle.write(2048, filled(100, 2))
    const content = readFile(disk, 'f')
    expect(content.length).toBe(2148)
    expect([...content.subarray(2048)].every((byte) => byte === 0)).toBe(true)
    const target = content.indexOf(2)
    expect(target % 512).toBe(0)
    expect(content.subarray(target, target + 100)).toEqual(filled(100, 2))
    expect(state.faults).toEqual([`misdirected-write f ${target} 100`])
    handle.write(2048, filled(100, 3))
    expect(readFile(disk, 'f').subarray(2048)).toEqual(filled(100, 3))
  })

  test('that is slow charges each read, write and sync', () => {
    const { disk, state } = makeDisk()
    const handle = disk.open('f', { create: true })
    disk.slowDown(10)
    handle.write(0, filled(5, 1))
    readFile(disk, 'f')
    expect(state.charged).toBe(20)
    handle.sync()
    expect(state.charged).toBe(530)
    disk.slowDown(0)
    handle.sync()
    expect(state.charged).toBe(530)
    disk.makeDirectory('d')
    disk.syncDirectory('')
    disk.syncDirectory('')
    expect(state.charged).toBe(1030)
  })
})

describe('a disk', () => {
  test('stamps changes with the machine’s clock', () => {
    const { disk, state } = makeDisk()
    put(disk, 'f', filled(1, 1))
    expect(disk.status('f')?.modifiedUs).toBe(1000)
    state.now = 77
    const handle = disk.open('f', { create: false })
    expect(disk.status('f')?.modifiedUs).toBe(1000)
    handle.write(1, filled(1, 1))
    expect(disk.status('f')?.modifiedUs).toBe(1077)
  })

  test('holds a preallocated file at no cost', () => {
    const { disk } = makeDisk()
    const before = performance.now()
    for (let i = 0; i < 200; i++) {
      const handle = disk.open(`index-${i}`, { create: true })
      handle.truncate(10 * 1024 * 1024)
      handle.write(0, filled(8, 1))
      handle.truncate(8)
      handle.truncate(10 * 1024 * 1024)
    }
    // Copied or zeroed, these 200 files would be 4 GB.
    expect(performance.now() - before).toBeLessThan(500)
    disk.powerLoss()
  })

  test('has a digest that tells content, names and durability apart', () => {
    const digestOf = (prepare: (disk: SimulatedDisk) => void): string => {
      const { disk } = makeDisk()
      prepare(disk)
      const digest = new Digest()
      disk.digest(digest)
      return digest.hex()
    }
    const variants = [
      () => {},
      (disk: SimulatedDisk) => put(disk, 'f', filled(10, 1)),
      (disk: SimulatedDisk) => put(disk, 'f', filled(10, 1), true),
      (disk: SimulatedDisk) => put(disk, 'f', filled(11, 1), true),
      (disk: SimulatedDisk) => put(disk, 'g', filled(10, 1), true),
      (disk: SimulatedDisk) => put(disk, 'f', filled(10, 0), true),
      (disk: SimulatedDisk) => disk.makeDirectory('f'),
      (disk: SimulatedDisk) => disk.fillUp(5),
      (disk: SimulatedDisk) => disk.failReads('f'),
    ]
    const digests = variants.map(digestOf)
    expect(new Set(digests).size).toBe(variants.length)
    expect(variants.map(digestOf)).toEqual(digests)
  })
})
