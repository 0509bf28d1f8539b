/** Feeds any plain value to a digest: the messages in flight. */
import { type Digest, InvariantError } from '../../src/host/index.ts'

export function digestValue(digest: Digest, value: unknown): void {
  switch (typeof value) {
    case 'undefined':
      digest.word(1)
      return
    case 'boolean':
      digest.word(2).boolean(value)
      return
    case 'number':
      if (Number.isSafeInteger(value)) digest.word(3).int(value)
      else digest.word(4).string(String(value))
      return
    case 'bigint':
      digest.word(5).string(String(value))
      return
    case 'string':
      digest.word(6).string(value)
      return
    case 'object':
      return digestObject(digest, value)
    default:
      throw new InvariantError(`a message holds a ${typeof value}`)
  }
}

function digestObject(digest: Digest, value: object | null): void {
  if (value === null) {
    digest.word(7)
  } else if (value instanceof Uint8Array) {
    digest.word(8).bytes(value)
  } else if (Array.isArray(value) || value instanceof Set) {
    digest.word(9)
    let count = 0
    for (const item of value) {
      digestValue(digest, item)
      count++
    }
    digest.word(count)
  } else if (value instanceof Map) {
    digest.word(10).word(value.size)
    for (const [key, item] of value) {
      digestValue(digest, key)
      digestValue(digest, item)
    }
  } else {
    const entries = Object.entries(value)
    digest.word(11).word(entries.length)
    for (const [key, item] of entries) digestValue(digest.string(key), item)
  }
}
