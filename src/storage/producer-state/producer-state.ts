/**
 * What a log knows of its producers and their transactions (`kafka/log/ProducerStateManager.scala`, 0.11 to 2.4): the
 * batches by which a retry is told from something new, the transactions that are open, and those whose marker the high
 * watermark has not passed. Written down as snapshots, from which and the log behind it is loaded again.
 */
import { type Digest, type FileSystem, invariant } from '../../host/index.ts'
import { CorruptLogError } from '../errors.ts'
import { join, snapshotFileName, snapshotOffsetOf } from '../file-names.ts'
import type { Batch } from '../record/batch.ts'
import {
  type AppendOrigin,
  type CompletedTransaction,
  ProducerAppend,
  type StartedTransaction,
} from './producer-append.ts'
import { ProducerEntry } from './producer-entry.ts'
import { outlivesRecords, PRODUCER_EXPIRATION_MS, type ProducerStateRules, retainedBatches } from './producer-rules.ts'
import { encodeSnapshot, readSnapshot } from './snapshot.ts'

export class ProducerState {
  readonly rules: ProducerStateRules
  private readonly files: FileSystem
  private readonly directory: string
  private readonly producers = new Map<number, ProducerEntry>()
  /** By first offset, ascending: a transaction that begins later is at a higher offset. */
  private ongoing: StartedTransaction[] = []
  private unreplicated: CompletedTransaction[] = []
  private mapEnd = 0
  private lastSnapshot = 0

  /** Knows nothing at first; the snapshots stay as they are. */
  constructor(files: FileSystem, directory: string, rules: ProducerStateRules) {
    this.files = files
    this.directory = directory
    this.rules = rules
  }

  /** All offsets below are taken into account. */
  get mapEndOffset(): number {
    return this.mapEnd
  }

  /** Nothing is known. */
  get isEmpty(): boolean {
    return this.producers.size === 0 && this.unreplicated.length === 0
  }

  /** In the order in which they appeared. */
  get activeProducers(): readonly ProducerEntry[] {
    return [...this.producers.values()]
  }

  /** First offset of which a reader of committed data may not know yet what became of it; undefined if there is none. */
  get firstUnstableOffset(): number | undefined {
    const undecided = this.ongoing[0]?.firstOffset
    const unreplicated = this.unreplicated.reduce(
      (first: number | undefined, txn) => (first === undefined ? txn.firstOffset : Math.min(first, txn.firstOffset)),
      undefined,
    )
    if (undecided === undefined || unreplicated === undefined) return undecided ?? unreplicated
    return Math.min(undecided, unreplicated)
  }

  entryOf(producerId: number): ProducerEntry | undefined {
    return this.producers.get(producerId)
  }

  /** Begins to look at an append of one producer; nothing changes before `update`. */
  prepareUpdate(producerId: number, origin: AppendOrigin): ProducerAppend {
    return new ProducerAppend(this.producers.get(producerId) ?? new ProducerEntry(producerId), origin, this.rules)
  }

  /** Takes over what an append brought, once it is written. */
  update(append: ProducerAppend): void {
    const { producerId, entry, started } = append
    const known = this.producers.get(producerId)
    if (known === undefined) this.producers.set(producerId, entry)
    else known.update(entry, retainedBatches(this.rules))
    for (const transaction of started) insert(this.ongoing, transaction)
  }

  /** Last stable offset right after a transaction, which is not complete yet. */
  lastStableOffset(completed: CompletedTransaction): number {
    const next = this.ongoing.find(({ producerId }) => producerId !== completed.producerId)
    return next?.firstOffset ?? completed.lastOffset + 1
  }

  /** Whether a transaction that began at an offset is open. */
  isOngoing(firstOffset: number): boolean {
    return this.ongoing.some((transaction) => transaction.firstOffset === firstOffset)
  }

  /** The transaction is decided; readers know of it when the high watermark has passed its marker. */
  completeTransaction(completed: CompletedTransaction): void {
    const slot = this.ongoing.findIndex(({ firstOffset }) => firstOffset === completed.firstOffset)
    invariant(slot >= 0, () => `transaction of ${completed.producerId} at ${completed.firstOffset} was not open`)
    this.ongoing.splice(slot, 1)
    insert(this.unreplicated, completed)
  }

  onHighWatermark(highWatermark: number): void {
    if (this.unreplicated.length === 0) return
    this.unreplicated = this.unreplicated.filter(({ lastOffset }) => lastOffset >= highWatermark)
  }

  updateMapEndOffset(offset: number): void {
    this.mapEnd = offset
  }

  /** Takes a batch that is in the log into account; returns the transaction that it ended. */
  replay(batch: Batch): CompletedTransaction | undefined {
    if (batch.producerId < 0) return undefined
    const append = this.prepareUpdate(batch.producerId, 'replication')
    const completed = append.append(batch)
    this.update(append)
    return completed
  }

