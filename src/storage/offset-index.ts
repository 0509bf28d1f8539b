/**
 * The `.index` file of a segment (`kafka/log/OffsetIndex.scala`, 0.8.2.2; formats.md 2.2): entries of eight bytes, the
 * offset relative to the base and the position in the `.log` of the first message at or above it, both int32, rising.
 * While the segment is active the file is allocated to its full size and zero past the last entry; trimmed, it holds
 * nothing but entries, and a file found at start-up is taken to be full of them.
 */
import { FileError, type FileHandle, type FileSystem, invariant } from '../host/index.ts'
import { readInt32, writeInt32 } from './big-endian.ts'
import { CorruptLogError, IndexOffsetError } from './errors.ts'

const ENTRY_SIZE = 8
/** Entries of a fresh cache; it doubles as needed. */
const CACHE_ENTRIES_MIN = 16

export interface IndexEntry {
  readonly offset: number
  /** Byte in the `.log` file. */
  readonly position: number
}

export class OffsetIndex {
  /** Changes when the file is renamed. */
  path: string
  readonly baseOffset: number
  /** Full size of the file, in bytes. */
  readonly maxIndexBytes: number
  private readonly handle: FileHandle
  private fileBytes: number
  private count: number
  /** Entries as pairs (relative offset, position); read from the file when first needed. */
  private cache: Int32Array | undefined

  /** Opens the file as it is, or makes a new one of full size. */
  constructor(files: FileSystem, path: string, baseOffset: number, maxIndexBytes: number) {
    this.path = path
    this.baseOffset = baseOffset
    this.maxIndexBytes = roundToEntries(maxIndexBytes)
    const isNew = files.status(path) === undefined
    this.handle = files.open(path, { create: true })
    if (isNew) {
      try {
        this.handle.truncate(this.maxIndexBytes)
      } catch (error) {
        this.handle.close()
        throw error
      }
      this.cache = new Int32Array(2 * CACHE_ENTRIES_MIN)
    }
    this.fileBytes = this.handle.size()
    this.count = isNew ? 0 : Math.floor(this.fileBytes / ENTRY_SIZE)
  }

  /** Number of entries. */
  get entries(): number {
    return this.count
  }

  /** No further entry fits into the file as it is. */
  get isFull(): boolean {
    return (this.count + 1) * ENTRY_SIZE > this.fileBytes
  }

  /** Offset of the last entry; the base offset if there is none. */
  get lastOffset(): number {
    return this.count === 0 ? this.baseOffset : this.entry(this.count - 1).offset
  }

  entry(slot: number): IndexEntry {
    invariant(slot >= 0 && slot < this.count, () => `${this.path}: entry ${slot} of ${this.count}`)
    if (this.cache !== undefined) return this.entryIn(this.cache, slot)
    const bytes = new Uint8Array(ENTRY_SIZE)
    this.handle.read(slot * ENTRY_SIZE, bytes, 0, ENTRY_SIZE)
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
    invariant(!this.isFull, () => `${this.path} is full with ${this.count} entries`)
    const relativeOffset = offset - this.baseOffset
    invariant(relativeOffset === (relativeOffset | 0), () => `offset ${offset} does not fit into ${this.path}`)
    if (this.count > 0 && relativeOffset <= cache[2 * this.count - 2]!) {
      throw new IndexOffsetError(this.path, offset, this.lastOffset)
    }
    const bytes = new Uint8Array(ENTRY_SIZE)
    writeInt32(bytes, 0, relativeOffset)
    writeInt32(bytes, 4, position)
    this.handle.write(this.count * ENTRY_SIZE, bytes)
    const room = 2 * this.count < cache.length ? cache : this.grown(cache)
    room[2 * this.count] = relativeOffset
    room[2 * this.count + 1] = position
    this.count++
  }

