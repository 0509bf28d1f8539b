/**
 * The log of one partition: a row of segments, the last of which takes appends (`kafka/log/Log.scala`, 0.8.2.2).
 * A write goes to the page cache; what is durable is known by the recovery point, the first offset not yet flushed.
 * What is written, and what a leader demands of it, is the matter of a `LogFormat`; a log may hold all formats at once.
 */
import type { TopicConfig } from '../config/index.ts'
import { type Digest, FileError, type Host, invariant } from '../host/index.ts'
import { ErrorCode, type TopicPartition } from '../protocol/index.ts'
import { type AppendInfo, type AppendOptions, NOTHING_APPENDED } from './append-info.ts'
import type { CheckedRecords } from './checked-records.ts'
import { checkEntries } from './entries-check.ts'
import { AppendError, OffsetOutOfRangeError, ReadPastLimitError } from './errors.ts'
import type { StorageEvent } from './events.ts'
import { CLEANED_SUFFIX } from './file-names.ts'
import { checkLeaderRecords } from './leader-check.ts'
import { assignEpochsOf, type LeaderEpochCache } from './leader-epoch-cache.ts'
import type { LogFormat } from './log-format.ts'
import {
  discardSegmentFiles,
  LogSegment,
  nowMs,
  RELATIVE_OFFSET_MAX,
  removeSegmentFiles,
  type SegmentOptions,
} from './log-segment.ts'
import { checkMessageSet } from './message-set-check.ts'
import { offsetsBefore } from './offsets-before.ts'
import { batchesOf } from './record/batch.ts'
import { isBatch } from './record/entry.ts'
import { NO_LEADER_EPOCH, NO_TIMESTAMP } from './record/layout.ts'
import type { LogRecord } from './record/record.ts'
import { deleteSegment } from './segment-deletion.ts'
import { putCleanedInPlace } from './segment-swap.ts'
import { Segments } from './segments.ts'

export interface LogRead {
  /** A slice of one segment's file; its last entry may be cut short. */
  readonly records: Uint8Array
  /** Byte in the segment's file where the slice begins. */
  readonly startPosition: number
  readonly segmentBaseOffset: number
}

const NOTHING = new Uint8Array(0)

export class Log {
  readonly topicPartition: TopicPartition
  /** The partition's directory. */
  readonly directory: string
  /** In force from the next operation on; segments keep the index settings that they were made with. */
  config: TopicConfig
  /** In force for appends from the next one on; segments keep the index convention that they were made with. */
  format: LogFormat
  /** Since 0.11. */
  readonly leaderEpochCache: LeaderEpochCache | undefined
  private readonly host: Host
  private readonly row: Segments
  private endOffset: number
  private flushedOffset: number
  private isOpen = true

  /** Made by `openLog` with the segments that it found, in order, one at least. */
  constructor(
    host: Host,
    directory: string,
    topicPartition: TopicPartition,
    config: TopicConfig,
    format: LogFormat,
    state: {
      readonly segments: readonly LogSegment[]
      readonly recoveryPoint: number
      readonly leaderEpochCache: LeaderEpochCache | undefined
    },
  ) {
    invariant(state.segments.length > 0, () => `log ${topicPartition} has no segment`)
    this.host = host
    this.directory = directory
    this.topicPartition = topicPartition
    this.config = config
    this.format = format
    this.leaderEpochCache = state.leaderEpochCache
    this.row = new Segments(state.segments)
    this.endOffset = this.activeSegment.nextOffset
    this.flushedOffset = Math.min(state.recoveryPoint, this.endOffset)
  }

  /** Base offset of the first segment. */
  get logStartOffset(): number {
    return this.row.first.baseOffset
  }

  /** Offset that the next message gets. */
  get logEndOffset(): number {
    return this.endOffset
  }

  /** All offsets below are known to be durable. */
  get recoveryPoint(): number {
    return this.flushedOffset
  }

  /** From the oldest to the active one. */
  get segments(): readonly LogSegment[] {
    return this.row.all
  }

  /** The segment that takes appends. */
  get activeSegment(): LogSegment {
    return this.row.active
  }

  /** Bytes of all `.log` files. */
  get size(): number {
    let bytes = 0
    for (const segment of this.row.all) bytes += segment.size
    return bytes
  }

