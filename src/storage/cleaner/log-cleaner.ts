/**
 * The threads that compact logs in the background (`kafka/log/LogCleaner.scala`): each takes the dirtiest log, cleans it,
 * and looks for the next, or rests for `log.cleaner.backoff.ms` if none is dirty enough.
 */
import type { BrokerConfig } from '../../config/index.ts'
import { type Digest, fromMs, type Host, runTask, sleep, type Task } from '../../host/index.ts'
import type { TopicPartition } from '../../protocol/index.ts'
import type { Log } from '../log.ts'
import { nowMs } from '../log-segment.ts'
import { type CleanedLog, Cleaner, CleaningRound } from './cleaner.ts'
import { CleaningAborted, isCleaningFailure } from './cleaner-errors.ts'
import type { CleanerEvent } from './cleaner-events.ts'
import { CLEANER_CHECKPOINT_FILE, CleanerManager, type LogPool } from './cleaner-manager.ts'
import type { CleanerRules } from './cleaner-rules.ts'
import type { DirtyLog } from './dirty-log.ts'
import type { ProducersOfLog } from './log-producers.ts'
import { OffsetMap } from './offset-map.ts'
import { Throttler } from './throttler.ts'

/** A byte array of Java is no longer. */
const MAP_BYTES_MAX = 0x7fff_ffff

export interface LogCleanerOptions {
  readonly config: BrokerConfig
  readonly rules: CleanerRules
  readonly producersOf?: (log: Log) => ProducersOfLog
  /** Deletes the segments of a log whose time or size is up; for logs that are both compacted and deleted from. */
  readonly deleteOldSegments?: (log: Log) => void
}

export class LogCleaner {
  private readonly host: Host
  private readonly options: LogCleanerOptions
  private readonly manager: CleanerManager
  private readonly throttler: Throttler
  /** Rounds that are under way, by partition. */
  private readonly rounds = new Map<TopicPartition, CleaningRound>()
  private readonly livingThreads = new Set<number>()
  private isRunning = false

  /** @param directory where the checkpoint lies: that of the logs */
  constructor(host: Host, directory: string, pool: LogPool, options: LogCleanerOptions) {
    this.host = host
    this.options = options
    this.throttler = new Throttler(host, options.config['log.cleaner.io.max.bytes.per.second'])
    this.manager = new CleanerManager(host.files, directory, pool, options.rules, (offsets) => {
      if (!host.tracing) return
      host.trace({ kind: 'CheckpointWritten', file: CLEANER_CHECKPOINT_FILE, entries: Object.fromEntries(offsets) })
    })
  }

  startup(): void {
    this.isRunning = true
    const threads = this.options.config['log.cleaner.threads']
    for (let thread = 0; thread < threads; thread++) {
      this.livingThreads.add(thread)
      // A thread of its own: it never begins inside the start-up of the broker.
      this.host.setTimer(0, 'log cleaner', () => runTask(this.run(thread)))
    }
  }

  /** The threads stop where they are. */
  shutdown(): void {
    this.isRunning = false
    for (const round of this.rounds.values()) round.stop()
    this.rounds.clear()
  }

  /** Ends a round over a log that is about to be deleted, and forgets the log. It is no longer in the pool. */
  abortForDeletion(tp: TopicPartition): void {
    this.manager.abortAndPause(tp)
    this.manager.resume(tp)
    this.manager.updateCheckpoint()
  }

  abortAndPauseCleaning(tp: TopicPartition): void {
    this.manager.abortAndPause(tp)
  }

  resumeCleaning(tp: TopicPartition): void {
    this.manager.resume(tp)
  }

  /** @param offset base offset of the active segment after a truncation */
  maybeTruncateCheckpoint(tp: TopicPartition, offset: number): void {
    this.manager.maybeTruncateCheckpoint(tp, offset)
  }

  digest(digest: Digest): void {
    digest.boolean(this.isRunning).int(this.livingThreads.size)
    this.manager.digest(digest)
  }

