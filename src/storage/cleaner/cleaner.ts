/**
 * Compacts one log (`Cleaner` of `kafka/log/LogCleaner.scala`; formats.md 2.11): builds a map of the last offset of each
 * key over the dirty segments, then copies all segments below its end into new ones, without the records that the map
 * knows a later one for, and puts these into the place of the old.
 *
 * Offsets never change, and the active segment is never touched. A tombstone, a record with a key and no value, stays
 * until the segment it is in has been clean for `delete.retention.ms`, counted by the files' times.
 */
import { type Host, sleep, type Task } from '../../host/index.ts'
import { readInt32 } from '../big-endian.ts'
import { describeEntries } from '../entries-check.ts'
import { CLEANED_SUFFIX } from '../file-names.ts'
import type { Log } from '../log.ts'
import type { LogSegment } from '../log-segment.ts'
import { batchesOf } from '../record/batch.ts'
import { ENTRY_OVERHEAD, SIZE_AT } from '../record/layout.ts'
import { discardSegmentFiles } from '../segment-files.ts'
import type { TransactionIndex } from '../transaction-index.ts'
import { CleanedTransactions } from './cleaned-transactions.ts'
import { CleaningAborted, CleaningFailed } from './cleaner-errors.ts'
import type { CleanerRules } from './cleaner-rules.ts'
import { CompactionFilter } from './compaction-filter.ts'
import { type DirtyLog, segmentsBetween } from './dirty-log.ts'
import { NO_PRODUCERS, type ProducersOfLog } from './log-producers.ts'
import type { OffsetMap } from './offset-map.ts'
import { type Retained, retainRecords } from './retained-records.ts'
import { groupSegments } from './segment-groups.ts'
import type { Throttler } from './throttler.ts'
import { retainMessages, unpackedMessages } from './unpacked-messages.ts'

export interface CleanerOptions {
  readonly rules: CleanerRules
  /** Bytes read at a time, and for how large an entry more are taken. */
  readonly ioBufferBytes: number
  readonly ioBufferBytesMax: number
  /** Share of the map's slots that a round fills, 0 to 1. */
  readonly loadFactor: number
  /** Who writes to a log with producer ids; nobody if left out. */
  readonly producersOf?: (log: Log) => ProducersOfLog
}

/** One run over one log, and the means to end it early. */
export class CleaningRound {
  private output: { readonly segment: LogSegment; readonly directory: string } | undefined
  private isOver = false

  /** @throws CleaningAborted */
  check(): void {
    if (this.isOver) throw new CleaningAborted()
  }

  writesInto(segment: LogSegment, directory: string): void {
    this.output = { segment, directory }
  }

  wroteAll(): void {
    this.output = undefined
  }

  /** The log is needed otherwise: what was written so far goes. */
  abort(host: Host): void {
    const { output } = this
    this.stop()
    if (output !== undefined) {
      discardSegmentFiles(host.files, output.directory, output.segment.baseOffset, CLEANED_SUFFIX)
    }
  }

  /** Ends where it is: what was written stays on disk, for the next start to clear away. */
  stop(): void {
    this.isOver = true
    this.output?.segment.closeFiles()
    this.output = undefined
  }
}

export interface CleanedLog {
  /** First offset that was not looked at. */
  readonly endOffset: number
  readonly recordsRead: number
  readonly recordsKept: number
  readonly bytesRead: number
  readonly bytesKept: number
}

export class Cleaner {
  private readonly host: Host
  private readonly map: OffsetMap
  private readonly throttler: Throttler
  private readonly options: CleanerOptions
  private readonly rules: CleanerRules
  private bufferBytes: number
  /** Of the segment that is being written. */
  private outputIndex: TransactionIndex | undefined

  constructor(host: Host, map: OffsetMap, throttler: Throttler, options: CleanerOptions) {
    this.host = host
    this.map = map
    this.throttler = throttler
    this.options = options
    this.rules = options.rules
    this.bufferBytes = options.ioBufferBytes
  }

