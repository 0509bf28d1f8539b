/**
 * Messages as the trace shows them: key, and of the value the first line, which is the message's name in scenarios. They
 * are taken from what was appended, of whatever format, never read back from the log: a look at the disk would cost time,
 * and could fail. Control records are no messages: their offsets are missing. Those of internal topics are put into words.
 */
import { fromUtf8 } from '../host/index.ts'
import { OFFSETS_TOPIC, offsetsTopicText, TRANSACTION_LOG_TOPIC, transactionLogText } from '../protocol/index.ts'
import {
  type Batch,
  batchesOf,
  CompressionError,
  LogError,
  type LogRecord,
  readControlRecord,
} from '../storage/index.ts'
import type { TracedMarker, TracedMessage } from './events.ts'

/** @param firstOffset offset that the log gave the first one; undefined: the records have their offsets already */
export function tracedMessages(topic: string, records: Uint8Array, firstOffset?: number): TracedMessage[] {
  const messages: TracedMessage[] = []
  let next = firstOffset
  for (const batch of batchesOf(records)) {
    const { producerId, producerEpoch: epoch } = batch
    const part = batch.isTransactional ? { transaction: { producerId, epoch } } : undefined
    for (const { offset, key, value } of recordsOf(batch)) {
      const at = next === undefined ? offset : next++
      if (batch.isControl) continue
      messages.push({ offset: at, ...(internalWords(topic, key, value) ?? plain(key, value)), ...part })
    }
  }
  return messages
}

/** The markers among what was appended. @param firstOffset as above */
export function tracedMarkers(records: Uint8Array, firstOffset?: number): TracedMarker[] {
  const markers: TracedMarker[] = []
  let next = firstOffset
  for (const batch of batchesOf(records)) {
    const offset = next ?? batch.lastOffset
    if (next !== undefined) next += batch.count ?? 1
    const [record] = batch.isControl ? recordsOf(batch) : []
    if (record === undefined) continue
    const { type, coordinatorEpoch } = readControlRecord(record as LogRecord)
    if (type !== 'commit' && type !== 'abort') continue
    const { producerId, producerEpoch: epoch } = batch
    markers.push({ offset, committed: type === 'commit', producerId, epoch, coordinatorEpoch: coordinatorEpoch! })
  }
  return markers
}

const internalWords = (
  topic: string,
  key: Uint8Array | null,
  value: Uint8Array | null,
): { readonly key: string; readonly value: string | null } | undefined => {
  if (topic === OFFSETS_TOPIC) return offsetsTopicText(key, value)
  return topic === TRANSACTION_LOG_TOPIC ? transactionLogText(key, value) : undefined
}

const plain = (key: Uint8Array | null, value: Uint8Array | null): Omit<TracedMessage, 'offset'> => ({
  key: key === null ? null : fromUtf8(key),
  value: value === null ? null : firstLine(fromUtf8(value)),
})

/** Up to 0.9 a leader looks at sizes and CRC only: what is in a message may be anything. */
function recordsOf(batch: Batch): ReadonlyArray<Pick<LogRecord, 'offset' | 'key' | 'value'>> {
  try {
    return batch.records()
  } catch (error) {
    if (!(error instanceof LogError || error instanceof CompressionError)) throw error
    return [{ offset: batch.lastOffset, key: null, value: null }]
  }
}

function firstLine(text: string): string {
  const end = text.indexOf('\n')
  return end < 0 ? text : text.slice(0, end)
}
