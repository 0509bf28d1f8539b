/**
 * A file system in memory that records each change that is made through it, and which of them a sync made durable: the
 * record from which every state is built that a crash could leave (crash-states.ts).
 *
 * Names follow the rules of a journalling file system, as the simulated disk has them: a sync of a file makes its own
 * existence durable, a sync of a directory the changes of its entries, each with all earlier changes of the same names.
 */
import { MemoryFileSystem } from '../../../../sim/kernel/memory-files.ts'
import type { FileHandle, FileStatus, FileSystem } from '../../../../src/host/index.ts'

export type Change =
  | { readonly kind: 'create'; readonly path: string; readonly inode: number }
  | { readonly kind: 'makeDirectory' | 'removeFile' | 'removeDirectory'; readonly path: string }
  | { readonly kind: 'rename'; readonly path: string; readonly to: string }
  | { readonly kind: 'write'; readonly inode: number; readonly position: number; readonly bytes: Uint8Array }
  | { readonly kind: 'truncate'; readonly inode: number; readonly size: number }

export type ContentChange = Extract<Change, { kind: 'write' | 'truncate' }>

export const isContent = (change: Change): change is ContentChange =>
  change.kind === 'write' || change.kind === 'truncate'

export interface Recorded {
  readonly change: Change
  /** The number of the operation that made it durable; Infinity if none did. */
  durableAt: number
  /** The number of the operation that made it. */
  readonly madeAt: number
}

export class RecordingFiles implements FileSystem {
  readonly changes: Recorded[] = []
  /** Changes and syncs so far: a crash comes after one of them. */
  operations = 0
  /** Places of the engine that sync, by the line that does it. */
  readonly syncSites = new Set<string>()
  /** Operations before the first sync that was ignored. */
  firstIgnored: number | undefined
  private readonly files: MemoryFileSystem
  private readonly ignoredSite: string | undefined
  private readonly inodes = new Map<string, number>()
  private nextInode = 0

  /** @param options ignoredSite: syncs from this line of the engine do nothing, as if somebody had taken it out */
  constructor(now: () => number, options: { readonly ignoredSite?: string } = {}) {
    this.files = new MemoryFileSystem(now)
    this.ignoredSite = options.ignoredSite
  }

  open(path: string, options: { readonly create: boolean }): FileHandle {
    const isNew = this.files.status(path) === undefined
    const handle = this.files.open(path, options)
    if (isNew) {
      this.inodes.set(path, this.nextInode)
      this.record({ kind: 'create', path, inode: this.nextInode++ })
    }
    return new RecordingHandle(this, handle, this.inodes.get(path)!)
  }

  status(path: string): FileStatus | undefined {
    return this.files.status(path)
  }

  list(path: string): readonly string[] {
    return this.files.list(path)
  }

  makeDirectory(path: string): void {
    if (this.files.status(path) !== undefined) return
    this.files.makeDirectory(path)
    this.record({ kind: 'makeDirectory', path })
  }

  rename(from: string, to: string): void {
    this.files.rename(from, to)
    for (const [path, inode] of [...this.inodes]) {
      if (!isWithin(path, from)) continue
      this.inodes.delete(path)
      this.inodes.set(to + path.slice(from.length), inode)
    }
    this.record({ kind: 'rename', path: from, to })
  }

  removeFile(path: string): void {
    this.files.removeFile(path)
    this.inodes.delete(path)
    this.record({ kind: 'removeFile', path })
  }

  removeDirectory(path: string): void {
    this.files.removeDirectory(path)
    for (const name of [...this.inodes.keys()]) if (isWithin(name, path)) this.inodes.delete(name)
    this.record({ kind: 'removeDirectory', path })
  }

  setModified(path: string, modifiedUs: number): void {
    this.files.setModified(path, modifiedUs)
  }

  syncDirectory(path: string): void {
    this.files.syncDirectory(path)
    if (this.isIgnored()) return
    this.operations++
    this.makeNamesDurable(
      (change) =>
        parentOf(change.path) === path ||
        (change.kind === 'rename' && parentOf(change.to) === path) ||
        (change.kind === 'makeDirectory' && change.path === path),
    )
  }

  syncFile(inode: number): void {
    if (this.isIgnored()) return
    this.operations++
    for (const recorded of this.changes) {
      const { change } = recorded
      if (isContent(change) && change.inode === inode) this.makeDurable(recorded)
    }
    this.makeNamesDurable((change) => change.kind === 'create' && change.inode === inode)
  }

  record(change: Change): void {
    this.changes.push({ change, madeAt: ++this.operations, durableAt: Number.POSITIVE_INFINITY })
  }

  private makeNamesDurable(wanted: (change: Exclude<Change, ContentChange>) => boolean): void {
    const names: string[] = []
    for (let i = this.changes.length - 1; i >= 0; i--) {
      const recorded = this.changes[i]!
      const { change } = recorded
      if (isContent(change) || recorded.durableAt <= this.operations) continue
      const touched = change.kind === 'rename' ? [change.path, change.to] : [change.path]
      if (
        !wanted(change) &&
        !touched.some((path) => names.some((name) => isWithin(path, name) || isWithin(name, path)))
      ) {
        continue
      }
      names.push(...touched)
      this.makeDurable(recorded)
    }
  }

  private makeDurable(recorded: Recorded): void {
    if (recorded.durableAt > this.operations) recorded.durableAt = this.operations
  }

  /** Whether the line of the engine that asks for a sync is the one that is taken out. */
  private isIgnored(): boolean {
    const site = siteOf(new Error().stack!)
    this.syncSites.add(site)
    if (site !== this.ignoredSite) return false
    this.firstIgnored ??= this.operations
    return true
  }
}

class RecordingHandle implements FileHandle {
  private readonly files: RecordingFiles
  private readonly handle: FileHandle
  private readonly inode: number

  constructor(files: RecordingFiles, handle: FileHandle, inode: number) {
    this.files = files
    this.handle = handle
    this.inode = inode
  }

  get path(): string {
    return this.handle.path
  }

  size(): number {
    return this.handle.size()
  }

  read(position: number, target: Uint8Array, targetOffset: number, length: number): number {
    return this.handle.read(position, target, targetOffset, length)
  }

  write(position: number, bytes: Uint8Array): void {
    this.handle.write(position, bytes)
    this.files.record({ kind: 'write', inode: this.inode, position, bytes: bytes.slice() })
  }

  truncate(size: number): void {
    if (size === this.handle.size()) return
    this.handle.truncate(size)
    this.files.record({ kind: 'truncate', inode: this.inode, size })
  }

  sync(): void {
    this.handle.sync()
    this.files.syncFile(this.inode)
  }

  close(): void {
    this.handle.close()
  }
}

/** The innermost line of the engine on a stack, such as `src/storage/log-file.ts:174`. */
function siteOf(stack: string): string {
  const found = /(?<!test\/)(src\/storage\/[\w./-]+\.ts):(\d+)/.exec(stack)
  if (found === null) throw new Error(`a sync from outside the engine:\n${stack}`)
  return `${found[1]}:${found[2]}`
}

const parentOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf('/')))
const isWithin = (path: string, directory: string): boolean => path === directory || path.startsWith(`${directory}/`)
