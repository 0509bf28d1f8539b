/**
 * Opening a log from its directory (`loadSegments` and `recoverLog` of `kafka/log/Log.scala`, 0.8.2.2 to 2.4; formats.md
 * 2.7, 2.10): leftovers are cleared away, segments opened, interrupted swaps finished, and after an unclean stop the part
 * from the recovery point on is scanned.
 *
 * One rule is added to Kafka's: after an unclean stop a later segment that does not begin where the one before it ends
 * goes too, with all behind it. A power loss can take a segment's tail exactly at the end of a message; Kafka would keep
 * the hole. A compacted log has holes by right, so there the rule does not hold.
 */
import type { TopicConfig } from '../config/index.ts'
import type { FileSystem, Host } from '../host/index.ts'
import type { TopicPartition } from '../protocol/index.ts'
import { readInt32, readInt64 } from './big-endian.ts'
import { clearLeftovers } from './directory-leftovers.ts'
import { CorruptLogError } from './errors.ts'
import {
  baseOffsetOf,
  indexFileName,
  join,
  LEADER_EPOCH_CHECKPOINT_FILE,
  SWAP_SUFFIX,
  timeIndexFileName,
} from './file-names.ts'
import { LeaderEpochCache, UNDEFINED_EPOCH } from './leader-epoch-cache.ts'
import { segmentOptions } from './local-log.ts'
import { Log } from './log.ts'
import { type LogFormat, logFormat082 } from './log-format.ts'
import { LogSegment, nowMs } from './log-segment.ts'
import { readTopicId } from './partition-metadata.ts'
import { ProducerState } from './producer-state/producer-state.ts'
import { type RebuildOptions, rebuildProducerState, recoverEntry } from './producer-state/segments.ts'
import { isBatch } from './record/entry.ts'
import { LEADER_EPOCH_AT } from './record/layout.ts'
import { deleteSegment } from './segment-deletion.ts'
import { putCleanedInPlace } from './segment-swap.ts'
import { Segments } from './segments.ts'

export interface OpenedLog {
  readonly log: Log
  /** Bytes that recovery cut off or deleted. */
  readonly truncatedBytes: number
}

export interface OpenOptions {
  readonly recoveryPoint: number
  /** The files can be trusted; otherwise they are scanned from `recoveryPoint` on. */
  readonly cleanShutdown: boolean
  /** That of 0.8.2 if left out. */
  readonly format?: LogFormat
  /** As `log-start-offset-checkpoint` says it, since 0.11; 0 if left out. */
  readonly logStartOffset?: number
}

/**
 * @throws CorruptLogError an index fails the check of 0.8, a file cannot be what it should be, or the last offset is
 * beyond what this program can count
 */
export function openLog(
  host: Host,
  directory: string,
  topicPartition: TopicPartition,
  config: TopicConfig,
  options: OpenOptions,
): OpenedLog {
  const loader = new LogLoader(host, directory, config, options)
  try {
    return loader.load(topicPartition)
  } catch (error) {
    loader.closeFiles()
    throw error
  }
}

class LogLoader {
  private readonly host: Host
  private readonly directory: string
  private readonly config: TopicConfig
  private readonly options: OpenOptions
  private readonly format: LogFormat
  private readonly row = new Segments([])
  private readonly maxEntryBytes: number
  private leaderEpochCache: LeaderEpochCache | undefined
  private truncatedBytes = 0

  constructor(host: Host, directory: string, config: TopicConfig, options: OpenOptions) {
    this.host = host
    this.directory = directory
    this.config = config
    this.options = options
    this.format = options.format ?? logFormat082
    // Later releases take whatever is whole.
    this.maxEntryBytes =
      this.format.validation === 'message-set' ? config['max.message.bytes'] : Number.MAX_SAFE_INTEGER
  }

