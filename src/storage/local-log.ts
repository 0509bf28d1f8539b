/**
 * The segments of one log and what is done to them: appends, reads, rolls, truncation, swaps, flushes. Nothing here knows
 * of leaders, epochs or producers (Kafka divides its log in the same way: `LocalLog.scala`, 3.0; before, all is
 * `kafka/log/Log.scala`).
 */
import type { TopicConfig } from '../config/index.ts'
import { type Digest, FileError, type Host, invariant } from '../host/index.ts'
import type { TopicPartition } from '../protocol/index.ts'
import type { CheckedRecords } from './checked-records.ts'
import { ReadPastLimitError } from './errors.ts'
import type { StorageEvent } from './events.ts'
import { CLEANED_SUFFIX } from './file-names.ts'
import type { LogFormat } from './log-format.ts'
import { LogSegment, nowMs, type SegmentOptions } from './log-segment.ts'
import { isBatch } from './record/entry.ts'
import { mustRoll, rolledBaseOffset } from './roll-rule.ts'
import { deleteSegment, deleteSegmentInTime } from './segment-deletion.ts'
import { discardSegmentFiles, removeSegmentFiles } from './segment-files.ts'
import { putCleanedInPlace } from './segment-swap.ts'
import type { Segments } from './segments.ts'

export interface LogRead {
  /** A slice of one segment's file; its last entry may be cut short. */
  readonly records: Uint8Array
  /** Byte in the segment's file where the slice begins. */
  readonly startPosition: number
  readonly segmentBaseOffset: number
}

const NOTHING = new Uint8Array(0)

export class LocalLog {
  readonly topicPartition: TopicPartition
  /** The partition's directory. */
  readonly directory: string
  /** In force from the next operation on; segments keep the index settings that they were made with. */
  config: TopicConfig
  /** In force for appends from the next one on; segments keep the index convention that they were made with. */
  format: LogFormat
  protected readonly host: Host
  protected readonly row: Segments
  private endOffset: number
  private flushedOffset: number
  private lastFlushedMs: number
  private opened = true

  /** @param row in order, one segment at least */
  constructor(
    host: Host,
    directory: string,
    topicPartition: TopicPartition,
    config: TopicConfig,
    format: LogFormat,
    row: Segments,
    recoveryPoint: number,
  ) {
    this.host = host
    this.directory = directory
    this.topicPartition = topicPartition
    this.config = config
    this.format = format
    this.row = row
    this.endOffset = row.active.nextOffset
    this.flushedOffset = Math.min(recoveryPoint, this.endOffset)
    this.lastFlushedMs = nowMs(host)
  }

  /** Offset that the next message gets. */
  get logEndOffset(): number {
    return this.endOffset
  }

  /** All offsets below are known to be durable. */
  get recoveryPoint(): number {
    return this.flushedOffset
  }