  /** Takes back the entry added last, after the append that it was for has failed. */
  dropLast(): void {
    invariant(this.count > 0, () => `${this.path} has no entry to drop`)
    this.count--
    try {
      this.handle.write(this.count * ENTRY_SIZE, new Uint8Array(ENTRY_SIZE))
    } catch (error) {
      // The next entry overwrites it, and trimming cuts it off.
      if (!(error instanceof FileError)) throw error
    }
  }

  /** Drops the entries at or above `offset`; the file's size stays, with zeros behind the entries that are left. */
  truncateTo(offset: number): void {
    const slot = this.slotFor(offset)
    const keep = slot < 0 ? 0 : this.entry(slot).offset === offset ? slot : slot + 1
    if (keep === this.count) return
    this.handle.truncate(keep * ENTRY_SIZE)
    this.handle.truncate(this.fileBytes)
    this.count = keep
  }

  /** Drops the entries whose position is at or behind `position`, where the log ends. */
  dropFrom(position: number): void {
    while (this.count > 0 && this.entry(this.count - 1).position >= position) this.dropLast()
  }

  /** Empties the file, whatever it holds. */
  clear(): void {
    this.handle.truncate(0)
    this.fileBytes = 0
    this.count = 0
    this.cache ??= new Int32Array(2 * CACHE_ENTRIES_MIN)
  }

  /** Gives the file its full size again. */
  grow(): void {
    this.resize(Math.max(this.maxIndexBytes, this.count * ENTRY_SIZE))
  }

  /** Cuts the file behind the last entry. */
  trim(): void {
    this.resize(this.count * ENTRY_SIZE)
  }

  flush(): void {
    this.handle.sync()
  }

  close(): void {
    this.handle.close()
  }

  /**
   * The check that 0.8.2 makes of every index when it loads a log.
   * @param logBytes size of the `.log` file (that entries stay within it is our addition: such an index hides the end)
   * @throws CorruptLogError
   */
  sanityCheck(logBytes: number): void {
    if (this.fileBytes % ENTRY_SIZE !== 0) {
      throw new CorruptLogError(this.path, this.fileBytes, `its size is not a multiple of ${ENTRY_SIZE}`)
    }
    if (this.count === 0) return
    const at = (this.count - 1) * ENTRY_SIZE
    const last = this.entry(this.count - 1)
    if (last.offset <= this.baseOffset) {
      throw new CorruptLogError(this.path, at, `last offset ${last.offset}, base offset ${this.baseOffset}`)
    }
    if (last.position < 0 || last.position >= logBytes) {
      throw new CorruptLogError(this.path, at, `position ${last.position} in a log of ${logBytes} bytes`)
    }
  }

  private resize(bytes: number): void {
    if (bytes === this.fileBytes) return
    this.handle.truncate(bytes)
    this.fileBytes = bytes
  }

  /** Slot of the largest entry at or below the target, or -1. */
  private slotFor(targetOffset: number): number {
    if (this.count === 0) return -1
    const cache = this.loaded()
    const relativeOffset = targetOffset - this.baseOffset
    if (cache[0]! > relativeOffset) return -1
    let low = 0
    let high = this.count - 1
    while (low < high) {
      const middle = (low + high + 1) >>> 1
      if (cache[2 * middle]! <= relativeOffset) low = middle
      else high = middle - 1
    }
    return low
  }

  private entryIn(cache: Int32Array, slot: number): IndexEntry {
    return { offset: this.baseOffset + cache[2 * slot]!, position: cache[2 * slot + 1]! }
  }

  private loaded(): Int32Array {
    if (this.cache !== undefined) return this.cache
    const bytes = new Uint8Array(this.count * ENTRY_SIZE)
    this.handle.read(0, bytes, 0, bytes.length)
    const cache = new Int32Array(2 * Math.max(this.count, CACHE_ENTRIES_MIN))
    for (let i = 0; i < 2 * this.count; i++) cache[i] = readInt32(bytes, 4 * i)
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

const roundToEntries = (bytes: number): number => Math.floor(bytes / ENTRY_SIZE) * ENTRY_SIZE
