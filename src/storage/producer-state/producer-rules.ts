/**
 * What changed in the memory that logs have of producers.
 * - `one-batch` (0.11): the last batch is remembered; an unknown producer must begin at sequence 0, or is out of order.
 * - `five-batches` (KAFKA-5494, 1.0): five, as many as may be in flight; a producer whose records are gone is told so.
 * - `marker-hides-sequence` (2.0): so is one of whose epoch only a transaction marker is left.
 * - `outlives-records` (KAFKA-7190, 2.4): a producer is not forgotten when the last of its records is deleted.
 * - `snapshot-per-segment` (KAFKA-9393, 2.8): the same, and snapshots are kept as long as the segments that they stand at
 *   the beginning of. Before, those that no start would begin with go when recovery points are written.
 */
export type ProducerStateRules =
  | 'one-batch'
  | 'five-batches'
  | 'marker-hides-sequence'
  | 'outlives-records'
  | 'snapshot-per-segment'

export const retainedBatches = (rules: ProducerStateRules): number => (rules === 'one-batch' ? 1 : 5)

/**
 * Up to 1.1 a log that is loaded gets snapshots at its last two segments and its end only if it has none at all, and one
 * at each segment that is read; since 2.0 at the last two and the end, and in formats 0 and 1 nothing is read.
 */
export const snapshotsOnlyWhereNone = (rules: ProducerStateRules): boolean =>
  rules === 'one-batch' || rules === 'five-batches'

/**
 * What leads up to a segment that is to be scanned is read from a snapshot on, but up to 2.7 as if nothing were known at
 * that snapshot of the producers that are met on the way: the log's own memory was asked, which is empty at that time.
 */
export const scansKnowSnapshot = (rules: ProducerStateRules): boolean => rules === 'snapshot-per-segment'

export const outlivesRecords = (rules: ProducerStateRules): boolean =>
  rules === 'outlives-records' || rules === 'snapshot-per-segment'

/** `transactional.id.expiration.ms`: what is forgotten of a producer that has written nothing for so long. */
export const PRODUCER_EXPIRATION_MS = 7 * 24 * 3_600_000
