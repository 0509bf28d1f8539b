/**
 * What a crash can leave: after each operation, whatever was durable then, and of the rest
 * - every prefix, in the order in which it was written, with the next write whole, or torn in its middle;
 * - all but the content of one file, only the content of one file, all but the names.
 */
import { MemoryFileSystem } from '../../../../sim/kernel/memory-files.ts'
import type { FileHandle } from '../../../../src/host/index.ts'
import { type Change, isContent, type Recorded } from './recording-files.ts'

export interface CrashState {
  /** The operation that was the last one. */
  readonly crashedAt: number
  readonly what: string
  build(): MemoryFileSystem
}

/** The states after one operation, each once. A process that crashes without a power loss is the longest prefix. */
export function* statesAfter(changes: readonly Recorded[], crashedAt: number): Generator<CrashState> {
  const made = changes.filter(({ madeAt }) => madeAt <= crashedAt)
  const open = made.filter(({ durableAt }) => durableAt > crashedAt)
  const kept = (keep: (recorded: Recorded) => boolean): readonly Change[] =>
    made.filter((recorded) => recorded.durableAt <= crashedAt || keep(recorded)).map(({ change }) => change)
  const state = (what: string, list: readonly Change[]): CrashState => ({ crashedAt, what, build: () => build(list) })

  // After a change, shorter prefixes are what they were before it; after a sync, all are new.
  const isSync = made.at(-1)?.madeAt !== crashedAt
  for (let length = isSync ? 0 : Math.max(0, open.length - 1); length <= open.length; length++) {
    const last = open[length - 1]
    yield state(
      `${length} of ${open.length} changes survived`,
      kept((recorded) => last !== undefined && recorded.madeAt <= last.madeAt),
    )
    const next = open[length]?.change
    if (next?.kind !== 'write' || next.bytes.length < 2) continue
    const half = { ...next, bytes: next.bytes.subarray(0, next.bytes.length >> 1) }
    yield state(`${length} of ${open.length} changes survived, and half of the next write`, [
      ...kept((recorded) => last !== undefined && recorded.madeAt <= last.madeAt),
      half,
    ])
  }
  const inodes = new Set(open.flatMap(({ change }) => (isContent(change) ? [change.inode] : [])))
  const isOf = (change: Change, inode: number): boolean => isContent(change) && change.inode === inode
  if (inodes.size > 1) {
    for (const inode of inodes) {
      const name = nameOf(made, inode)
      yield state(
        `all survived but what was written to ${name}`,
        kept(({ change }) => !isOf(change, inode)),
      )
      yield state(
        `only what was written to ${name} survived`,
        kept(({ change }) => !isContent(change) || isOf(change, inode)),
      )
    }
  }
  if (open.some(({ change }) => !isContent(change))) {
    yield state(
      'all survived but the changes of names',
      kept(({ change }) => isContent(change)),
    )
  }
}

function build(changes: readonly Change[]): MemoryFileSystem {
  const files = new MemoryFileSystem()
  const handles = new Map<number, FileHandle>()
  for (const change of changes) {
    switch (change.kind) {
      case 'create':
        handles.set(change.inode, files.open(change.path, { create: true }))
        break
      case 'makeDirectory':
        files.makeDirectory(change.path)
        break
      case 'removeFile':
        files.removeFile(change.path)
        break
      case 'removeDirectory':
        files.removeDirectory(change.path)
        break
      case 'rename':
        files.rename(change.path, change.to)
        break
      case 'write':
        handles.get(change.inode)?.write(change.position, change.bytes)
        break
      case 'truncate':
        handles.get(change.inode)?.truncate(change.size)
        break
    }
  }
  for (const handle of handles.values()) handle.close()
  return files
}

function nameOf(made: readonly Recorded[], inode: number): string {
  for (const { change } of made) if (change.kind === 'create' && change.inode === inode) return change.path
  return `file ${inode}`
}
