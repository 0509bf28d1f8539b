/**
 * Messages as the trace shows them: key, and of the value the first line, which is the message's name in scenarios. They
 * are taken from what was appended, of whatever format, never read back from the log: a look at the disk would cost time,
 * and could fail. Control records are no messages: their offsets are missing. Those of the offsets topic are put into words.
 */
import { fromUtf8 } from '../host/index.ts'
import { OFFSETS_TOPIC, offsetsTopicText } from '../protocol/index.ts'
import { type Batch, batchesOf, CompressionError, LogError, type LogRecord } from '../storage/index.ts'
import type { TracedMessage } from './events.ts'

/** @param firstOffset offset that the log gave the first one; undefined: the records have their offsets already */
export function tracedMessages(topic: string, records: Uint8Array, firstOffset?: number): TracedMessage[] {
  const messages: TracedMessage[] = []
  let next = firstOffset
  for (const batch of batchesOf(records)) {
    for (const { offset, key, value } of recordsOf(batch)) {
      const at = next === undefined ? offset : next++
      if (batch.isControl) continue
      const words = topic === OFFSETS_TOPIC ? offsetsTopicText(key, value) : undefined
      messages.push({ offset: at, ...(words ?? plain(key, value)) })
    }
  }
  return messages
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
