/**
 * The content side of a simulated disk: writes, cuts and syncs of open files, with what they cost and how they go wrong.
 * It knows which files hold changes that are not durable, and keeps their backing files open.
 */
import {
  FileError,
  type FileSystem,
  MILLISECOND,
  type Micros,
  type RandomStream,
  SECOND,
} from '../../src/host/index.ts'
import { DiskFaults } from './disk-faults.ts'
import type { HandleOwner } from './disk-handle.ts'
import type { Inode } from './disk-inode.ts'
import type { FileWatch } from './file-watch.ts'

/** What each operation costs the machine, in microseconds. */
export interface DiskCosts {
  readonly readUs: Micros
  readonly writeUs: Micros
  /** A sync that has something to write. */
  readonly syncUs: Micros
}

/** Reads and writes meet the page cache, which is quick; a sync waits for the device. */
export const DEFAULT_DISK_COSTS: DiskCosts = { readUs: 0, writeUs: 0, syncUs: MILLISECOND / 2 }

const WRITE_BACK_US = 30 * SECOND

/** What a disk needs of the machine that it is in. */
export interface DiskEnvironment {
  /** True time, which write-back goes by. */
  trueTime(): Micros
  /** The machine's clock, which stamps files. */
  clock(): Micros
  charge(us: Micros): void
  readonly random: RandomStream
  /** Tells of a fault that struck. */
  fault(fault: string, path: string, position: number, length: number): void
}

export class DiskContent implements HandleOwner {
  life = 0
  watch: FileWatch | undefined
  readonly faults: DiskFaults
  /** Files with undurable content, in the order in which they became so. */
  readonly dirty = new Set<Inode>()
  /** Files whose backing file is open. */
  private readonly held = new Set<Inode>()
  private readonly backing: FileSystem
  private readonly environment: DiskEnvironment
  private readonly costs: DiskCosts
  private readonly syncName: (inode: Inode) => boolean

  /** @param syncName makes a file's existence durable; returns whether there was anything to do */
  constructor(
    backing: FileSystem,
    environment: DiskEnvironment,
    costs: DiskCosts,
    syncName: (inode: Inode) => boolean,
  ) {
    this.backing = backing
    this.environment = environment
    this.costs = costs
    this.syncName = syncName
    this.faults = new DiskFaults(environment)
  }

  get unsyncedBytes(): number {
    let bytes = 0
    for (const inode of this.dirty) bytes += inode.dirtyBytes
    return bytes
  }

  read(inode: Inode, position: number, target: Uint8Array, targetOffset: number, length: number): number {
    this.charge(this.costs.readUs)
    this.faults.checkRead(inode.path, position, length)
    return inode.file.read(position, target, targetOffset, length)
  }

  write(inode: Inode, position: number, bytes: Uint8Array): void {
    this.charge(this.costs.writeUs)
    const { length } = bytes
    this.watch?.writing(inode.path, position, length, inode.dataEnd)
    const room = this.faults.takeRoom(inode.path, inode.dataEnd, position, length)
    const target = this.faults.misdirect(inode.path, position, room, inode.size)
    if (target === position) {
      if (room > 0) this.writeAt(inode, position, room === length ? bytes : bytes.subarray(0, room))
    } else {
      // The file grows as it was asked to, but the bytes overwrite others.
      if (position + room > inode.size) this.resize(inode, position + room)
      this.writeAt(inode, target, bytes.subarray(0, Math.max(0, Math.min(room, inode.size - target))))
    }
    if (room < length) throw new FileError('ENOSPC', inode.path, 'no space left on device, write')
    this.watch?.wrote(inode.path, position + length)
  }

  truncate(inode: Inode, size: number): void {
    this.charge(this.costs.writeUs)
    this.watch?.resizing(inode.path, size, inode.dataEnd)
    this.faults.giveRoom(Math.max(0, inode.dataEnd - size))
    this.resize(inode, size)
  }

  sync(inode: Inode): void {
    const wasDirty = inode.isDirty
    this.makeDurable(inode)
    const wasNew = this.syncName(inode)
    this.charge(wasDirty || wasNew ? this.costs.syncUs : 0)
  }

  chargeNameSync(wasNeeded: boolean): void {
    this.charge(wasNeeded ? this.costs.syncUs : 0)
  }

  closed(inode: Inode): void {
    inode.opened--
    this.release(inode)
  }

  /** All content of a file is durable. */
  makeDurable(inode: Inode): void {
    inode.clearChanges()
    this.dirty.delete(inode)
  }

  /** What was written long ago is durable. */
  writeBack(now: Micros): void {
    for (const inode of this.dirty) {
      inode.writtenBack(now - WRITE_BACK_US)
      if (!inode.isDirty) this.dirty.delete(inode)
    }
  }

  /** Opens the backing file, unless it is open. */
  hold(inode: Inode): void {
    if (inode.handle !== undefined) return
    inode.handle = this.backing.open(inode.path, { create: false })
    this.held.add(inode)
  }

  /** Takes note of a backing file that the caller opened. */
  holding(inode: Inode): void {
    this.held.add(inode)
  }

  /** Closes the backing file, if nobody needs it. */
  release(inode: Inode): void {
    if (inode.handle === undefined || inode.opened > 0 || inode.isDirty || inode.isUnlinked) return
    inode.handle.close()
    inode.handle = undefined
    this.held.delete(inode)
  }

  releaseAll(): void {
    for (const inode of this.held) this.release(inode)
  }

  /** The process ended, and its handles with it. */
  endLife(): void {
    this.life++
    for (const inode of this.held) inode.opened = 0
    this.releaseAll()
  }

  private writeAt(inode: Inode, position: number, bytes: Uint8Array): void {
    const { length } = bytes
    if (length === 0) return
    this.noteChange(inode, 'write', position, length)
    inode.file.write(position, bytes)
    const end = position + length
    if (end > inode.size) inode.size = end
    if (end > inode.dataEnd) inode.dataEnd = end
  }

  private resize(inode: Inode, size: number): void {
    if (size === inode.size) return
    const dataCut = Math.max(0, inode.dataEnd - size)
    this.noteChange(inode, 'truncate', Math.min(size, inode.size), dataCut)
    inode.file.truncate(size)
    inode.size = size
    if (inode.dataEnd > size) inode.dataEnd = size
  }

  private noteChange(inode: Inode, kind: 'write' | 'truncate', position: number, length: number): void {
    const now = this.environment.trueTime()
    if (inode.isDirty) inode.writtenBack(now - WRITE_BACK_US)
    else this.dirty.add(inode)
    inode.noteChange(kind, position, length, now)
    inode.modifiedUs = this.environment.clock()
  }

  private charge(us: Micros): void {
    const total = us + this.faults.perOperationUs
    if (total > 0) this.environment.charge(total)
  }
}
