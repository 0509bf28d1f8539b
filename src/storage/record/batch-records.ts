/** The records of a batch of format 2 (`DefaultRecordBatch.java` of kafka-clients). */
import type { CodecRegistry } from '../compression/registry.ts'
import { InvalidRecordError } from '../errors.ts'
import type { Batch } from './batch.ts'
import { BATCH_OVERHEAD } from './layout.ts'
import { opened } from './opened.ts'
import { type LogRecord, RecordCursor } from './record.ts'

/** A cursor at the first record, opened if the batch is compressed. @throws CompressionError, UnsupportedCodecError */
export function cursorOf(batch: Batch, codecs: CodecRegistry, maxBytes: number): RecordCursor {
  const { bytes, position, end, codecId } = batch
  const from = position + BATCH_OVERHEAD
  if (codecId === 0) return new RecordCursor(bytes, from, end)
  const payload = opened(codecId, bytes.subarray(from, end), 2, codecs, maxBytes)
  return new RecordCursor(payload, 0, payload.length)
}

/** @throws InvalidRecordError, CompressionError, UnsupportedCodecError */
export function readBatchRecords(batch: Batch, codecs: CodecRegistry, maxBytes: number): LogRecord[] {
  const count = batch.count!
  // A batch that compaction has emptied has a codec, perhaps, but nothing to open.
  if (count === 0) return []
  const cursor = cursorOf(batch, codecs, maxBytes)
  const baseOffset = batch.baseOffset!
  const baseTimestamp = batch.baseTimestamp!
  const appendTime = batch.timestampType === 'LogAppendTime' ? batch.maxTimestamp : undefined
  const records: LogRecord[] = []
  for (let i = 0; i < count; i++) {
    cursor.next()
    records.push({
      offset: baseOffset + cursor.offsetDelta,
      timestamp: appendTime ?? baseTimestamp + cursor.timestampDelta,
      key: cursor.key,
      value: cursor.value,
      headers: cursor.headers,
    })
  }
  ensureCount(count, cursor)
  return records
}

/** @throws InvalidRecordError the batch holds more than its header says */
export function ensureCount(count: number, cursor: RecordCursor): void {
  if (count < 0) throw new InvalidRecordError(`a batch of ${count} records`)
  if (!cursor.isAtEnd) throw new InvalidRecordError(`bytes are left behind the ${count} records of a batch`)
}
