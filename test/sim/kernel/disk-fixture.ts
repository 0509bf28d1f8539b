/** Disks on their own, without a world, and what tests of them share. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll } from 'vitest'
import { NodeFileSystem } from '../../../live/index.ts'
import { MemoryFileSystem, RandomStreams, SimulatedDisk } from '../../../sim/kernel/index.ts'
import { type FileSystem, readFile } from '../../../src/host/index.ts'

/** A disk whose time, charges and faults the test sees. */
export function makeDisk(options: { seed?: number; backing?: FileSystem } = {}) {
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

export const filled = (length: number, value: number): Uint8Array => new Uint8Array(length).fill(value)

export function put(files: FileSystem, path: string, bytes: Uint8Array, sync = false): void {
  const handle = files.open(path, { create: true })
  handle.write(0, bytes)
  if (sync) handle.sync()
  handle.close()
}

/** All files with their content, as text to compare. */
export function tree(files: FileSystem, path = ''): string[] {
  return files.list(path).flatMap((name) => {
    const entry = path === '' ? name : `${path}/${name}`
    if (files.status(entry)!.kind === 'directory') return [`${entry}/`, ...tree(files, entry)]
    return [`${entry}=${[...readFile(files, entry)].join()}`]
  })
}

/** A directory of real files for each call; all are removed after the tests of the file. */
export function useRealFiles(): () => FileSystem {
  let directory: string
  let directories = 0
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'kafka-trial-disk-'))
  })
  afterAll(() => rmSync(directory, { recursive: true, force: true }))
  return () => new NodeFileSystem(join(directory, String(directories++)), { realSync: false })
}
