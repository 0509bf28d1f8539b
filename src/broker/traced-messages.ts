/**
 * Messages as the trace shows them: key, and of the value the first line, which is the message's name in scenarios. They
 * are taken from what was appended, never read back from the log: a look at the disk would cost time, and could fail.
 */
import { fromUtf8 } from '../host/index.ts'
import { batchesOf, CompressionError, LogError, type LogRecord } from '../storage/index.ts'
import type { TracedMessage } from './events.ts'

/** @param firstOffset offset that the log gave the first one; undefined: the set has its offsets already */
export function tracedMessages(records: Uint8Array, firstOffset?: number): TracedMessage[] {
  const messages: TracedMessage[] = []
  for (const batch of batchesOf(records)) {
    for (const { offset, key, value } of opened(() => batch.records())) {
      messages.push({
        offset: firstOffset === undefined ? offset : firstOffset + messages.length,
        key: key === null ? null : fromUtf8(key),
        value: value === null ? null : firstLine(fromUtf8(value)),
      })
    }
  }
  return messages
}

/** A wrapper that cannot be opened shows nothing. */
function opened(open: () => readonly LogRecord[]): readonly LogRecord[] {
  try {
    return open()
  } catch (error) {
    if (error instanceof CompressionError || error instanceof LogError) return []
    throw error
  }
}

function firstLine(text: string): string {
  const end = text.indexOf('\n')
  return end < 0 ? text : text.slice(0, end)
}
