/**
 * A machine's disk: a backing file system that shows the page cache, with a memory of what is not durable yet.
 *
 * What a power loss leaves: of each file's unsynced writes a drawn prefix, whose last write may be torn at a sector; of
 * the unsynced changes of names (create, rename, remove) a drawn prefix. Data older than 30 s and names older than 5 s
 * count as written back. `sync` makes a file's content and its existence durable, `syncDirectory` the renames and
 * removals in a directory. Faults of the device are methods; what I/O costs is charged to the machine.
 *
 * The process's handles die with it: using one later is a bug of ours, and throws.
 */
import {
  type Digest,
  FileError,
  type FileHandle,
  type FileStatus,
  type FileSystem,
  invariant,
  type Micros,
  SECOND,
} from '../../src/host/index.ts'
import { type DirectoryChange, DirectoryJournal } from './directory-journal.ts'
import { DEFAULT_DISK_COSTS, DiskContent, type DiskCosts, type DiskEnvironment } from './disk-content.ts'
import { digestFiles } from './disk-digest.ts'
import { DiskHandle } from './disk-handle.ts'
import { Inode } from './disk-inode.ts'
import { losePower, type PowerLossOutcome, type UnsyncedFate } from './disk-power-loss.ts'
import { isWithin, joinPath, movedPath } from './file-path.ts'
import type { FileWatch } from './file-watch.ts'

const JOURNAL_COMMIT_US = 5 * SECOND

export class SimulatedDisk implements FileSystem {
  private readonly backing: FileSystem
  private readonly environment: DiskEnvironment
  private readonly content: DiskContent
  private readonly journal: DirectoryJournal
  /** Files that this disk has touched, by name. */
  private readonly inodes = new Map<string, Inode>()
  private nextInode = 0
  /** Whether a power loss may tear the last write that survives. */
  tearWrites = true

  constructor(backing: FileSystem, environment: DiskEnvironment, costs: DiskCosts = DEFAULT_DISK_COSTS) {
    this.backing = backing
    this.environment = environment
    this.journal = new DirectoryJournal((change) => this.onDurable(change))
    this.content = new DiskContent(backing, environment, costs, (inode) => this.journal.syncFile(inode))
  }

  /** Sees from now on what the process does to the files. */
  set watch(watch: FileWatch) {
    this.content.watch = watch
  }

  /** Bytes written or cut off that a power loss now might undo. */
  get unsyncedBytes(): number {
    this.content.writeBack(this.environment.trueTime())
    return this.content.unsyncedBytes
  }

  open(path: string, options: { readonly create: boolean }): FileHandle {
    let inode = this.inodes.get(path)
    if (inode === undefined) {
      const existing = this.backing.status(path)
      const handle = this.backing.open(path, options)
      inode = this.addInode(path, existing?.size ?? 0, existing?.modifiedUs ?? this.environment.clock())
      inode.handle = handle
      this.content.holding(inode)
      if (existing === undefined) this.addName({ kind: 'create', atUs: this.environment.trueTime(), path, inode })
    }
    this.content.hold(inode)
    inode.opened++
    return new DiskHandle(this.content, inode)
  }

  status(path: string): FileStatus | undefined {
    const inode = this.inodes.get(path)
    if (inode === undefined) return this.backing.status(path)
    return { kind: 'file', size: inode.size, modifiedUs: inode.modifiedUs }
  }

  list(path: string): readonly string[] {
    return this.backing.list(path)
  }

  makeDirectory(path: string): void {
    const made: string[] = []
    for (let end = path.length; end > 0; end = path.lastIndexOf('/', end - 1)) {
      const directory = path.slice(0, end)
      if (this.backing.status(directory) !== undefined) break
      made.push(directory)
    }
    this.backing.makeDirectory(path)
    const atUs = this.environment.trueTime()
    for (const directory of made.reverse()) this.addName({ kind: 'makeDirectory', atUs, path: directory })
  }

