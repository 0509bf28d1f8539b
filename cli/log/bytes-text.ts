/** Keys and values as text: UTF-8 where they are that, base64 where they are not. */
import { isUtf8 } from 'node:buffer'

/**
 * Puts `key: 'text'` into an object, or `keyBase64: '…'` where the bytes are no UTF-8; null stays null. Millions of records
 * pass here: an object that is spread into another one, with a key that is computed, outlives the young generation.
 */
export function putField(target: Record<string, unknown>, name: 'key' | 'value', bytes: Uint8Array | null): void {
  if (bytes === null || isUtf8(bytes)) target[name] = bytes === null ? null : text(bytes)
  else target[base64Names[name]] = base64(bytes)
}

const base64Names = { key: 'keyBase64', value: 'valueBase64' } as const

/** For a line of a terminal: control characters written as in JSON, so that data cannot steer the terminal. */
export function lineField(bytes: Uint8Array | null): string {
  if (bytes === null) return 'null'
  if (!isUtf8(bytes)) return `base64:${base64(bytes)}`
  const plain = text(bytes)
  return unprintable.test(plain) ? JSON.stringify(plain).replaceAll(deleteAndC1, escaped) : plain
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const unprintable = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/
const deleteAndC1 = /[\u007f-\u009f\u2028\u2029]/g
const escaped = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`

const view = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
const text = (bytes: Uint8Array): string => view(bytes).toString('utf8')
const base64 = (bytes: Uint8Array): string => view(bytes).toString('base64')
