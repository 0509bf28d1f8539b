/**
 * The log of one partition: a row of segments, the last of which takes appends (`kafka/log/Log.scala`, 0.8.2.2 to 2.4).
 * A write goes to the page cache; what is durable is known by the recovery point, the first offset not yet flushed.
 * What is written, and what a leader demands of it, is the matter of a `LogFormat`; a log may hold all formats at once.
 */
import type { TopicConfig } from '../config/index.ts'
import { type Digest, type Host, invariant } from '../host/index.ts'
import { ErrorCode, type TopicPartition } from '../protocol/index.ts'
import { type AppendInfo, type AppendOptions, appendInfoOf, duplicateInfoOf, NOTHING_APPENDED } from './append-info.ts'
import type { CheckedRecords } from './checked-records.ts'
import { checkEntries } from './entries-check.ts'
import { AppendError, OffsetOutOfRangeError } from './errors.ts'
import { checkLeaderRecords } from './leader-check.ts'
import { assignEpochsOf, type LeaderEpochCache } from './leader-epoch-cache.ts'
import { LocalLog, type LogRead } from './local-log.ts'
import type { LogFormat } from './log-format.ts'
import { messagesOf, offsetByTimestamp } from './log-lookup.ts'
import { type LogSegment, nowMs, type TimestampAndOffset } from './log-segment.ts'
import { checkMessageSet } from './message-set-check.ts'
import { offsetsBefore } from './offsets-before.ts'
import { writeTopicId } from './partition-metadata.ts'
import { checkProducers } from './producer-state/append-check.ts'
import { outlivesRecords } from './producer-state/producer-rules.ts'
import type { ProducerState } from './producer-state/producer-state.ts'
import { abortedTransactionsOf, endTransaction, rebuildProducerState } from './producer-state/segments.ts'
import { NO_LEADER_EPOCH } from './record/layout.ts'
import type { LogRecord } from './record/record.ts'
import { deletableSegments, type RetentionReason } from './retention.ts'
import type { Segments } from './segments.ts'
import type { AbortedTransaction } from './transaction-index.ts'

/** What `openLog` found in the directory. */
export interface LogState {
  /** In order, one at least. */
  readonly segments: Segments
  readonly recoveryPoint: number
  readonly logStartOffset: number
  readonly leaderEpochCache: LeaderEpochCache | undefined
  readonly producerState: ProducerState | undefined
  /** Since 2.8, if it is known. */
  readonly topicId: string | undefined
}

export class Log extends LocalLog {
  /** Since 0.11, as the next. */
  readonly leaderEpochCache: LeaderEpochCache | undefined
  readonly producerState: ProducerState | undefined
  private knownTopicId: string | undefined
  private startOffset: number
  private knownHighWatermark: number | undefined

  constructor(
    host: Host,
    directory: string,
    topicPartition: TopicPartition,
    config: TopicConfig,
    format: LogFormat,
    state: LogState,
  ) {
    super(host, directory, topicPartition, config, format, state.segments, state.recoveryPoint)
    this.leaderEpochCache = state.leaderEpochCache
    this.producerState = state.producerState
    this.knownTopicId = state.topicId
    this.startOffset = state.logStartOffset
  }

  /** First offset that may be read: the base of the first segment, or since 0.11 also one above it. */
  get logStartOffset(): number {
    return Math.max(this.startOffset, this.row.first.baseOffset)
  }

  /** Id of the topic that the log belongs to (2.8); undefined if nobody said it. */
  get topicId(): string | undefined {
    return this.knownTopicId
  }

  /** Says which topic the log belongs to, for good; no effect in releases without ids. @throws FileError */
  assignTopicId(id: string): void {
    if (!this.format.topicIds || this.knownTopicId !== undefined) return
    writeTopicId(this.host.files, this.directory, id)
    this.knownTopicId = id
  }

  /** As its replica says it; undefined until it has. */
  get highWatermark(): number | undefined {
    return this.knownHighWatermark
  }

  /** First offset that readers of committed transactions may not see yet; undefined if there is none. */
  get firstUnstableOffset(): number | undefined {
    const first = this.producerState?.firstUnstableOffset
    return first === undefined ? undefined : Math.max(first, this.logStartOffset)
  }

