/**
 * The `.log` file of a segment: entries of any formats back to back, and nothing else (`kafka/log/FileMessageSet.scala`,
 * 0.8.2.2; `FileRecords.java` since 0.10).
 * The size kept here is what counts: bytes past it are leftovers of a failed write and are overwritten by the next one.
 */
import { FileError, type FileHandle, type FileSystem, invariant } from '../host/index.ts'
import { readInt32, readInt64 } from './big-endian.ts'
import { borrowWindow, returnWindow } from './crc.ts'
import { CorruptLogError } from './errors.ts'
import { entryEnd, isBatch, isCrcValid, lastOffsetAt, maxTimestampAt } from './record/entry.ts'
import {
  ENTRY_OVERHEAD,
  MESSAGE_SIZE_MIN,
  NO_TIMESTAMP,
  SCAN_HEADER_BYTES,
  SIZE_AT,
  TIME_HEADER_BYTES,
} from './record/layout.ts'

const HEADER_WINDOW_BYTES = 4096
/** A search reads so much where entries are so large that a window would hold one header: a page of the file stays cold. */
const LONE_HEADER_BYTES = 64
const SCAN_WINDOW_BYTES = 262_144

/** Filled and read within one call, so all files can share it. */
const headerWindow = new Uint8Array(HEADER_WINDOW_BYTES)

export class LogFile {
  /** Changes when the file is renamed. */
  path: string
  private readonly handle: FileHandle
  private validBytes: number
  /** Size that the file was given before there was anything in it; 0 once it is cut. */
  private allocatedBytes = 0
  /** What a search reads at a time, after the entries that the one before it came by. */
  private searchBytes = HEADER_WINDOW_BYTES

  /**
   * Opens the file, or makes it.
   * @param initialBytes what a new file is as large as, in zeros (`preallocate`, 0.9)
   */
  constructor(files: FileSystem, path: string, initialBytes = 0) {
    this.path = path
    const isNew = files.status(path) === undefined
    this.handle = files.open(path, { create: true })
    this.validBytes = this.handle.size()
    if (isNew && initialBytes > 0) this.allocate(initialBytes)
  }

  get size(): number {
    return this.validBytes
  }

  /** @throws FileError; the file then is as it was, as far as the disk lets us */
  append(bytes: Uint8Array): void {
    try {
      this.handle.write(this.validBytes, bytes)
    } catch (error) {
      if (error instanceof FileError) this.cutLeftovers()
      throw error
    }
    this.validBytes += bytes.length
  }

  /** A fresh copy of up to `length` bytes at `position`. */
  read(position: number, length: number): Uint8Array {
    const wanted = Math.max(0, Math.min(length, this.validBytes - position))
    const bytes = new Uint8Array(wanted)
    const got = this.handle.read(position, bytes, 0, wanted)
    return got === wanted ? bytes : bytes.subarray(0, got)
  }

  /**
   * Position of the first entry at or after `from` whose last record is at or above `targetOffset`, or -1.
   * @throws CorruptLogError if an entry on the way has an impossible size
   */
  search(targetOffset: number, from: number): number {
    if (from < 0) throw new CorruptLogError(this.path, from, 'the index points before the file')
    let windowStart = from
    let windowEnd = from
    let position = from
    while (position + ENTRY_OVERHEAD < this.validBytes) {
      if (position + SCAN_HEADER_BYTES > windowEnd) {
        windowStart = position
        windowEnd = position + this.fillHeaderWindow(position, this.searchBytes)
        if (position + ENTRY_OVERHEAD > windowEnd) return -1
      }
      const at = position - windowStart
      if (lastOffsetIn(headerWindow, at, windowEnd - windowStart) >= targetOffset) return position
      const messageSize = readInt32(headerWindow, at + SIZE_AT)
      if (messageSize < MESSAGE_SIZE_MIN) {
        throw new CorruptLogError(this.path, position, `message of ${messageSize} bytes`)
      }
      this.searchBytes = messageSize < HEADER_WINDOW_BYTES ? HEADER_WINDOW_BYTES : LONE_HEADER_BYTES
      position += ENTRY_OVERHEAD + messageSize
    }
    return -1
  }

