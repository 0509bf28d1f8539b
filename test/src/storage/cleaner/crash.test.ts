/**
 * The process dies between any two operations of compaction on the disk, and the machine with it or not. Whatever comes
 * back: each key has its last value, at the offset where it was, no offset stands twice, and what was begun is finished or
 * forgotten.
 */
import { describe, expect, it } from 'vitest'
import { MemoryFileSystem } from '../../../../sim/kernel/memory-files.ts'
import { RandomStreams } from '../../../../sim/kernel/random.ts'
import { SimulatedDisk } from '../../../../sim/kernel/simulated-disk.ts'
import type { FileHandle, FileStatus, FileSystem } from '../../../../src/host/index.ts'
import { type LogFormat, logFormat010 } from '../../../../src/storage/index.ts'
import { StorageHost } from '../support.ts'
import { type Pair, World, type WorldOptions } from './world.ts'

class Death extends Error {}

/** A disk that a process uses up to its death; then every operation fails, and nothing of it happens. */
class MortalFiles implements FileSystem {
  operations = 0
  private readonly files: FileSystem
  private readonly last: number

  constructor(files: FileSystem, last: number) {
    this.files = files
    this.last = last
  }

  private live(): FileSystem {
    if (this.operations >= this.last) throw new Death()
    return this.files
  }

  private change(): FileSystem {
    const files = this.live()
    this.operations++
    return files
  }

  open(path: string, options: { readonly create: boolean }): FileHandle {
    const handle = this.change().open(path, options)
    const mortal =
      <A extends unknown[], R>(operation: (...args: A) => R) =>
      (...args: A): R => {
        this.change()
        return operation(...args)
      }
    return {
      path,
      size: () => handle.size(),
      read: (position, target, offset, length) => {
        this.live()
        return handle.read(position, target, offset, length)
      },
      write: mortal((position: number, bytes: Uint8Array) => handle.write(position, bytes)),
      truncate: mortal((size: number) => handle.truncate(size)),
      sync: mortal(() => handle.sync()),
      close: () => handle.close(),
    }
  }

  status = (path: string): FileStatus | undefined => this.live().status(path)
  list = (path: string): readonly string[] => this.live().list(path)
  makeDirectory = (path: string): void => this.change().makeDirectory(path)
  rename = (from: string, to: string): void => this.change().rename(from, to)
  removeFile = (path: string): void => this.change().removeFile(path)
  removeDirectory = (path: string): void => this.change().removeDirectory(path)
  setModified = (path: string, modifiedUs: number): void => this.change().setModified(path, modifiedUs)
  syncDirectory = (path: string): void => this.change().syncDirectory(path)
}

/** Format 1, but for a defect of the releases that wrote it, which has a test of its own. */
const format010: LogFormat = { ...logFormat010, interruptedSwap: 'takes-its-own' }

const options = (preset: WorldOptions['preset'], host: StorageHost, format?: LogFormat): WorldOptions => ({
  preset: preset!,
  host,
  ...(format !== undefined ? { format } : preset === '0.10.2' ? { format: format010 } : {}),
  broker: { 'log.cleaner.io.buffer.size': 200 },
  topic: {
    'segment.bytes': 250,
    'index.interval.bytes': 40,
    'min.cleanable.dirty.ratio': 0,
    'file.delete.delay.ms': 1000,
  },
})

const written: Pair[] = Array.from({ length: 40 }, (_, i) => [`k${i % 6}`, `value ${i}`] as const)
/** Written after the first round of compaction; the second merges what that left. */
const later: Pair[] = Array.from({ length: 20 }, (_, i) => [`k${i % 4}`, `value ${40 + i}`] as const)
const all = [...written, ...later]

/** What a life came to. */
interface Life {
  /** Records appended, and of these the ones that were flushed. */
  appended: number
  durable: number
  /** Operations, if it did not die of them. */
  operations: number | undefined
}

