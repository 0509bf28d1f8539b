/**
 * The directory of `--data-dir`: one folder a machine, `broker-1` for b1 and `zookeeper-1` for zk1. A run starts from
 * empty disks, so what an earlier run left there is replaced; a marker file tells such a directory from one that holds
 * somebody's work, which is refused.
 */
import { existsSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { NodeFileSystem } from '../../live/index.ts'
import { MemoryFileSystem } from '../../sim/kernel/index.ts'
import type { FileSystem } from '../../src/host/index.ts'
import { UserError } from '../exit-code.ts'

const MARKER = '.kafka-trial'

/** Makes the directory, or empties it if an earlier run made it. */
export function prepareDataDirectory(directory: string): void {
  if (existsSync(directory)) {
    if (!statSync(directory).isDirectory()) throw new UserError(`--data-dir: '${directory}' is a file, not a directory`)
    const entries = readdirSync(directory)
    if (entries.length > 0 && !entries.includes(MARKER)) {
      throw new UserError(
        `--data-dir: '${directory}' holds files that no trial run made; give an empty or a new directory`,
      )
    }
    for (const entry of entries) rmSync(join(directory, entry), { recursive: true, force: true })
  }
  try {
    mkdirSync(directory, { recursive: true })
  } catch (error) {
    throw new UserError(`--data-dir: cannot make '${directory}': ${(error as Error).message}`)
  }
  writeFileSync(join(directory, MARKER), 'Made by `trial run --data-dir`; the next such run replaces what is here.\n')
}

/** The disks of servers as real files; clients keep nothing. */
export function realDisks(directory: string): (machine: string) => FileSystem {
  return (machine) => {
    const folder = machineFolder(machine)
    // What survives a power loss is decided by the simulated disk on top: the real files need not be synced.
    return folder === undefined
      ? new MemoryFileSystem()
      : new NodeFileSystem(join(directory, folder), { realSync: false })
  }
}

/** `broker-1` for b1, `zookeeper-1` for zk1. */
function machineFolder(machine: string): string | undefined {
  const server = /^(b|zk)(\d+)$/.exec(machine)
  if (server === null) return undefined
  return `${server[1] === 'b' ? 'broker' : 'zookeeper'}-${server[2]}`
}
