/** Sequence numbers of idempotent producers: int32, and 0 again after the largest (`DefaultRecordBatch.java`). */
const SEQUENCES = 0x8000_0000

/** `sequence` plus `count` records; both not negative. */
export const addSequence = (sequence: number, count: number): number => (sequence + count) % SEQUENCES

/** `sequence` less `count` records. */
export const subtractSequence = (sequence: number, count: number): number => (sequence - count + SEQUENCES) % SEQUENCES
