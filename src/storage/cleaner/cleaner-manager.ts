/**
 * Which log is cleaned next, which ones are left alone, and how far each is clean (`kafka/log/LogCleanerManager.scala`).
 *
 * State of a partition:
 * - none: may be taken.
 * - in-progress: a thread cleans it. Leaves to none (done), or to aborted.
 * - aborted: somebody needs the log; the thread is about to let go. Leaves to paused.
 * - paused: nobody cleans it until it is resumed. Enters from none and aborted. May be asked for several times at once.
 * In Kafka the one who aborts waits for the thread. Here a thread only ever rests between two buffers, and lets go at once.
 */
import { type Digest, type FileSystem, invariant } from '../../host/index.ts'
import type { TopicPartition } from '../../protocol/index.ts'
import { join } from '../file-names.ts'
import type { Log } from '../log.ts'
import { OffsetCheckpoint } from '../offset-checkpoint.ts'
import type { CleanerRules } from './cleaner-rules.ts'
import { type DirtyLog, measureDirtyLog } from './dirty-log.ts'

export const CLEANER_CHECKPOINT_FILE = 'cleaner-offset-checkpoint'

type CleaningState =
  | { readonly kind: 'in-progress'; readonly letGo: () => void }
  | { readonly kind: 'aborted' }
  | { readonly kind: 'paused'; readonly count: number }

/** Logs by partition, as the log manager has them at any time. */
export interface LogPool {
  log(tp: TopicPartition): Log | undefined
  logs(): Iterable<Log>
}

export class CleanerManager {
  private readonly pool: LogPool
  private readonly rules: CleanerRules
  private readonly checkpoint: OffsetCheckpoint
  private readonly states = new Map<TopicPartition, CleaningState>()
  /** Partitions that an unexpected error ruled out. */
  private readonly uncleanable = new Set<TopicPartition>()
  /** Told of every checkpoint written. */
  private readonly written: (offsets: ReadonlyMap<TopicPartition, number>) => void

  constructor(
    files: FileSystem,
    directory: string,
    pool: LogPool,
    rules: CleanerRules,
    written: (offsets: ReadonlyMap<TopicPartition, number>) => void,
  ) {
    this.pool = pool
    this.rules = rules
    this.checkpoint = new OffsetCheckpoint(files, join(directory, CLEANER_CHECKPOINT_FILE))
    this.written = written
  }

  /**
   * Takes the compacted log with the largest share of dirty bytes, if that is large enough.
   * @param letGo called if the log is needed otherwise; it must end the round
   * @throws FileError, CorruptLogError the checkpoint cannot be read
   */
  grabFilthiestLog(nowMs: number, letGo: (log: Log) => void): DirtyLog | undefined {
    const checkpoints = this.checkpoint.read()
    let filthiest: DirtyLog | undefined
    for (const log of this.pool.logs()) {
      const tp = log.topicPartition
      if (!isCompacted(log) || this.states.has(tp) || this.uncleanable.has(tp)) continue
      const dirty = measureDirtyLog(log, checkpoints.get(tp), nowMs, this.rules)
      if (dirty.checkpointIsWrong && this.rules.cleanerCheckpoint === 'kept-within-log') {
        this.updateCheckpoint(tp, dirty.firstDirtyOffset)
      }
      if (!isDirtyEnough(dirty)) continue
      if (filthiest === undefined || dirty.ratio > filthiest.ratio) filthiest = dirty
    }
    if (filthiest !== undefined) {
      const { log } = filthiest
      this.states.set(log.topicPartition, { kind: 'in-progress', letGo: () => letGo(log) })
    }
    return filthiest
  }

  /**
   * Takes the logs whose segments the cleaner deletes when their time or size is up: those that are compacted and deleted
   * from. Nobody cleans them until `doneDeleting`.
   */
  takeDeletableLogs(): Log[] {
    if (this.rules.cleanupPolicies !== 'delete-and-compact') return []
    const taken: Log[] = []
    for (const log of this.pool.logs()) {
      const tp = log.topicPartition
      if (!isCompacted(log) || !log.config['cleanup.policy'].includes('delete')) continue
      if (this.states.has(tp) || this.uncleanable.has(tp)) continue
      this.states.set(tp, { kind: 'in-progress', letGo: () => {} })
      taken.push(log)
    }
    return taken
  }

  doneDeleting(logs: readonly Log[]): void {
    for (const { topicPartition } of logs) this.states.delete(topicPartition)
  }

  /** The round is over, well or not. What was aborted is not written down. */
  doneCleaning(tp: TopicPartition, endOffset: number): void {
    const state = this.states.get(tp)
    if (state?.kind === 'in-progress') {
      // Kafka's lock is given back and the state stays if the checkpoint cannot be written.
      this.updateCheckpoint(tp, endOffset)
      this.states.delete(tp)
    } else {
      invariant(state?.kind === 'aborted', () => `cleaning of ${tp} is done in state ${state?.kind}`)
      this.states.set(tp, { kind: 'paused', count: 1 })
    }
  }

  ruleOut(tp: TopicPartition): void {
    this.uncleanable.add(tp)
  }

  /** Ends a round over the partition and keeps others from beginning one. */
  abortAndPause(tp: TopicPartition): void {
    const state = this.states.get(tp)
    if (state === undefined) {
      this.states.set(tp, { kind: 'paused', count: 1 })
    } else if (state.kind === 'in-progress') {
      this.states.set(tp, { kind: 'aborted' })
      state.letGo()
      this.doneCleaning(tp, 0)
    } else {
      invariant(state.kind === 'paused', () => `cleaning of ${tp} is aborted twice`)
      this.states.set(tp, { kind: 'paused', count: state.count + 1 })
    }
  }

  resume(tp: TopicPartition): void {
    const state = this.states.get(tp)
    invariant(state?.kind === 'paused', () => `cleaning of ${tp} is resumed in state ${state?.kind}`)
    if (state.count > 1) this.states.set(tp, { kind: 'paused', count: state.count - 1 })
    else this.states.delete(tp)
  }

  /** After a truncation the log is clean no further than it reaches; releases before 0.10 forget that. */
  maybeTruncateCheckpoint(tp: TopicPartition, offset: number): void {
    const { cleanerCheckpoint } = this.rules
    if (cleanerCheckpoint === 'trusted' || cleanerCheckpoint === 'not-below-start') return
    const log = this.pool.log(tp)
    if (log === undefined || !isCompacted(log)) return
    if ((this.checkpoint.read().get(tp) ?? 0) > offset) this.updateCheckpoint(tp, offset)
  }

  /** Writes the checkpoint without logs that are gone, and with this one if it is given. */
  updateCheckpoint(tp?: TopicPartition, offset?: number): void {
    const entries = new Map([...this.checkpoint.read()].filter(([other]) => this.pool.log(other) !== undefined))
    if (tp !== undefined && offset !== undefined) entries.set(tp, offset)
    this.checkpoint.write(entries)
    this.written(entries)
  }

  digest(digest: Digest): void {
    for (const [tp, { kind }] of this.states) digest.string(tp).string(kind)
    for (const tp of this.uncleanable) digest.string(tp)
  }
}

export const isCompacted = (log: Log): boolean => log.config['cleanup.policy'].includes('compact')

function isDirtyEnough(dirty: DirtyLog): boolean {
  if (dirty.cleanBytes + dirty.cleanableBytes === 0) return false
  if (dirty.isOverdue && dirty.cleanableBytes > 0) return true
  return dirty.ratio > dirty.log.config['min.cleanable.dirty.ratio']
}
