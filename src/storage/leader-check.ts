/**
 * What a leader of a release since 0.10 does with a set from a client: validation of batches and records, numbering, time
 * of the append, and if need be conversion or recompression (`LogValidator.java` of Kafka's storage module; formats.md
 * 1.7). An entry is changed in place, in a copy, where the bytes of its records may stay.
 */
import { ErrorCode } from '../protocol/index.ts'
import type { CheckedRecords } from './checked-records.ts'
import { CompressionError, CompressionId, compressionName, DECOMPRESSED_BYTES_MAX } from './compression/codec.ts'
import { workingCopy } from './crc.ts'
import { checkEntries, checkedEnd, describeEntries } from './entries-check.ts'
import { AppendError, LogError } from './errors.ts'
import { type LogFormat, targetCodecId } from './log-format.ts'
import { type Batch, batchesOf } from './record/batch.ts'
import { cursorOf, ensureCount } from './record/batch-records.ts'
import { buildRecords } from './record/build-records.ts'
import { entryEnd, isCrcValid } from './record/entry.ts'
import { MAGIC_AT, NO_PRODUCER_ID, NO_TIMESTAMP } from './record/layout.ts'
import { innerPositions, legacyRecordsOf, openWrapper } from './record/legacy-records.ts'
import type { LogRecord } from './record/record.ts'
import { setLastOffset, setMaxTimestamp, setPartitionLeaderEpoch } from './record/rewrite-header.ts'
import { RecordRules } from './record-rules.ts'

export interface LeaderContext {
  readonly assignFrom: number
  readonly format: LogFormat
  readonly maxMessageBytes: number
  /** The leader's clock. */
  readonly nowMs: number
  readonly partitionLeaderEpoch: number
  /** `coordinator`: transaction markers, offsets and the like, which clients may not write. */
  readonly origin: 'client' | 'coordinator'
  /** The topic is compacted: every record needs a key. */
  readonly compacted: boolean
}

/**
 * @throws AppendError InvalidMessage (size, CRC), MessageSizeTooLarge, InvalidRecord, InvalidTimestamp,
 * UnsupportedForMessageFormat, Unknown (codec, broken compression)
 */
export function checkLeaderRecords(records: Uint8Array, context: LeaderContext): CheckedRecords {
  const whole = checkEntries(records, context.maxMessageBytes, context.format)
  if (whole.bytes.length === 0) return whole
  try {
    return new LeaderCheck(workingCopy(whole.bytes), context).run()
  } catch (error) {
    if (error instanceof CompressionError) throw new AppendError(ErrorCode.Unknown, error.message)
    if (error instanceof AppendError || !(error instanceof LogError)) throw error
    throw new AppendError(error.errorCode, error.message)
  }
}

class LeaderCheck {
  private readonly context: LeaderContext
  private readonly format: LogFormat
  private readonly bytes: Uint8Array
  private readonly batches: readonly Batch[]
  private readonly first: Batch
  private readonly sourceCodecId: number
  private readonly targetCodecId: number
  private readonly rules: RecordRules

  constructor(bytes: Uint8Array, context: LeaderContext) {
    this.context = context
    this.format = context.format
    this.bytes = bytes
    this.batches = [...batchesOf(bytes)]
    this.first = this.batches[0]!
    this.sourceCodecId = this.batches.findLast(({ codecId }) => codecId !== 0)?.codecId ?? CompressionId.none
    this.targetCodecId = targetCodecId(this.format, this.sourceCodecId)
    this.rules = new RecordRules(this.format, context.nowMs, context.compacted)
  }

  run(): CheckedRecords {
    if ((this.first.magic === 2 || this.sourceCodecId !== 0) && this.batches.length > 1) {
      throw new AppendError(ErrorCode.InvalidRecord, `${this.batches.length} batches where one is allowed`)
    }
    const { magic } = this.format
    const sameMagic = this.batches.every((batch) => batch.magic === magic)
    if (this.sourceCodecId === 0 && this.targetCodecId === 0) return sameMagic ? this.assign() : this.rebuild()
    // Control records are not compressed by the broker.
    const isPlainControl = this.sourceCodecId === 0 && this.first.isControl
    const mayStay = this.sourceCodecId === this.targetCodecId && sameMagic && magic !== 0
    return mayStay || isPlainControl ? this.assignOpened() : this.rebuild()
  }

