/**
 * The batches of one producer in an append: checked against what is known of it, and what will be known once they are
 * written (`ProducerAppendInfo` of `kafka/log/ProducerStateManager.scala`).
 */
import { ErrorCode } from '../../protocol/index.ts'
import { AppendError } from '../errors.ts'
import type { Batch } from '../record/batch.ts'
import { readControlRecord } from '../record/control-record.ts'
import { NO_PRODUCER_EPOCH, NO_SEQUENCE, NO_TIMESTAMP } from '../record/layout.ts'
import { type BatchMetadata, ProducerEntry } from './producer-entry.ts'
import { outlivesRecords, type ProducerStateRules, retainedBatches } from './producer-rules.ts'

/**
 * Who brings an append. `client`: everything is checked. `coordinator`: offsets of transactions and markers, whose
 * sequences nobody numbers: epochs are checked. `replication`: a leader, or the log itself: nothing is checked.
 */
export type AppendOrigin = 'client' | 'coordinator' | 'replication'

/** A transaction that has begun. */
export interface StartedTransaction {
  readonly producerId: number
  readonly firstOffset: number
}

/** A transaction that a marker has ended. */
export interface CompletedTransaction extends StartedTransaction {
  /** Offset of the marker. */
  readonly lastOffset: number
  readonly isAborted: boolean
}

const SEQUENCE_MAX = 0x7fff_ffff

export class ProducerAppend {
  readonly producerId: number
  /** What is known after the append. */
  readonly entry: ProducerEntry
  readonly started: StartedTransaction[] = []
  private readonly current: ProducerEntry
  private readonly origin: AppendOrigin
  private readonly rules: ProducerStateRules

  /** @param current what is known before the append; not changed */
  constructor(current: ProducerEntry, origin: AppendOrigin, rules: ProducerStateRules) {
    this.producerId = current.producerId
    this.current = current
    this.entry = ProducerEntry.after(current)
    this.origin = origin
    this.rules = rules
  }

  /**
   * @param batch of this producer, with the offsets that it will have
   * @returns the transaction that it ends, if it is a marker
   * @throws AppendError InvalidProducerEpoch, OutOfOrderSequenceNumber, UnknownProducerId, InvalidTxnState,
   * TransactionCoordinatorFenced
   */
  append(batch: Batch): CompletedTransaction | undefined {
    if (!batch.isControl) {
      this.appendData(batch)
      return undefined
    }
    const record = batch.records()[0]
    // Compaction has removed the whole transaction.
    if (record === undefined) return undefined
    const { type, coordinatorEpoch } = readControlRecord(record)
    if (type !== 'abort' && type !== 'commit') return undefined
    return this.appendMarker(type === 'abort', coordinatorEpoch!, batch, record.timestamp)
  }

  private appendData(batch: Batch): void {
    const { producerEpoch, lastSequence, lastOffset, maxTimestamp: timestamp } = batch
    const firstOffset = batch.baseOffset!
    this.checkEpoch(producerEpoch, firstOffset)
    if (this.origin === 'client') this.checkSequence(producerEpoch, batch.baseSequence, firstOffset)
    const appended: BatchMetadata = { lastSequence, lastOffset, offsetDelta: lastOffset - firstOffset, timestamp }
    this.entry.addBatch(producerEpoch, appended, retainedBatches(this.rules))
    const isOpen = this.entry.currentTxnFirstOffset !== undefined
    if (isOpen && !batch.isTransactional) {
      throw new AppendError(
        ErrorCode.InvalidTxnState,
        `producer ${this.producerId} writes outside of its open transaction at ${firstOffset}`,
      )
    }
    if (!isOpen && batch.isTransactional) this.begin(firstOffset)
  }

  private appendMarker(
    isAborted: boolean,
    coordinatorEpoch: number,
    batch: Batch,
    timestamp: number,
  ): CompletedTransaction {
    const { entry, producerId } = this
    const offset = batch.baseOffset!
    this.checkEpoch(batch.producerEpoch, offset)
    if (entry.coordinatorEpoch > coordinatorEpoch && this.isChecked) {
      throw new AppendError(
        ErrorCode.TransactionCoordinatorFenced,
        `a marker of coordinator epoch ${coordinatorEpoch} at ${offset}, after one of ${entry.coordinatorEpoch}`,
      )
    }
    // A marker for a transaction without records here begins and ends one of its own.
    if (entry.currentTxnFirstOffset === undefined) this.started.push({ producerId, firstOffset: offset })
    const firstOffset = entry.currentTxnFirstOffset ?? offset
    entry.maybeUpdateEpoch(batch.producerEpoch)
    entry.currentTxnFirstOffset = undefined
    entry.coordinatorEpoch = coordinatorEpoch
    this.noteMarker(offset, timestamp)
    return { producerId, firstOffset, lastOffset: offset, isAborted }
  }

  /** What a marker does to the memory of batches, and whether it keeps the producer from being forgotten (KAFKA-9144). */
  private noteMarker(offset: number, timestamp: number): void {
    const { entry } = this
    if (this.rules === 'one-batch') {
      const { lastSequence } =
        entry.isEmpty && entry.producerEpoch === this.current.producerEpoch ? this.current : entry
      entry.keepOnly({ lastSequence, lastOffset: offset, offsetDelta: 0, timestamp })
    }
    if (this.rules === 'one-batch' || outlivesRecords(this.rules)) entry.lastTimestamp = timestamp
    else if (entry.producerEpoch !== this.current.producerEpoch && entry.isEmpty) entry.lastTimestamp = NO_TIMESTAMP
  }

  private begin(firstOffset: number): void {
    this.entry.currentTxnFirstOffset = firstOffset
    this.started.push({ producerId: this.producerId, firstOffset })
  }

  private get isChecked(): boolean {
    return this.origin !== 'replication'
  }

  private checkEpoch(producerEpoch: number, offset: number): void {
    if (producerEpoch >= this.entry.producerEpoch || !this.isChecked) return
    throw new AppendError(
      ErrorCode.InvalidProducerEpoch,
      `producer ${this.producerId} with epoch ${producerEpoch} at ${offset}, after epoch ${this.entry.producerEpoch}`,
    )
  }

  private checkSequence(producerEpoch: number, firstSequence: number, offset: number): void {
    const { entry, current, producerId } = this
    const at = `sequence ${firstSequence} of producer ${producerId} at ${offset}`
    if (producerEpoch !== entry.producerEpoch) {
      if (firstSequence === 0) return
      if (entry.producerEpoch === NO_PRODUCER_EPOCH && this.rules !== 'one-batch') {
        throw new AppendError(ErrorCode.UnknownProducerId, `${at}, of which there is no record`)
      }
      throw new AppendError(ErrorCode.OutOfOrderSequenceNumber, `${at}, in the new epoch ${producerEpoch}`)
    }
    const last = !entry.isEmpty
      ? entry.lastSequence
      : producerEpoch === current.producerEpoch
        ? current.lastSequence
        : NO_SEQUENCE
    if (last === NO_SEQUENCE && firstSequence !== 0) {
      // Only a marker is left of the epoch.
      const isKnown = this.rules === 'one-batch' || this.rules === 'five-batches'
      throw new AppendError(
        isKnown ? ErrorCode.OutOfOrderSequenceNumber : ErrorCode.UnknownProducerId,
        `${at}, where the next one is not known`,
      )
    }
    if (firstSequence !== last + 1 && !(firstSequence === 0 && last === SEQUENCE_MAX)) {
      throw new AppendError(ErrorCode.OutOfOrderSequenceNumber, `${at}, after ${last}`)
    }
  }
}