  /**
   * @throws CleaningAborted; CleaningFailed, OffsetMapFullError, LogError, CompressionError, FileError: see
   * `isCleaningFailure`
   */
  *clean(dirty: DirtyLog, round: CleaningRound): Task<CleanedLog> {
    const { log, firstDirtyOffset } = dirty
    const endOffset = yield* this.buildMap(dirty, round)
    const horizonMs = deleteHorizonMs(log, firstDirtyOffset)
    const limits = {
      segmentBytes: log.config['segment.bytes'],
      indexBytes: log.config['segment.index.bytes'],
      end: dirty.firstUncleanableOffset,
    }
    let recordsRead = 0
    let recordsKept = 0
    let bytesRead = 0
    let bytesKept = 0
    const toClean = segmentsBetween(log, 0, endOffset).map((segment) => ({
      segment,
      baseOffset: segment.baseOffset,
      size: segment.size,
      indexBytes: segment.index.entries * 8,
    }))
    const producers = this.options.producersOf?.(log) ?? NO_PRODUCERS
    const transactions = new CleanedTransactions((transaction) => this.outputIndex?.append(transaction))
    for (const group of groupSegments(toClean, limits, this.rules.cleanerGroups)) {
      const filter = new CompactionFilter(this.map, this.rules, transactions, producers, this.host.tracing)
      const segments = group.map(({ segment }) => segment)
      const sum = yield* this.cleanGroup(log, segments, horizonMs, filter, round)
      recordsRead += sum.recordsRead
      recordsKept += sum.recordsKept
      bytesRead += sum.bytesRead
      bytesKept += sum.bytesKept
    }
    return { endOffset, recordsRead, recordsKept, bytesRead, bytesKept }
  }

  /** Copies a group of segments into one and swaps it in. */
  private *cleanGroup(
    log: Log,
    segments: readonly LogSegment[],
    horizonMs: number,
    filter: CompactionFilter,
    round: CleaningRound,
  ): Task<{ recordsRead: number; recordsKept: number; bytesRead: number; bytesKept: number }> {
    const cleaned = log.newCleanedSegment(segments[0]!.baseOffset)
    round.writesInto(cleaned, log.directory)
    this.outputIndex = cleaned.transactionIndex
    const sum = { recordsRead: 0, recordsKept: 0, bytesRead: 0, bytesKept: 0 }
    for (const [i, segment] of segments.entries()) {
      const nextBase = segments[i + 1]?.baseOffset ?? this.map.latestOffset + 1
      filter.enterSegment(segment.baseOffset, nextBase, segment.lastModifiedMs > horizonMs)
      let position = 0
      while (position < segment.size) {
        round.check()
        const kept = this.retain(log, segment, position, filter)
        if (kept === undefined) continue
        position += kept.bytesRead
        sum.recordsRead += kept.recordsRead
        sum.recordsKept += kept.recordsKept
        sum.bytesRead += kept.bytesRead
        sum.bytesKept += kept.bytes.length
        if (kept.bytes.length > 0) this.append(cleaned, log, kept)
        yield* this.rest(kept.bytesRead + kept.bytes.length)
      }
      this.bufferBytes = this.options.ioBufferBytes
    }
    round.check()
    cleaned.becomeInactive()
    // The old segments go: their heir must be durable first.
    cleaned.flush()
    cleaned.lastModifiedMs = segments.at(-1)!.lastModifiedMs
    round.wroteAll()
    log.replaceSegments([cleaned], segments)
    if (this.host.tracing) {
      const baseOffsets = segments.map(({ baseOffset }) => baseOffset)
      const { dropped } = filter
      this.host.trace({ kind: 'SegmentsCompacted', tp: log.topicPartition, baseOffsets, ...sum, dropped })
    }
    return sum
  }

