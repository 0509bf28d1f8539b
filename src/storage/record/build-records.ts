/**
 * Writing records in any format, compressed or not (`MemoryRecordsBuilder.java` of kafka-clients): one batch in format 2,
 * one wrapper, or the messages one after another. Formats 0 and 1 have no headers, format 0 no timestamps.
 */
import { invariant } from '../../host/index.ts'
import { CompressionId, type CompressionType } from '../compression/codec.ts'
import { allCodecs, type CodecRegistry } from '../compression/registry.ts'
import { InvalidRecordError } from '../errors.ts'
import { type BatchOrigin, writeBatchHeader } from './batch-header.ts'
import { BATCH_OVERHEAD, type Magic, NO_TIMESTAMP, TIMESTAMP_TYPE_FLAG, type TimestampType } from './layout.ts'
import { sizeOfLegacyMessage, writeLegacyMessage } from './legacy-message.ts'
import { type NewRecord, sizeOfRecordBody, writeRecord } from './record.ts'
import { sizeOfVarint } from './varint.ts'

export interface BuildOptions extends BatchOrigin {
  readonly magic: Magic
  readonly compression?: CompressionType
  /** Offset of a first record that says none; in format 2 and in wrappers of format 1, what the others are relative to. */
  readonly baseOffset?: number
  /** Time of the append: given, the timestamps are of type LogAppendTime, and this one. */
  readonly logAppendTime?: number
  /** Offset that the batch ends with although its last record may be gone (compaction; format 2). */
  readonly lastOffset?: number
  /** Delete horizon, kept in place of the base timestamp (compaction; format 2). */
  readonly deleteHorizonMs?: number
  readonly codecs?: CodecRegistry
}

/** Offset deltas of a batch, and so its records, reach no further. */
const OFFSET_DELTA_MAX = 0x7fff_ffff

/**
 * @throws InvalidRecordError offsets do not rise, or reach too far, or a timestamp is negative
 * @throws InvariantError headers or producer ids in a format that has none; an unknown codec
 */
export function buildRecords(records: readonly NewRecord[], options: BuildOptions): Uint8Array {
  if (records.length === 0) return new Uint8Array(0)
  const offsets = offsetsOf(records, options.baseOffset)
  return options.magic === 2
    ? buildBatch(records, offsets, options)
    : buildLegacy(records, offsets, options, options.magic)
}

/** What compaction leaves of a batch whose records are all gone: the header, so that offsets and sequences live on. */
export function buildEmptyBatch(
  options: BatchOrigin & {
    readonly baseOffset: number
    readonly lastOffset: number
    readonly timestampType: TimestampType
    readonly maxTimestamp: number
  },
): Uint8Array {
  const bytes = new Uint8Array(BATCH_OVERHEAD)
  const lastOffsetDelta = options.lastOffset - options.baseOffset
  const codecId = CompressionId.none
  writeBatchHeader(bytes, 0, bytes.length, {
    ...options,
    lastOffsetDelta,
    codecId,
    baseTimestamp: NO_TIMESTAMP,
    count: 0,
  })
  return bytes
}

