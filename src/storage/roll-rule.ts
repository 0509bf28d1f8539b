/** When an append begins a new segment (`maybeRoll` of `kafka/log/Log.scala`; formats.md 2.8). */
import type { TopicConfig } from '../config/index.ts'
import type { CheckedRecords } from './checked-records.ts'
import type { LogFormat } from './log-format.ts'
import { type LogSegment, RELATIVE_OFFSET_MAX } from './log-segment.ts'
import { isBatch } from './record/entry.ts'

/** The active segment is full, or too old, or its indexes are full, or the offsets of the set are out of its reach. */
export function mustRoll(
  segment: LogSegment,
  set: CheckedRecords,
  config: TopicConfig,
  format: LogFormat,
  nowMs: number,
): boolean {
  const room = format.segmentLimit === 'before-append' ? set.bytes.length : 0
  return (
    segment.size > config['segment.bytes'] - room ||
    (segment.size > 0 && segment.waitedMs(nowMs, set.maxTimestamp) > config['segment.ms'] - segment.rollJitterMs) ||
    segment.isIndexFull ||
    set.lastOffset - segment.baseOffset > RELATIVE_OFFSET_MAX
  )
}

/**
 * Base offset of the segment that begins with a set: the log end offset, or since 0.11, where a follower's set begins
 * after a gap, its first offset; or as far as that is not known unopened, the lowest that it can have.
 */
export function rolledBaseOffset(set: CheckedRecords, format: LogFormat, logEndOffset: number): number {
  if (format.segmentFiles !== 'producer-state') return logEndOffset
  const knowsFirst = format.indexedOffset === 'last' && isBatch(set.bytes, 0)
  return Math.max(logEndOffset, knowsFirst ? set.firstOffset : set.lastOffset - RELATIVE_OFFSET_MAX)
}