  private checkBatch(batch: Batch): void {
    const { context, format, first } = this
    if (batch.magic !== first.magic) {
      throw new AppendError(ErrorCode.InvalidRecord, `format ${batch.magic} in a set of format ${first.magic}`)
    }
    if (context.origin === 'client') checkClientBatch(batch)
    if (format.magic < 2 && (batch.isTransactional || batch.producerId !== NO_PRODUCER_ID)) {
      throw new AppendError(
        ErrorCode.UnsupportedForMessageFormat,
        `a producer id or a transaction in a log of format ${format.magic}`,
      )
    }
  }

  /** Uncompressed entries of the right format: each keeps its bytes but for offset, epoch and time. */
  private assign(): CheckedRecords {
    let next = this.context.assignFrom
    for (const batch of this.batches) {
      this.checkBatch(batch)
      const { count, maxTimestamp } = this.walk(batch)
      next += count
      this.stamp(batch, next - 1, maxTimestamp)
    }
    return this.assigned(this.bytes, next - this.context.assignFrom)
  }

  /** One compressed batch of the right format and codec: opened to be checked, kept closed if its offsets are dense. */
  private assignOpened(): CheckedRecords {
    this.checkBatch(this.first)
    const { count, maxTimestamp, dense } = this.walk(this.first)
    if (!dense) return this.rebuild()
    this.stamp(this.first, this.context.assignFrom + count - 1, maxTimestamp)
    return this.assigned(this.bytes, count)
  }

  private stamp(batch: Batch, lastOffset: number, maxTimestamp: number): void {
    const { bytes, format, context } = this
    const { position, end } = batch
    setLastOffset(bytes, position, lastOffset)
    if (batch.magic === 2) setPartitionLeaderEpoch(bytes, position, context.partitionLeaderEpoch)
    if (batch.magic === 0) return
    const isAppendTime = format.timestampType === 'LogAppendTime'
    setMaxTimestamp(bytes, position, end, format.timestampType, isAppendTime ? context.nowMs : maxTimestamp)
  }

  /** Looks at every record, without an object for each in format 2. */
  private walk(batch: Batch): {
    readonly count: number
    readonly maxTimestamp: number
    /** Offsets are 0, 1, 2 … as a producer should write them. */
    readonly dense: boolean
  } {
    if (batch.magic !== 2) {
      const records = this.legacyRecords(batch)
      this.rules.endOfBatch()
      const maxTimestamp = records.reduce((max, { timestamp }) => Math.max(max, timestamp), NO_TIMESTAMP)
      return { count: records.length, maxTimestamp, dense: records.every(({ offset }, i) => offset === i) }
    }
    const count = batch.count!
    const { timestampType, baseTimestamp = 0, maxTimestamp: batchTimestamp } = batch
    const cursor = cursorOf(batch, this.format.codecs, DECOMPRESSED_BYTES_MAX)
    let maxTimestamp = NO_TIMESTAMP
    let dense = batch.baseOffset === 0
    for (let i = 0; i < count; i++) {
      cursor.next()
      const timestamp = timestampType === 'LogAppendTime' ? batchTimestamp : baseTimestamp + cursor.timestampDelta
      this.rules.record(timestamp, cursor.keyLength >= 0, timestampType)
      if (timestamp > maxTimestamp) maxTimestamp = timestamp
      if (cursor.offsetDelta !== i) dense = false
    }
    ensureCount(count, cursor)
    this.rules.endOfBatch()
    return { count, maxTimestamp, dense }
  }