  private *run(thread: number): Task<void> {
    const { config, rules, producersOf } = this.options
    const threads = config['log.cleaner.threads']
    const map = new OffsetMap(Math.min(Math.floor(config['log.cleaner.dedupe.buffer.size'] / threads), MAP_BYTES_MAX))
    const cleaner = new Cleaner(this.host, map, this.throttler, {
      rules,
      ioBufferBytes: Math.floor(config['log.cleaner.io.buffer.size'] / threads / 2),
      ioBufferBytesMax: config['message.max.bytes'],
      loadFactor: config['log.cleaner.io.buffer.load.factor'],
      ...(producersOf === undefined ? {} : { producersOf }),
    })
    while (this.isRunning) {
      const outcome = yield* this.cleanFilthiestLog(thread, cleaner)
      if (outcome === 'thread-ends') break
      this.deleteFromCompactedLogs()
      if (outcome === 'nothing-cleaned')
        yield* sleep(this.host, fromMs(config['log.cleaner.backoff.ms']), 'log cleaner')
    }
    this.livingThreads.delete(thread)
  }

  private *cleanFilthiestLog(thread: number, cleaner: Cleaner): Task<'cleaned' | 'nothing-cleaned' | 'thread-ends'> {
    const round = new CleaningRound()
    let dirty: DirtyLog | undefined
    try {
      dirty = this.manager.grabFilthiestLog(nowMs(this.host), (log) => this.letGo(log, round))
    } catch (error) {
      if (!isCleaningFailure(error)) throw error
      return 'thread-ends'
    }
    if (dirty === undefined) return 'nothing-cleaned'
    const { log, firstDirtyOffset, firstUncleanableOffset, cleanBytes, cleanableBytes } = dirty
    const tp = log.topicPartition
    this.rounds.set(tp, round)
    this.trace({
      kind: 'LogCleaningStarted',
      tp,
      firstDirtyOffset,
      firstUncleanableOffset,
      cleanBytes,
      dirtyBytes: cleanableBytes,
    })
    try {
      const cleaned = yield* cleaner.clean(dirty, round)
      this.rounds.delete(tp)
      this.manager.doneCleaning(tp, cleaned.endOffset)
      this.traceCleaned(tp, firstDirtyOffset, cleaned)
      // A round that gets nowhere would be followed by the same one, without end.
      return cleaned.endOffset > firstDirtyOffset ? 'cleaned' : 'nothing-cleaned'
    } catch (error) {
      // Whoever ended the round has seen to the rest.
      if (error instanceof CleaningAborted) return this.isRunning ? 'cleaned' : 'thread-ends'
      if (!isCleaningFailure(error)) throw error
      return this.failed(thread, tp, firstDirtyOffset, round, error)
    }
  }

  private failed(
    thread: number,
    tp: TopicPartition,
    firstDirtyOffset: number,
    round: CleaningRound,
    error: Error,
  ): 'nothing-cleaned' | 'thread-ends' {
    round.stop()
    this.rounds.delete(tp)
    const threadEnds = this.options.rules.cleanerFailure === 'ends-thread'
    this.trace({ kind: 'LogCleaningFailed', tp, thread, reason: error.message, threadEnds })
    try {
      this.manager.doneCleaning(tp, firstDirtyOffset)
    } catch (another) {
      if (!isCleaningFailure(another)) throw another
      return 'thread-ends'
    }
    if (threadEnds) return 'thread-ends'
    this.manager.ruleOut(tp)
    return 'nothing-cleaned'
  }

  private letGo(log: Log, round: CleaningRound): void {
    round.abort(this.host)
    this.rounds.delete(log.topicPartition)
    this.trace({ kind: 'LogCleaningAborted', tp: log.topicPartition })
  }

  private deleteFromCompactedLogs(): void {
    const { deleteOldSegments } = this.options
    if (deleteOldSegments === undefined || !this.isRunning) return
    const logs = this.manager.takeDeletableLogs()
    try {
      for (const log of logs) deleteOldSegments(log)
    } finally {
      this.manager.doneDeleting(logs)
    }
  }

  private traceCleaned(tp: TopicPartition, firstDirtyOffset: number, cleaned: CleanedLog): void {
    this.trace({ kind: 'LogCleaned', tp, firstDirtyOffset, ...cleaned })
  }

  private trace(event: CleanerEvent): void {
    if (this.host.tracing) this.host.trace(event)
  }
}