  load(topicPartition: TopicPartition): OpenedLog {
    const { host, directory, config, format, options, row } = this
    host.files.makeDirectory(directory)
    const swaps = clearLeftovers(host.files, directory, format)
    if (format.leaderEpochs !== 'none') {
      this.leaderEpochCache = new LeaderEpochCache(host.files, directory, format.leaderEpochs)
    } else if (format.segmentFiles === 'producer-state') {
      removeLeaderEpochs(host.files, directory)
    }
    this.openSegments()
    for (const baseOffset of swaps) this.finishSwap(baseOffset)
    if (!options.cleanShutdown) this.recoverFrom(options.recoveryPoint)
    if (format.segmentFiles === 'producer-state') this.dropIfBelow(options.logStartOffset ?? 0)
    if (row.count === 0) this.addSegment(format.segmentFiles === 'producer-state' ? (options.logStartOffset ?? 0) : 0)
    row.active.becomeActive()
    if (format.upkeep === 'broken-index-is-fatal') {
      for (const segment of row.all) segment.index.sanityCheck(segment.size)
    }
    const { nextOffset } = row.active
    if (!Number.isSafeInteger(nextOffset)) {
      throw new CorruptLogError(row.active.log.path, row.active.size, `the last offset is ${nextOffset - 1}`)
    }
    const logStartOffset = Math.max(options.logStartOffset ?? 0, row.first.baseOffset)
    this.leaderEpochCache?.truncateFromEnd(nextOffset)
    this.leaderEpochCache?.truncateFromStart(logStartOffset)
    const log = new Log(host, directory, topicPartition, config, format, {
      segments: row,
      recoveryPoint: options.cleanShutdown ? nextOffset : options.recoveryPoint,
      logStartOffset,
      leaderEpochCache: this.leaderEpochCache,
      topicId: format.topicIds ? readTopicId(host.files, directory) : undefined,
      producerState: this.producerStateAt(nextOffset, logStartOffset, 'log'),
    })
    return { log, truncatedBytes: this.truncatedBytes }
  }

  closeFiles(): void {
    for (const segment of this.row.all) segment.closeFiles()
  }

  private addSegment(baseOffset: number, suffix = ''): LogSegment {
    const { host, directory, config, format } = this
    const segment = new LogSegment(host, directory, baseOffset, segmentOptions(host, config, format), suffix)
    if (suffix === '') this.row.put(segment)
    return segment
  }

  /** Opens the segments, oldest first; one without index, or with one that cannot be right, gets it rebuilt. */
  private openSegments(): void {
    const { host, directory, format } = this
    // Names have equal length, so their order is that of the offsets.
    for (const name of host.files.list(directory)) {
      const baseOffset = baseOffsetOf(name)
      if (baseOffset === undefined) continue
      const hasFile = (file: string): boolean => host.files.status(join(directory, file)) !== undefined
      const hasIndex = format.upkeep === 'missing-index-is-made-empty' || hasFile(indexFileName(baseOffset))
      const hasTimeIndex = hasFile(timeIndexFileName(baseOffset))
      const segment = this.addSegment(baseOffset)
      // Written by a release that had none: its records are found without.
      if (hasIndex && !hasTimeIndex) segment.timeIndex?.trim()
      if (!hasIndex || (format.upkeep !== 'broken-index-is-fatal' && !this.isSane(segment))) {
        this.truncatedBytes += this.recover(segment)
      }
    }
  }

  private isSane(segment: LogSegment): boolean {
    try {
      if (this.format.upkeep !== 'indexes-are-trusted') {
        segment.index.sanityCheck(segment.size)
        segment.timeIndex?.sanityCheck()
      }
      segment.transactionIndex?.sanityCheck()
      return true
    } catch (error) {
      if (error instanceof CorruptLogError) return false
      throw error
    }
  }

