/** Words that several families of trace lines share. See `format.ts`. */
import type { TracedMessage } from '../../src/broker/events.ts'
import { messageName } from './names.ts'

/** ` 0:m1 1:k=m2` */
export function tracedWords(messages: readonly TracedMessage[]): string {
  let text = ''
  for (const { offset, key, value } of messages) {
    text += ` ${offset}:${key === null || value === null ? '' : `${key}=`}${messageName(value, key)}`
  }
  return text
}
