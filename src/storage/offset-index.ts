/**
 * The `.index` file of a segment (`kafka/log/OffsetIndex.scala`, 0.8.2.2; formats.md 2.2): entries of eight bytes, the
 * offset relative to the base and the position in the `.log` of the first message at or above it, both int32, rising.
 */
import { type FileSystem, invariant } from '../host/index.ts'
import { readInt32, writeInt32 } from './big-endian.ts'
import { CorruptLogError, IndexOffsetError } from './errors.ts'
import { IndexFile } from './index-file.ts'

const ENTRY_SIZE = 8
/** Entries of a fresh cache; it doubles as needed. */
const CACHE_ENTRIES_MIN = 16

export interface IndexEntry {
  readonly offset: number
  /** Byte in the `.log` file. */
  readonly position: number
}

export class OffsetIndex {
  readonly baseOffset: number
  readonly file: IndexFile
  /** Entries as pairs (relative offset, position); read from the file when first needed. */
  private cache: Int32Array | undefined

  /** Opens the file as it is, or makes a new one of full size. */
  constructor(files: FileSystem, path: string, baseOffset: number, maxIndexBytes: number) {
    this.baseOffset = baseOffset
    this.file = new IndexFile(files, path, ENTRY_SIZE, maxIndexBytes)
    if (this.file.isNew) this.cache = new Int32Array(2 * CACHE_ENTRIES_MIN)
  }

  get path(): string {
    return this.file.path
  }

  /** Number of entries. */
  get entries(): number {
    return this.file.entries
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
    const slot = this.slotFor(targetOffset)
    return slot < 0 ? { offset: this.baseOffset, position: 0 } : this.entry(slot)
  }

  /** The position that `lookup` finds, without making an object. */
  positionFor(targetOffset: number): number {
    const slot = this.slotFor(targetOffset)
    return slot < 0 ? 0 : this.loaded()[2 * slot + 1]!
  }

  /**
   * Adds an entry at the end.
   * @throws IndexOffsetError if the offset does not rise
   */
  append(offset: number, position: number): void {
    const cache = this.loaded()
    const { entries } = this
    const relativeOffset = offset - this.baseOffset
    invariant(relativeOffset === (relativeOffset | 0), () => `offset ${offset} does not fit into ${this.path}`)
    if (entries > 0 && relativeOffset <= cache[2 * entries - 2]!) {
      throw new IndexOffsetError(this.path, offset, this.lastOffset)
    }
    const bytes = new Uint8Array(ENTRY_SIZE)
    writeInt32(bytes, 0, relativeOffset)
    writeInt32(bytes, 4, position)
    this.file.append(bytes)
    const room = 2 * entries < cache.length ? cache : this.grown(cache)
    room[2 * entries] = relativeOffset
    room[2 * entries + 1] = position
  }

  /** Takes back the entry added last, after the append that it was for has failed. */
  dropLast(): void {
    this.file.dropLast()
  }

  /** Drops the entries at or above `offset`; the file's size stays, with zeros behind the entries that are left. */
  truncateTo(offset: number): void {
    const slot = this.slotFor(offset)
    this.file.keep(slot < 0 ? 0 : this.entry(slot).offset === offset ? slot : slot + 1)
  }

  /** Drops the entries whose position is at or behind `position`, where the log ends. */
  dropFrom(position: number): void {
    while (this.entries > 0 && this.entry(this.entries - 1).position >= position) this.dropLast()
  }

  /** Empties the file, whatever it holds, and gives it its full size. */
  reset(): void {
    this.file.clear()
    this.file.grow()
    this.cache ??= new Int32Array(2 * CACHE_ENTRIES_MIN)
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

  /** Slot of the largest entry at or below the target, or -1. */
  private slotFor(targetOffset: number): number {
    if (this.entries === 0) return -1
    const cache = this.loaded()
    const relativeOffset = targetOffset - this.baseOffset
    if (cache[0]! > relativeOffset) return -1
    let low = 0
    let high = this.entries - 1
    while (low < high) {
      const middle = (low + high + 1) >>> 1
      if (cache[2 * middle]! <= relativeOffset) low = middle
      else high = middle - 1
    }
    return low
  }

  private loaded(): Int32Array {
    if (this.cache !== undefined) return this.cache
    const bytes = this.file.readAll()
    const cache = new Int32Array(2 * Math.max(this.entries, CACHE_ENTRIES_MIN))
    for (let i = 0; i < 2 * this.entries; i++) cache[i] = readInt32(bytes, 4 * i)
    this.cache = cache
    return cache
  }

  private grown(cache: Int32Array): Int32Array {
    const larger = new Int32Array(2 * cache.length)
    larger.set(cache)
    this.cache = larger
    return larger
  }
}
