/**
 * Which segments a log may give up (`deleteOldSegments` of `kafka/log/Log.scala`, `cleanupLogs` of
 * `kafka/log/LogManager.scala`; formats.md 2.9): whole ones, the oldest first, up to the first that may stay.
 */
import type { TopicConfig } from '../config/index.ts'
import type { LogFormat } from './log-format.ts'
import type { LogSegment } from './log-segment.ts'

export type RetentionReason = 'time' | 'size' | 'log-start-offset'

export interface RetainedLog {
  readonly segments: readonly LogSegment[]
  readonly config: TopicConfig
  readonly format: LogFormat
  readonly size: number
  readonly logStartOffset: number
  readonly logEndOffset: number
  /** Undefined while it is not known: nothing goes then, since 0.11. */
  readonly highWatermark: number | undefined
}

/** The segments that may go for a reason. */
export function deletableSegments(log: RetainedLog, reason: RetentionReason, nowMs: number): LogSegment[] {
  switch (reason) {
    case 'time': {
      const retentionMs = log.config['retention.ms']
      // Up to 0.8.2 every age is above a limit below zero.
      if (retentionMs < 0 && log.format.upkeep !== 'broken-index-is-fatal') return []
      const byRecords = log.format.segmentFiles !== 'offset-index'
      return takeWhile(
        log,
        (segment) => nowMs - (byRecords ? segment.largestTimestampMs : segment.lastModifiedMs) > retentionMs,
      )
    }
    case 'size': {
      const retentionBytes = log.config['retention.bytes']
      let excess = log.size - retentionBytes
      if (retentionBytes < 0 || excess < 0) return []
      return takeWhile(log, (segment) => {
        if (excess - segment.size < 0) return false
        excess -= segment.size
        return true
      })
    }
    case 'log-start-offset':
      return takeWhile(log, (_, next) => next !== undefined && next.baseOffset <= log.logStartOffset)
  }
}

/** Deleting the active segment when it is empty would only make it anew. */
function takeWhile(
  { segments, format, logEndOffset, highWatermark }: RetainedLog,
  mayGo: (segment: LogSegment, next: LogSegment | undefined) => boolean,
): LogSegment[] {
  const taken: LogSegment[] = []
  for (const [slot, segment] of segments.entries()) {
    const next = segments[slot + 1]
    if (next === undefined && segment.size === 0) break
    // The log never begins above the high watermark.
    const end = next?.baseOffset ?? logEndOffset
    const isDecided = format.segmentFiles !== 'producer-state' || (highWatermark !== undefined && highWatermark >= end)
    if (!isDecided || !mayGo(segment, next)) break
    taken.push(segment)
  }
  return taken
}
