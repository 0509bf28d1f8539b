/**
 * Questions to transaction coordinators about producers that have no transaction open in a leader's log (KIP-890, 3.6;
 * `VerificationStateEntry` of `ProducerStateManager.java`). Between question and answer the transaction may end, and its
 * marker come: then the answer is of no use, which the guard tells.
 */
import { type Batch, batchesOf, type Log } from '../storage/index.ts'

/** Stands for one question; equal to no other. */
export interface VerificationGuard {
  readonly producerId: number
}

export class Verifications {
  private readonly asked = new Map<number, VerificationGuard>()

  /** Undefined where nothing has to be asked. */
  start(log: Log, records: Uint8Array): VerificationGuard | undefined {
    const unknown = transactionalBatches(records).find((batch) => !hasOpenTransaction(log, batch))
    if (unknown === undefined) return undefined
    const { producerId } = unknown
    const known = this.asked.get(producerId)
    if (known !== undefined) return known
    const guard = { producerId }
    this.asked.set(producerId, guard)
    return guard
  }

  /** A batch would begin a transaction that the coordinator has not been asked about, or not since the last marker. */
  isMissing(log: Log, records: Uint8Array, guard: VerificationGuard | undefined): boolean {
    return transactionalBatches(records).some((batch) => {
      const { producerId } = batch
      if (log.producerState?.entryOf(producerId)?.findDuplicate(batch) !== undefined) return false
      if (hasOpenTransaction(log, batch)) return false
      return guard === undefined || this.asked.get(producerId) !== guard
    })
  }

  /** What a producer, or a marker for it, has written answers all questions about it. */
  appended(records: Uint8Array): void {
    if (this.asked.size === 0) return
    for (const { producerId } of batchesOf(records)) this.asked.delete(producerId)
  }
}

const transactionalBatches = (records: Uint8Array): Batch[] =>
  [...batchesOf(records)].filter(({ isTransactional, isControl }) => isTransactional && !isControl)

function hasOpenTransaction(log: Log, { producerId, producerEpoch }: Batch): boolean {
  const entry = log.producerState?.entryOf(producerId)
  return entry?.currentTxnFirstOffset !== undefined && entry.producerEpoch === producerEpoch
}