  /** When all was durable for the last time, by the machine's clock. */
  get lastFlushMs(): number {
    return this.lastFlushedMs
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

  get isOpen(): boolean {
    return this.opened
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
    invariant(this.opened, () => `segments of ${this.topicPartition}, which is closed, are replaced`)
    const old = oldSegments.filter((segment) => this.row.has(segment))
    invariant(!old.includes(this.activeSegment), () => `the active segment of ${this.topicPartition} is replaced`)
    putCleanedInPlace(this.host, this.row, newSegments, old, this.deleteDelayMs)
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
    this.lastFlushedMs = nowMs(this.host)
  }

  /** Begins a new segment, at the log end offset or above. */
  roll(baseOffset: number = this.endOffset): LogSegment {
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

  /** Closes all files as they are, before the directory is removed. */
  abandon(): void {
    if (!this.opened) return
    this.opened = false
    for (const segment of this.row.all) segment.closeFiles()
  }

  /** Trims the active indexes and closes all files; they are durable then. */
  close(): void {
    if (!this.opened) return
    this.opened = false
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

  digest(digest: Digest): void {
    digest.string(this.topicPartition).int(this.endOffset).int(this.flushedOffset).int(this.row.count)
    for (const segment of this.row.all) segment.digest(digest)
  }

  /** Writes a checked set to the active segment, or to a new one; returns which. @throws FileError: nothing changed */
  protected appendChecked(set: CheckedRecords): LogSegment {
    const segment = this.segmentFor(set)
    segment.append(this.indexedOffsetOf(set), set.lastOffset, set.bytes, set.maxTimestamp, set.offsetOfMaxTimestamp)
    this.endOffset = set.lastOffset + 1
    return segment
  }

  /** Reads at an offset between the first segment's base and the log end offset. */
  protected readSegments(startOffset: number, maxBytes: number, maxOffset: number | undefined): LogRead {
    if (maxOffset !== undefined && maxOffset < startOffset) {
      throw new ReadPastLimitError(this.topicPartition, startOffset, maxOffset)
    }
    for (let slot = this.row.slotOf(startOffset); slot < this.row.count; slot++) {
      const found = this.row.at(slot).read(startOffset, maxBytes, maxOffset)
      if (found !== undefined) return found
    }
    return this.endOfLog()
  }

  protected endOfLog(): LogRead {
    const { baseOffset, size } = this.activeSegment
    return { records: NOTHING, startPosition: size, segmentBaseOffset: baseOffset }
  }

  /** Drops all messages at or above `offset`, which is not below the first segment. */
  protected cutSegments(offset: number): void {
    this.deleteFrom(this.row.slotOf(offset) + 1)
    this.activeSegment.truncateTo(offset)
    this.setEnd(offset)
  }

  /** Drops everything; the next message gets `offset`. */
  protected replaceAllSegments(offset: number): void {
    // The first segment must be out of the way by its name, but the log is never without a segment.
    this.deleteFrom(1)
    const last = this.row.first
    if (last.baseOffset === offset) {
      last.truncateTo(offset)
    } else {
      const fresh = this.makeSegment(offset)
      try {
        deleteSegment(this.host, this.directory, last, this.deleteDelayMs)
      } catch (error) {
        fresh.closeFiles()
        discardSegmentFiles(this.host.files, this.directory, offset)
        throw error
      }
      this.row.remove(last)
      this.row.put(fresh)
    }
    this.setEnd(offset)
  }

  /** Gives up the oldest segments; if that is all of them, a new one begins first. */
  protected deleteOldest(segments: readonly LogSegment[]): void {
    if (segments.length === this.row.count) this.roll()
    for (const segment of segments) {
      deleteSegmentInTime(this.host, segment, this.deleteDelayMs)
      this.row.remove(segment)
    }
  }

  /** What lies below is gone, so there is nothing to be made durable. */
  protected raiseRecoveryPoint(offset: number): void {
    this.flushedOffset = Math.min(Math.max(this.flushedOffset, offset), this.endOffset)
  }

  protected trace(event: StorageEvent): void {
    if (this.host.tracing) this.host.trace(event)
  }

  private get deleteDelayMs(): number {
    return this.config['file.delete.delay.ms']
  }

  /** What an index entry for the set says: one offset, of which there are two conventions. */
  private indexedOffsetOf(set: CheckedRecords): number {
    if (this.format.indexedOffset === 'last') return set.firstEntryLastOffset
    // Before format 2 the set's place is the log end offset, also where a follower's set begins after a gap.
    return isBatch(set.bytes, 0) ? set.firstOffset : this.endOffset
  }

  /** The segment that takes a set: the active one, or a new one. @throws FileError */
  protected segmentFor(set: CheckedRecords): LogSegment {
    const segment = this.activeSegment
    if (!mustRoll(segment, set, this.config, this.format, nowMs(this.host))) return segment
    const baseOffset = rolledBaseOffset(set, this.format, this.endOffset)
    if (segment.baseOffset < baseOffset) return this.roll(baseOffset)
    // An empty segment that begins here is as good as a new one, but for indexes that something else has filled.
    if (segment.size === 0) segment.restartIndexes()
    return segment
  }

  private makeSegment(baseOffset: number, suffix = ''): LogSegment {
    try {
      const options = segmentOptions(this.host, this.config, this.format)
      return new LogSegment(this.host, this.directory, baseOffset, options, suffix)
    } catch (error) {
      discardSegmentFiles(this.host.files, this.directory, baseOffset, suffix)
      throw error
    }
  }

  /** Deletes the segments from `slot` on, the last one first, each gone from the row as soon as it is gone from disk. */
  private deleteFrom(slot: number): void {
    while (this.row.count > slot) {
      const last = this.activeSegment
      deleteSegment(this.host, this.directory, last, this.deleteDelayMs)
      this.row.remove(last)
      this.setEnd(this.activeSegment.nextOffset)
    }
  }

  private setEnd(offset: number): void {
    this.endOffset = offset
    this.flushedOffset = Math.min(this.flushedOffset, offset)
  }

  private flushInBackground(upTo: number): void {
    if (!this.opened) return
    try {
      this.flush(Math.min(upTo, this.endOffset))
    } catch (error) {
      // A background task of Kafka's scheduler logs its failure and is done: the recovery point stays where it is.
      if (!(error instanceof FileError)) throw error
    }
  }
}

export function segmentOptions(host: Host, config: TopicConfig, format: LogFormat): SegmentOptions {
  const jitterMs = Math.min(config['segment.jitter.ms'], config['segment.ms'])
  return {
    indexIntervalBytes: config['index.interval.bytes'],
    maxIndexBytes: config['segment.index.bytes'],
    format,
    ...(format.preallocates ? { initialBytes: config['segment.bytes'] } : {}),
    rollJitterMs: jitterMs === 0 ? 0 : host.random('log-roll-jitter').intBelow(jitterMs, 'roll jitter'),
  }
}
