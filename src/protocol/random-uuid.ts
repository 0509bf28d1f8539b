/** Random UUIDs as Kafka writes them (`Uuid.java`, and `CoreUtils.generateUuidAsBase64` before it). */
import type { RandomStream } from '../host/index.ts'

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
const BYTES = 16

/** A UUID of version 4 as 22 characters of URL-safe base64. */
export function randomUuid(random: RandomStream): string {
  const bytes = Array.from({ length: BYTES }, () => random.intBelow(256, 'byte of a UUID'))
  bytes[6] = (bytes[6]! & 0x0f) | 0x40
  bytes[8] = (bytes[8]! & 0x3f) | 0x80
  let text = ''
  for (let at = 0; at < BYTES; at += 3) {
    const group = (bytes[at]! << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0)
    const characters = at + 3 <= BYTES ? 4 : 2
    for (let i = 0; i < characters; i++) text += ALPHABET[(group >> (18 - 6 * i)) & 0x3f]
  }
  return text
}
