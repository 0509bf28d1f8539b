/**
 * One entry of a log with its fields by name, and the records in it: a batch of format 2, a wrapper of format 0 or 1, or a
 * single message of those. A view: it holds no state but the place.
 */
import { readInt32, readInt64 } from '../big-endian.ts'
import { DECOMPRESSED_BYTES_MAX } from '../compression/codec.ts'
import { allCodecs, type CodecRegistry } from '../compression/registry.ts'
import { CorruptRecordError } from '../errors.ts'
import { readBatchRecords } from './batch-records.ts'
import { codecIdAt, entryEnd, isBatch, isCrcValid, lastOffsetAt } from './entry.ts'
import {
  BASE_SEQUENCE_AT,
  BASE_TIMESTAMP_AT,
  BATCH_ATTRIBUTES_AT,
  BATCH_CRC_AT,
  BATCH_OVERHEAD,
  CONTROL_FLAG,
  DELETE_HORIZON_FLAG,
  ENTRY_OVERHEAD,
  LAST_OFFSET_DELTA_AT,
  LEADER_EPOCH_AT,
  LEGACY_ATTRIBUTES_AT,
  LEGACY_CRC_AT,
  LEGACY_TIMESTAMP_AT,
  MAGIC_AT,
  MAX_TIMESTAMP_AT,
  MESSAGE_SIZE_MIN,
  NO_LEADER_EPOCH,
  NO_PRODUCER_EPOCH,
  NO_PRODUCER_ID,
  NO_SEQUENCE,
  NO_TIMESTAMP,
  PRODUCER_EPOCH_AT,
  PRODUCER_ID_AT,
  RECORD_COUNT_AT,
  SIZE_AT,
  TIMESTAMP_TYPE_FLAG,
  type TimestampType,
  TRANSACTIONAL_FLAG,
} from './layout.ts'
import { readLegacyRecords } from './legacy-records.ts'
import type { LogRecord } from './record.ts'
import { addSequence } from './sequence.ts'

export interface ReadOptions {
  /** Codecs that the reader has; all if left out. */
  readonly codecs?: CodecRegistry
  /** What may come out of a compressed batch. */
  readonly maxBytes?: number
}

export class Batch {
  readonly bytes: Uint8Array
  /** Where the entry begins in the bytes. */
  readonly position: number
  readonly end: number
  private readonly isBatch: boolean

  /** `end` as `entryEnd` says: the entry is all there. */
  constructor(bytes: Uint8Array, position: number, end: number) {
    this.bytes = bytes
    this.position = position
    this.end = end
    this.isBatch = isBatch(bytes, position)
    if (this.isBatch && this.size < BATCH_OVERHEAD) {
      throw new CorruptRecordError(`a batch of ${this.size} bytes at byte ${position}`)
    }
  }

  /** Bytes of the whole entry. */
  get size(): number {
    return this.end - this.position
  }

  get magic(): number {
    return this.bytes[this.position + MAGIC_AT]!
  }

  get attributes(): number {
    return this.bytes[this.position + (this.isBatch ? BATCH_ATTRIBUTES_AT + 1 : LEGACY_ATTRIBUTES_AT)]!
  }

  /** Stored checksum, unsigned. */
  get crc(): number {
    return this.int32(this.isBatch ? BATCH_CRC_AT : LEGACY_CRC_AT) >>> 0
  }

  get isCrcValid(): boolean {
    return isCrcValid(this.bytes, this.position, this.end)
  }

  /** 0: not compressed. */
  get codecId(): number {
    return codecIdAt(this.bytes, this.position)
  }

  /** Offset of the last record; kept by compaction even if that record is gone. */
  get lastOffset(): number {
    return lastOffsetAt(this.bytes, this.position)
  }

  /** Offset that the batch begins with; undefined for a wrapper, which must be opened to know. */
  get baseOffset(): number | undefined {
    return this.isBatch || this.codecId === 0 ? readInt64(this.bytes, this.position) : undefined
  }

  /** Undefined in format 0. */
  get timestampType(): TimestampType | undefined {
    if (this.magic === 0) return undefined
    return (this.attributes & TIMESTAMP_TYPE_FLAG) === 0 ? 'CreateTime' : 'LogAppendTime'
  }

  /** Largest timestamp of the records, or the time of the append; -1 if there is none. */
  get maxTimestamp(): number {
    if (this.isBatch) return this.int64(MAX_TIMESTAMP_AT)
    return this.magic === 0 ? NO_TIMESTAMP : this.int64(LEGACY_TIMESTAMP_AT)
  }

