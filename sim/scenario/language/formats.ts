/**
 * The small texts of the language: durations, sizes, ranges, comparisons, names of partitions and replicas. Each has one
 * pattern (which the JSON Schema shows to editors), one phrase for "expected …", and one function that reads it.
 */
import type { Match } from '../plan.ts'

export interface TextFormat {
  readonly pattern: RegExp
  /** Completes "expected …". */
  readonly expected: string
  readonly examples: ReadonlyArray<string | number>
  /** True where a bare number is the likely mistake: the unit is missing. */
  readonly unit?: string
  /** True where a whole number (at least 0) may stand without quotes. */
  readonly number?: true
}

const DURATION = '\\d+(?:\\.\\d+)?(?:us|ms|s|min|h)'
const SIZE = '\\d+(?:\\.\\d+)?(?:B|KB|MB|GB|KiB|MiB|GiB)'
const COMPARE = '(?:<=?|>=?|!=)\\s*'
const TOPIC = '[A-Za-z0-9._-]+'

export const textFormats = {
  duration: {
    pattern: new RegExp(`^${DURATION}$`),
    expected: 'a duration with its unit (us, ms, s, min, h), like 500ms or 12s',
    examples: ['500ms', '12s', '1.5s'],
    unit: 'ms',
  },
  signedDuration: {
    pattern: new RegExp(`^[+-]?${DURATION}$`),
    expected: 'a duration with its unit, which may go back, like 5s or -200ms',
    examples: ['5s', '-200ms'],
    unit: 'ms',
  },
  latency: {
    pattern: new RegExp(`^${DURATION}(?:\\.\\.${DURATION})?$`),
    expected: 'a duration or a range of durations with units, like 2ms or 1ms..3ms',
    examples: ['2ms', '1ms..3ms'],
    unit: 'ms',
  },
  durationMatch: {
    pattern: new RegExp(`^(?:${COMPARE})?${DURATION}$|^${DURATION}\\.\\.${DURATION}$`),
    expected: 'a duration, a range or a comparison with units, like 6s, 5s..8s or ">= 5s"',
    examples: ['5s..8s', '>= 5s'],
    unit: 's',
  },
  size: {
    pattern: new RegExp(`^${SIZE}$`),
    expected: 'a size with its unit (B, KB, MB, GB, KiB, MiB, GiB), like 100B or 64KiB',
    examples: ['100B', '64KiB'],
    unit: 'B',
  },
  rate: {
    pattern: new RegExp(`^${SIZE}/s$`),
    expected: 'a rate with its unit, like 10MB/s',
    examples: ['10MB/s'],
    unit: 'B/s',
  },
  drift: {
    pattern: /^[+-]?\d+(?:\.\d+)?ppm$/,
    expected: 'a clock drift in parts per million with its unit, like 200ppm or -50ppm',
    examples: ['200ppm', '-50ppm'],
    unit: 'ppm',
  },
  count: {
    pattern: new RegExp(`^(?:${COMPARE})\\d+$|^\\d+\\.\\.\\d+$`),
    expected: 'a whole number, a range like 2..5, or a comparison like ">= 2"',
    examples: [2, '2..5', '>= 2'],
    number: true,
  },
  range: {
    pattern: /^\d+\.\.\d+$/,
    expected: 'a range of whole numbers, like 1..20',
    examples: ['1..20'],
  },
  partition: {
    pattern: new RegExp(`^${TOPIC}-\\d+$`),
    expected: 'a partition, topic-number, like orders-0',
    examples: ['orders-0'],
  },
  replica: {
    pattern: new RegExp(`^[A-Za-z][\\w-]*/${TOPIC}-\\d+$`),
    expected: 'a replica, broker/topic-number, like b1/orders-0',
    examples: ['b1/orders-0'],
  },
  topic: {
    pattern: new RegExp(`^${TOPIC}$`),
    expected: 'a topic (letters, digits, ., _ and -)',
    examples: ['orders'],
  },
  destination: {
    pattern: new RegExp(`^${TOPIC}$`),
    expected: 'a topic or a partition of it, like orders or orders-0',
    examples: ['orders', 'orders-0'],
  },
  name: {
    pattern: /^[A-Za-z][\w-]*$/,
    expected: 'a name (a letter, then letters, digits, _ and -)',
    examples: ['p1'],
  },
  target: {
    pattern: /^[A-Za-z][\w-]*(?: [a-z]+)?(?:\([A-Za-z0-9._/-]+\))?$/,
    expected:
      'a machine or a selector: b1, leader(orders-0), any follower(orders-0), most-advanced follower(orders-0), controller, zk-leader, elected(/chroot), coordinator(billing), transaction-coordinator(payments), all brokers, all zookeeper',
    examples: ['b1', 'leader(orders-0)', 'controller', 'zk-leader', 'any follower(orders-0)', 'all brokers'],
  },
  statement: {
    pattern: /^\d+(?:\.\d+)?$/,
    expected: 'the number of a statement of the notes, like 6.22',
    examples: [6.22],
    number: true,
  },
  path: {
    pattern: /^\/.*$/,
    expected: 'the path of a znode, like /brokers/ids/1',
    examples: ['/controller'],
  },
} as const satisfies Record<string, TextFormat>

