/** How things are called in traces, views and narration. Pure text; nothing here depends on a locale. */
import type { Micros } from '../../src/host/index.ts'

/** `b1` for broker.id 1. */
export const brokerName = (id: number): string => `b${id}`

/** `b1 b2`, or `none`. */
export function brokerNames(ids: readonly number[]): string {
  let text = ''
  for (const id of ids) text += text === '' ? `b${id}` : ` b${id}`
  return text === '' ? 'none' : text
}

/** Leader ids below zero mean that nobody leads. */
export const leaderName = (id: number): string => (id < 0 ? 'none' : `b${id}`)

/** A message is called by its value's first line; producers fill a value up to its size behind a line break. */
export function messageName(value: string | null, key: string | null = null): string {
  if (value === null) return key === null ? '(no value)' : `(no value for ${key})`
  const end = value.indexOf('\n')
  return end < 0 ? value : value.slice(0, end)
}

const INTERNAL = /^__(?:consumer_offsets|transaction_state)-\d+$/

/** A partition that only brokers write to. */
export const isInternal = (tp: string): boolean => INTERNAL.test(tp)

const UUID_LENGTH = 36

/** A member's id is its client's name, a dash and a UUID. */
export const clientOfMember = (member: string): string =>
  member.length > UUID_LENGTH ? member.slice(0, -UUID_LENGTH - 1) : member

/** `1200`, `0.25`, `12.003`: milliseconds of an integer number of microseconds, at most three decimals. */
export function formatMs(us: Micros): string {
  if (us < 0) return `-${formatMs(-us)}`
  const rest = us % 1000
  const whole = (us - rest) / 1000
  if (rest === 0) return `${whole}`
  if (rest % 100 === 0) return `${whole}.${rest / 100}`
  if (rest % 10 === 0) return rest < 100 ? `${whole}.0${rest / 10}` : `${whole}.${rest / 10}`
  return rest < 10 ? `${whole}.00${rest}` : rest < 100 ? `${whole}.0${rest}` : `${whole}.${rest}`
}

/** `12.345 s`: for people, rounded down to the millisecond. */
export function formatSeconds(us: Micros): string {
  const ms = (us - (us % 1000)) / 1000
  const rest = ms % 1000
  const decimals = rest < 10 ? `00${rest}` : rest < 100 ? `0${rest}` : `${rest}`
  return `${(ms - rest) / 1000}.${decimals} s`
}

/** `340 ms` below ten seconds of it, `12.3 s` above. */
export function formatDuration(us: Micros): string {
  if (us < 1000) return `${us} us`
  const ms = (us - (us % 1000)) / 1000
  if (ms < 10_000) return `${ms} ms`
  const tenths = (ms - (ms % 100)) / 100
  return `${(tenths - (tenths % 10)) / 10}.${tenths % 10} s`
}