  /**
   * Appends the whole messages of a set, in one piece, to one segment.
   * @throws AppendError InvalidMessage, MessageSizeTooLarge, MessageSetSizeTooLarge, Unknown (offsets, codec); since 0.10
   * also InvalidRecord, InvalidTimestamp, UnsupportedForMessageFormat
   * @throws FileError the disk failed; the log is as it was
   */
  append(records: Uint8Array, options: AppendOptions): AppendInfo {
    invariant(this.isOpen, () => `append to ${this.topicPartition}, which is closed`)
    const set = options.assignOffsets
      ? this.checkAsLeader(records, options)
      : checkEntries(records, this.config['max.message.bytes'], this.format)
    const { bytes, firstOffset, lastOffset } = set
    if (bytes.length === 0) return NOTHING_APPENDED
    if (!set.monotonic || firstOffset < this.endOffset || set.firstEntryLastOffset < this.endOffset) {
      throw new AppendError(ErrorCode.Unknown, `offsets out of order in a set for ${this.topicPartition}`)
    }
    if (bytes.length > this.config['segment.bytes']) {
      throw new AppendError(ErrorCode.MessageSetSizeTooLarge, `set of ${bytes.length} bytes, larger than a segment`)
    }
    if (this.leaderEpochCache !== undefined) assignEpochsOf(this.leaderEpochCache, bytes)
    this.segmentFor(bytes.length, lastOffset).append(this.indexedOffsetOf(set), lastOffset, bytes)
    this.endOffset = lastOffset + 1
    if (this.endOffset - this.flushedOffset >= this.config['flush.messages']) this.flush()
    const isStamped = options.assignOffsets && this.format.timestampType === 'LogAppendTime'
    return {
      firstOffset,
      lastOffset,
      count: set.count,
      bytes: bytes.length,
      maxTimestamp: set.maxTimestamp,
      offsetOfMaxTimestamp: set.offsetOfMaxTimestamp,
      logAppendTime: isStamped ? set.maxTimestamp : NO_TIMESTAMP,
    }
  }

  /**
   * Reads up to `maxBytes` from the first message at or above `startOffset` on, out of one segment, and nothing at or
   * above `maxOffset`. At the log end offset the result is empty.
   * @throws OffsetOutOfRangeError, ReadPastLimitError (start above `maxOffset`), CorruptLogError, FileError
   */
  read(startOffset: number, maxBytes: number, maxOffset?: number): LogRead {
    if (startOffset === this.endOffset) return this.endOfLog()
    let slot = this.row.slotOf(startOffset)
    if (startOffset > this.endOffset || slot < 0) {
      throw new OffsetOutOfRangeError(this.topicPartition, startOffset, this.logStartOffset, this.endOffset)
    }
    if (maxOffset !== undefined && maxOffset < startOffset) {
      throw new ReadPastLimitError(this.topicPartition, startOffset, maxOffset)
    }
    for (; slot < this.row.count; slot++) {
      const found = this.row.at(slot).read(startOffset, maxBytes, maxOffset)
      if (found !== undefined) return found
    }
    return this.endOfLog()
  }

  /** The records with offsets in `from` (included) .. `to` (excluded), of any format, control records among them. */
  messages(from: number, to: number): LogRecord[] {
    const found: LogRecord[] = []
    const end = Math.min(to, this.endOffset)
    for (let next = Math.max(from, this.logStartOffset); next < end; ) {
      const { records } = this.read(next, Number.MAX_SAFE_INTEGER)
      // A log that was cut inside a wrapper has nothing right below its end.
      if (records.length === 0) break
      for (const batch of batchesOf(records)) {
        for (const record of batch.records()) if (record.offset >= from && record.offset < end) found.push(record)
        next = Math.max(next, batch.lastOffset + 1)
        if (next >= end) break
      }
    }
    return found
  }

  /**
   * ListOffsets v0: base offsets of segments last changed at or before a time, and the log end offset if now is.
   * @param timeMs machine time, or -1 (latest), -2 (earliest)
   * @returns at most `maxNumOffsets`, descending
   */
  offsetsBefore(timeMs: number, maxNumOffsets: number): number[] {
    return offsetsBefore(this.row.all, this.endOffset, nowMs(this.host), timeMs, maxNumOffsets)
  }

