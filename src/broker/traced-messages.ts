/**
 * Messages as the trace shows them: key, and of the value the first line, which is the message's name in scenarios. They
 * are taken from what was appended, never read back from the log: a look at the disk would cost time, and could fail.
 */
import { fromUtf8 } from '../host/index.ts'
import { readMessageSet } from '../storage/index.ts'
import type { TracedMessage } from './events.ts'

/** @param firstOffset offset that the log gave the first one; undefined: the set has its offsets already */
export const tracedMessages = (records: Uint8Array, firstOffset?: number): TracedMessage[] =>
  readMessageSet(records).map((message, i) => ({
    offset: firstOffset === undefined ? message.offset : firstOffset + i,
    key: message.key === null ? null : fromUtf8(message.key),
    value: message.value === null ? null : firstLine(fromUtf8(message.value)),
  }))

function firstLine(text: string): string {
  const end = text.indexOf('\n')
  return end < 0 ? text : text.slice(0, end)
}
