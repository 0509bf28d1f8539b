/** What a producer came to, in numbers: how much of what it was handed was acknowledged, how soon, and how much of that is lost. */
import type { Micros } from '../../../src/host/index.ts'
import type { Ledger } from '../ledger.ts'

export interface ProducerFigures {
  readonly producer: string
  /** Messages that its application handed over. */
  readonly handed: number
  readonly acked: number
  /** Acknowledged, in percent of those handed over, rounded down; 100 of none. */
  readonly share: number
  /** Acknowledged within `IN_TIME_US` of being handed over, in percent of those handed over, rounded down. */
  readonly inTime: number
  /** Acknowledged, and in no partition's log any more. */
  readonly lost: number
  /** From handing over to the acknowledgement; undefined where nothing was acknowledged. */
  readonly latency: Latency | undefined
}

/** By nearest rank. */
export interface Latency {
  readonly medianUs: Micros
  readonly p99Us: Micros
  readonly longestUs: Micros
}

/** What an application waits for at most, where the answer is to be of any use to it. */
export const IN_TIME_US: Micros = 1_000_000

export function producerFigures(ledger: Ledger, producer: string): ProducerFigures {
  const waits: Micros[] = []
  let handed = 0
  for (const { client, handed: began, acknowledged } of ledger.messages.values()) {
    if (client !== producer || began === undefined) continue
    handed += 1
    if (acknowledged !== undefined) waits.push(acknowledged.atUs - began.atUs)
  }
  return {
    producer,
    handed,
    acked: waits.length,
    share: percent(waits.length, handed),
    inTime: percent(waits.filter((us) => us <= IN_TIME_US).length, handed),
    lost: ledger.lostAcked().filter(({ client }) => client === producer).length,
    latency: latencyOf(waits),
  }
}

const percent = (part: number, all: number): number => (all === 0 ? 100 : Math.floor((100 * part) / all))

export function latencyOf(waits: readonly Micros[]): Latency | undefined {
  if (waits.length === 0) return undefined
  const sorted = [...waits].sort((a, b) => a - b)
  const rank = (percent: number): Micros => sorted[Math.ceil((percent / 100) * sorted.length) - 1]!
  return { medianUs: rank(50), p99Us: rank(99), longestUs: sorted.at(-1)! }
}

/** Producers in the order in which they were handed their first message. */
export function producersOf(ledger: Ledger): string[] {
  const names = new Set<string>()
  for (const { client, handed } of ledger.messages.values()) if (handed !== undefined) names.add(client)
  return [...names]
}
