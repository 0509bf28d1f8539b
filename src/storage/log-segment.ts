/**
 * One segment of a log: a `.log` file and its `.index` (`kafka/log/LogSegment.scala`, 0.8.2.2). Its base offset is at or
 * below the offset of its first message and above every offset of the segment before it.
 */
import { type Digest, FileError, type FileSystem, type Host, invariant, MILLISECOND } from '../host/index.ts'
import { describeEntries } from './entries-check.ts'
import { IndexOffsetError } from './errors.ts'
import { DELETED_SUFFIX, indexFileName, join, logFileName } from './file-names.ts'
import { LogFile } from './log-file.ts'
import type { LogFormat } from './log-format.ts'
import { OffsetIndex } from './offset-index.ts'
import { lastOffsetAt } from './record/entry.ts'
import { firstOffsetAt } from './record/first-offset.ts'

/** Furthest that an index entry reaches from the base offset. */
export const RELATIVE_OFFSET_MAX = 0x7fff_ffff

export interface SegmentOptions {
  readonly indexIntervalBytes: number
  readonly maxIndexBytes: number
  readonly format: LogFormat
}

export interface SegmentRead {
  readonly records: Uint8Array
  /** Byte in the `.log` file where the records begin. */
  readonly startPosition: number
  readonly segmentBaseOffset: number
}

export class LogSegment {
  readonly baseOffset: number
  readonly log: LogFile
  readonly index: OffsetIndex
  /** When this object was made (not the file: a restart makes a segment young again), or its log last emptied. */
  createdMs: number
  private readonly host: Host
  private readonly indexIntervalBytes: number
  private readonly format: LogFormat
  private bytesSinceLastIndexEntry = 0
  /** One past the last offset; found by a walk when first asked for. */
  private next: number | undefined

  /**
   * Opens the segment's files, or makes them.
   * @param suffix behind their names: `.cleaned` or `.swap` while they are no part of the log
   */
  constructor(host: Host, directory: string, baseOffset: number, options: SegmentOptions, suffix = '') {
    this.host = host
    this.baseOffset = baseOffset
    this.indexIntervalBytes = options.indexIntervalBytes
    this.format = options.format
    this.createdMs = nowMs(host)
    this.log = new LogFile(host.files, join(directory, logFileName(baseOffset) + suffix))
    try {
      this.index = new OffsetIndex(
        host.files,
        join(directory, indexFileName(baseOffset) + suffix),
        baseOffset,
        options.maxIndexBytes,
      )
    } catch (error) {
      this.log.close()
      throw error
    }
  }

  /** Bytes of the `.log` file. */
  get size(): number {
    return this.log.size
  }

  /** Time of the last change of the `.log` file, by the machine's clock. */
  get lastModifiedMs(): number {
    return Math.floor((this.host.files.status(this.log.path)?.modifiedUs ?? 0) / MILLISECOND)
  }

  /** Compaction gives the copy the time of what it was made of. */
  set lastModifiedMs(ms: number) {
    for (const { path } of [this.log, this.index]) this.host.files.setModified(path, ms * MILLISECOND)
  }

  /** The offset that the next message would get; walks from the last index entry if it must. */
  get nextOffset(): number {
    if (this.next === undefined) {
      const { lastOffset } = this.index
      // As a read of that offset would find it: an index that promises more than the log holds makes it look empty.
      const from = this.log.search(lastOffset, this.index.positionFor(lastOffset))
      const last = from < 0 ? undefined : this.log.lastOffset(from)
      this.next = last === undefined ? this.baseOffset : last + 1
    }
    return this.next
  }

  /**
   * Appends a set, and an index entry that says `indexedOffset` for it if the last entry is far enough back.
   * @throws FileError; the segment then is as it was
   */
  append(indexedOffset: number, lastOffset: number, bytes: Uint8Array): void {
    const indexed = this.bytesSinceLastIndexEntry > this.indexIntervalBytes && !this.index.isFull
    if (indexed) this.index.append(indexedOffset, this.log.size)
    try {
      this.log.append(bytes)
    } catch (error) {
      if (indexed) this.index.dropLast()
      throw error
    }
    this.bytesSinceLastIndexEntry = (indexed ? 0 : this.bytesSinceLastIndexEntry) + bytes.length
    this.next = lastOffset + 1
  }

  /** Appends entries as they came, of which there is one at least. */
  appendEntries(bytes: Uint8Array): void {
    const { firstOffset, lastOffset, firstEntryLastOffset } = describeEntries(bytes)
    this.append(this.format.indexedOffset === 'last' ? firstEntryLastOffset : firstOffset, lastOffset, bytes)
  }

  /** Position of the first entry that reaches `offset`, or -1 if there is none. */
  positionOf(offset: number, from = 0): number {
    return this.log.search(offset, Math.max(this.index.positionFor(offset), from))
  }

