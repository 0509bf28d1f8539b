/**
 * One segment of a log: a `.log` file, its `.index`, and in later releases `.timeindex` and `.txnindex`
 * (`kafka/log/LogSegment.scala`, 0.8.2.2 to 2.4). Its base offset is at or below the offset of its first message and above
 * every offset of the segment before it.
 */
import { type Digest, FileError, type Host, invariant, MILLISECOND } from '../host/index.ts'
import { describeEntries } from './entries-check.ts'
import { IndexOffsetError } from './errors.ts'
import {
  DELETED_SUFFIX,
  indexFileName,
  join,
  logFileName,
  timeIndexFileName,
  transactionIndexFileName,
} from './file-names.ts'
import { LogFile } from './log-file.ts'
import type { LogFormat } from './log-format.ts'
import { OffsetIndex } from './offset-index.ts'
import { Batch } from './record/batch.ts'
import { lastOffsetAt, maxTimestampAt } from './record/entry.ts'
import { firstOffsetAt } from './record/first-offset.ts'
import { NO_TIMESTAMP } from './record/layout.ts'
import type { SegmentFile } from './segment-files.ts'
import { SegmentTimes } from './segment-times.ts'
import { TimeIndex } from './time-index.ts'
import { TransactionIndex } from './transaction-index.ts'

/** Furthest that an index entry reaches from the base offset. */
export const RELATIVE_OFFSET_MAX = 0x7fff_ffff

export interface SegmentOptions {
  readonly indexIntervalBytes: number
  readonly maxIndexBytes: number
  readonly format: LogFormat
  /** Size that a new `.log` file gets at once, in bytes; 0 if left out. */
  readonly initialBytes?: number
  /** By how much the segment is to be rolled earlier than `segment.ms` says; 0 if left out. */
  readonly rollJitterMs?: number
}

export interface SegmentRead {
  readonly records: Uint8Array
  /** Byte in the `.log` file where the records begin. */
  readonly startPosition: number
  readonly segmentBaseOffset: number
}

export interface TimestampAndOffset {
  /** Milliseconds. */
  readonly timestamp: number
  readonly offset: number
  /** Epoch of the leader that wrote the record's batch; -1 if that is not known. */
  readonly leaderEpoch: number
}

export class LogSegment {
  readonly baseOffset: number
  readonly log: LogFile
  readonly index: OffsetIndex
  /** Since 0.10.1. */
  readonly timeIndex: TimeIndex | undefined
  /** Since 0.11. */
  readonly transactionIndex: TransactionIndex | undefined
  /** When this object was made (not the file: a restart makes a segment young again), or its log last emptied. */
  createdMs: number
  readonly rollJitterMs: number
  private readonly host: Host
  private readonly indexIntervalBytes: number
  readonly format: LogFormat
  private bytesSinceLastIndexEntry = 0
  /** One past the last offset; found by a walk when first asked for. */
  private next: number | undefined
  private readonly times: SegmentTimes

  /**
   * Opens the segment's files, or makes them.
   * @param suffix behind their names: `.cleaned` or `.swap` while they are no part of the log
   */
  constructor(host: Host, directory: string, baseOffset: number, options: SegmentOptions, suffix = '') {
    const { files } = host
    const { format, maxIndexBytes } = options
    const pathOf = (name: string): string => join(directory, name + suffix)
    this.host = host
    this.baseOffset = baseOffset
    this.indexIntervalBytes = options.indexIntervalBytes
    this.format = format
    this.rollJitterMs = options.rollJitterMs ?? 0
    this.createdMs = nowMs(host)
    const opened: Array<{ close(): void }> = []
    const track = <T extends { close(): void }>(file: T): T => {
      opened.push(file)
      return file
    }
    try {
      this.log = track(new LogFile(files, pathOf(logFileName(baseOffset)), options.initialBytes))
      this.index = track(new OffsetIndex(files, pathOf(indexFileName(baseOffset)), baseOffset, maxIndexBytes))
      this.timeIndex =
        format.segmentFiles === 'offset-index'
          ? undefined
          : track(new TimeIndex(files, pathOf(timeIndexFileName(baseOffset)), baseOffset, maxIndexBytes))
      this.transactionIndex =
        format.segmentFiles === 'producer-state'
          ? track(new TransactionIndex(files, pathOf(transactionIndexFileName(baseOffset)), baseOffset))
          : undefined
    } catch (error) {
      for (const file of opened) file.close()
      throw error
    }
    this.times = new SegmentTimes(this.log, this.timeIndex)
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
    const { log, index, timeIndex } = this
    for (const file of [log, index, timeIndex]) {
      if (file !== undefined) this.host.files.setModified(file.path, ms * MILLISECOND)
    }
  }

  /** The largest timestamp of its records; the time of the file's last change if they have none. */
  get largestTimestampMs(): number {
    const { maxTimestamp } = this.times
    return maxTimestamp >= 0 ? maxTimestamp : this.lastModifiedMs
  }