  /** Drops all messages at or above `offset`. No effect past the log end offset. */
  truncateTo(offset: number): void {
    invariant(offset >= 0, () => `${this.topicPartition} truncated to ${offset}`)
    // Since 0.11 nothing at all happens at the log end offset: up to 2.6 not even to epochs that began there (KAFKA-10706).
    if (offset > this.endOffset || (offset === this.endOffset && this.leaderEpochCache !== undefined)) {
      this.leaderEpochCache?.truncatedAtEnd(this.endOffset)
      return
    }
    if (this.logStartOffset > offset) {
      this.truncateFullyAndStartAt(offset)
      return
    }
    const from = this.endOffset
    this.deleteFrom(this.row.slotOf(offset) + 1)
    this.activeSegment.truncateTo(offset)
    this.setEnd(offset)
    this.leaderEpochCache?.truncateFromEnd(offset)
    this.traceTruncation(from, offset)
  }

  /** Drops everything; the next message gets `offset`. */
  truncateFullyAndStartAt(offset: number): void {
    const from = this.endOffset
    // The first segment must be out of the way by its name, but the log is never without a segment.
    this.deleteFrom(1)
    const last = this.row.first
    if (last.baseOffset === offset) {
      last.truncateTo(offset)
    } else {
      const fresh = this.makeSegment(offset)
      try {
        deleteSegment(this.host, this.directory, last, this.config['file.delete.delay.ms'])
      } catch (error) {
        fresh.closeFiles()
        discardSegmentFiles(this.host.files, this.directory, offset)
        throw error
      }
      this.row.remove(last)
      this.row.put(fresh)
    }
    this.setEnd(offset)
    this.leaderEpochCache?.clear()
    this.traceTruncation(from, offset)
  }

  /**
   * A segment for what compaction keeps: its files end in `.cleaned`, and it is no part of the log until
   * `replaceSegments` makes it one. What an earlier attempt left under the name is removed.
   */
  newCleanedSegment(baseOffset: number): LogSegment {
    removeSegmentFiles(this.host.files, this.directory, baseOffset, CLEANED_SUFFIX)
    return this.makeSegment(baseOffset, CLEANED_SUFFIX)
  }

  /**
   * Puts what compaction kept in the place of the segments that it was made of, which are deleted. A crash on the way
   * leaves the log as it was, or is made good by the next start: no record that was kept is ever missing.
   * @param newSegments made by `newCleanedSegment`; inactive and flushed
   * @param oldSegments those that are no longer part of the log are passed over; never the active one
   */
  replaceSegments(newSegments: readonly LogSegment[], oldSegments: readonly LogSegment[]): void {
    invariant(this.isOpen, () => `segments of ${this.topicPartition}, which is closed, are replaced`)
    const old = oldSegments.filter((segment) => this.row.has(segment))
    invariant(!old.includes(this.activeSegment), () => `the active segment of ${this.topicPartition} is replaced`)
    putCleanedInPlace(this.host, this.row, newSegments, old, this.config['file.delete.delay.ms'])
  }

  /** Makes all offsets below `upTo` durable and moves the recovery point there. */
  flush(upTo: number = this.endOffset): void {
    if (upTo <= this.flushedOffset) return
    for (let slot = Math.max(0, this.row.slotOf(this.flushedOffset)); slot < this.row.count; slot++) {
      const segment = this.row.at(slot)
      if (segment.baseOffset >= upTo) break
      segment.flush()
    }
    this.flushedOffset = upTo
  }

  /** Begins a new segment at the log end offset. */
  roll(): LogSegment {
    const baseOffset = this.endOffset
    const previous = this.activeSegment
    invariant(previous.baseOffset < baseOffset, () => `${this.topicPartition} rolled twice at ${baseOffset}`)
    removeSegmentFiles(this.host.files, this.directory, baseOffset)
    previous.becomeInactive()
    // A segment that was cut or reopened may have changed without a message above the recovery point. No flush would
    // care for it then, and recovery would begin behind it.
    if (this.flushedOffset >= baseOffset) previous.flush()
    const segment = this.makeSegment(baseOffset)
    this.row.put(segment)
    this.host.setTimer(0, 'flush-log', () => this.flushInBackground(baseOffset))
    this.trace({ kind: 'SegmentRolled', tp: this.topicPartition, baseOffset })
    return segment
  }