function buildBatch(records: readonly NewRecord[], offsets: readonly number[], options: BuildOptions): Uint8Array {
  const baseOffset = options.baseOffset ?? offsets[0]!
  const baseTimestamp = options.deleteHorizonMs ?? records[0]!.timestamp ?? NO_TIMESTAMP
  const lastOffset = options.lastOffset ?? offsets.at(-1)!
  if (lastOffset - baseOffset > OFFSET_DELTA_MAX) {
    throw new InvalidRecordError(`a batch from ${baseOffset} to ${lastOffset}`)
  }
  const bodySizes = records.map((record, i) =>
    sizeOfRecordBody((record.timestamp ?? NO_TIMESTAMP) - baseTimestamp, offsets[i]! - baseOffset, record),
  )
  const size = bodySizes.reduce((sum, bodySize) => sum + sizeOfVarint(bodySize) + bodySize, 0)
  const plain = new Uint8Array(BATCH_OVERHEAD + size)
  let at = BATCH_OVERHEAD
  let maxTimestamp = NO_TIMESTAMP
  records.forEach((record, i) => {
    const timestamp = record.timestamp ?? NO_TIMESTAMP
    maxTimestamp = Math.max(maxTimestamp, timestamp)
    at = writeRecord(plain, at, bodySizes[i]!, timestamp - baseTimestamp, offsets[i]! - baseOffset, record)
  })
  const codecId = CompressionId[options.compression ?? 'none']
  let bytes = plain
  if (codecId !== 0) {
    const payload = compressed(codecId, plain.subarray(BATCH_OVERHEAD), 2, options.codecs)
    bytes = new Uint8Array(BATCH_OVERHEAD + payload.length)
    bytes.set(payload, BATCH_OVERHEAD)
  }
  writeBatchHeader(bytes, 0, bytes.length, {
    ...options,
    baseOffset,
    lastOffsetDelta: lastOffset - baseOffset,
    codecId,
    timestampType: options.logAppendTime === undefined ? 'CreateTime' : 'LogAppendTime',
    baseTimestamp,
    maxTimestamp: options.logAppendTime ?? maxTimestamp,
    hasDeleteHorizon: options.deleteHorizonMs !== undefined,
    count: records.length,
  })
  return bytes
}

function buildLegacy(
  records: readonly NewRecord[],
  offsets: readonly number[],
  options: BuildOptions,
  magic: 0 | 1,
): Uint8Array {
  const { logAppendTime, compression = 'none' } = options
  invariant(
    options.producerId === undefined && options.isTransactional !== true && options.isControl !== true,
    () => `a producer id, a transaction or a control record in format ${magic}`,
  )
  invariant(compression !== 'zstd', () => `zstd in format ${magic}`)
  const baseOffset = options.baseOffset ?? offsets[0]!
  // Inside a wrapper of format 1 offsets are relative.
  const shift = magic === 1 && compression !== 'none' ? baseOffset : 0
  const attributes = magic === 1 && logAppendTime !== undefined ? TIMESTAMP_TYPE_FLAG : 0
  let size = 0
  for (const { key, value, headers } of records) {
    invariant(headers === undefined || headers.length === 0, () => `headers in format ${magic}`)
    size += sizeOfLegacyMessage(magic, key, value)
  }
  const plain = new Uint8Array(size)
  let at = 0
  let maxTimestamp = NO_TIMESTAMP
  records.forEach(({ key, value, timestamp: created = NO_TIMESTAMP }, i) => {
    const timestamp = logAppendTime ?? created
    maxTimestamp = Math.max(maxTimestamp, timestamp)
    at = writeLegacyMessage(plain, at, { magic, offset: offsets[i]! - shift, attributes, timestamp, key, value })
  })
  if (compression === 'none') return plain
  const codecId = CompressionId[compression]
  const value = compressed(codecId, plain, magic, options.codecs)
  return buildWrapper(magic, offsets.at(-1)!, attributes | codecId, maxTimestamp, value)
}

/** A message around a compressed row of messages. */
export function buildWrapper(
  magic: 0 | 1,
  offset: number,
  attributes: number,
  timestamp: number,
  value: Uint8Array,
): Uint8Array {
  const bytes = new Uint8Array(sizeOfLegacyMessage(magic, null, value))
  writeLegacyMessage(bytes, 0, { magic, offset, attributes, timestamp, key: null, value })
  return bytes
}

function compressed(codecId: number, plain: Uint8Array, magic: Magic, codecs: CodecRegistry = allCodecs): Uint8Array {
  const codec = codecs.byId(codecId)
  invariant(codec !== undefined, () => `codec ${codecId}, where ${codecs} are known`)
  return codec.compress(plain, magic)
}

function offsetsOf(records: readonly NewRecord[], baseOffset: number | undefined): number[] {
  const offsets: number[] = []
  let next = baseOffset ?? records[0]!.offset ?? 0
  for (const record of records) {
    const offset = record.offset ?? next
    if (offset < next) throw new InvalidRecordError(`offset ${offset} where ${next} is next`)
    const { timestamp = NO_TIMESTAMP } = record
    if (timestamp < NO_TIMESTAMP) throw new InvalidRecordError(`timestamp ${timestamp} of record ${offset}`)
    offsets.push(offset)
    next = offset + 1
  }
  return offsets
}
