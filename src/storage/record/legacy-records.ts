/**
 * The records of an entry of format 0 or 1: itself, or what its wrapper holds (formats.md 1.3;
 * `AbstractLegacyRecordBatch.java` of kafka-clients). Inner offsets are absolute in format 0 and relative in format 1.
 */
import { readInt32, readInt64 } from '../big-endian.ts'
import { CompressionId } from '../compression/codec.ts'
import type { CodecRegistry } from '../compression/registry.ts'
import { CorruptRecordError, InvalidRecordError } from '../errors.ts'
import type { Batch } from './batch.ts'
import { codecIdAt, entryEnd } from './entry.ts'
import { ENTRY_OVERHEAD, LEGACY_TIMESTAMP_AT, MAGIC_AT, MESSAGE_SIZE_MIN, NO_TIMESTAMP, SIZE_AT } from './layout.ts'
import { readLegacyFields } from './legacy-message.ts'
import { opened } from './opened.ts'
import { type LogRecord, NO_HEADERS } from './record.ts'

/** @throws CorruptRecordError, InvalidRecordError, CompressionError, UnsupportedCodecError */
export function readLegacyRecords(batch: Batch, codecs: CodecRegistry, maxBytes: number): LogRecord[] {
  const { bytes, position, end } = batch
  if (batch.codecId === 0) return [readMessage(bytes, position, end, readInt64(bytes, position), undefined)]
  const inner = openWrapper(batch, codecs, maxBytes)
  return legacyRecordsOf(batch, inner, innerPositions(inner))
}

/**
 * The records of a wrapper that has been opened.
 * @throws InvalidRecordError
 */
export function legacyRecordsOf(batch: Batch, inner: Uint8Array, positions: readonly number[]): LogRecord[] {
  const recordAt = innerReader(batch, inner, positions)
  return positions.map(recordAt)
}

/**
 * Reads the records of an opened wrapper one at a time, each by its position.
 * @throws InvalidRecordError at once, or when a record is read
 */
export function innerReader(
  batch: Batch,
  inner: Uint8Array,
  positions: readonly number[],
): (position: number) => LogRecord {
  const last = positions.at(-1)
  if (last === undefined) throw new InvalidRecordError(`the wrapper at byte ${batch.position} holds nothing`)
  const base = batch.magic === 0 ? 0 : baseOffsetOf(batch.lastOffset, readInt64(inner, last))
  const appendTime = batch.timestampType === 'LogAppendTime' ? batch.maxTimestamp : undefined
  return (at) => readMessage(inner, at, entryEnd(inner, at), base + readInt64(inner, at), appendTime)
}

/**
 * What a wrapper holds: entries like itself, one after another.
 * @throws InvalidRecordError, CompressionError, UnsupportedCodecError
 */
export function openWrapper(batch: Batch, codecs: CodecRegistry, maxBytes: number): Uint8Array {
  const { bytes, position, end, magic, codecId } = batch
  const value = readLegacyFields(bytes, position, end)?.value
  if (value === undefined) throw new InvalidRecordError(`the entry at byte ${position} is no message of format 0 or 1`)
  if (value === null) throw new InvalidRecordError(`the wrapper at byte ${position} has no value`)
  if (codecId === CompressionId.zstd) throw new InvalidRecordError(`zstd in a wrapper of format ${magic}`)
  return opened(codecId, value, magic, codecs, maxBytes)
}

/**
 * Where the entries inside a wrapper begin. A last one that is cut short is left out, as Kafka does.
 * @throws CorruptRecordError an impossible size
 * @throws InvalidRecordError a wrapper inside the wrapper
 */
export function innerPositions(inner: Uint8Array): number[] {
  const positions: number[] = []
  let at = 0
  for (let end = entryEnd(inner, at); end > 0; end = entryEnd(inner, at)) {
    if (codecIdAt(inner, at) !== 0) throw new InvalidRecordError('a wrapper inside a wrapper')
    positions.push(at)
    at = end
  }
  if (inner.length - at >= ENTRY_OVERHEAD && readInt32(inner, at + SIZE_AT) < MESSAGE_SIZE_MIN) {
    throw new CorruptRecordError(`an inner message of ${readInt32(inner, at + SIZE_AT)} bytes`)
  }
  return positions
}

/** Offset that relative offset 0 stands for. Some C clients write 0 for the wrapper's own. */
function baseOffsetOf(wrapperOffset: number, lastInnerOffset: number): number {
  if (wrapperOffset === 0) return 0
  if (wrapperOffset < lastInnerOffset) {
    throw new InvalidRecordError(`inner offset ${lastInnerOffset} in a wrapper with offset ${wrapperOffset}`)
  }
  return wrapperOffset - lastInnerOffset
}

function readMessage(
  bytes: Uint8Array,
  at: number,
  end: number,
  offset: number,
  appendTime: number | undefined,
): LogRecord {
  const fields = readLegacyFields(bytes, at, end)
  if (fields === undefined) throw new InvalidRecordError(`the entry at byte ${at} is no message of format 0 or 1`)
  const own = bytes[at + MAGIC_AT] === 0 ? NO_TIMESTAMP : readInt64(bytes, at + LEGACY_TIMESTAMP_AT)
  // A wrapper's time of append holds for messages that have a time.
  const timestamp = appendTime === undefined || bytes[at + MAGIC_AT] === 0 ? own : appendTime
  return { offset, timestamp, key: fields.key, value: fields.value, headers: NO_HEADERS }
}
