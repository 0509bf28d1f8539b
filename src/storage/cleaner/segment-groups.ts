/** Which neighbouring segments compaction merges into one (`groupSegmentsBySize` of `kafka/log/LogCleaner.scala`). */
import { RELATIVE_OFFSET_MAX } from '../log-segment.ts'
import type { CleanerRules } from './cleaner-rules.ts'

/** What grouping looks at. */
export interface GroupedSegment {
  readonly baseOffset: number
  readonly size: number
  /** Bytes of its index entries. */
  readonly indexBytes: number
}

/**
 * @param end an offset above all of the segments
 * @returns the segments in order, in groups of one at least
 */
export function groupSegments<S extends GroupedSegment>(
  segments: readonly S[],
  limits: { readonly segmentBytes: number; readonly indexBytes: number; readonly end: number },
  rule: CleanerRules['cleanerGroups'],
): S[][] {
  const fits = (sum: number, limit: number): boolean => (rule === 'below-limit' ? sum < limit : sum <= limit)
  const groups: S[][] = []
  let group: S[] = []
  let bytes = 0
  let indexBytes = 0
  segments.forEach((segment, i) => {
    const lastOffset = (segments[i + 1]?.baseOffset ?? limits.end) - 1
    const joins =
      group.length > 0 &&
      fits(bytes + segment.size, limits.segmentBytes) &&
      fits(indexBytes + segment.indexBytes, limits.indexBytes) &&
      // 0.8 does not look at offsets, and its index then fails; a log that large is not known to have been simulated.
      lastOffset - group[0]!.baseOffset <= RELATIVE_OFFSET_MAX
    if (joins) {
      group.push(segment)
      bytes += segment.size
      indexBytes += segment.indexBytes
    } else {
      group = [segment]
      groups.push(group)
      bytes = segment.size
      indexBytes = segment.indexBytes
    }
  })
  return groups
}
