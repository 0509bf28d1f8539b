/** What the cleaner must know of producers with ids: their transactions, and what must stay of their last words. */
import type { Log } from '../log.ts'
import type { AbortedTransaction } from '../transaction-index.ts'

export interface ProducersOfLog {
  /** Aborted transactions with records in `from` (included) .. `to` (excluded). */
  abortedTransactions(from: number, to: number): readonly AbortedTransaction[]
  /** An active producer's last batch: its last offset, or if only a marker is left of it, the producer's epoch. */
  lastRecord(
    producerId: number,
  ): { readonly lastDataOffset: number | undefined; readonly producerEpoch: number } | undefined
}

export const NO_PRODUCERS: ProducersOfLog = { abortedTransactions: () => [], lastRecord: () => undefined }

export function producersOfLog(log: Log): ProducersOfLog {
  const { producerState } = log
  if (producerState === undefined) return NO_PRODUCERS
  return {
    abortedTransactions: (from, to) => log.abortedTransactions(from, to),
    lastRecord(producerId) {
      const entry = producerState.entryOf(producerId)
      if (entry === undefined) return undefined
      const { lastDataOffset, producerEpoch } = entry
      return { lastDataOffset: lastDataOffset < 0 ? undefined : lastDataOffset, producerEpoch }
    },
  }
}
