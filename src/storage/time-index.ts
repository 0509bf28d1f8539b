/**
 * The `.timeindex` file of a segment, since 0.10.1 (`kafka/log/TimeIndex.scala`; formats.md 2.3): entries of twelve bytes,
 * a timestamp and an offset relative to the base. No record up to that offset has a larger timestamp. The offset is that
 * of the last record of the batch with the timestamp. Timestamps rise, offsets at least do not fall.
 */
import { type FileSystem, invariant } from '../host/index.ts'
import { readInt32, readInt64, writeInt32, writeInt64 } from './big-endian.ts'
import { CorruptLogError, IndexOffsetError } from './errors.ts'
import { IndexFile } from './index-file.ts'
import { NO_TIMESTAMP } from './record/layout.ts'

const ENTRY_SIZE = 12
const CACHE_ENTRIES_MIN = 8

export interface TimeIndexEntry {
  /** Milliseconds. */
  readonly timestamp: number
  readonly offset: number
}

export class TimeIndex {
  readonly baseOffset: number
  readonly file: IndexFile
  /** Entries as pairs (timestamp, offset); read from the file when first needed. */
  private cache: Float64Array | undefined

  /** Opens the file as it is, or makes a new one of full size. */
  constructor(files: FileSystem, path: string, baseOffset: number, maxIndexBytes: number) {
    this.baseOffset = baseOffset
    this.file = new IndexFile(files, path, ENTRY_SIZE, maxIndexBytes)
    if (this.file.isNew) this.cache = new Float64Array(2 * CACHE_ENTRIES_MIN)
  }

  get path(): string {
    return this.file.path
  }

  get entries(): number {
    return this.file.entries
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
    const cache = this.loaded()
    let low = -1
    let high = this.entries - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if (cache[2 * middle]! <= timestamp) low = middle
      else high = middle - 1
    }
    return low < 0 ? { timestamp: NO_TIMESTAMP, offset: this.baseOffset } : this.entry(low)
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
    const relativeOffset = offset - this.baseOffset
    invariant(relativeOffset === (relativeOffset | 0), () => `offset ${offset} does not fit into ${this.path}`)
    const bytes = new Uint8Array(ENTRY_SIZE)
    writeInt64(bytes, 0, timestamp)
    writeInt32(bytes, 8, relativeOffset)
    this.file.append(bytes)
    const room = 2 * entries < cache.length ? cache : this.grown(cache)
    room[2 * entries] = timestamp
    room[2 * entries + 1] = offset
    return true
  }

  /** Takes back the entry added last, after the append that it was for has failed. */
  dropLast(): void {
    this.file.dropLast()
  }

  /** Drops the entries at or above `offset`; the file's size stays, with zeros behind the entries that are left. */
  truncateTo(offset: number): void {
    const cache = this.loaded()
    let keep = this.entries
    while (keep > 0 && cache[2 * keep - 1]! >= offset) keep--
    this.file.keep(keep)
  }

  /** Empties the file, whatever it holds, and gives it its full size. */
  reset(): void {
    this.file.clear()
    this.file.grow()
    this.cache ??= new Float64Array(2 * CACHE_ENTRIES_MIN)
  }

  /** Gives the file its full size again. */
  grow(): void {
    this.file.grow()
  }

  /** Cuts the file behind the last entry. */
  trim(): void {
    this.file.trim()
  }

  flush(): void {
    this.file.flush()
  }

  close(): void {
    this.file.close()
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

  private loaded(): Float64Array {
    if (this.cache !== undefined) return this.cache
    const bytes = this.file.readAll()
    const cache = new Float64Array(2 * Math.max(this.entries, CACHE_ENTRIES_MIN))
    for (let i = 0; i < this.entries; i++) {
      cache[2 * i] = readInt64(bytes, ENTRY_SIZE * i)
      cache[2 * i + 1] = this.baseOffset + readInt32(bytes, ENTRY_SIZE * i + 8)
    }
    this.cache = cache
    return cache
  }

  private grown(cache: Float64Array): Float64Array {
    const larger = new Float64Array(2 * cache.length)
    larger.set(cache)
    this.cache = larger
    return larger
  }
}
