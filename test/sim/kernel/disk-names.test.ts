import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { MemoryFileSystem } from '../../../sim/kernel/index.ts'
import { Digest, FileError, type FileHandle, type FileSystem, readFile, SECOND } from '../../../src/host/index.ts'
import { filled, makeDisk, put, tree, useRealFiles } from './disk-fixture.ts'

const realFiles = useRealFiles()

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
