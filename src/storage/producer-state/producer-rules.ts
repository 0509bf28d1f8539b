/**
 * What changed in the memory that logs have of producers.
 * - `one-batch` (0.11): the last batch is remembered; an unknown producer must begin at sequence 0, or is out of order.
 * - `five-batches` (KAFKA-5494, 1.0): five, as many as may be in flight; a producer whose records are gone is told so.
 * - `marker-hides-sequence` (2.0): so is one of whose epoch only a transaction marker is left.
 * - `outlives-records` (KAFKA-7190, 2.4): a producer is not forgotten when the last of its records is deleted.
 */
export type ProducerStateRules = 'one-batch' | 'five-batches' | 'marker-hides-sequence' | 'outlives-records'

export const retainedBatches = (rules: ProducerStateRules): number => (rules === 'one-batch' ? 1 : 5)

/** `transactional.id.expiration.ms`: what is forgotten of a producer that has written nothing for so long. */
export const PRODUCER_EXPIRATION_MS = 7 * 24 * 3_600_000
