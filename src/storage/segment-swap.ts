/**
 * Putting the outcome of a compaction in its place (`replaceSegments` of `kafka/log/Log.scala`). The new files go from
 * `.cleaned` to `.swap`, the old ones to `.deleted`, then the new ones lose their suffix. Up to the first step the next
 * start drops the new files; from then on it finishes the swap.
 */
import { type Host, invariant } from '../host/index.ts'
import { CLEANED_SUFFIX, SWAP_SUFFIX } from './file-names.ts'
import type { LogSegment } from './log-segment.ts'
import { deleteSegmentInTime } from './segment-deletion.ts'
import type { Segments } from './segments.ts'

/** @param isRecovered the new segment was found as `.swap` at start-up */
export function putCleanedInPlace(
  host: Host,
  row: Segments,
  newSegments: readonly LogSegment[],
  oldSegments: readonly LogSegment[],
  deleteDelayMs: number,
  isRecovered = false,
): void {
  const fresh = [...newSegments].sort((a, b) => a.baseOffset - b.baseOffset)
  const old = [...oldSegments].sort((a, b) => a.baseOffset - b.baseOffset)
  invariant(fresh.length > 0, 'a swap without a new segment')
  // The last one first: as long as a `.cleaned` is left with a lower offset, the swap has not begun (KAFKA-6264).
  if (!isRecovered) for (const segment of fresh.toReversed()) segment.changeSuffix(CLEANED_SUFFIX, SWAP_SUFFIX)
  for (const segment of fresh) row.put(segment)
  for (const segment of old) {
    row.remove(segment)
    deleteSegmentInTime(host, segment, deleteDelayMs)
  }
  for (const segment of fresh) segment.changeSuffix(SWAP_SUFFIX, '')
}