  /** Timestamp of the first append, or of the first entry if the segment was reopened; -1 if there is none. */
  get firstTimestampMs(): number {
    return this.times.firstTimestamp
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

  /** No further entry fits into an index. */
  get isIndexFull(): boolean {
    return this.index.isFull || this.timeIndex?.isFull === true
  }

  /**
   * How long the segment has been waiting to be rolled: since 0.10.1 by the time of its records, if they have one.
   * @param timestamp largest one of what is about to be appended
   */
  waitedMs(nowMs: number, timestamp: number): number {
    if (this.timeIndex !== undefined && this.firstTimestampMs >= 0) return timestamp - this.firstTimestampMs
    return nowMs - this.createdMs
  }

  /**
   * Appends a set, and an index entry that says `indexedOffset` for it if the last entry is far enough back.
   * @param maxTimestamp largest one of the set, which the entry that ends with `offsetOfMaxTimestamp` has; -1: none
   * @throws FileError; the segment then is as it was
   */
  append(
    indexedOffset: number,
    lastOffset: number,
    bytes: Uint8Array,
    maxTimestamp = NO_TIMESTAMP,
    offsetOfMaxTimestamp = -1,
  ): void {
    const { index, log, times } = this
    const indexed = this.bytesSinceLastIndexEntry > this.indexIntervalBytes && !this.isIndexFull
    const position = log.size
    if (indexed) index.append(indexedOffset, position)
    try {
      log.append(bytes)
    } catch (error) {
      if (indexed) index.dropLast()
      throw error
    }
    if (position === 0) times.firstAppend(maxTimestamp)
    times.note(maxTimestamp, offsetOfMaxTimestamp)
    if (indexed) this.indexTime()
    this.bytesSinceLastIndexEntry = (indexed ? 0 : this.bytesSinceLastIndexEntry) + bytes.length
    this.next = lastOffset + 1
  }

  /** The records are written and stay so: an entry that cannot be written now comes with the next one. */
  private indexTime(): void {
    try {
      this.times.index()
    } catch (error) {
      if (!(error instanceof FileError)) throw error
    }
  }

  /** Appends entries as they came, of which there is one at least. */
  appendEntries(bytes: Uint8Array): void {
    const { firstOffset, lastOffset, firstEntryLastOffset, maxTimestamp, offsetOfMaxTimestamp } = describeEntries(bytes)
    const indexed = this.format.indexedOffset === 'last' ? firstEntryLastOffset : firstOffset
    this.append(indexed, lastOffset, bytes, maxTimestamp, offsetOfMaxTimestamp)
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
   * The first record at or above `startingOffset` with a timestamp at or above the one given; undefined if there is none.
   * @throws CorruptLogError, LogError, CompressionError an entry on the way cannot be read
   */
  findByTimestamp(timestamp: number, startingOffset = this.baseOffset): TimestampAndOffset | undefined {
    const indexed = this.timeIndex?.lookup(timestamp).offset ?? this.baseOffset
    let position = this.index.positionFor(Math.max(indexed, startingOffset))
    for (;;) {
      const entry = this.log.findTimestamp(timestamp, position)
      if (entry === undefined) return undefined
      const bytes = this.log.read(entry.position, entry.size)
      const batch = new Batch(bytes, 0, bytes.length)
      for (const record of batch.records({ codecs: this.format.codecs })) {
        if (record.timestamp >= timestamp && record.offset >= startingOffset) {
          return { timestamp: record.timestamp, offset: record.offset, leaderEpoch: batch.partitionLeaderEpoch }
        }
      }
      position = entry.position + entry.size
    }
  }

  /**
   * Rebuilds the indexes and cuts the log at the first message that is not whole, not valid or larger than any may be.
   * @param visit sees each entry that stays, as `bytes[at, end)`
   * @returns bytes cut off
   */
  recover(
    maxMessageBytes: number,
    visit?: (bytes: Uint8Array, at: number, end: number, position: number) => void,
  ): number {
    const { index, timeIndex, transactionIndex, format, times } = this
    this.resetIndexes()
    index.file.beginBuilding()
    timeIndex?.file.beginBuilding()
    let lastIndexed = 0
    let nextOffset = this.baseOffset
    let validBytes: number
    try {
      validBytes = this.log.scan(maxMessageBytes, (bytes, at, end, position) => {
        const last = lastOffsetAt(bytes, at)
        // Offsets are outside the CRC; one that no index entry could hold is damage.
        if (last < this.baseOffset || last - this.baseOffset > RELATIVE_OFFSET_MAX) return false
        visit?.(bytes, at, end, position)
        times.note(maxTimestampAt(bytes, at), last)
        if (position - lastIndexed > this.indexIntervalBytes && !this.isIndexFull) {
          const indexed = format.indexedOffset === 'last' ? last : firstOffsetAt(bytes, at, end, format.codecs)
          if (indexed === undefined) return false
          // 0.8.2 writes such an entry and then refuses to start because of it.
          if (indexed <= this.baseOffset) throw new IndexOffsetError(index.path, indexed, this.baseOffset)
          index.append(indexed, position)
          times.index()
          lastIndexed = position
        }
        nextOffset = last + 1
        return true
      })
    } catch (error) {
      if (!(error instanceof IndexOffsetError)) throw error
      // Offsets that fall: Kafka gives the whole segment up.
      this.resetIndexes()
      nextOffset = this.baseOffset
      validBytes = 0
    }
    const cut = this.log.truncateTo(validBytes)
    this.becomeInactive()
    // Messages below the recovery point are never flushed again, so nobody else would make their new indexes durable.
    index.flush()
    timeIndex?.flush()
    transactionIndex?.flush()
    this.next = nextOffset
    return cut
  }

  /** Drops the entries that reach `offset`, and gives the indexes their full size: this segment is the active one now. */
  truncateTo(offset: number): number {
    const { index, timeIndex, transactionIndex, log } = this
    const position = this.positionOf(offset)
    index.truncateTo(offset)
    timeIndex?.truncateTo(offset)
    transactionIndex?.truncateTo(offset)
    this.becomeActive()
    if (position < 0) return 0
    const cut = log.truncateTo(position)
    // A wrapper that reached the offset is gone as a whole, although it began below and may have been indexed so.
    index.dropFrom(position)
    if (log.size === 0) this.createdMs = nowMs(this.host)
    this.bytesSinceLastIndexEntry = 0
    this.next = undefined
    if (timeIndex !== undefined) this.times.reload(index.positionFor(timeIndex.lastEntry.offset))
    return cut
  }

  /** The segment takes appends: the indexes get their full size. */
  becomeActive(): void {
    this.index.grow()
    this.timeIndex?.grow()
  }

  /** Forgets what the indexes say, of a segment without records that takes appends. */
  restartIndexes(): void {
    this.resetIndexes()
    this.becomeActive()
  }

  /** Another segment takes the appends from now on: the last time index entry is due, and the files are trimmed. */
  becomeInactive(): void {
    this.times.index()
    this.trimFiles()
  }

  flush(): void {
    this.log.flush()
    this.index.flush()
    this.timeIndex?.flush()
    this.transactionIndex?.flush()
  }

  /** Trims the files and makes all durable, so that the files can be taken as they are at the next start. */
  close(): void {
    try {
      this.times.index()
    } catch (error) {
      // A time index that says nonsense, which only shows now; Kafka passes over it too.
      if (!(error instanceof IndexOffsetError)) throw error
    }
    this.trimFiles()
    this.flush()
    this.closeFiles()
  }

  /** Closes the files as they are. */
  closeFiles(): void {
    this.index.close()
    this.timeIndex?.close()
    this.transactionIndex?.close()
    this.log.close()
  }

  /** Gives all files of the segment another suffix; they stay open. */
  changeSuffix(from: string, to: string): void {
    for (const file of this.files()) {
      invariant(file.path.endsWith(from), () => `${file.path} does not end in '${from}'`)
      this.rename(file, file.path.slice(0, file.path.length - from.length) + to)
    }
  }

  /**
   * Takes the segment out of the log by renaming its files.
   * The index goes first: a `.log` without index is still a whole segment.
   * @returns the new names
   */
  markDeleted(): string[] {
    const [log, ...indexes] = this.files()
    const renamed: string[] = []
    for (const file of [...indexes, log!]) {
      this.rename(file, file.path + DELETED_SUFFIX)
      renamed.push(file.path)
    }
    this.closeFiles()
    return renamed
  }

  digest(digest: Digest): void {
    digest.int(this.baseOffset).int(this.size).int(this.createdMs)
    digest.int(this.bytesSinceLastIndexEntry).int(this.index.entries)
    if (this.timeIndex !== undefined) digest.int(this.timeIndex.entries).int(this.times.maxTimestamp)
  }

  /** The `.log` first. */
  private files(): SegmentFile[] {
    const { log, index, timeIndex, transactionIndex } = this
    const found: SegmentFile[] = [log, index.file]
    if (timeIndex !== undefined) found.push(timeIndex.file)
    if (transactionIndex !== undefined) found.push(transactionIndex)
    return found
  }

  private rename(file: SegmentFile, path: string): void {
    // A transaction index is no file before it has an entry.
    if (file !== this.transactionIndex || this.transactionIndex.exists) this.host.files.rename(file.path, path)
    file.path = path
  }

  private trimFiles(): void {
    this.log.trim()
    this.index.trim()
    this.timeIndex?.trim()
  }

  private resetIndexes(): void {
    this.index.reset()
    this.timeIndex?.reset()
    this.transactionIndex?.reset()
    this.times.reset()
  }
}

/** The machine's clock in Kafka's unit. */
export const nowMs = (host: Host): number => Math.floor(host.now() / MILLISECOND)
