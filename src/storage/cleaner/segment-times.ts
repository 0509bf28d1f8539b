/** When the records of a segment were, for the settings that make compaction wait or hurry. */
import { readInt64 } from '../big-endian.ts'
import type { LogSegment } from '../log-segment.ts'
import { isBatch } from '../record/entry.ts'
import { BATCH_OVERHEAD, LEGACY_TIMESTAMP_AT, MAGIC_AT, MAX_TIMESTAMP_AT, NO_TIMESTAMP } from '../record/layout.ts'

/** Timestamp of the segment's first entry; -1 if that has none. */
export function firstTimestampOf(segment: LogSegment): number {
  const header = segment.log.read(0, BATCH_OVERHEAD)
  if (header.length < MAX_TIMESTAMP_AT + 8 && header.length < LEGACY_TIMESTAMP_AT + 8) return NO_TIMESTAMP
  if (isBatch(header, 0)) return readInt64(header, MAX_TIMESTAMP_AT)
  return header[MAGIC_AT] === 0 ? NO_TIMESTAMP : readInt64(header, LEGACY_TIMESTAMP_AT)
}

/** The largest timestamp of its records, or if they have none, the time of the file's last change. */
export const largestTimestampMsOf = (segment: LogSegment): number => segment.lastModifiedMs