  /**
   * Appends the whole messages of a set, in one piece, to one segment.
   * @throws AppendError InvalidMessage, MessageSizeTooLarge, MessageSetSizeTooLarge, Unknown (offsets, codec); since 0.10
   * also InvalidRecord, InvalidTimestamp, UnsupportedForMessageFormat; since 0.11 those of `ProducerAppend`
   * @throws FileError the disk failed; the log is as it was
   */
  append(records: Uint8Array, options: AppendOptions): AppendInfo {
    invariant(this.isOpen, () => `append to ${this.topicPartition}, which is closed`)
    const set = options.assignOffsets
      ? this.checkAsLeader(records, options)
      : checkEntries(records, this.config['max.message.bytes'], this.format)
    const { bytes } = set
    if (bytes.length === 0) return NOTHING_APPENDED
    const { logEndOffset: end, producerState: state, format } = this
    if (!set.monotonic || set.firstOffset < end || set.firstEntryLastOffset < end) {
      throw new AppendError(ErrorCode.Unknown, `offsets out of order in a set for ${this.topicPartition}`)
    }
    if (this.leaderEpochCache !== undefined) assignEpochsOf(this.leaderEpochCache, bytes)
    if (bytes.length > this.config['segment.bytes'] && format.segmentLimit === 'before-append') {
      throw new AppendError(ErrorCode.MessageSetSizeTooLarge, `set of ${bytes.length} bytes, larger than a segment`)
    }
    const origin = options.assignOffsets ? (options.origin ?? 'client') : 'replication'
    // Since 2.4 a segment is rolled before the producers are looked at, also where nothing is appended then.
    if (format.producerState !== 'none' && outlivesRecords(format.producerState)) this.segmentFor(set)
    const producers = state && checkProducers(state, bytes, origin)
    if (producers?.duplicate !== undefined) return duplicateInfoOf(producers.duplicate)
    const segment = this.appendChecked(set)
    if (state !== undefined && producers !== undefined) {
      for (const update of producers.updates) state.update(update)
      for (const completed of producers.completed) endTransaction(state, segment, completed)
      state.updateMapEndOffset(this.logEndOffset)
    }
    if (this.logEndOffset - this.recoveryPoint >= this.config['flush.messages']) this.flush()
    return appendInfoOf(set, options.assignOffsets && format.timestampType === 'LogAppendTime')
  }

  /**
   * Reads up to `maxBytes` from the first message at or above `startOffset` on, out of one segment, and nothing at or
   * above `maxOffset`. At the log end offset the result is empty.
   * @throws OffsetOutOfRangeError, ReadPastLimitError (start above `maxOffset`), CorruptLogError, FileError
   */
  read(startOffset: number, maxBytes: number, maxOffset?: number): LogRead {
    if (startOffset === this.logEndOffset) return this.endOfLog()
    if (startOffset > this.logEndOffset || startOffset < this.logStartOffset) {
      throw new OffsetOutOfRangeError(this.topicPartition, startOffset, this.logStartOffset, this.logEndOffset)
    }
    return this.readSegments(startOffset, maxBytes, maxOffset)
  }

  /** The records with offsets in `from` (included) .. `to` (excluded), of any format, control records among them. */
  messages(from: number, to: number): LogRecord[] {
    return messagesOf(this, from, to)
  }

  /**
   * ListOffsets v0: base offsets of segments last changed at or before a time, and the log end offset if now is.
   * @param timeMs machine time, or -1 (latest), -2 (earliest)
   * @returns at most `maxNumOffsets`, descending
   */
  offsetsBefore(timeMs: number, maxNumOffsets: number): number[] {
    return offsetsBefore(this.segments, this.logEndOffset, nowMs(this.host), timeMs, maxNumOffsets)
  }

  /**
   * ListOffsets v1 and later (since 0.10.1): the first record with a timestamp at or above the one given.
   * @param timestamp milliseconds, or -1 (the log end offset), -2 (the log start offset)
   * @returns undefined if there is none
   * @throws LogError UnsupportedForMessageFormat (a log of format 0); what stands in the way of reading the record
   */
  offsetByTimestamp(timestamp: number): TimestampAndOffset | undefined {
    return offsetByTimestamp(this, timestamp)
  }

  /** Aborted transactions with records in `from` (included) .. `to` (excluded), for readers of committed ones. */
  abortedTransactions(from: number, to: number): AbortedTransaction[] {
    return abortedTransactionsOf(this.segments, Math.max(0, this.row.slotOf(from)), from, to)
  }

  /** The replica's high watermark has moved. */
  updateHighWatermark(highWatermark: number): void {
    this.knownHighWatermark = highWatermark
    this.producerState?.onHighWatermark(highWatermark)
  }

