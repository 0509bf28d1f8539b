import type { CleanerEvent } from './cleaner/cleaner-events.ts'

/** Trace events of the storage engine; `tp` is `topic-partition`. */
export type StorageEvent =
  | CleanerEvent
  | {
      /** A log was opened at start-up. */
      readonly kind: 'LogLoaded'
      readonly tp: string
      readonly logStartOffset: number
      readonly logEndOffset: number
      /** True if the log was scanned because the clean-shutdown marker was missing. */
      readonly recovered: boolean
      /** Bytes cut off at a torn or corrupt tail. */
      readonly truncatedBytes: number
      /** Base offsets of its segments. */
      readonly segments?: readonly number[]
    }
  | { readonly kind: 'SegmentRolled'; readonly tp: string; readonly baseOffset: number }
  | { readonly kind: 'LogTruncated'; readonly tp: string; readonly from: number; readonly to: number }
  | {
      /** Retention: the oldest segments went. */
      readonly kind: 'SegmentsDeleted'
      readonly tp: string
      readonly baseOffsets: readonly number[]
      /** They are too old, or the log is too large, or it begins behind them. */
      readonly reason: 'time' | 'size' | 'log-start-offset'
      /** Where the log begins now. */
      readonly logStartOffset: number
    }
  | { readonly kind: 'CheckpointWritten'; readonly file: string; readonly entries: Readonly<Record<string, number>> }
