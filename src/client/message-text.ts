/**
 * Names and sizes of application messages. A message's name is the text of its value up to the first newline; what
 * follows only makes the value as large as a workload asks. Traces, ledger and oracles speak of messages by name.
 */
import { utf8 } from '../host/index.ts'

/** The name in a value's text. */
export function messageName(value: string): string {
  const newline = value.indexOf('\n')
  return newline < 0 ? value : value.slice(0, newline)
}

/** A value of `sizeBytes` bytes that carries this name; just the name where that is already as large. */
export function sizedValue(name: string, sizeBytes: number): string {
  const missing = sizeBytes - utf8(name).length
  return missing <= 0 ? name : `${name}\n${'.'.repeat(missing - 1)}`
}
