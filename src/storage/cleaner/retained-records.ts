/**
 * Which bytes of a stretch of a log compaction keeps (`MemoryRecords.filterTo` of kafka-clients; `cleanInto` of
 * `kafka/log/LogCleaner.scala`). Entries of which all records stay are copied as they are; others are written anew, with
 * their codec, their offsets and, in format 2, the last offset they had, so that a producer's sequence goes on.
 */
import { compressionName } from '../compression/codec.ts'
import type { CodecRegistry } from '../compression/registry.ts'
import { InvalidRecordError } from '../errors.ts'
import { type Batch, batchesOf } from '../record/batch.ts'
import type { BatchOrigin } from '../record/batch-header.ts'
import { buildEmptyBatch, buildRecords } from '../record/build-records.ts'
import { concatenated } from '../record/convert-records.ts'
import { type Magic, NO_TIMESTAMP } from '../record/layout.ts'
import type { LogRecord } from '../record/record.ts'

/** Says what stays. */
export interface RetentionFilter {
  /**
   * Asked before the records of a batch: `delete` drops it unopened, `keep-empty` keeps its header even if no record
   * stays.
   */
  batch(batch: Batch): 'delete' | 'delete-if-empty' | 'keep-empty'
  keeps(record: LogRecord): boolean
}

export interface Retained {
  /** Entries to be appended; empty if nothing stays. */
  readonly bytes: Uint8Array
  /** By how many bytes the reader moves on. */
  readonly bytesRead: number
  readonly recordsRead: number
  readonly recordsKept: number
  /** Of what stays; -1 if nothing does. */
  readonly firstOffset: number
  readonly lastOffset: number
  /** Largest timestamp, and the last offset of the first entry that has it; -1 if there is none. */
  readonly maxTimestamp: number
  readonly offsetOfMaxTimestamp: number
}

/**
 * @param chunk whole entries; a last one that is cut short is left for the next chunk
 * @throws CorruptRecordError, InvalidRecordError, CompressionError, UnsupportedCodecError
 */
export function retainRecords(chunk: Uint8Array, filter: RetentionFilter, codecs: CodecRegistry): Retained {
  const kept = new KeptEntries()
  for (const batch of batchesOf(chunk)) {
    kept.bytesRead += batch.size
    const verdict = filter.batch(batch)
    if (verdict === 'delete') continue
    const records = batch.records({ codecs })
    const retained = records.filter((record) => filter.keeps(record))
    kept.recordsRead += records.length
    kept.recordsKept += retained.length
    if (retained.length > 0) {
      const whole = retained.length === records.length
      const bytes = whole ? original(batch) : rewritten(batch, retained, codecs)
      const first = batch.magic === 2 ? batch.baseOffset! : retained[0]!.offset
      const last = whole ? batch.lastOffset : retained.at(-1)!.offset
      const time = whole ? batch.maxTimestamp : maxTimestampOf(batch, retained)
      kept.add(bytes, first, last, time, batch.magic === 2 ? batch.lastOffset : last)
    } else if (verdict === 'keep-empty') {
      kept.add(emptied(batch), batch.baseOffset!, batch.lastOffset, batch.maxTimestamp, batch.lastOffset)
    }
  }
  return kept.sum()
}

/** Collects entries. */
export class KeptEntries {
  bytesRead = 0
  recordsRead = 0
  recordsKept = 0
  private readonly parts: Uint8Array[] = []
  private firstOffset = -1
  private lastOffset = -1
  private maxTimestamp = NO_TIMESTAMP
  private offsetOfMaxTimestamp = -1

  /** @param timestamp the largest in the entry; @param entryOffset offset that a time index gives for it */
  add(entry: Uint8Array, firstOffset: number, lastOffset: number, timestamp: number, entryOffset: number): void {
    if (this.parts.length === 0) this.firstOffset = firstOffset
    this.parts.push(entry)
    this.lastOffset = Math.max(this.lastOffset, lastOffset)
    if (timestamp > this.maxTimestamp) {
      this.maxTimestamp = timestamp
      this.offsetOfMaxTimestamp = entryOffset
    }
  }

  sum(): Retained {
    const { bytesRead, recordsRead, recordsKept, firstOffset, lastOffset, maxTimestamp, offsetOfMaxTimestamp } = this
    const bytes = concatenated(this.parts)
    return { bytes, bytesRead, recordsRead, recordsKept, firstOffset, lastOffset, maxTimestamp, offsetOfMaxTimestamp }
  }
}

const original = (batch: Batch): Uint8Array => batch.bytes.subarray(batch.position, batch.end)

function rewritten(batch: Batch, records: readonly LogRecord[], codecs: CodecRegistry): Uint8Array {
  const compression = compressionName(batch.codecId)
  if (compression === undefined) throw new InvalidRecordError(`codec ${batch.codecId} at byte ${batch.position}`)
  return buildRecords(records, {
    magic: batch.magic as Magic,
    compression,
    codecs,
    ...(batch.timestampType === 'LogAppendTime' ? { logAppendTime: batch.maxTimestamp } : {}),
    ...(batch.magic === 2 ? { ...originOf(batch), baseOffset: batch.baseOffset!, lastOffset: batch.lastOffset } : {}),
  })
}

function emptied(batch: Batch): Uint8Array {
  return buildEmptyBatch({
    ...originOf(batch),
    baseOffset: batch.baseOffset!,
    lastOffset: batch.lastOffset,
    timestampType: batch.timestampType!,
    maxTimestamp: batch.maxTimestamp,
  })
}

const originOf = (batch: Batch): BatchOrigin => ({
  producerId: batch.producerId,
  producerEpoch: batch.producerEpoch,
  baseSequence: batch.baseSequence,
  isTransactional: batch.isTransactional,
  isControl: batch.isControl,
  partitionLeaderEpoch: batch.partitionLeaderEpoch,
})

const maxTimestampOf = (batch: Batch, records: readonly LogRecord[]): number =>
  batch.timestampType === 'LogAppendTime'
    ? batch.maxTimestamp
    : records.reduce((max, { timestamp }) => Math.max(max, timestamp), NO_TIMESTAMP)
