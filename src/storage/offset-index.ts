/**
 * The `.index` file of a segment (`kafka/log/OffsetIndex.scala`, 0.8.2.2; formats.md 2.2): entries of eight bytes, the
 * offset relative to the base and the position in the `.log` of the first message at or above it, both int32, rising.
 */
import { type FileSystem, invariant } from '../host/index.ts'
import { readInt32, writeInt32 } from './big-endian.ts'
import { CorruptLogError, IndexOffsetError } from './errors.ts'
import { SegmentIndex } from './segment-index.ts'

const ENTRY_SIZE = 8

export interface IndexEntry {
  readonly offset: number
  /** Byte in the `.log` file. */
  readonly position: number
}

/** The cache holds the relative offset and the position of each entry. */
export class OffsetIndex extends SegmentIndex<Int32Array> {
  constructor(files: FileSystem, path: string, baseOffset: number, maxIndexBytes: number) {
    super(files, path, baseOffset, ENTRY_SIZE, maxIndexBytes)
  }

  /** No further entry fits into the file as it is. */
  get isFull(): boolean {
    return this.file.entries >= this.file.capacity
  }

  /** Offset of the last entry; the base offset if there is none. */
  get lastOffset(): number {
    return this.entries === 0 ? this.baseOffset : this.entry(this.entries - 1).offset
  }

  entry(slot: number): IndexEntry {
    invariant(slot >= 0 && slot < this.entries, () => `${this.path}: entry ${slot} of ${this.entries}`)
    if (this.cache !== undefined) {
      return { offset: this.baseOffset + this.cache[2 * slot]!, position: this.cache[2 * slot + 1]! }
    }
    const bytes = this.file.read(slot)
    return { offset: this.baseOffset + readInt32(bytes, 0), position: readInt32(bytes, 4) }
  }

  /** The entry with the largest offset at or below `targetOffset`; (base offset, 0) if there is none. */
  lookup(targetOffset: number): IndexEntry {
    const slot = this.slotAtOrBelow(targetOffset - this.baseOffset)
    return slot < 0 ? { offset: this.baseOffset, position: 0 } : this.entry(slot)
  }

  /** The position that `lookup` finds, without making an object. */
  positionFor(targetOffset: number): number {
    const slot = this.slotAtOrBelow(targetOffset - this.baseOffset)
    return slot < 0 ? 0 : this.loaded()[2 * slot + 1]!
  }

  /**
   * Adds an entry at the end.
   * @throws IndexOffsetError if the offset does not rise
   */
  append(offset: number, position: number): void {
    const cache = this.loaded()
    const { entries } = this
    const relativeOffset = this.relative(offset)
    if (entries > 0 && relativeOffset <= cache[2 * entries - 2]!) {
      throw new IndexOffsetError(this.path, offset, this.lastOffset)
    }
    const bytes = new Uint8Array(ENTRY_SIZE)
    writeInt32(bytes, 0, relativeOffset)
    writeInt32(bytes, 4, position)
    this.push(bytes, relativeOffset, position)
  }

  /** Drops the entries at or above `offset`; the file's size stays, with zeros behind the entries that are left. */
  truncateTo(offset: number): void {
    const slot = this.slotAtOrBelow(offset - this.baseOffset)
    this.file.keep(slot < 0 ? 0 : this.entry(slot).offset === offset ? slot : slot + 1)
  }

  /** Drops the entries whose position is at or behind `position`, where the log ends. */
  dropFrom(position: number): void {
    while (this.entries > 0 && this.entry(this.entries - 1).position >= position) this.dropLast()
  }

  /**
   * The check that releases up to 2.2 make of an index when they load a log.
   * @param logBytes size of the `.log` file (that entries stay within it is our addition: such an index hides the end)
   * @throws CorruptLogError
   */
  sanityCheck(logBytes: number): void {
    this.file.checkSize()
    if (this.entries === 0) return
    const at = (this.entries - 1) * ENTRY_SIZE
    const last = this.entry(this.entries - 1)
    if (last.offset <= this.baseOffset) {
      throw new CorruptLogError(this.path, at, `last offset ${last.offset}, base offset ${this.baseOffset}`)
    }
    if (last.position < 0 || last.position >= logBytes) {
      throw new CorruptLogError(this.path, at, `position ${last.position} in a log of ${logBytes} bytes`)
    }
  }

  protected override cells(length: number): Int32Array {
    return new Int32Array(length)
  }

  protected override decode(bytes: Uint8Array, at: number, cells: Int32Array, cell: number): void {
    cells[cell] = readInt32(bytes, at)
    cells[cell + 1] = readInt32(bytes, at + 4)
  }
}