export type FormatName = keyof typeof textFormats

const MICROS: Readonly<Record<string, number>> = { us: 1, ms: 1000, s: 1_000_000, min: 60_000_000, h: 3_600_000_000 }
const BYTES: Readonly<Record<string, number>> = {
  B: 1,
  KB: 1000,
  MB: 1_000_000,
  GB: 1_000_000_000,
  KiB: 1024,
  MiB: 1_048_576,
  GiB: 1_073_741_824,
}

/** Microseconds. The texts of these readers have matched their pattern. */
export function readDuration(text: string): number {
  const [, sign, amount, unit] = /^([+-]?)([\d.]+)(\D+)$/.exec(text)!
  return Math.round(Number(amount) * MICROS[unit!]!) * (sign === '-' ? -1 : 1)
}

/** Microseconds; a single duration is a range of one. */
export function readLatency(text: string): { low: number; high: number } {
  const [low, high] = text.split('..')
  return { low: readDuration(low!), high: readDuration(high ?? low!) }
}

/** Bytes. */
export function readSize(text: string): number {
  const [, amount, unit] = /^([\d.]+)([A-Za-z]+)$/.exec(text)!
  return Math.round(Number(amount) * BYTES[unit!]!)
}

/** Bytes a second. */
export const readRate = (text: string): number => readSize(text.slice(0, -2))

/** Parts per million. */
export const readDrift = (text: string): number => Number(text.slice(0, -3))

export function readRange(text: string): { low: number; high: number } {
  const [low, high] = text.split('..')
  return { low: Number(low), high: Number(high) }
}

/** `2`, `2..5`, `>= 2`; with `number` for the unit that values are written in. */
export function readMatch(value: number | string, number: (text: string) => number = Number): Match {
  if (typeof value === 'number') return { is: 'equal', value }
  const range = value.split('..')
  if (range.length === 2) return { is: 'range', low: number(range[0]!), high: number(range[1]!) }
  const compared = /^(<=?|>=?|!=)\s*(.*)$/.exec(value)
  if (compared === null) return { is: 'equal', value: number(value) }
  return { is: 'compare', operator: compared[1] as '<' | '<=' | '>' | '>=' | '!=', value: number(compared[2]!) }
}

/** The least and the greatest number that a match lets through (`!=` lets all through but one). */
export function matchBounds(match: Match): { low: number; high: number } | undefined {
  if (match.is === 'range') return { low: match.low, high: match.high }
  if (match.is === 'equal') return typeof match.value === 'number' ? { low: match.value, high: match.value } : undefined
  switch (match.operator) {
    case '<':
      return { low: 0, high: match.value - 1 }
    case '<=':
      return { low: 0, high: match.value }
    case '>':
      return { low: match.value + 1, high: Number.POSITIVE_INFINITY }
    case '>=':
      return { low: match.value, high: Number.POSITIVE_INFINITY }
    case '!=':
      return { low: 0, high: Number.POSITIVE_INFINITY }
  }
}