  /** Writes down what is known, if anything was appended since the last time. Not synced, as in Kafka: it has a CRC. */
  takeSnapshot(): void {
    if (this.mapEnd <= this.lastSnapshot) return
    const handle = this.files.open(join(this.directory, snapshotFileName(this.mapEnd)), { create: true })
    try {
      const bytes = encodeSnapshot(this.activeProducers)
      handle.truncate(0)
      handle.write(0, bytes)
    } finally {
      handle.close()
    }
    this.lastSnapshot = this.mapEnd
  }

  /** Offsets of the snapshots that there are, ascending. */
  snapshotOffsets(): number[] {
    return this.files
      .list(this.directory)
      .map(snapshotOffsetOf)
      .filter((offset) => offset !== undefined)
  }

  /**
   * Goes back to the last snapshot in a log that now reaches from `logStartOffset` to `logEndOffset`; the caller replays
   * what follows `mapEndOffset`.
   */
  truncateAndReload(logStartOffset: number, logEndOffset: number, nowMs: number): void {
    this.deleteSnapshots((offset) => offset > logEndOffset || offset <= logStartOffset)
    if (logEndOffset === this.mapEnd) {
      this.truncateHead(logStartOffset)
      return
    }
    this.forget()
    this.loadFromSnapshot(logStartOffset, nowMs)
  }

  /** The log begins at `logStartOffset` now. */
  truncateHead(logStartOffset: number): void {
    if (!outlivesRecords(this.rules)) {
      for (const entry of this.activeProducers) {
        if (entry.lastDataOffset >= logStartOffset) continue
        this.producers.delete(entry.producerId)
        this.ongoing = this.ongoing.filter(({ producerId }) => producerId !== entry.producerId)
      }
    }
    this.unreplicated = this.unreplicated.filter(({ lastOffset }) => lastOffset >= logStartOffset)
    this.mapEnd = Math.max(this.mapEnd, logStartOffset)
    this.deleteSnapshots((offset) => offset < logStartOffset)
    this.lastSnapshot = this.snapshotOffsets().at(-1) ?? logStartOffset
  }

  /** Forgets everything, snapshots included. */
  truncate(): void {
    this.forget()
    this.deleteSnapshots(() => true)
    this.lastSnapshot = 0
    this.mapEnd = 0
  }

  /** Forgets producers that have written nothing for a week and have no transaction open. */
  removeExpiredProducers(nowMs: number): void {
    for (const entry of this.activeProducers) if (isExpired(entry, nowMs)) this.producers.delete(entry.producerId)
  }

  deleteSnapshotsBefore(offset: number): void {
    this.deleteSnapshots((snapshot) => snapshot < offset)
  }

  digest(digest: Digest): void {
    digest.int(this.mapEnd).int(this.lastSnapshot).int(this.producers.size)
    for (const entry of this.producers.values()) {
      digest.int(entry.producerId).int(entry.producerEpoch).int(entry.coordinatorEpoch).int(entry.lastTimestamp)
      digest.int(entry.currentTxnFirstOffset ?? -1)
      for (const { lastSequence, lastOffset } of entry.batches) digest.int(lastSequence).int(lastOffset)
    }
    for (const { firstOffset, lastOffset } of this.unreplicated) digest.int(firstOffset).int(lastOffset)
  }

  private loadFromSnapshot(logStartOffset: number, nowMs: number): void {
    for (const offset of this.snapshotOffsets().toReversed()) {
      const path = join(this.directory, snapshotFileName(offset))
      try {
        for (const entry of readSnapshot(this.files, path)) {
          const isRetained = outlivesRecords(this.rules) || entry.lastDataOffset >= logStartOffset
          if (isRetained && !isExpired(entry, nowMs)) this.load(entry)
        }
        this.lastSnapshot = offset
        this.mapEnd = offset
        return
      } catch (error) {
        if (!(error instanceof CorruptLogError)) throw error
        this.files.removeFile(path)
      }
    }
    this.lastSnapshot = logStartOffset
    this.mapEnd = logStartOffset
  }

  private load(entry: ProducerEntry): void {
    const { producerId, currentTxnFirstOffset: firstOffset } = entry
    this.producers.set(producerId, entry)
    if (firstOffset !== undefined) insert(this.ongoing, { producerId, firstOffset })
  }

  private forget(): void {
    this.producers.clear()
    this.ongoing = []
    this.unreplicated = []
  }

  private deleteSnapshots(isGone: (offset: number) => boolean): void {
    for (const offset of this.snapshotOffsets()) {
      if (isGone(offset)) this.files.removeFile(join(this.directory, snapshotFileName(offset)))
    }
  }
}

const isExpired = (entry: ProducerEntry, nowMs: number): boolean =>
  entry.currentTxnFirstOffset === undefined && nowMs - entry.lastTimestamp >= PRODUCER_EXPIRATION_MS

/** Keeps the order of first offsets; one with the same first offset gives way. */
function insert<T extends StartedTransaction>(row: T[], transaction: T): void {
  let slot = row.length
  while (slot > 0 && row[slot - 1]!.firstOffset >= transaction.firstOffset) slot--
  const replaced = row[slot]?.firstOffset === transaction.firstOffset ? 1 : 0
  row.splice(slot, replaced, transaction)
}
