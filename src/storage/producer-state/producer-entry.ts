/**
 * What a log remembers of one idempotent producer (`ProducerStateEntry` of `kafka/log/ProducerStateManager.scala`, 0.11 to
 * 2.4): its epoch, its last batches, and the transaction that it has open.
 */
import type { Batch } from '../record/batch.ts'
import { NO_PRODUCER_EPOCH, NO_SEQUENCE, NO_TIMESTAMP } from '../record/layout.ts'
import { subtractSequence } from '../record/sequence.ts'

/** A batch that was appended. */
export interface BatchMetadata {
  readonly lastSequence: number
  readonly lastOffset: number
  /** Last offset minus first, and last sequence minus first. */
  readonly offsetDelta: number
  readonly timestamp: number
}

export const firstSequenceOf = ({ lastSequence, offsetDelta }: BatchMetadata): number =>
  subtractSequence(lastSequence, offsetDelta)

export const NO_COORDINATOR_EPOCH = -1

export class ProducerEntry {
  readonly producerId: number
  producerEpoch = NO_PRODUCER_EPOCH
  coordinatorEpoch = NO_COORDINATOR_EPOCH
  /** Of the last batch or marker, milliseconds. */
  lastTimestamp = NO_TIMESTAMP
  /** First offset of the open transaction. */
  currentTxnFirstOffset: number | undefined
  /** Oldest first. */
  private kept: BatchMetadata[] = []

  constructor(producerId: number) {
    this.producerId = producerId
  }

  /** Epochs, time and open transaction of another entry, without its batches. */
  static after(entry: ProducerEntry): ProducerEntry {
    const next = new ProducerEntry(entry.producerId)
    next.producerEpoch = entry.producerEpoch
    next.coordinatorEpoch = entry.coordinatorEpoch
    next.lastTimestamp = entry.lastTimestamp
    next.currentTxnFirstOffset = entry.currentTxnFirstOffset
    return next
  }

  get batches(): readonly BatchMetadata[] {
    return this.kept
  }

  get isEmpty(): boolean {
    return this.kept.length === 0
  }

  get lastBatch(): BatchMetadata | undefined {
    return this.kept[this.kept.length - 1]
  }

  get lastSequence(): number {
    return this.lastBatch?.lastSequence ?? NO_SEQUENCE
  }

  /** Offset of the last record with data; -1 if none is known. */
  get lastDataOffset(): number {
    return this.lastBatch?.lastOffset ?? -1
  }

  /** @param retained how many batches are remembered */
  addBatch(epoch: number, batch: BatchMetadata, retained: number): void {
    this.maybeUpdateEpoch(epoch)
    this.keep(batch, retained)
    this.lastTimestamp = batch.timestamp
  }

  /** A new epoch begins with no batches. */
  maybeUpdateEpoch(epoch: number): void {
    if (this.producerEpoch === epoch) return
    this.kept = []
    this.producerEpoch = epoch
  }

  /** Takes over what an append has brought. */
  update(next: ProducerEntry, retained: number): void {
    this.maybeUpdateEpoch(next.producerEpoch)
    for (const batch of next.kept) this.keep(batch, retained)
    this.coordinatorEpoch = next.coordinatorEpoch
    this.currentTxnFirstOffset = next.currentTxnFirstOffset
    this.lastTimestamp = next.lastTimestamp
  }

  /** Remembers nothing but this one. */
  keepOnly(batch: BatchMetadata): void {
    this.kept = [batch]
  }

  /** The remembered batch with exactly the sequences of this one. */
  findDuplicate(batch: Batch): BatchMetadata | undefined {
    if (batch.producerEpoch !== this.producerEpoch) return undefined
    const { baseSequence, lastSequence } = batch
    return this.kept.find((kept) => kept.lastSequence === lastSequence && firstSequenceOf(kept) === baseSequence)
  }

  private keep(batch: BatchMetadata, retained: number): void {
    if (this.kept.length === retained) this.kept.shift()
    this.kept.push(batch)
  }
}
