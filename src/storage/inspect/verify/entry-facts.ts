/** What the checks of one segment are told of each entry, in the order of the file. */
import type { Batch } from '../../record/batch.ts'

export interface EntryFacts {
  readonly position: number
  readonly size: number
  /** First offset of its records; undefined for a wrapper that was not opened. */
  readonly firstOffset: number | undefined
  readonly lastOffset: number
  /** Last offset of the entry before it, in whatever segment; -1 if there is none. */
  readonly previousOffset: number
  /** Its fields but for offset and leader epoch can be trusted. */
  readonly crcValid: boolean
  readonly batch: Batch
}

/** A check that follows the walk through a segment. */
export interface SegmentCheck {
  entry(facts: EntryFacts): void
  /** Bytes up to `position` were left out because of damage; the next entry begins there. */
  skipTo(position: number): void
  /**
   * @param lastOffset of the segment; undefined if it holds nothing
   * @param walkedTo byte that the walk came to
   * @param whole it came to the end without leaving anything out
   */
  end(lastOffset: number | undefined, walkedTo: number, whole: boolean): void
}
