/** What is known of a set of records that may be appended as it now is, by whatever rules it was checked. */
export interface CheckedRecords {
  /** Whole entries; a last one that was cut short is gone. */
  readonly bytes: Uint8Array
  /** Records, or for a set taken as it came: entries, as far as a wrapper's records cannot be counted unopened. */
  readonly count: number
  /** Offset of the first record; for a set taken as it came whose first entry is a wrapper, that of its last. -1: none. */
  readonly firstOffset: number
  readonly lastOffset: number
  /** Offset of the last record of the first entry: what an index entry of the later convention says. */
  readonly firstEntryLastOffset: number
  /** Offsets rise from entry to entry. */
  readonly monotonic: boolean
  /** Largest timestamp, and the last offset of the first entry that has it; -1 if there is none. */
  readonly maxTimestamp: number
  readonly offsetOfMaxTimestamp: number
}