  /** Offset of the last whole entry found by walking from `from`, or undefined if there is none. */
  lastOffset(from: number): number | undefined {
    let last: number | undefined
    let windowStart = from
    let windowEnd = from
    let position = from
    while (position + ENTRY_OVERHEAD <= this.validBytes) {
      if (position + SCAN_HEADER_BYTES > windowEnd) {
        windowStart = position
        windowEnd = position + this.fillHeaderWindow(position)
        if (position + ENTRY_OVERHEAD > windowEnd) break
      }
      const at = position - windowStart
      const messageSize = readInt32(headerWindow, at + SIZE_AT)
      const end = position + ENTRY_OVERHEAD + messageSize
      if (messageSize < MESSAGE_SIZE_MIN || end > this.validBytes) break
      last = lastOffsetIn(headerWindow, at, windowEnd - windowStart)
      position = end
    }
    return last
  }

  /**
   * Walks the entries from `from` on while they are whole, by their headers alone: of `bytes` at `at`, as much is there
   * as the offsets and times of an entry take. `visit` ends the walk by returning false.
   */
  walkHeaders(from: number, visit: (bytes: Uint8Array, at: number, position: number, size: number) => boolean): void {
    let windowStart = from
    let windowEnd = from
    let position = from
    while (position + ENTRY_OVERHEAD <= this.validBytes) {
      if (position + TIME_HEADER_BYTES > windowEnd && windowEnd < this.validBytes) {
        windowStart = position
        windowEnd = position + this.fillHeaderWindow(position)
        if (position + ENTRY_OVERHEAD > windowEnd) return
      }
      const at = position - windowStart
      const size = ENTRY_OVERHEAD + readInt32(headerWindow, at + SIZE_AT)
      if (size < ENTRY_OVERHEAD + MESSAGE_SIZE_MIN || position + size > this.validBytes) return
      if (!visit(headerWindow, at, position, size)) return
      position += size
    }
  }

  /** The first entry at or after `from` whose largest timestamp is at or above the target. */
  findTimestamp(target: number, from: number): { readonly position: number; readonly size: number } | undefined {
    let found: { readonly position: number; readonly size: number } | undefined
    this.walkHeaders(from, (bytes, at, position, size) => {
      if (maxTimestampAt(bytes, at) < target) return true
      found = { position, size }
      return false
    })
    return found
  }

  /** Largest timestamp of the first entry; -1 if there is none. */
  firstTimestamp(): number {
    let timestamp = NO_TIMESTAMP
    this.walkHeaders(0, (bytes, at) => {
      timestamp = maxTimestampAt(bytes, at)
      return false
    })
    return timestamp
  }

  /**
   * Walks the entries from the start while they are whole, no larger than `maxMessageBytes` and have a right CRC.
   * `visit` gets each as `bytes[at, end)` and may refuse it by returning false. Memory: one window, or one entry that is
   * really there.
   * @returns the position where the walk ended
   */
  scan(
    maxMessageBytes: number,
    visit: (bytes: Uint8Array, at: number, end: number, position: number) => boolean,
  ): number {
    return this.walkEntries(
      0,
      (bytes, at, end, position) =>
        end - at - ENTRY_OVERHEAD <= maxMessageBytes && isCrcValid(bytes, at, end) && visit(bytes, at, end, position),
      maxMessageBytes,
    )
  }

  /** Walks the whole entries from `from` on, unchecked, as `scan` does. */
  walkEntries(
    from: number,
    visit: (bytes: Uint8Array, at: number, end: number, position: number) => boolean,
    maxMessageBytes = Number.MAX_SAFE_INTEGER,
  ): number {
    const windowBytes = Math.min(SCAN_WINDOW_BYTES, this.validBytes - from)
    const window = borrowWindow(windowBytes) ?? new Uint8Array(windowBytes)
    try {
      return this.walkThrough(window, from, visit, maxMessageBytes)
    } finally {
      returnWindow(window)
    }
  }

