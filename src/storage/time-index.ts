/**
 * The `.timeindex` file of a segment, since 0.10.1 (`kafka/log/TimeIndex.scala`; formats.md 2.3): entries of twelve bytes,
 * a timestamp and an offset relative to the base. No record up to that offset has a larger timestamp. The offset is that
 * of the last record of the batch with the timestamp. Timestamps rise, offsets at least do not fall.
 */
import { type FileSystem, invariant } from '../host/index.ts'
import { readInt32, readInt64, writeInt32, writeInt64 } from './big-endian.ts'
import { CorruptLogError, IndexOffsetError } from './errors.ts'
import { NO_TIMESTAMP } from './record/layout.ts'
import { SegmentIndex } from './segment-index.ts'

const ENTRY_SIZE = 12

export interface TimeIndexEntry {
  /** Milliseconds. */
  readonly timestamp: number
  readonly offset: number
}

/** The cache holds the timestamp and the offset of each entry. */
export class TimeIndex extends SegmentIndex<Float64Array> {
  constructor(files: FileSystem, path: string, baseOffset: number, maxIndexBytes: number) {
    super(files, path, baseOffset, ENTRY_SIZE, maxIndexBytes)
  }

  /** One entry before the end of the file: the last one is for when the segment is closed. */
  get isFull(): boolean {
    return this.file.entries >= this.file.capacity - 1
  }

  /** The last entry; timestamp -1 and the base offset if there is none. */
  get lastEntry(): TimeIndexEntry {
    return this.entries === 0 ? { timestamp: NO_TIMESTAMP, offset: this.baseOffset } : this.entry(this.entries - 1)
  }

  entry(slot: number): TimeIndexEntry {
    invariant(slot >= 0 && slot < this.entries, () => `${this.path}: entry ${slot} of ${this.entries}`)
    if (this.cache !== undefined) return { timestamp: this.cache[2 * slot]!, offset: this.cache[2 * slot + 1]! }
    const bytes = this.file.read(slot)
    return { timestamp: readInt64(bytes, 0), offset: this.baseOffset + readInt32(bytes, 8) }
  }

  /** The entry with the largest timestamp at or below the target; timestamp -1 and the base offset if there is none. */
  lookup(timestamp: number): TimeIndexEntry {
    const slot = this.slotAtOrBelow(timestamp)
    return slot < 0 ? { timestamp: NO_TIMESTAMP, offset: this.baseOffset } : this.entry(slot)
  }

  /**
   * Adds an entry at the end, if its timestamp is larger than the last one's and there is room.
   * @returns whether there is one more now
   * @throws IndexOffsetError if the offset falls
   */
  maybeAppend(timestamp: number, offset: number): boolean {
    const { entries } = this
    const cache = this.loaded()
    if (timestamp <= (entries === 0 ? NO_TIMESTAMP : cache[2 * entries - 2]!)) return false
    if (entries > 0 && offset < cache[2 * entries - 1]!) {
      throw new IndexOffsetError(this.path, offset, cache[2 * entries - 1]!)
    }
    if (entries >= this.file.capacity) return false
    const bytes = new Uint8Array(ENTRY_SIZE)
    writeInt64(bytes, 0, timestamp)
    writeInt32(bytes, 8, this.relative(offset))
    this.push(bytes, timestamp, offset)
    return true
  }

  /** Drops the entries at or above `offset`; the file's size stays, with zeros behind the entries that are left. */
  truncateTo(offset: number): void {
    const cache = this.loaded()
    let keep = this.entries
    while (keep > 0 && cache[2 * keep - 1]! >= offset) keep--
    this.file.keep(keep)
  }

  /** The check that releases up to 2.2 make of an index when they load a log. @throws CorruptLogError */
  sanityCheck(): void {
    this.file.checkSize()
    if (this.entries === 0) return
    const at = (this.entries - 1) * ENTRY_SIZE
    const [first, last] = [this.entry(0), this.lastEntry]
    if (last.timestamp < first.timestamp) {
      throw new CorruptLogError(this.path, at, `last timestamp ${last.timestamp}, first ${first.timestamp}`)
    }
    if (last.offset < this.baseOffset) {
      throw new CorruptLogError(this.path, at, `last offset ${last.offset}, base offset ${this.baseOffset}`)
    }
  }

  protected override cells(length: number): Float64Array {
    return new Float64Array(length)
  }

  protected override decode(bytes: Uint8Array, at: number, cells: Float64Array, cell: number): void {
    cells[cell] = readInt64(bytes, at)
    cells[cell + 1] = this.baseOffset + readInt32(bytes, at + 8)
  }
}