  /** Number of records as the header of format 2 says; undefined for a wrapper. */
  get count(): number | undefined {
    if (this.isBatch) return this.int32(RECORD_COUNT_AT)
    return this.codecId === 0 ? 1 : undefined
  }

  get lastOffsetDelta(): number {
    return this.isBatch ? this.int32(LAST_OFFSET_DELTA_AT) : 0
  }

  get partitionLeaderEpoch(): number {
    return this.isBatch ? this.int32(LEADER_EPOCH_AT) : NO_LEADER_EPOCH
  }

  get producerId(): number {
    return this.isBatch ? this.int64(PRODUCER_ID_AT) : NO_PRODUCER_ID
  }

  get producerEpoch(): number {
    if (!this.isBatch) return NO_PRODUCER_EPOCH
    const at = this.position + PRODUCER_EPOCH_AT
    return ((this.bytes[at]! << 24) >> 16) | this.bytes[at + 1]!
  }

  get baseSequence(): number {
    return this.isBatch ? this.int32(BASE_SEQUENCE_AT) : NO_SEQUENCE
  }

  get lastSequence(): number {
    return this.baseSequence === NO_SEQUENCE ? NO_SEQUENCE : addSequence(this.baseSequence, this.lastOffsetDelta)
  }

  get isTransactional(): boolean {
    return this.isBatch && (this.attributes & TRANSACTIONAL_FLAG) !== 0
  }

  /** Transaction markers and the like: no application sees them. */
  get isControl(): boolean {
    return this.isBatch && (this.attributes & CONTROL_FLAG) !== 0
  }

  /** First record's timestamp, which the others are relative to; undefined in formats 0 and 1. */
  get baseTimestamp(): number | undefined {
    return this.isBatch ? this.int64(BASE_TIMESTAMP_AT) : undefined
  }

  /** When compaction may drop the batch's tombstones and markers; undefined if that was never said. */
  get deleteHorizonMs(): number | undefined {
    return this.isBatch && (this.attributes & DELETE_HORIZON_FLAG) !== 0 ? this.int64(BASE_TIMESTAMP_AT) : undefined
  }

  /** @throws CorruptRecordError */
  ensureValid(): void {
    if (!this.isCrcValid) throw new CorruptRecordError(`wrong CRC of the entry at byte ${this.position}`)
  }

  /**
   * The records, with absolute offsets; keys and values are views of the bytes, or of what came out of a codec.
   * @throws CorruptRecordError, InvalidRecordError, CompressionError, UnsupportedCodecError
   */
  records(options: ReadOptions = {}): LogRecord[] {
    const { codecs = allCodecs, maxBytes = DECOMPRESSED_BYTES_MAX } = options
    return this.isBatch ? readBatchRecords(this, codecs, maxBytes) : readLegacyRecords(this, codecs, maxBytes)
  }

  private int32(field: number): number {
    return readInt32(this.bytes, this.position + field)
  }

  private int64(field: number): number {
    return readInt64(this.bytes, this.position + field)
  }
}

/**
 * The entries of a row, of any formats mixed. A last one that is cut short is left out.
 * @throws CorruptRecordError an entry has a size that none has
 */
export function* batchesOf(bytes: Uint8Array): Generator<Batch, void> {
  let at = 0
  for (let end = entryEnd(bytes, at); end > 0; end = entryEnd(bytes, at)) {
    yield new Batch(bytes, at, end)
    at = end
  }
  if (bytes.length - at >= ENTRY_OVERHEAD && readInt32(bytes, at + SIZE_AT) < MESSAGE_SIZE_MIN) {
    throw new CorruptRecordError(`an entry of ${readInt32(bytes, at + SIZE_AT)} bytes at byte ${at}`)
  }
}

/** The records of a row of entries, in the order of offsets, as a consumer takes them. */
export function readRecords(
  bytes: Uint8Array,
  options: ReadOptions & {
    /** Records below are left out: a fetch that lands inside a batch gets all of it. */
    readonly from?: number
  } = {},
): LogRecord[] {
  const { from = 0 } = options
  const found: LogRecord[] = []
  for (const batch of batchesOf(bytes)) {
    batch.ensureValid()
    if (batch.isControl || batch.lastOffset < from) continue
    for (const record of batch.records(options)) if (record.offset >= from) found.push(record)
  }
  return found
}
