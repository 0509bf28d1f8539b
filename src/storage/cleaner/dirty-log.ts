/**
 * How much of a log is clean, and how much could be cleaned (`LogToClean` of `kafka/log/LogCleaner.scala`,
 * `cleanableOffsets` of `kafka/log/LogCleanerManager.scala`).
 */
import type { Log } from '../log.ts'
import type { LogSegment } from '../log-segment.ts'
import type { CleanerRules } from './cleaner-rules.ts'

export interface DirtyLog {
  readonly log: Log
  /** Where the last round ended. */
  readonly firstDirtyOffset: number
  /** Base offset of the first segment that may not be cleaned, which at the latest is the active one. */
  readonly firstUncleanableOffset: number
  readonly cleanBytes: number
  readonly cleanableBytes: number
  /** Share of the cleanable bytes in both. */
  readonly ratio: number
  /** `max.compaction.lag.ms` has passed. */
  readonly isOverdue: boolean
  /** The offset in the checkpoint lay outside of the log. */
  readonly checkpointIsWrong: boolean
}

/** @param checkpoint the first dirty offset that was written down, if any */
export function measureDirtyLog(
  log: Log,
  checkpoint: number | undefined,
  nowMs: number,
  rules: CleanerRules,
): DirtyLog {
  const { offset: firstDirtyOffset, isWrong } = firstDirty(log, checkpoint, rules)
  const uncleanable = Math.max(firstDirtyOffset, firstUncleanable(log, firstDirtyOffset, nowMs, rules))
  const firstUncleanableOffset =
    segmentsBetween(log, uncleanable, log.activeSegment.baseOffset)[0]?.baseOffset ?? log.activeSegment.baseOffset
  // 0.8 overlooks a clean segment right before the dirty part that holds a single message.
  const cleanEnd = rules.cleanerCheckpoint === 'trusted' ? firstDirtyOffset - 1 : firstDirtyOffset
  const cleanBytes = bytesOf(log.segments.filter(({ baseOffset }) => baseOffset < cleanEnd))
  const cleanableBytes = bytesOf(
    segmentsBetween(log, firstDirtyOffset, Math.max(firstDirtyOffset, firstUncleanableOffset)),
  )
  return {
    log,
    firstDirtyOffset,
    firstUncleanableOffset,
    cleanBytes,
    cleanableBytes,
    ratio: cleanableBytes / (cleanBytes + cleanableBytes),
    isOverdue: rules.compactionLag === 'min-and-max' && isOverdue(log, firstDirtyOffset, nowMs),
    checkpointIsWrong: isWrong,
  }
}

/** The segments from the one that holds `from` on, as far as they begin below `to` (`logSegments` of `Log.scala`). */
export function segmentsBetween(log: Log, from: number, to: number): LogSegment[] {
  const first = log.segments.findLastIndex(({ baseOffset }) => baseOffset <= from)
  return log.segments.slice(Math.max(0, first)).filter(({ baseOffset }) => baseOffset < to)
}

/** Closed segments from the one that holds `from` on; none if that is the active one. */
const closedSegmentsFrom = (log: Log, from: number): LogSegment[] =>
  segmentsBetween(log, from, log.activeSegment.baseOffset)

function firstDirty(
  log: Log,
  checkpoint: number | undefined,
  rules: CleanerRules,
): { readonly offset: number; readonly isWrong: boolean } {
  const start = log.logStartOffset
  const offset = checkpoint ?? start
  if (rules.cleanerCheckpoint === 'trusted') return { offset, isWrong: false }
  if (offset < start) return { offset: start, isWrong: true }
  if (rules.cleanerCheckpoint === 'kept-within-log' && offset > log.logEndOffset)
    return { offset: start, isWrong: true }
  return { offset, isWrong: false }
}

/**
 * The active segment's base offset, or that of the first segment with a record that is too young, or the first offset of
 * a transaction that is not decided.
 */
function firstUncleanable(log: Log, firstDirtyOffset: number, nowMs: number, rules: CleanerRules): number {
  const activeBase = Math.min(log.activeSegment.baseOffset, log.firstUnstableOffset ?? Number.POSITIVE_INFINITY)
  const lagMs = log.config['min.compaction.lag.ms']
  if (rules.compactionLag === 'none' || lagMs <= 0) return activeBase
  const young = closedSegmentsFrom(log, firstDirtyOffset).find((segment) => segment.largestTimestampMs > nowMs - lagMs)
  return Math.min(young?.baseOffset ?? activeBase, activeBase)
}

/** True if a dirty record has waited longer than `max.compaction.lag.ms`. */
function isOverdue(log: Log, firstDirtyOffset: number, nowMs: number): boolean {
  const cleanUntilMs = nowMs - Math.max(0, log.config['max.compaction.lag.ms'])
  return closedSegmentsFrom(log, firstDirtyOffset).some((segment) => {
    const timestamp = segment.firstTimestampMs
    return timestamp > 0 && timestamp < cleanUntilMs
  })
}

const bytesOf = (segments: readonly LogSegment[]): number => segments.reduce((sum, { size }) => sum + size, 0)
