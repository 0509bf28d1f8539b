/**
 * Messages as the trace shows them: key, and of the value the first line, which is the message's name in scenarios. Those
 * of the offsets topic are put into words. They are taken from what was appended, never read back from the log: a look at
 * the disk would cost time, and could fail.
 */
import { fromUtf8 } from '../host/index.ts'
import { OFFSETS_TOPIC, offsetsTopicText } from '../protocol/index.ts'
import { type MessageEntry, readMessageSet } from '../storage/index.ts'
import type { TracedMessage } from './events.ts'

/** @param firstOffset offset that the log gave the first one; undefined: the set has its offsets already */
export function tracedMessages(topic: string, records: Uint8Array, firstOffset?: number): TracedMessage[] {
  return readMessageSet(records).map((message, i) => {
    const offset = firstOffset === undefined ? message.offset : firstOffset + i
    const words = topic === OFFSETS_TOPIC ? offsetsTopicText(message.key, message.value) : undefined
    return words === undefined ? { offset, ...plain(message) } : { offset, ...words }
  })
}

const plain = ({ key, value }: MessageEntry): Omit<TracedMessage, 'offset'> => ({
  key: key === null ? null : fromUtf8(key),
  value: value === null ? null : firstLine(fromUtf8(value)),
})

function firstLine(text: string): string {
  const end = text.indexOf('\n')
  return end < 0 ? text : text.slice(0, end)
}
