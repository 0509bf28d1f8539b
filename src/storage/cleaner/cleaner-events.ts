/** Trace events of the log cleaner; `tp` is `topic-partition`. */
export type CleanerEvent =
  | {
      /** A cleaner thread took the log with the largest share of dirty bytes. */
      readonly kind: 'LogCleaningStarted'
      readonly tp: string
      /** Where the last round ended, and where this one ends at most. */
      readonly firstDirtyOffset: number
      readonly firstUncleanableOffset: number
      readonly cleanBytes: number
      readonly dirtyBytes: number
    }
  | {
      /** Segments were copied into one, which took their place. */
      readonly kind: 'SegmentsCompacted'
      readonly tp: string
      /** Their base offsets; the first is that of the new segment. */
      readonly baseOffsets: readonly number[]
      readonly recordsRead: number
      readonly recordsKept: number
      readonly bytesRead: number
      readonly bytesKept: number
      readonly dropped: readonly DroppedRecord[]
    }
  | {
      /** The round is over; the cleaner's checkpoint says `endOffset` now. */
      readonly kind: 'LogCleaned'
      readonly tp: string
      readonly firstDirtyOffset: number
      readonly endOffset: number
      readonly recordsRead: number
      readonly recordsKept: number
      readonly bytesRead: number
      readonly bytesKept: number
    }
  | { readonly kind: 'LogCleaningAborted'; readonly tp: string }
  | {
      /** An error that the cleaner is not prepared for. */
      readonly kind: 'LogCleaningFailed'
      readonly tp: string
      readonly thread: number
      readonly reason: string
      /** Nothing is cleaned by this thread any more; otherwise the partition is not cleaned any more. */
      readonly threadEnds: boolean
    }

/** A record that compaction took out. */
export interface DroppedRecord {
  readonly offset: number
  /** Offset of the last record with its key; undefined if it went for another reason. */
  readonly supersededBy: number | undefined
  readonly reason: 'superseded' | 'expired-tombstone' | 'no-key' | 'aborted' | 'expired-marker'
}