  /** Drops all messages at or above `offset`. No effect past the log end offset. */
  truncateTo(offset: number): void {
    invariant(offset >= 0, () => `${this.topicPartition} truncated to ${offset}`)
    const from = this.logEndOffset
    // Since 0.11 nothing at all happens at the log end offset: up to 2.6 not even to epochs that began there (KAFKA-10706).
    if (offset > from || (offset === from && this.leaderEpochCache !== undefined)) {
      this.leaderEpochCache?.truncatedAtEnd(from)
      return
    }
    if (this.row.first.baseOffset > offset) {
      this.truncateFullyAndStartAt(offset)
      return
    }
    this.cutSegments(offset)
    this.startOffset = Math.min(this.startOffset, offset)
    this.leaderEpochCache?.truncateFromEnd(offset)
    if (this.producerState !== undefined) {
      rebuildProducerState(this.producerState, this, offset, {
        nowMs: nowMs(this.host),
        cleanShutdown: false,
        purpose: 'log',
      })
    }
    this.traceTruncation(from, offset)
  }

  /** Drops everything; the next message gets `offset`. */
  truncateFullyAndStartAt(offset: number): void {
    const from = this.logEndOffset
    this.replaceAllSegments(offset)
    this.startOffset = offset
    this.leaderEpochCache?.clear()
    this.producerState?.truncate()
    this.producerState?.updateMapEndOffset(offset)
    this.traceTruncation(from, offset)
  }

  /**
   * Retention: deletes the segments that are too old, then those that are too many, and since 0.11 those that lie below
   * the log start offset. Returns how many went.
   */
  deleteOldSegments(): number {
    let count = 0
    if (this.config['cleanup.policy'].includes('delete')) count += this.deleteFor('time') + this.deleteFor('size')
    if (this.format.segmentFiles === 'producer-state') count += this.deleteFor('log-start-offset')
    return count
  }

  private deleteFor(reason: RetentionReason): number {
    const old = deletableSegments(this, reason, nowMs(this.host))
    if (old.length === 0) return 0
    this.deleteOldest(old)
    this.startAt(this.row.first.baseOffset)
    const baseOffsets = old.map(({ baseOffset }) => baseOffset)
    const { topicPartition: tp, logStartOffset } = this
    this.trace({ kind: 'SegmentsDeleted', tp, baseOffsets, reason, logStartOffset })
    return old.length
  }

  /** Since 0.11: lets the log begin at an offset at or below the high watermark. No effect below where it begins. */
  startAt(offset: number): void {
    if (this.format.segmentFiles !== 'producer-state' || offset <= this.startOffset) return
    this.startOffset = offset
    this.raiseRecoveryPoint(offset)
    this.leaderEpochCache?.truncateFromStart(offset)
    this.producerState?.truncateHead(offset)
  }

  /**
   * Of snapshots below the last two segments, and below the one that recovery would begin with, no start makes use any
   * more. Called when that is written down (`deleteSnapshotsAfterRecoveryPointCheckpoint`).
   */
  deleteOldSnapshots(): void {
    const { row, recoveryPoint, producerState: state } = this
    if (state === undefined || state.rules === 'snapshot-per-segment') return
    const slot = row.slotOf(recoveryPoint - 1)
    const recoveredFrom = slot < 0 ? recoveryPoint : row.at(slot).baseOffset
    state.deleteSnapshotsBefore(Math.min(recoveredFrom, row.at(Math.max(0, row.count - 2)).baseOffset))
  }

  override roll(baseOffset: number = this.logEndOffset): LogSegment {
    const segment = super.roll(baseOffset)
    // Recovery of the segment begins with it.
    this.producerState?.updateMapEndOffset(baseOffset)
    this.producerState?.takeSnapshot()
    return segment
  }

  override close(): void {
    try {
      if (this.isOpen) this.producerState?.takeSnapshot()
    } finally {
      super.close()
    }
  }

  override digest(digest: Digest): void {
    super.digest(digest)
    if (this.leaderEpochCache !== undefined) digest.int(this.startOffset)
    this.leaderEpochCache?.digest(digest)
    this.producerState?.digest(digest)
  }

  private checkAsLeader(records: Uint8Array, options: AppendOptions): CheckedRecords {
    const maxMessageBytes = this.config['max.message.bytes']
    const { logEndOffset: assignFrom, format } = this
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

  private traceTruncation(from: number, to: number): void {
    if (from !== to) this.trace({ kind: 'LogTruncated', tp: this.topicPartition, from, to })
  }
}