  /** Trims the active index and closes all files; they are durable then. */
  close(): void {
    if (!this.isOpen) return
    this.isOpen = false
    let failure: unknown
    for (const segment of this.row.all) {
      try {
        segment.close()
      } catch (error) {
        failure ??= error
      }
    }
    if (failure !== undefined) throw failure
  }

  /** Closes all files as they are, before the directory is removed. */
  abandon(): void {
    if (!this.isOpen) return
    this.isOpen = false
    for (const segment of this.row.all) segment.closeFiles()
  }

  digest(digest: Digest): void {
    digest.string(this.topicPartition).int(this.endOffset).int(this.flushedOffset).int(this.row.count)
    for (const segment of this.row.all) segment.digest(digest)
    this.leaderEpochCache?.digest(digest)
  }

  private checkAsLeader(records: Uint8Array, options: AppendOptions): CheckedRecords {
    const maxMessageBytes = this.config['max.message.bytes']
    const { endOffset: assignFrom, format } = this
    const compacted = this.config['cleanup.policy'].includes('compact')
    if (format.validation === 'message-set') {
      const needsKeys = compacted && format.compactedNeedsKeys
      return checkMessageSet(records, maxMessageBytes, assignFrom, format, needsKeys)
    }
    return checkLeaderRecords(records, {
      assignFrom,
      format,
      maxMessageBytes,
      nowMs: nowMs(this.host),
      partitionLeaderEpoch: options.partitionLeaderEpoch ?? NO_LEADER_EPOCH,
      origin: options.origin ?? 'client',
      compacted,
    })
  }

  /** What an index entry for the set says: one offset, of which there are two conventions. */
  private indexedOffsetOf(set: CheckedRecords): number {
    if (this.format.indexedOffset === 'last') return set.firstEntryLastOffset
    // Before format 2 the set's place is the log end offset, also where a follower's set begins after a gap.
    return isBatch(set.bytes, 0) ? set.firstOffset : this.endOffset
  }

  /** The active segment, or a new one if it is full, or too old, or its index is full. */
  private segmentFor(setBytes: number, lastOffset: number): LogSegment {
    const segment = this.activeSegment
    const mustRoll =
      segment.size > this.config['segment.bytes'] - setBytes ||
      (segment.size > 0 && nowMs(this.host) - segment.createdMs > this.config['segment.ms']) ||
      segment.index.isFull ||
      lastOffset - segment.baseOffset > RELATIVE_OFFSET_MAX
    // An empty segment that starts here is as good as a new one.
    return mustRoll && segment.baseOffset < this.endOffset ? this.roll() : segment
  }

  private makeSegment(baseOffset: number, suffix = ''): LogSegment {
    try {
      return new LogSegment(this.host, this.directory, baseOffset, segmentOptions(this.config, this.format), suffix)
    } catch (error) {
      discardSegmentFiles(this.host.files, this.directory, baseOffset, suffix)
      throw error
    }
  }

  /** Deletes the segments from `slot` on, the last one first, each gone from the row as soon as it is gone from disk. */
  private deleteFrom(slot: number): void {
    while (this.row.count > slot) {
      const last = this.activeSegment
      deleteSegment(this.host, this.directory, last, this.config['file.delete.delay.ms'])
      this.row.remove(last)
      this.setEnd(this.activeSegment.nextOffset)
    }
  }

  private setEnd(offset: number): void {
    this.endOffset = offset
    this.flushedOffset = Math.min(this.flushedOffset, offset)
  }

  private flushInBackground(upTo: number): void {
    if (!this.isOpen) return
    try {
      this.flush(Math.min(upTo, this.endOffset))
    } catch (error) {
      // A background task of Kafka's scheduler logs its failure and is done: the recovery point stays where it is.
      if (!(error instanceof FileError)) throw error
    }
  }

  private endOfLog(): LogRead {
    const { baseOffset, size } = this.activeSegment
    return { records: NOTHING, startPosition: size, segmentBaseOffset: baseOffset }
  }

  private traceTruncation(from: number, to: number): void {
    if (from !== to) this.trace({ kind: 'LogTruncated', tp: this.topicPartition, from, to })
  }

  private trace(event: StorageEvent): void {
    if (this.host.tracing) this.host.trace(event)
  }
}

export const segmentOptions = (config: TopicConfig, format: LogFormat): SegmentOptions => ({
  indexIntervalBytes: config['index.interval.bytes'],
  maxIndexBytes: config['segment.index.bytes'],
  format,
})
