/**
 * All logs of one broker in one directory (`kafka/log/LogManager.scala`, 0.8.2.2 to 2.4): loading them at start-up, making
 * and deleting them, what is done to all of them now and then, and writing down how far they are known to be durable.
 */
import type { BrokerConfig, TopicConfig } from '../config/index.ts'
import { type Digest, FileError, type Host } from '../host/index.ts'
import { splitTopicPartition, type TopicPartition, topicPartition } from '../protocol/index.ts'
import { type CleanerRules, cleanerRules082 } from './cleaner/cleaner-rules.ts'
import { LogCleaner } from './cleaner/log-cleaner.ts'
import { producersOfLog } from './cleaner/log-producers.ts'
import type { StorageEvent } from './events.ts'
import {
  CLEAN_SHUTDOWN_FILE,
  join,
  LOG_START_OFFSET_CHECKPOINT_FILE,
  RECOVERY_POINT_CHECKPOINT_FILE,
} from './file-names.ts'
import type { Log } from './log.ts'
import { type LogFormat, logFormat082 } from './log-format.ts'
import { type OpenOptions, openLog } from './log-loader.ts'
import { nowMs } from './log-segment.ts'
import { OffsetCheckpoint } from './offset-checkpoint.ts'

export interface LogManagerOptions {
  readonly config: BrokerConfig
  /** The configuration in force for a topic. */
  readonly topicConfig: (topic: string) => TopicConfig
  /** What the broker's release, and the topic's settings, make its logs write; as 0.8.2 does if left out. */
  readonly logFormat?: (topic: string) => LogFormat
  /**
   * When the mark of a clean shutdown goes: after all logs are open, or (2.8, KAFKA-10471) before the first one is. Left
   * for last, a crash while logs are being opened leaves files that the next start trusts although they were touched.
   * The former if left out.
   */
  readonly shutdownMark?: 'removed-last' | 'removed-first'
  /** Whether `delete` waits until the deletion is durable (3.0, KAFKA-3968); not so if left out. */
  readonly deletedReplica?: 'left-to-kernel' | 'synced'
  /** How the broker's release compacts logs; as 0.8.2 does if left out. */
  readonly cleanerRules?: CleanerRules
}

export class LogManager {
  readonly directory: string
  private readonly host: Host
  private readonly options: LogManagerOptions
  private readonly byName = new Map<TopicPartition, Log>()
  private readonly recoveryPoints: OffsetCheckpoint
  private readonly logStartOffsets: OffsetCheckpoint
  /** Undefined if nothing is compacted. */
  private readonly cleaner: LogCleaner | undefined

  /** @param directory '' for the root of the machine's disk */
  constructor(host: Host, directory: string, options: LogManagerOptions) {
    this.host = host
    this.directory = directory
    this.options = options
    this.recoveryPoints = new OffsetCheckpoint(host.files, join(directory, RECOVERY_POINT_CHECKPOINT_FILE))
    this.logStartOffsets = new OffsetCheckpoint(host.files, join(directory, LOG_START_OFFSET_CHECKPOINT_FILE))
    const { config, cleanerRules: rules = cleanerRules082 } = options
    if (config['log.cleaner.enable'] && rules.cleanupPolicies !== 'delete') {
      this.cleaner = new LogCleaner(host, directory, this, {
        config,
        rules,
        producersOf: producersOfLog,
        deleteOldSegments: (log) => void log.deleteOldSegments(),
      })
    }
  }

  /**
   * Opens every log of the directory; scans them unless the last shutdown was clean.
   * @throws CorruptLogError, FileError: the broker cannot start
   */
  load(): { readonly cleanShutdown: boolean } {
    const { files } = this.host
    if (this.directory !== '') files.makeDirectory(this.directory)
    const cleanShutdown = files.status(join(this.directory, CLEAN_SHUTDOWN_FILE)) !== undefined
    const recoveryPoints = this.recoveryPoints.read()
    const logStartOffsets = this.logStartOffsets.read()
    const removedFirst = this.options.shutdownMark === 'removed-first'
    if (cleanShutdown && removedFirst) this.removeShutdownMark()
    try {
      for (const name of files.list(this.directory)) {
        if (isLogDirectory(name) && files.status(join(this.directory, name))?.kind === 'directory') {
          const recoveryPoint = recoveryPoints.get(name) ?? 0
          this.open(name, { recoveryPoint, cleanShutdown, logStartOffset: logStartOffsets.get(name) ?? 0 })
        }
      }
    } catch (error) {
      // Trims the indexes of those that are open: the marker stays, so the next start takes the files as they are.
      this.closeAll()
      throw error
    }
    if (cleanShutdown && !removedFirst) this.removeShutdownMark()
    return { cleanShutdown }
  }

