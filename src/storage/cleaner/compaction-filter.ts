/** Which records compaction drops, and why (`shouldRetainRecord`, `shouldDiscardBatch` of `kafka/log/LogCleaner.scala`). */
import type { Batch } from '../record/batch.ts'
import { NO_PRODUCER_ID } from '../record/layout.ts'
import type { CleanedTransactions } from './cleaned-transactions.ts'
import { CleaningFailed } from './cleaner-errors.ts'
import type { DroppedRecord } from './cleaner-events.ts'
import type { CleanerRules } from './cleaner-rules.ts'
import type { ProducersOfLog } from './log-producers.ts'
import type { OffsetMap } from './offset-map.ts'
import type { RetentionFilter } from './retained-records.ts'

export class CompactionFilter implements RetentionFilter {
  /** Noted only on request. */
  readonly dropped: DroppedRecord[] = []
  private readonly map: OffsetMap
  private readonly rules: CleanerRules
  private readonly transactions: CleanedTransactions
  private readonly producers: ProducersOfLog
  private readonly notes: boolean
  private keepsTombstones = true
  private batchIsDiscarded = false

  constructor(
    map: OffsetMap,
    rules: CleanerRules,
    transactions: CleanedTransactions,
    producers: ProducersOfLog,
    notes: boolean,
  ) {
    this.map = map
    this.rules = rules
    this.transactions = transactions
    this.producers = producers
    this.notes = notes
  }

  /** @param keepsTombstones the segment was changed too lately for tombstones and markers to go */
  enterSegment(baseOffset: number, nextBaseOffset: number, keepsTombstones: boolean): void {
    this.keepsTombstones = keepsTombstones
    this.transactions.add(this.producers.abortedTransactions(baseOffset, nextBaseOffset))
  }

  batch(batch: Batch): 'delete' | 'delete-if-empty' | 'keep-empty' {
    this.batchIsDiscarded = batch.isControl
      ? this.transactions.passMarker(batch) && !this.keepsTombstones
      : this.transactions.passRecords(batch)
    if (this.isLastOfProducer(batch)) return 'keep-empty'
    if (!this.batchIsDiscarded) return 'delete-if-empty'
    this.note(batch.lastOffset, batch.isControl ? 'expired-marker' : 'aborted')
    return 'delete'
  }

  keeps(record: { readonly offset: number; readonly key: Uint8Array | null; readonly value: unknown }): boolean {
    if (this.batchIsDiscarded) return false
    const { offset, key, value } = record
    const { cleanerMap, keylessRecords } = this.rules
    const wholeSegments = cleanerMap === 'segments-overfilled' || cleanerMap === 'segments-that-fit'
    if (!wholeSegments && offset > this.map.latestOffset) return true
    if (key === null) {
      if (keylessRecords === 'stop-the-cleaner') throw new CleaningFailed(`message ${offset} has no key`)
      this.note(offset, 'no-key')
      return false
    }
    const last = this.map.get(key)
    if (last > offset) {
      this.note(offset, 'superseded', last)
      return false
    }
    if (value === null && !this.keepsTombstones) {
      this.note(offset, 'expired-tombstone')
      return false
    }
    return true
  }

  private isLastOfProducer(batch: Batch): boolean {
    if (batch.producerId === NO_PRODUCER_ID) return false
    const last = this.producers.lastRecord(batch.producerId)
    if (last === undefined) return false
    return last.lastDataOffset === undefined
      ? batch.isControl && batch.producerEpoch === last.producerEpoch
      : batch.lastOffset === last.lastDataOffset
  }

  private note(offset: number, reason: DroppedRecord['reason'], supersededBy?: number): void {
    if (this.notes) this.dropped.push({ offset, supersededBy, reason })
  }
}