  /** The checked records of an entry of format 0 or 1. */
  private legacyRecords(batch: Batch): LogRecord[] {
    let records: LogRecord[]
    if (batch.codecId === 0) {
      records = batch.records()
    } else {
      const inner = openWrapper(batch, this.format.codecs, DECOMPRESSED_BYTES_MAX)
      const positions = innerPositions(inner)
      for (const at of positions) this.checkInner(batch, inner, at)
      records = legacyRecordsOf(batch, inner, positions)
    }
    for (const { timestamp, key } of records) this.rules.record(timestamp, key !== null, batch.timestampType)
    return records
  }

  private checkInner(batch: Batch, inner: Uint8Array, at: number): void {
    if (inner[at + MAGIC_AT] !== batch.magic) {
      this.rules.refuse(`a message of format ${inner[at + MAGIC_AT]} in a wrapper of format ${batch.magic}`)
    } else if (!isCrcValid(inner, at, entryEnd(inner, at))) {
      throw new AppendError(ErrorCode.InvalidMessage, `wrong CRC of the message at byte ${at} of a wrapper`)
    }
  }

  /** Other format, other codec, or offsets that are not dense: the records are written anew. */
  private rebuild(): CheckedRecords {
    const { context, format, first } = this
    const records: LogRecord[] = []
    for (const batch of this.batches) {
      this.checkBatch(batch)
      const found = batch.magic === 2 ? this.batchRecords(batch) : this.legacyRecords(batch)
      this.rules.endOfBatch()
      for (const record of found) records.push(record)
    }
    // Kafka has no code for what an old format cannot hold: IllegalArgumentExceptions of its builder.
    if (format.magic < 2 && this.targetCodecId === CompressionId.zstd) {
      throw new AppendError(ErrorCode.Unknown, `format ${format.magic} has no zstd`)
    }
    if (format.magic < 2 && records.some(({ headers }) => headers.length > 0)) {
      throw new AppendError(ErrorCode.Unknown, `format ${format.magic} has no record headers`)
    }
    const isBatch = format.magic === 2
    const bytes = buildRecords(
      records.map((record, i) => ({ ...record, offset: context.assignFrom + i })),
      {
        magic: format.magic,
        compression: compressionName(this.targetCodecId)!,
        baseOffset: context.assignFrom,
        codecs: format.codecs,
        ...(format.timestampType === 'LogAppendTime' ? { logAppendTime: context.nowMs } : {}),
        ...(isBatch ? { partitionLeaderEpoch: context.partitionLeaderEpoch } : {}),
        ...(isBatch && first.magic === 2
          ? {
              producerId: first.producerId,
              producerEpoch: first.producerEpoch,
              baseSequence: first.baseSequence,
              isTransactional: first.isTransactional,
            }
          : {}),
      },
    )
    for (const { position } of batchesOf(bytes)) checkedEnd(bytes, position, context.maxMessageBytes)
    return this.assigned(bytes, records.length)
  }

  private assigned(bytes: Uint8Array, count: number): CheckedRecords {
    return { ...describeEntries(bytes), count, firstOffset: this.context.assignFrom }
  }

  private batchRecords(batch: Batch): LogRecord[] {
    const records = batch.records({ codecs: this.format.codecs })
    for (const { timestamp, key } of records) this.rules.record(timestamp, key !== null, batch.timestampType)
    return records
  }
}

function checkClientBatch(batch: Batch): void {
  const refuse = (detail: string): never => {
    throw new AppendError(ErrorCode.InvalidRecord, `${detail} in the batch of a client`)
  }
  if (batch.magic === 2) {
    const { baseOffset, count, lastOffsetDelta } = batch
    if (baseOffset !== 0) refuse(`base offset ${baseOffset}`)
    if (count! <= 0) refuse(`${count} records`)
    if (count !== lastOffsetDelta + 1) refuse(`last offset delta ${lastOffsetDelta} for ${count} records`)
  }
  if (batch.isControl) refuse('control records')
  if (batch.producerId !== NO_PRODUCER_ID && batch.baseSequence < 0) refuse(`sequence ${batch.baseSequence}`)
}
