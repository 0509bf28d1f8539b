/**
 * Writes the files of one partition as a broker leaves them after a clean stop: segments, the three indexes, producer
 * snapshots, leader epochs (formats.md 2). A writer of its own, so that the tools are not judged by the engine alone.
 */
import { type FileSystem, utf8 } from '../../../src/host/index.ts'
import { Batch, batchesOf, readControlRecord } from '../../../src/storage/index.ts'
import { type SegmentFileKind, segmentFileName } from '../../../src/storage/inspect/index.ts'
import { ByteWriter } from './byte-writer.ts'
import { snapshotBytes } from './producer-snapshot.ts'

export interface SegmentWriterOptions {
  readonly segmentBytes: number
  readonly indexIntervalBytes: number
  /** Which offset an index entry holds: up to 1.1 the first of what was appended, since then the last. */
  readonly indexedOffset: 'first' | 'last'
  /** Time indexes, since 0.10.1. */
  readonly timeIndex: boolean
  /** Snapshots and leader epochs, since 0.11. */
  readonly producerState: boolean
}

interface OpenTransaction {
  readonly firstOffset: number
}

interface ProducerState {
  producerEpoch: number
  lastSequence: number
  lastOffset: number
  offsetDelta: number
  timestamp: number
}

export class SegmentWriter {
  private readonly files: FileSystem
  private readonly directory: string
  private readonly options: SegmentWriterOptions
  private baseOffset = 0
  private endOffset = 0
  private log = new ByteWriter()
  private index = new ByteWriter()
  private timeIndex = new ByteWriter()
  private txnIndex = new ByteWriter()
  private bytesSinceEntry = 0
  private lastTimeEntry = -1
  private largestTimestamp = -1
  private offsetOfLargest = 0
  private readonly epochs: Array<readonly [number, number]> = []
  private readonly producers = new Map<number, ProducerState>()
  private readonly transactions = new Map<number, OpenTransaction>()

  constructor(files: FileSystem, directory: string, options: SegmentWriterOptions) {
    this.files = files
    this.directory = directory
    this.options = options
    files.makeDirectory(directory)
  }

  get logEndOffset(): number {
    return this.endOffset
  }

  /** Appends one entry, whose first record has `firstOffset` (which a wrapper does not show). */
  append(entry: Uint8Array, firstOffset: number): void {
    const { options } = this
    if (this.log.length > 0 && this.log.length + entry.length > options.segmentBytes) this.roll()
    const batch = new Batch(entry, 0, entry.length)
    const { lastOffset, maxTimestamp } = batch
    if (maxTimestamp > this.largestTimestamp) {
      this.largestTimestamp = maxTimestamp
      this.offsetOfLargest = lastOffset
    }
    if (this.bytesSinceEntry > options.indexIntervalBytes) {
      this.index.int32((options.indexedOffset === 'first' ? firstOffset : lastOffset) - this.baseOffset)
      this.index.int32(this.log.length)
      this.addTimeEntry()
      this.bytesSinceEntry = 0
    }
    this.bytesSinceEntry += entry.length
    if (batch.magic === 2) this.noteBatch(batch, firstOffset)
    this.log.bytes(entry)
    this.endOffset = lastOffset + 1
  }

  /** Finishes the active segment and everything beside it. */
  close(): void {
    this.writeSegment()
    if (!this.options.producerState) return
    this.writeSnapshot()
    const lines = this.epochs.map(([epoch, startOffset]) => `${epoch} ${startOffset}\n`)
    this.write('leader-epoch-checkpoint', utf8(`0\n${lines.length}\n${lines.join('')}`))
    this.write('partition.metadata', utf8('version: 0\ntopic_id: kT-4W1YtRbuT0bqWd3oJsg'))
  }

  private roll(): void {
    this.writeSegment()
    this.baseOffset = this.endOffset
    if (this.options.producerState) this.writeSnapshot()
    this.log = new ByteWriter()
    this.index = new ByteWriter()
    this.timeIndex = new ByteWriter()
    this.txnIndex = new ByteWriter()
    this.bytesSinceEntry = 0
    this.lastTimeEntry = -1
    this.largestTimestamp = -1
  }

  private writeSegment(): void {
    this.addTimeEntry()
    this.writeFile('log', this.log)
    this.writeFile('index', this.index)
    if (this.options.timeIndex) this.writeFile('timeindex', this.timeIndex)
    if (this.txnIndex.length > 0) this.writeFile('txnindex', this.txnIndex)
  }

  private addTimeEntry(): void {
    if (this.largestTimestamp <= this.lastTimeEntry) return
    this.timeIndex.int64(this.largestTimestamp)
    this.timeIndex.int32(this.offsetOfLargest - this.baseOffset)
    this.lastTimeEntry = this.largestTimestamp
  }

  private noteBatch(batch: Batch, firstOffset: number): void {
    const { partitionLeaderEpoch, producerId } = batch
    if (partitionLeaderEpoch >= 0 && partitionLeaderEpoch !== this.epochs.at(-1)?.[0])
      this.epochs.push([partitionLeaderEpoch, firstOffset])
    if (producerId < 0) return
    if (batch.isControl) {
      this.endTransaction(batch)
      return
    }
    const { producerEpoch, lastSequence, lastOffset, lastOffsetDelta: offsetDelta, maxTimestamp: timestamp } = batch
    this.producers.set(producerId, { producerEpoch, lastSequence, lastOffset, offsetDelta, timestamp })
    if (batch.isTransactional && !this.transactions.has(producerId)) this.transactions.set(producerId, { firstOffset })
  }

  private endTransaction(batch: Batch): void {
    const { producerId, lastOffset } = batch
    const open = this.transactions.get(producerId)
    this.transactions.delete(producerId)
    if (open === undefined || readControlRecord(batch.records()[0]!).type !== 'abort') return
    const firstOpen = Math.min(lastOffset + 1, ...[...this.transactions.values()].map(({ firstOffset }) => firstOffset))
    this.txnIndex.int16(0)
    for (const field of [producerId, open.firstOffset, lastOffset, firstOpen]) this.txnIndex.int64(field)
  }

  private writeSnapshot(): void {
    const open = this.transactions
    const entries = [...this.producers].map(([producerId, state]) => ({
      producerId,
      ...state,
      coordinatorEpoch: -1,
      currentTxnFirstOffset: open.get(producerId)?.firstOffset ?? -1,
    }))
    this.write(segmentFileName(this.endOffset, 'snapshot'), snapshotBytes(entries))
  }

  private writeFile(kind: SegmentFileKind, content: ByteWriter): void {
    this.write(segmentFileName(this.baseOffset, kind), content.taken())
  }

  private write(name: string, bytes: Uint8Array): void {
    const handle = this.files.open(`${this.directory}/${name}`, { create: true })
    handle.write(0, bytes)
    handle.close()
  }
}

/** Entries of a row of bytes, each for itself. */
export const entriesIn = (bytes: Uint8Array): Uint8Array[] =>
  [...batchesOf(bytes)].map(({ position, end }) => bytes.subarray(position, end))
