/** A process's handle of a file on a simulated disk: dead when it is closed, or when the process that opened it ends. */
import { type FileHandle, invariant } from '../../src/host/index.ts'
import type { Inode } from './disk-inode.ts'

/** What a handle asks of its disk. */
export interface HandleOwner {
  /** Number of the present process life on the machine. */
  readonly life: number
  read(inode: Inode, position: number, target: Uint8Array, targetOffset: number, length: number): number
  write(inode: Inode, position: number, bytes: Uint8Array): void
  truncate(inode: Inode, size: number): void
  sync(inode: Inode): void
  closed(inode: Inode): void
}

export class DiskHandle implements FileHandle {
  readonly path: string
  private readonly owner: HandleOwner
  private readonly inode: Inode
  private readonly life: number
  private isClosed = false

  constructor(owner: HandleOwner, inode: Inode) {
    this.path = inode.path
    this.owner = owner
    this.inode = inode
    this.life = owner.life
  }

  size(): number {
    this.check()
    return this.inode.size
  }

  read(position: number, target: Uint8Array, targetOffset: number, length: number): number {
    this.check()
    return this.owner.read(this.inode, position, target, targetOffset, length)
  }

  write(position: number, bytes: Uint8Array): void {
    this.check()
    this.owner.write(this.inode, position, bytes)
  }

  truncate(size: number): void {
    this.check()
    this.owner.truncate(this.inode, size)
  }

  sync(): void {
    this.check()
    this.owner.sync(this.inode)
  }

  /** Closing twice, or after the process ended, is allowed: a `finally` does that when a process halts. */
  close(): void {
    if (this.isClosed) return
    this.isClosed = true
    if (this.owner.life === this.life) this.owner.closed(this.inode)
  }

  private check(): void {
    if (this.isClosed) invariant(false, `file '${this.path}' is used after it was closed`)
    if (this.owner.life !== this.life) invariant(false, `file '${this.path}' is used after its process ended`)
  }
}