  /**
   * A slice of the file from the first message at or above `startOffset` to at most `maxBytes` on, and not beyond the
   * first message at or above `maxOffset`; undefined if no message is that high.
   */
  read(startOffset: number, maxBytes: number, maxOffset: number | undefined): SegmentRead | undefined {
    const startPosition = this.positionOf(startOffset)
    if (startPosition < 0) return undefined
    let length = maxBytes
    if (maxOffset !== undefined && (this.next === undefined || maxOffset < this.next)) {
      const endPosition = this.positionOf(maxOffset, startPosition)
      if (endPosition >= 0) length = Math.min(length, endPosition - startPosition)
    }
    return { records: this.log.read(startPosition, length), startPosition, segmentBaseOffset: this.baseOffset }
  }

  /**
   * Rebuilds the index and cuts the log at the first message that is not whole, not valid or larger than any may be.
   * @param visit sees each entry that stays, as `bytes[at, end)`
   * @returns bytes cut off
   */
  recover(maxMessageBytes: number, visit?: (bytes: Uint8Array, at: number, end: number) => void): number {
    this.index.clear()
    this.index.grow()
    let lastIndexed = 0
    let nextOffset = this.baseOffset
    let validBytes: number
    try {
      validBytes = this.log.scan(maxMessageBytes, (bytes, at, end, position) => {
        const last = lastOffsetAt(bytes, at)
        // Offsets are outside the CRC; one that no index entry could hold is damage.
        if (last < this.baseOffset || last - this.baseOffset > RELATIVE_OFFSET_MAX) return false
        if (position - lastIndexed > this.indexIntervalBytes && !this.index.isFull) {
          const indexed =
            this.format.indexedOffset === 'last' ? last : firstOffsetAt(bytes, at, end, this.format.codecs)
          if (indexed === undefined) return false
          // 0.8.2 writes such an entry and then refuses to start because of it.
          if (indexed <= this.baseOffset) throw new IndexOffsetError(this.index.path, indexed, this.baseOffset)
          this.index.append(indexed, position)
          lastIndexed = position
        }
        visit?.(bytes, at, end)
        nextOffset = last + 1
        return true
      })
    } catch (error) {
      if (!(error instanceof IndexOffsetError)) throw error
      // Offsets that fall: 0.8.2 gives the whole segment up.
      this.index.clear()
      nextOffset = this.baseOffset
      validBytes = 0
    }
    const cut = this.log.truncateTo(validBytes)
    this.index.trim()
    // Messages below the recovery point are never flushed again, so nobody else would make their new index durable.
    this.index.flush()
    this.next = nextOffset
    return cut
  }

  /** Drops the entries that reach `offset`, and gives the index its full size: this segment is the active one now. */
  truncateTo(offset: number): number {
    const position = this.positionOf(offset)
    this.index.truncateTo(offset)
    this.index.grow()
    if (position < 0) return 0
    const cut = this.log.truncateTo(position)
    // A wrapper that reached the offset is gone as a whole, although it began below and may have been indexed so.
    this.index.dropFrom(position)
    if (this.log.size === 0) this.createdMs = nowMs(this.host)
    this.bytesSinceLastIndexEntry = 0
    this.next = undefined
    return cut
  }

  /** Another segment takes the appends from now on. */
  becomeInactive(): void {
    this.index.trim()
  }

  flush(): void {
    this.log.flush()
    this.index.flush()
  }

  /** Trims the index and makes all durable, so that the files can be taken as they are at the next start. */
  close(): void {
    this.becomeInactive()
    this.flush()
    this.closeFiles()
  }

  /** Closes the files as they are. */
  closeFiles(): void {
    this.index.close()
    this.log.close()
  }

  /** Gives all files of the segment another suffix; they stay open. */
  changeSuffix(from: string, to: string): void {
    for (const file of [this.log, this.index]) {
      invariant(file.path.endsWith(from), () => `${file.path} does not end in '${from}'`)
      const path = file.path.slice(0, file.path.length - from.length) + to
      this.host.files.rename(file.path, path)
      file.path = path
    }
  }

  /**
   * Takes the segment out of the log by renaming its files.
   * The index goes first: a `.log` without index is still a whole segment.
   * @returns the new names
   */
  markDeleted(): string[] {
    const renamed = [this.index.path + DELETED_SUFFIX, this.log.path + DELETED_SUFFIX]
    this.host.files.rename(this.index.path, renamed[0]!)
    this.host.files.rename(this.log.path, renamed[1]!)
    this.closeFiles()
    return renamed
  }

  digest(digest: Digest): void {
    digest.int(this.baseOffset).int(this.size).int(this.createdMs)
    digest.int(this.bytesSinceLastIndexEntry).int(this.index.entries)
  }
}

/** Removes what there is of a segment's files. */
export function removeSegmentFiles(files: FileSystem, directory: string, baseOffset: number, suffix = ''): void {
  for (const name of [indexFileName(baseOffset), logFileName(baseOffset)]) {
    const path = join(directory, name + suffix)
    if (files.status(path) !== undefined) files.removeFile(path)
  }
}

/** Clears away a segment that could not be made as a whole; the caller is about to report why. */
export function discardSegmentFiles(files: FileSystem, directory: string, baseOffset: number, suffix = ''): void {
  try {
    removeSegmentFiles(files, directory, baseOffset, suffix)
  } catch (error) {
    if (!(error instanceof FileError)) throw error
  }
}

/** The machine's clock in Kafka's unit. */
export const nowMs = (host: Host): number => Math.floor(host.now() / MILLISECOND)