  /** Begins the work in the background, once the logs are loaded. */
  startup(): void {
    this.cleaner?.startup()
  }

  log(tp: TopicPartition): Log | undefined {
    return this.byName.get(tp)
  }

  /** By topic, then partition. */
  logs(): Iterable<Log> {
    return this.sorted()
  }

  /** @throws FileError */
  getOrCreate(tp: TopicPartition): Log {
    const existing = this.byName.get(tp)
    if (existing !== undefined) return existing
    const { log } = openLog(this.host, join(this.directory, tp), tp, this.configOf(tp), {
      recoveryPoint: 0,
      cleanShutdown: false,
      format: this.formatOf(tp),
    })
    this.byName.set(tp, log)
    return log
  }

  /** Removes a log with all its files, at once. No effect if there is none. */
  delete(tp: TopicPartition): void {
    const log = this.byName.get(tp)
    if (log === undefined) return
    this.byName.delete(tp)
    this.cleaner?.abortForDeletion(tp)
    log.abandon()
    this.host.files.removeDirectory(log.directory)
    if (this.options.deletedReplica === 'synced') this.host.files.syncDirectory(this.directory)
  }

  /** Truncates one log and writes the recovery points. */
  truncateTo(tp: TopicPartition, offset: number): void {
    this.truncateAll(new Map([[tp, offset]]))
  }

  /** Truncates several logs, then writes the recovery points once. Partitions without a log are passed over. */
  truncateAll(offsets: ReadonlyMap<TopicPartition, number>): void {
    for (const [tp, offset] of offsets) {
      const log = this.byName.get(tp)
      if (log === undefined) continue
      if (offset < log.activeSegment.baseOffset) this.withoutCleaner(log, () => log.truncateTo(offset))
      else log.truncateTo(offset)
    }
    this.checkpointRecoveryPoints()
  }

  /** Empties a log, lets it begin anew at `offset` and writes the recovery points. */
  truncateFullyAndStartAt(tp: TopicPartition, offset: number): void {
    const log = this.byName.get(tp)
    if (log !== undefined) this.withoutCleaner(log, () => log.truncateFullyAndStartAt(offset))
    this.checkpointRecoveryPoints()
  }

  /** Writes `recovery-point-offset-checkpoint`. */
  checkpointRecoveryPoints(): void {
    const points = new Map(this.sorted().map((log) => [log.topicPartition, log.recoveryPoint]))
    this.recoveryPoints.write(points)
    this.traceCheckpoint(RECOVERY_POINT_CHECKPOINT_FILE, points)
    for (const log of this.sorted()) log.deleteOldSnapshots()
  }

  /**
   * Deletes segments whose time is up, or that are too many. Compacted logs are the cleaner's business, or (0.8) nobody's.
   * @throws FileError; the logs after the one that it happened to are not looked at
   */
  cleanupLogs(): void {
    for (const log of this.sorted()) if (!log.config['cleanup.policy'].includes('compact')) log.deleteOldSegments()
  }

  /** Flushes the logs that were not for `flush.ms`. @throws FileError as `cleanupLogs` */
  flushDirtyLogs(): void {
    const now = nowMs(this.host)
    for (const log of this.sorted()) if (now - log.lastFlushMs >= log.config['flush.ms']) log.flush()
  }

  /** Forgets producers that have been silent for long (since 0.11). */
  removeExpiredProducers(): void {
    const now = nowMs(this.host)
    for (const log of this.byName.values()) log.producerState?.removeExpiredProducers(now)
  }

