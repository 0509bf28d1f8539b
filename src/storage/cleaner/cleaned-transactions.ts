/**
 * Transactions as the cleaner passes through a log (`CleanedTransactionMetadata` of `kafka/log/LogCleaner.scala`, 2.4):
 * records of aborted ones go at once, markers only when no record of theirs was passed any more and their time is up.
 */
import type { Batch } from '../record/batch.ts'
import { readControlRecord } from '../record/control-record.ts'
import type { AbortedTransaction } from '../transaction-index.ts'

interface OngoingAbort {
  readonly transaction: AbortedTransaction
  batchSeen: boolean
}

export class CleanedTransactions {
  /** By first offset; those not yet reached. */
  private waiting: AbortedTransaction[] = []
  private readonly aborted = new Map<number, OngoingAbort>()
  private readonly committed = new Set<number>()
  /** Told of aborted transactions of which something stays: they belong into the new segment's index. */
  private readonly retained: (transaction: AbortedTransaction) => void

  constructor(retained: (transaction: AbortedTransaction) => void = () => {}) {
    this.retained = retained
  }

  add(transactions: readonly AbortedTransaction[]): void {
    this.waiting = [...this.waiting, ...transactions].sort((a, b) => a.firstOffset - b.firstOffset)
  }

  /** Passes a batch of records; true if it belongs to an aborted transaction, and so may go. */
  passRecords(batch: Batch): boolean {
    this.reach(batch.lastOffset)
    if (!batch.isTransactional) return false
    const abort = this.aborted.get(batch.producerId)
    if (abort === undefined) {
      this.committed.add(batch.producerId)
      return false
    }
    abort.batchSeen = true
    return true
  }

  /** Passes a control batch; true if nothing of its transaction is left, and so it may go when its time is up. */
  passMarker(batch: Batch): boolean {
    this.reach(batch.lastOffset)
    const record = batch.records()[0]
    // One that was emptied has been through a round already.
    if (record === undefined) return true
    const { producerId } = batch
    switch (readControlRecord(record).type) {
      case 'abort': {
        const abort = this.aborted.get(producerId)
        this.aborted.delete(producerId)
        if (abort === undefined || !abort.batchSeen) return true
        this.retained(abort.transaction)
        return false
      }
      case 'commit':
        return !this.committed.delete(producerId)
      default:
        return false
    }
  }

  private reach(offset: number): void {
    while (this.waiting.length > 0 && this.waiting[0]!.firstOffset <= offset) {
      const transaction = this.waiting.shift()!
      if (!this.aborted.has(transaction.producerId)) {
        this.aborted.set(transaction.producerId, { transaction, batchSeen: false })
      }
    }
  }
}