  rename(from: string, to: string): void {
    if (from === to) return this.backing.rename(from, to)
    const file = this.holdFile(to)
    const replaced = file ?? (this.backing.status(to) === undefined ? undefined : 'directory')
    try {
      this.backing.rename(from, to)
    } catch (error) {
      if (file !== undefined) this.content.release(file)
      throw error
    }
    if (file !== undefined) this.unlink(file)
    this.moveInodes(from, to)
    this.content.watch?.renamed(from, to)
    this.addName({ kind: 'rename', atUs: this.environment.trueTime(), path: from, to, replaced })
  }

  removeFile(path: string): void {
    const inode = this.holdFile(path)
    this.backing.removeFile(path)
    invariant(inode !== undefined, () => `'${path}' was removed but was no file`)
    this.unlink(inode)
    this.addName({ kind: 'remove', atUs: this.environment.trueTime(), path, inode })
  }

  /** Entry by entry, as everybody's call of this name works: a power loss may leave a part. */
  removeDirectory(path: string): void {
    for (const name of this.backing.list(path)) {
      const entry = joinPath(path, name)
      if (this.backing.status(entry)?.kind === 'directory') this.removeDirectory(entry)
      else this.removeFile(entry)
    }
    this.backing.removeDirectory(path)
    this.addName({ kind: 'removeDirectory', atUs: this.environment.trueTime(), path })
  }

  /** Time stamps are never lost: nothing of Kafka's safety hangs on them. */
  setModified(path: string, modifiedUs: Micros): void {
    this.backing.setModified(path, modifiedUs)
    const inode = this.holdFile(path)
    if (inode === undefined) return
    inode.modifiedUs = modifiedUs
    this.content.release(inode)
  }

  syncDirectory(path: string): void {
    // Listing says what is wrong with a path that is no directory.
    if (this.backing.status(path)?.kind !== 'directory') this.backing.list(path)
    this.content.chargeNameSync(this.journal.syncDirectory(path))
  }

  /** The process ended: its handles are dead. What it wrote stays in the page cache. */
  endLife(): void {
    this.content.endLife()
  }

  /** The machine lost power: undoes what was not durable, as far as drawn or said. */
  powerLoss(unsynced: UnsyncedFate = 'drawn'): PowerLossOutcome {
    this.content.endLife()
    this.content.watch?.lostPower()
    const now = this.environment.trueTime()
    this.journal.writtenBack(now - JOURNAL_COMMIT_US)
    this.content.writeBack(now)
    const outcome = losePower({
      random: this.environment.random,
      tearWrites: this.tearWrites,
      unsynced,
      dirty: this.content.dirty,
      journal: this.journal,
      undoName: (change) => this.undoName(change),
    })
    this.content.dirty.clear()
    this.journal.clear()
    this.content.releaseAll()
    this.content.faults.giveRoom(outcome.bytesLost)
    for (const { path, position, length } of outcome.torn) this.environment.fault('torn-write', path, position, length)
    return outcome
  }

  /** From now on only `freeBytes` more bytes fit; undefined: no limit. Cutting and removing files makes room. */
  fillUp(freeBytes: number | undefined): void {
    this.content.faults.freeBytes = freeBytes
  }

  /** Every read, write and sync takes this much longer, in microseconds; 0 ends it. */
  slowDown(perOperationUs: Micros): void {
    this.content.faults.perOperationUs = perOperationUs
  }

  /** Reads of this file fail with EIO; undefined: no file's reads fail any more. */
  failReads(path: string | undefined): void {
    this.content.faults.failReads(path)
  }

  /** The next write lands elsewhere in its file, at the start of some other sector. */
  misdirectNextWrite(): void {
    this.content.faults.misdirectNext = true
  }