  /** The new segment takes the place of those that are still there of the ones it was made of. */
  private finishSwap(baseOffset: number): void {
    const segment = this.addSegment(baseOffset, SWAP_SUFFIX)
    try {
      this.recover(segment)
    } catch (error) {
      segment.closeFiles()
      throw error
    }
    const { row, format } = this
    const before = format.interruptedSwap === 'takes-one-before' ? row.slotOf(baseOffset) : -1
    const isReplaced = (other: LogSegment): boolean =>
      other.baseOffset < segment.nextOffset && other.nextOffset > baseOffset
    const old = row.all.filter((other, slot) => slot === before || isReplaced(other))
    putCleanedInPlace(this.host, row, [segment], old, this.config['file.delete.delay.ms'], true)
  }

  /** Scans one segment; returns the bytes cut off. */
  private recover(segment: LogSegment, leaderEpochCache?: LeaderEpochCache): number {
    const state = this.producerStateAt(segment.baseOffset, this.options.logStartOffset ?? 0, 'scan')
    const cut = segment.recover(this.maxEntryBytes, (bytes, at, end, position) => {
      if (leaderEpochCache !== undefined) noteEpoch(leaderEpochCache, bytes, at)
      if (state !== undefined) recoverEntry(state, segment, bytes, at, end, position)
    })
    // The next one to be scanned begins with it.
    state?.takeSnapshot()
    return cut
  }

  /** Scans the segments from the one that holds the recovery point on, up to the first that was damaged. */
  private recoverFrom(recoveryPoint: number): void {
    const { row } = this
    const mayHaveHoles = this.config['cleanup.policy'].includes('compact')
    for (let slot = Math.max(0, row.slotOf(recoveryPoint)); slot < row.count; slot++) {
      const segment = row.at(slot)
      const cut = this.recover(segment, this.leaderEpochCache)
      this.truncatedBytes += cut
      const next = slot + 1 < row.count ? row.at(slot + 1) : undefined
      if (cut > 0 || (!mayHaveHoles && next !== undefined && next.baseOffset !== segment.nextOffset)) {
        while (row.count > slot + 1) this.deleteLast()
      }
    }
  }

  /** A log that ends below where it should begin has lost its segments. */
  private dropIfBelow(logStartOffset: number): void {
    if (this.row.count === 0 || this.row.active.nextOffset >= logStartOffset) return
    while (this.row.count > 0) this.deleteLast()
  }

  private deleteLast(): void {
    const { host, directory, config, row } = this
    const last = row.active
    this.truncatedBytes += last.size
    deleteSegment(host, directory, last, config['file.delete.delay.ms'])
    row.remove(last)
  }

  private producerStateAt(
    offset: number,
    logStartOffset: number,
    purpose: RebuildOptions['purpose'],
  ): ProducerState | undefined {
    const { host, directory, format, row, options } = this
    const cleanShutdown = purpose === 'log' && options.cleanShutdown
    if (format.producerState === 'none') return undefined
    const state = new ProducerState(host.files, directory, format.producerState)
    const log = { segments: row.all, format, logStartOffset }
    rebuildProducerState(state, log, offset, { nowMs: nowMs(host), cleanShutdown, purpose })
    return state
  }
}

/** What the scan finds in the log may be news for the cache: its file is not synced with the log. */
function noteEpoch(cache: LeaderEpochCache, bytes: Uint8Array, at: number): void {
  if (!isBatch(bytes, at)) return
  const epoch = readInt32(bytes, at + LEADER_EPOCH_AT)
  if (epoch === 0 && cache.rules === 'latest-wins') return
  if (epoch > (cache.latestEpoch ?? UNDEFINED_EPOCH)) cache.assign(epoch, readInt64(bytes, at))
}

/** A log that shall be of an older format keeps no epochs: they would say nothing of what is appended now. */
function removeLeaderEpochs(files: FileSystem, directory: string): void {
  const path = join(directory, LEADER_EPOCH_CHECKPOINT_FILE)
  if (files.status(path) !== undefined) files.removeFile(path)
}
