/**
 * A file of a simulated disk, apart from its name: the open backing file, and how to undo what was written to it since
 * it was last durable. The backing file always shows the page cache, that is, every write.
 */
import { type FileHandle, invariant, type Micros } from '../../src/host/index.ts'

/** Power loss never tears inside a sector. */
export const SECTOR_BYTES = 512

/** One change of content that a power loss may undo. */
export interface ContentChange {
  readonly atUs: Micros
  readonly kind: 'write' | 'truncate'
  readonly position: number
  /** Bytes written, or bytes of data (not of a hole) cut off. */
  readonly length: number
  readonly sizeBefore: number
  /** What was at `position`; where it ends before the change does, there was a hole or nothing. */
  readonly before: Uint8Array | undefined
}

export class Inode {
  readonly id: number
  path: string
  size: number
  /** No byte at or behind this position was ever written: what is there is a hole. */
  dataEnd: number
  modifiedUs: Micros
  /** Handles that the process holds. */
  opened = 0
  /** The backing file, open while anybody may need it. */
  handle: FileHandle | undefined
  /** Its name was removed or replaced, and a power loss may bring it back. */
  isUnlinked = false
  private changes: ContentChange[] = []
  private firstChange = 0
  /** Sum of the lengths of the changes that are not durable. */
  dirtyBytes = 0

  constructor(id: number, path: string, size: number, modifiedUs: Micros) {
    this.id = id
    this.path = path
    this.size = size
    this.dataEnd = size
    this.modifiedUs = modifiedUs
  }

  get file(): FileHandle {
    if (this.handle === undefined) invariant(false, `the backing file of '${this.path}' is not open`)
    return this.handle
  }

  get isDirty(): boolean {
    return this.firstChange < this.changes.length
  }

  /** What is not durable, oldest first. */
  get dirtyChanges(): readonly ContentChange[] {
    return this.firstChange === 0 ? this.changes : this.changes.slice(this.firstChange)
  }

  /** To be called before the change is made to the backing file. */
  noteChange(kind: ContentChange['kind'], position: number, length: number, atUs: Micros): void {
    const before = this.dataAt(position, length)
    this.changes.push({ atUs, kind, position, length, sizeBefore: this.size, before })
    this.dirtyBytes += length
  }

  /** All changes are durable. */
  clearChanges(): void {
    if (this.changes.length === 0) return
    this.changes = []
    this.firstChange = 0
    this.dirtyBytes = 0
  }

  /** Changes made before `beforeUs` are durable: the operating system wrote them back. */
  writtenBack(beforeUs: Micros): void {
    while (this.firstChange < this.changes.length && this.changes[this.firstChange]!.atUs < beforeUs) {
      this.dirtyBytes -= this.changes[this.firstChange]!.length
      this.firstChange++
    }
    if (this.firstChange === this.changes.length) {
      this.clearChanges()
    } else if (this.firstChange > 64 && this.firstChange * 2 > this.changes.length) {
      this.changes = this.changes.slice(this.firstChange)
      this.firstChange = 0
    }
  }

  /**
   * Takes a change back, which must be the last not yet taken back.
   * @param keep bytes at the beginning of a write that stay
   */
  undo(change: ContentChange, keep: number): void {
    const { file } = this
    const { position, sizeBefore, before } = change
    if (change.kind === 'truncate') {
      file.truncate(sizeBefore)
      if (before !== undefined) file.write(position, before)
      this.size = sizeBefore
      this.dataEnd = Math.max(this.dataEnd, position + (before?.length ?? 0))
    } else {
      const end = Math.min(position + change.length, sizeBefore)
      const bytes = new Uint8Array(Math.max(0, end - position))
      if (before !== undefined) bytes.set(before)
      if (keep < bytes.length) file.write(position + keep, bytes.subarray(keep))
      this.size = Math.max(sizeBefore, keep === 0 ? 0 : position + keep)
      file.truncate(this.size)
    }
    this.dataEnd = Math.min(this.dataEnd, this.size)
  }

  /** Copies content and size of this file, which may have no name any more, to another. */
  copyTo(target: FileHandle): void {
    const chunk = new Uint8Array(Math.min(64 * 1024, this.dataEnd))
    for (let position = 0; position < this.dataEnd; position += chunk.length) {
      const length = this.file.read(position, chunk, 0, Math.min(chunk.length, this.dataEnd - position))
      target.write(position, chunk.subarray(0, length))
    }
    target.truncate(this.size)
  }

  /** The bytes of a range up to where data ends, or undefined if it is all a hole. */
  private dataAt(position: number, length: number): Uint8Array | undefined {
    const end = Math.min(position + length, this.dataEnd)
    if (end <= position) return undefined
    const bytes = new Uint8Array(end - position)
    this.file.read(position, bytes, 0, bytes.length)
    return bytes
  }
}
