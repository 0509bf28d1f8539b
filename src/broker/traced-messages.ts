/** Messages as the trace shows them: key, and of the value the first line, which is the message's name in scenarios. */
import { fromUtf8 } from '../host/index.ts'
import type { Log } from '../storage/index.ts'
import type { TracedMessage } from './events.ts'

/** The messages of a log from an offset to its end. */
export const tracedMessages = (log: Log, from: number): TracedMessage[] =>
  log.messages(from, log.logEndOffset).map((message) => ({
    offset: message.offset,
    key: message.key === null ? null : fromUtf8(message.key),
    value: message.value === null ? null : firstLine(fromUtf8(message.value)),
  }))

function firstLine(text: string): string {
  const end = text.indexOf('\n')
  return end < 0 ? text : text.slice(0, end)
}