  /** Flips one bit (0 to 7) of a byte on the medium. Throws `FileError` if there is no such byte. */
  corruptBit(path: string, position: number, bit: number): void {
    invariant(bit >= 0 && bit <= 7, () => `bit ${bit} of a byte`)
    const inode = this.holdFile(path)
    if (inode === undefined) throw new FileError('ENOENT', path, 'no such file or directory')
    if (position >= inode.size) throw new FileError('EIO', path, `no byte at position ${position} of`)
    const byte = new Uint8Array(1)
    inode.file.read(position, byte, 0, 1)
    byte[0]! ^= 1 << bit
    inode.file.write(position, byte)
    inode.dataEnd = Math.max(inode.dataEnd, position + 1)
    this.content.release(inode)
    this.environment.fault('bit-rot', path, position, 1)
  }

  /** Feeds content, names, and all that is not durable. */
  digest(digest: Digest): void {
    digestFiles(this.backing, (path) => this.status(path), digest)
    for (const inode of this.content.dirty) {
      digest.string(inode.path).boolean(inode.isUnlinked)
      for (const change of inode.dirtyChanges) {
        digest.int(change.atUs).int(change.position).int(change.length).int(change.sizeBefore)
        if (change.before !== undefined) digest.bytes(change.before)
      }
    }
    this.journal.digest(digest)
    this.content.faults.digest(digest)
    digest.boolean(this.tearWrites)
  }

  private addName(change: DirectoryChange): void {
    this.journal.writtenBack(change.atUs - JOURNAL_COMMIT_US)
    this.journal.add(change)
  }

  /** A change of names can no longer be undone: a file that lost its last name in it is gone for good. */
  private onDurable(change: DirectoryChange): void {
    const gone = change.kind === 'remove' ? change.inode : change.kind === 'rename' ? change.replaced : undefined
    if (gone === undefined || gone === 'directory') return
    gone.isUnlinked = false
    this.content.makeDurable(gone)
    this.content.release(gone)
  }

  private undoName(change: DirectoryChange): void {
    switch (change.kind) {
      case 'create':
        this.backing.removeFile(change.path)
        this.inodes.delete(change.path)
        return
      case 'makeDirectory':
        return this.backing.removeDirectory(change.path)
      case 'removeDirectory':
        return this.backing.makeDirectory(change.path)
      case 'remove':
        return this.bringBack(change.inode, change.path)
      case 'rename':
        this.backing.rename(change.to, change.path)
        this.moveInodes(change.to, change.path)
        if (change.replaced === 'directory') this.backing.makeDirectory(change.to)
        else if (change.replaced !== undefined) this.bringBack(change.replaced, change.to)
    }
  }

  /** Gives a removed file its name back: its content is still in the open backing file. */
  private bringBack(inode: Inode, path: string): void {
    const handle = this.backing.open(path, { create: true })
    inode.copyTo(handle)
    inode.file.close()
    inode.handle = handle
    inode.path = path
    inode.isUnlinked = false
    this.inodes.set(path, inode)
  }

  private unlink(inode: Inode): void {
    inode.isUnlinked = true
    this.content.watch?.removed(inode.path)
    this.content.faults.giveRoom(inode.dataEnd)
    this.inodes.delete(inode.path)
  }

  private moveInodes(from: string, to: string): void {
    if (this.backing.status(to)?.kind === 'file') {
      const inode = this.inodes.get(from)
      if (inode !== undefined) this.moveInode(inode, to)
      return
    }
    for (const [path, inode] of [...this.inodes]) {
      if (isWithin(path, from)) this.moveInode(inode, movedPath(path, from, to))
    }
  }

  private moveInode(inode: Inode, to: string): void {
    this.inodes.delete(inode.path)
    inode.path = to
    this.inodes.set(to, inode)
  }

  /** The file at a path, with its backing file open; undefined if there is no file. */
  private holdFile(path: string): Inode | undefined {
    let inode = this.inodes.get(path)
    if (inode === undefined) {
      const status = this.backing.status(path)
      if (status?.kind !== 'file') return undefined
      inode = this.addInode(path, status.size, status.modifiedUs)
    }
    this.content.hold(inode)
    return inode
  }

  private addInode(path: string, size: number, modifiedUs: Micros): Inode {
    const inode = new Inode(this.nextInode++, path, size, modifiedUs)
    this.inodes.set(path, inode)
    return inode
  }
}
