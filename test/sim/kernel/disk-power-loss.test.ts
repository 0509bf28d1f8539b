import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { MemoryFileSystem } from '../../../sim/kernel/index.ts'
import { type FileHandle, type FileSystem, readFile, SECOND } from '../../../src/host/index.ts'
import { filled, makeDisk, put, tree, useRealFiles } from './disk-fixture.ts'

const realFiles = useRealFiles()

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

  test('takes all that was not synced, or nothing but the last write of each file, where it is told to', () => {
    fc.assert(
      fc.property(fc.array(contentOperation, { maxLength: 12 }), fc.nat(), (operations, seed) => {
        const left = (unsynced: 'lost' | 'torn'): string => {
          const { disk } = makeDisk({ seed })
          const handle = disk.open('f', { create: true })
          handle.sync()
          perform(handle, operations)
          handle.close()
          put(disk, 'new', filled(1, 1))
          disk.powerLoss(unsynced)
          expect(disk.status('new') === undefined).toBe(unsynced === 'lost')
          return readFile(disk, 'f').join()
        }
        const afterLastSync = operations.slice(operations.findLastIndex((op) => op.do === 'sync') + 1)
        const synced = operations.slice(0, operations.length - afterLastSync.length)
        const contentOf = (some: readonly ContentOperation[]): Uint8Array => {
          let content: Uint8Array = new Uint8Array(0)
          some.forEach((op, i) => {
            content = applied(content, op, i + 1)
          })
          return content
        }
        expect(left('lost')).toBe(contentOf(synced).join())
        // A cut to the size that the file has is no change at all.
        const changes = operations.filter(
          (op, i) => op.do !== 'truncate' || op.size !== contentOf(operations.slice(0, i)).length,
        )
        const last = changes.at(-1)
        if (last === undefined || last.do !== 'write' || last.length === 0) return
        const index = operations.lastIndexOf(last)
        const before = contentOf(operations.slice(0, index))
        const torn = [applied(before, last, index + 1, 0).join()]
        for (let end = 512 * (Math.floor(last.position / 512) + 1); end < last.position + last.length; end += 512)
          torn.push(applied(before, last, index + 1, end - last.position).join())
        // Torn for certain: whole only if there is nothing to tear.
        if (torn.length > 1) torn.shift()
        expect(torn).toContain(left('torn'))
      }),
    )
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

  test('that undoes a rename leaves the file under its old name only, to be read, written and synced', () => {
    let undone = 0
    for (let seed = 0; seed < 20; seed++) {
      const backing = new MemoryFileSystem()
      const { disk } = makeDisk({ seed, backing })
      disk.makeDirectory('d')
      put(disk, 'd/f', filled(3, 1), true)
      disk.syncDirectory('')
      disk.rename('d', 'e')
      disk.powerLoss()
      if (backing.status('e') !== undefined) continue
      undone++
      expect([disk.status('e/f'), disk.status('d/f')?.size]).toEqual([undefined, 3])
      put(disk, 'd/f', filled(5, 2), true)
      disk.powerLoss()
      expect(tree(disk)).toEqual(['d/', 'd/f=2,2,2,2,2'])
    }
    expect(undone).toBeGreaterThan(3)
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