  /** What stays of a buffer full of a segment; undefined if the buffer had to grow first. */
  private retain(log: Log, segment: LogSegment, position: number, filter: CompactionFilter): Retained | undefined {
    const chunk = segment.log.read(position, this.bufferBytes)
    const { codecs } = log.format
    if (this.rules.cleanerWrappers === 'repacked') {
      const kept = retainRecords(chunk, filter, codecs)
      if (kept.bytesRead > 0) return kept
    } else {
      const kept = retainMessages(chunk, (message) => filter.keeps(message), codecs)
      if (kept.bytes.length > this.bufferBytes) throw new CleaningFailed('the write buffer overflows')
      if (kept.recordsRead > 0) return kept
    }
    this.growBuffers(log, segment, position)
    return undefined
  }

  private append(cleaned: LogSegment, log: Log, kept: Retained): void {
    const indexed = log.format.indexedOffset === 'last' ? kept.lastOffset : kept.firstOffset
    const { maxTimestamp, offsetOfMaxTimestamp } = describeEntries(kept.bytes)
    cleaned.append(indexed, kept.lastOffset, kept.bytes, maxTimestamp, offsetOfMaxTimestamp)
  }

  /** Fills the map from the dirty segments; returns the first offset that it does not cover. */
  private *buildMap(dirty: DirtyLog, round: CleaningRound): Task<number> {
    const { map, rules } = this
    const { log, firstDirtyOffset: start, firstUncleanableOffset: end } = dirty
    map.clear()
    const segments = segmentsBetween(log, start, end)
    const bySegments = rules.cleanerMap === 'segments-overfilled' || rules.cleanerMap === 'segments-that-fit'
    if (bySegments && segments[0]?.baseOffset !== start) {
      const found = segments[0] === undefined ? 'no dirty segment' : `a dirty segment at ${segments[0].baseOffset}`
      throw new CleaningFailed(`last clean offset is ${start} but there is ${found} in ${log.topicPartition}`)
    }
    const producers = this.options.producersOf?.(log) ?? NO_PRODUCERS
    const transactions = new CleanedTransactions()
    transactions.add(producers.abortedTransactions(start, end))
    let last = start
    for (const [i, segment] of segments.entries()) {
      round.check()
      if (bySegments) {
        if (!this.takesSegment(segment, start)) break
        last = yield* this.mapSegment(log, segment, round)
      } else {
        if (yield* this.mapRecords(log, segment, start, transactions, round)) break
        if (rules.cleanerMap === 'batches-and-gaps') map.updateLatestOffset((segments[i + 1]?.baseOffset ?? end) - 1)
      }
    }
    return (bySegments ? last : map.latestOffset) + 1
  }

  /** @throws CleaningFailed it never fits */
  private takesSegment(segment: LogSegment, start: number): boolean {
    const { map } = this
    const { loadFactor } = this.options
    if (this.rules.cleanerMap === 'segments-overfilled') {
      return segment.baseOffset <= Math.floor(start + map.slots * loadFactor) || map.utilization < loadFactor
    }
    const room = Math.floor(map.slots * loadFactor)
    const records = segment.nextOffset - segment.baseOffset
    if (records > room) {
      throw new CleaningFailed(`${records} messages in ${segment.log.path} but the offset map can fit only ${room}`)
    }
    return map.size + records <= room
  }

  /** Puts all keys of a segment into the map; returns its last offset. */
  private *mapSegment(log: Log, segment: LogSegment, round: CleaningRound): Task<number> {
    const stops = this.rules.keylessRecords === 'stop-the-cleaner'
    let last = segment.baseOffset
    let position = 0
    while (position < segment.size) {
      round.check()
      const chunk = segment.log.read(position, this.bufferBytes)
      const from = position
      for (const { offset, key, bytes } of this.messagesOf(chunk, log)) {
        if (key !== null) this.map.put(key, offset)
        else if (stops) throw new CleaningFailed(`message ${offset} of ${log.topicPartition} has no key`)
        position += bytes
        last = offset
      }
      if (position === from) this.growBuffers(log, segment, position)
      else yield* this.rest(chunk.length)
    }
    this.bufferBytes = this.options.ioBufferBytes
    return last
  }