  private walkThrough(
    given: Uint8Array,
    from: number,
    visit: (bytes: Uint8Array, at: number, end: number, position: number) => boolean,
    maxMessageBytes: number,
  ): number {
    let window = given
    let windowStart = from
    let filled = this.handle.read(from, window, 0, window.length)
    let position = from
    let view = window.subarray(0, filled)
    while (position + ENTRY_OVERHEAD <= this.validBytes) {
      const at = position - windowStart
      const end = entryEnd(view, at)
      if (end < 0) {
        const needed = this.entrySizeAt(position, maxMessageBytes, view, at)
        if (needed < 0 || (at === 0 && needed <= filled)) return position
        if (needed > window.length) window = new Uint8Array(needed)
        windowStart = position
        filled = this.handle.read(position, window, 0, Math.min(window.length, this.validBytes - position))
        if (filled < needed) return position
        view = window.subarray(0, filled)
        continue
      }
      if (!visit(view, at, end, position)) return position
      position += end - at
    }
    return position
  }

  /** Cuts the file at `size`. */
  truncateTo(size: number): number {
    invariant(size >= 0 && size <= this.validBytes, () => `${this.path}: cut to ${size} of ${this.validBytes} bytes`)
    const cut = this.validBytes - size
    if (cut > 0 || this.handle.size() !== size) this.handle.truncate(size)
    this.validBytes = size
    this.allocatedBytes = 0
    return cut
  }

  flush(): void {
    const kept = Math.max(this.validBytes, this.allocatedBytes)
    if (this.handle.size() > kept) this.handle.truncate(kept)
    this.handle.sync()
  }

  /** Gives back what the file was allocated and does not need. */
  trim(): void {
    if (this.allocatedBytes === 0) return
    this.allocatedBytes = 0
    if (this.handle.size() > this.validBytes) this.handle.truncate(this.validBytes)
  }

  close(): void {
    this.handle.close()
  }

  /**
   * Bytes of the entry at `position`, or -1 if it is not whole, or too large, or of an impossible size.
   * @param view what was read last, with the entry at `at`, though perhaps not even all of its header
   */
  private entrySizeAt(position: number, maxMessageBytes: number, view: Uint8Array, at: number): number {
    const isInView = at + ENTRY_OVERHEAD <= view.length
    if (!isInView && this.fillHeaderWindow(position) < ENTRY_OVERHEAD) return -1
    const messageSize = isInView ? readInt32(view, at + SIZE_AT) : readInt32(headerWindow, SIZE_AT)
    if (messageSize < MESSAGE_SIZE_MIN || messageSize > maxMessageBytes) return -1
    const size = ENTRY_OVERHEAD + messageSize
    return position + size > this.validBytes ? -1 : size
  }

  private fillHeaderWindow(position: number, length = HEADER_WINDOW_BYTES): number {
    return this.handle.read(position, headerWindow, 0, Math.min(length, this.validBytes - position))
  }

  /** Part of a failed write may be in the file. If it cannot be cut off now, the next flush tries again. */
  private cutLeftovers(): void {
    try {
      if (this.handle.size() > this.validBytes) this.handle.truncate(this.validBytes)
      // Zeros again, where a part of the write may have been.
      if (this.allocatedBytes > this.validBytes) this.handle.truncate(this.allocatedBytes)
    } catch (error) {
      if (!(error instanceof FileError)) throw error
    }
  }

  private allocate(bytes: number): void {
    try {
      this.handle.truncate(bytes)
      this.allocatedBytes = bytes
    } catch (error) {
      this.handle.close()
      throw error
    }
  }
}

/** Last offset of the entry at `at`, of which only the first bytes, up to `filled`, may be there. */
const lastOffsetIn = (bytes: Uint8Array, at: number, filled: number): number =>
  at + SCAN_HEADER_BYTES <= filled && isBatch(bytes, at) ? lastOffsetAt(bytes, at) : readInt64(bytes, at)