/** A life that dies at its `last` operation. */
function live(
  preset: WorldOptions['preset'],
  disk: SimulatedDisk,
  host: StorageHost,
  last: number,
  format?: LogFormat,
): Life {
  const mortal = new MortalFiles(disk, last)
  host.files = mortal
  const life: Life = { appended: 0, durable: 0, operations: undefined }
  try {
    const world = new World(options(preset, host, format))
    for (const part of [written, later]) {
      for (const pair of part) {
        world.append([pair])
        life.appended++
      }
      world.log.flush()
      life.durable = life.appended
      world.logs.checkpointRecoveryPoints()
      world.clean()
    }
    host.advanceMs(5000)
    life.operations = mortal.operations
  } catch (error) {
    if (!(error instanceof Death)) throw error
  }
  return life
}

function newDisk(host: StorageHost, seed: number): SimulatedDisk {
  return new SimulatedDisk(new MemoryFileSystem(() => host.nowUs), {
    trueTime: () => host.nowUs,
    clock: () => host.nowUs,
    charge: () => {},
    random: new RandomStreams(seed).stream('disk/b1'),
    fault: () => {},
  })
}

/** @param safe so many of the first records must be there, each itself or a later one of its key */
function checkWhatIsLeft(preset: WorldOptions['preset'], disk: SimulatedDisk, host: StorageHost, safe: number): void {
  disk.endLife()
  host.dropTimers()
  host.files = disk
  const world = new World(options(preset, host))
  const content = world.content()
  expect(world.files().filter((name) => /cleaned|swap/.test(name))).toEqual([])
  const offsets = content.map((record) => Number.parseInt(record, 10))
  expect(offsets).toEqual([...new Set(offsets)].sort((a, b) => a - b))
  const known = all.map(([key, value], offset) => `${offset}:${key}=${value}`)
  for (const record of content) expect(known).toContain(record)
  const end = world.log.logEndOffset
  expect(end).toBeGreaterThanOrEqual(safe)
  for (const key of new Set(all.slice(0, safe).map(([key]) => key))) {
    const last = all.slice(0, safe).findLastIndex(([other]) => other === key)
    expect(offsets.filter((offset) => all[offset]![0] === key).at(-1)).toBeGreaterThanOrEqual(last)
  }
  // Life goes on: what was begun is done again.
  for (const [key, value] of all.slice(end)) world.append([[key, value]])
  world.log.roll()
  world.clean()
  expect(world.events('LogCleaningFailed')).toEqual([])
  const lastOfKeys = known.filter((_, offset) => all.findLastIndex(([key]) => key === all[offset]![0]) === offset)
  if (safe === all.length) expect(world.content()).toEqual(lastOfKeys)
}

describe.each(['0.8.2', '0.10.2', '2.4'] as const)('compaction of %s, ended between any two operations', (preset) => {
  const host = new StorageHost()
  const complete = live(preset, newDisk(host, 0), host, Number.POSITIVE_INFINITY).operations!

  it('loses no last value and leaves no half-finished swap if the process dies', () => {
    expect(complete).toBeGreaterThan(150)
    for (let last = 0; last < complete; last++) {
      const host = new StorageHost()
      const disk = newDisk(host, 1)
      const { appended } = live(preset, disk, host, last)
      checkWhatIsLeft(preset, disk, host, appended)
    }
  })

  it('loses no last value that was flushed if the power goes', () => {
    for (let last = 0; last < complete; last++) {
      const host = new StorageHost()
      const disk = newDisk(host, last)
      const { durable } = live(preset, disk, host, last)
      disk.powerLoss()
      checkWhatIsLeft(preset, disk, host, durable)
    }
  })
})

describe('a start that finishes a swap which the process died in', () => {
  it('takes the segment before it along, from 0.9 to 1.1 (corrected with KAFKA-6264)', () => {
    const format = logFormat010
    const host = new StorageHost()
    const complete = live('0.10.2', newDisk(host, 0), host, Number.POSITIVE_INFINITY, format).operations!
    const lost = new Set<string>()
    for (let last = 0; last < complete; last++) {
      const host = new StorageHost()
      const disk = newDisk(host, 1)
      const { appended } = live('0.10.2', disk, host, last, format)
      disk.endLife()
      host.dropTimers()
      host.files = disk
      const keys = new Set(new World(options('0.10.2', host, format)).content().map((record) => /k\d/.exec(record)![0]))
      for (const [key] of all.slice(0, appended)) if (!keys.has(key!)) lost.add(key!)
    }
    // Those of which nothing was written later.
    expect([...lost].sort()).toEqual(['k4', 'k5'])
  })
})