  /** The messages of a chunk, and by how much each moves the reader on. */
  private *messagesOf(
    chunk: Uint8Array,
    log: Log,
  ): Generator<{ readonly offset: number; readonly key: Uint8Array | null; readonly bytes: number }, void> {
    const { codecs } = log.format
    if (this.rules.cleanerWrappers === 'unpacked') {
      for (const { offset, key, entry } of unpackedMessages(chunk, codecs)) yield { offset, key, bytes: entry.length }
      return
    }
    for (const batch of batchesOf(chunk)) {
      const records = batch.records({ codecs })
      for (const [i, { offset, key }] of records.entries()) {
        yield { offset, key, bytes: i === records.length - 1 ? batch.size : 0 }
      }
    }
  }

  /** Puts the keys of a segment into the map while it has room; true if it has none left. */
  private *mapRecords(
    log: Log,
    segment: LogSegment,
    start: number,
    transactions: CleanedTransactions,
    round: CleaningRound,
  ): Task<boolean> {
    const { map } = this
    const { codecs } = log.format
    const room = Math.floor(map.slots * this.options.loadFactor)
    const byBatch = this.rules.cleanerMap !== 'records'
    let position = segment.index.positionFor(start)
    while (position < segment.size) {
      round.check()
      const chunk = segment.log.read(position, this.bufferBytes)
      const from = position
      for (const batch of batchesOf(chunk)) {
        if (batch.isControl) transactions.passMarker(batch)
        else if (!transactions.passRecords(batch)) {
          for (const { offset, key } of batch.records({ codecs })) {
            if (key === null || offset < start) continue
            if (map.size >= room) return true
            map.put(key, offset)
          }
        }
        if (byBatch && batch.lastOffset >= start) map.updateLatestOffset(batch.lastOffset)
        position += batch.size
      }
      if (position === from) this.growBuffers(log, segment, position)
      else yield* this.rest(position - from)
    }
    this.bufferBytes = this.options.ioBufferBytes
    return false
  }

  /** Makes room for an entry that is larger than the buffer. @throws CleaningFailed */
  private growBuffers(log: Log, segment: LogSegment, position: number): void {
    const { ioBufferBytesMax } = this.options
    const rule = this.rules.cleanerBuffer
    let limit = rule === 'broker-limit' ? ioBufferBytesMax : Math.max(ioBufferBytesMax, log.config['max.message.bytes'])
    if (rule === 'as-needed') limit = Math.max(limit, entryBytesAt(segment, position))
    if (this.bufferBytes >= limit) {
      throw new CleaningFailed(`${log.topicPartition} has a message larger than the largest allowed, ${limit} bytes`)
    }
    this.bufferBytes = Math.min(this.bufferBytes * 2, limit)
  }

  /** Lets others have their turn, for as long as the throttle says. */
  private *rest(bytes: number): Task<void> {
    yield* sleep(this.host, this.throttler.observe(bytes), 'log cleaner')
  }
}

/** Size of the entry at a position as it says itself; 0 if it cannot be, or is not all there. */
function entryBytesAt(segment: LogSegment, position: number): number {
  const header = segment.log.read(position, ENTRY_OVERHEAD)
  const bytes = header.length < ENTRY_OVERHEAD ? 0 : ENTRY_OVERHEAD + readInt32(header, SIZE_AT)
  return position + bytes > segment.size ? 0 : bytes
}

/** Tombstones in segments last changed up to then may go. Before anything was cleaned none may. */
function deleteHorizonMs(log: Log, firstDirtyOffset: number): number {
  const lastClean = segmentsBetween(log, 0, firstDirtyOffset).at(-1)
  return lastClean === undefined ? 0 : lastClean.lastModifiedMs - log.config['delete.retention.ms']
}