  /** Writes `log-start-offset-checkpoint` (since 0.11): the logs that begin within their first segment. */
  checkpointLogStartOffsets(): void {
    const offsets = new Map<TopicPartition, number>()
    for (const { topicPartition, logStartOffset, segments } of this.sorted()) {
      if (logStartOffset > segments[0]!.baseOffset) offsets.set(topicPartition, logStartOffset)
    }
    this.logStartOffsets.write(offsets)
    this.traceCheckpoint(LOG_START_OFFSET_CHECKPOINT_FILE, offsets)
  }

  /**
   * Flushes and closes all logs, then leaves the recovery points and the mark of a clean shutdown.
   * @throws FileError if a log could not be closed well; there is no mark then
   */
  shutdown(): void {
    this.cleaner?.shutdown()
    const failure = this.closeAll()
    if (failure !== undefined) throw failure
    this.checkpointRecoveryPoints()
    if (this.sorted().some((log) => log.producerState !== undefined)) this.checkpointLogStartOffsets()
    this.host.files.open(join(this.directory, CLEAN_SHUTDOWN_FILE), { create: true }).close()
  }

  digest(digest: Digest): void {
    for (const log of this.sorted()) log.digest(digest)
    this.cleaner?.digest(digest)
  }

  /** Changes a log while nobody compacts it; what is compacted ends with the new end then. */
  private withoutCleaner(log: Log, change: () => void): void {
    const tp = log.topicPartition
    this.cleaner?.abortAndPauseCleaning(tp)
    change()
    this.cleaner?.maybeTruncateCheckpoint(tp, log.activeSegment.baseOffset)
    this.cleaner?.resumeCleaning(tp)
  }

  private open(tp: TopicPartition, options: OpenOptions): void {
    const { log, truncatedBytes } = openLog(this.host, join(this.directory, tp), tp, this.configOf(tp), {
      ...options,
      format: this.formatOf(tp),
    })
    this.byName.set(tp, log)
    const { logStartOffset, logEndOffset } = log
    this.trace({
      kind: 'LogLoaded',
      tp,
      logStartOffset,
      logEndOffset,
      recovered: !options.cleanShutdown,
      truncatedBytes,
      segments: log.segments.map(({ baseOffset }) => baseOffset),
    })
  }

  private removeShutdownMark(): void {
    this.host.files.removeFile(join(this.directory, CLEAN_SHUTDOWN_FILE))
    // Should the mark come back after a power loss, the next start would trust files that it must scan.
    this.host.files.syncDirectory(this.directory)
  }

  /** Flushes and closes every log, whatever happens to the others; returns the first failure. */
  private closeAll(): FileError | undefined {
    let failure: FileError | undefined
    for (const log of this.sorted()) {
      try {
        log.flush()
        log.close()
      } catch (error) {
        if (!(error instanceof FileError)) throw error
        failure ??= error
      }
    }
    return failure
  }

  private configOf(tp: TopicPartition): TopicConfig {
    return this.options.topicConfig(splitTopicPartition(tp).topic)
  }

  private formatOf(tp: TopicPartition): LogFormat {
    const format = this.options.logFormat?.(splitTopicPartition(tp).topic) ?? logFormat082
    return this.options.cleanerRules?.keylessRecords === 'refused' ? { ...format, compactedNeedsKeys: true } : format
  }

  private sorted(): Log[] {
    return [...this.byName.values()].sort((a, b) => compare(a.topicPartition, b.topicPartition))
  }

  private traceCheckpoint(file: string, offsets: ReadonlyMap<TopicPartition, number>): void {
    if (this.host.tracing) this.trace({ kind: 'CheckpointWritten', file, entries: Object.fromEntries(offsets) })
  }

  private trace(event: StorageEvent): void {
    if (this.host.tracing) this.host.trace(event)
  }
}

/** `topic-partition`, and nothing that only looks like it. */
function isLogDirectory(name: string): boolean {
  const { topic, partition } = splitTopicPartition(name)
  return topic !== '' && Number.isSafeInteger(partition) && topicPartition(topic, partition) === name
}

function compare(a: TopicPartition, b: TopicPartition): number {
  const left = splitTopicPartition(a)
  const right = splitTopicPartition(b)
  if (left.topic !== right.topic) return left.topic < right.topic ? -1 : 1
  return left.partition - right.partition
}
