/** ListOffsets v0 (`fetchOffsetsBefore` of `kafka/server/KafkaApis.scala`, 0.8.2.2): as coarse as segments are. */
import { EARLIEST_TIME, LATEST_TIME } from '../protocol/index.ts'
import type { LogSegment } from './log-segment.ts'

/** @returns at most `maxNumOffsets` offsets, descending */
export function offsetsBefore(
  segments: readonly LogSegment[],
  logEndOffset: number,
  nowMs: number,
  timeMs: number,
  maxNumOffsets: number,
): number[] {
  const candidates = segments.map((segment) => ({ offset: segment.baseOffset, timeMs: segment.lastModifiedMs }))
  if (segments.at(-1)!.size > 0) candidates.push({ offset: logEndOffset, timeMs: nowMs })
  let last = candidates.length - 1
  if (timeMs === EARLIEST_TIME) last = 0
  else if (timeMs !== LATEST_TIME) while (last >= 0 && candidates[last]!.timeMs > timeMs) last--
  const first = Math.max(0, last + 1 - Math.max(0, maxNumOffsets))
  return candidates
    .slice(first, last + 1)
    .map(({ offset }) => offset)
    .reverse()
}
