/**
 * What a run of sequences had to do with, so that it cannot pass by doing nothing. Shares are of the steps that were run
 * on both servers, the looks at the final tree left out; expiries are a share of the sequences, because waiting for them
 * is what takes time.
 */
import { type Exchange, errorsOf } from './comparison.ts'
import { OVERSEER } from './side.ts'

export const SHARE_AT_LEAST = 0.05

/** Each must be seen once at least. */
const EXPECTED = [
  'error NoNode',
  'error NodeExists',
  'error BadVersion',
  'error NotEmpty',
  'error NoChildrenForEphemerals',
  'error BadArguments',
  'error RuntimeInconsistency',
  'event NodeCreated',
  'event NodeDataChanged',
  'event NodeDeleted',
  'event NodeChildrenChanged',
  'event after a reconnect',
  'event that nobody waits for',
  'sequential name',
  'session gone at a reconnect',
  'ephemeral ended with its session',
  'connect',
  'drop',
  'reconnect',
  'expire',
  'close',
  'sync',
] as const

export interface CoverageReport {
  readonly sequences: number
  readonly steps: number
  readonly shares: ReadonlyMap<string, number>
  readonly counts: ReadonlyMap<string, number>
  /** Shares below 5 %, and kinds never seen. */
  readonly missing: readonly string[]
}

export class Coverage {
  sequences = 0
  private steps = 0
  private readonly counts = new Map<string, number>()
  private readonly shared = { errors: 0, watches: 0, ephemerals: 0, multis: 0, expiries: 0 }

  add(exchanges: readonly Exchange[]): void {
    this.sequences += 1
    const steps = exchanges.filter(({ client }) => client !== OVERSEER)
    this.steps += steps.length
    for (const step of steps) this.addStep(step)
    if (steps.some(({ request }) => request.op === 'expire')) this.shared.expiries += 1
  }

  report(): CoverageReport {
    const { errors, watches, ephemerals, multis, expiries } = this.shared
    const shares = new Map([
      ['steps with an error', errors / this.steps],
      ['steps that fire watches', watches / this.steps],
      ['steps that create or end ephemerals', ephemerals / this.steps],
      ['steps that are multis', multis / this.steps],
      ['sequences with an expiry', expiries / this.sequences],
    ])
    const missing = [...shares].filter(([, share]) => !(share >= SHARE_AT_LEAST)).map(([name]) => `${name}: below 5 %`)
    for (const kind of EXPECTED) if (!this.counts.has(kind)) missing.push(`${kind}: never`)
    return { sequences: this.sequences, steps: this.steps, shares, counts: this.counts, missing }
  }

  private addStep({ client, request, ephemeralsEnded, observed }: Exchange): void {
    this.count(request.op)
    if (request.op === 'multi') this.shared.multis += 1
    const arrivals = [...observed.values()].flat()
    const errors = arrivals.flatMap(errorsOf)
    for (const error of new Set(errors)) this.count(`error ${error}`)
    if (errors.length > 0) this.shared.errors += 1
    const events = arrivals.filter((arrival) => arrival.kind === 'event')
    if (events.length > 0) this.shared.watches += 1
    for (const { type, told } of events) this.count(told ? `event ${type}` : 'event that nobody waits for')
    if (request.op === 'reconnect' && events.length > 0) this.count('event after a reconnect')
    if (arrivals.some((arrival) => arrival.kind === 'session' && !arrival.granted)) {
      this.count('session gone at a reconnect')
    }
    if (ephemeralsEnded > 0) {
      this.shared.ephemerals += 1
      this.count('ephemeral ended with its session')
    }
    this.addCreations(client, request, observed)
  }

  private addCreations(client: string, request: Exchange['request'], observed: Exchange['observed']): void {
    const reply = observed.get(client)?.findLast(({ kind }) => kind === 'reply')
    if (reply?.kind !== 'reply' || reply.error !== 'OK') return
    const parts = request.op === 'multi' ? request.parts : [request]
    const modes = parts.flatMap((part) => (part.op === 'create' ? [part.mode] : []))
    if (modes.some((mode) => mode.endsWith('sequential'))) this.count('sequential name')
    if (modes.some((mode) => mode.startsWith('ephemeral'))) this.shared.ephemerals += 1
  }

  private count(kind: string): void {
    this.counts.set(kind, (this.counts.get(kind) ?? 0) + 1)
  }
}

/** A few lines for people. */
export function describeCoverage({ sequences, steps, shares, counts, missing }: CoverageReport): string {
  const lines = [`${sequences} sequences, ${steps} steps`]
  for (const [name, share] of shares) lines.push(`  ${name.padEnd(38)} ${(100 * share).toFixed(1).padStart(5)} %`)
  const kinds = [...counts].sort(([a], [b]) => (a < b ? -1 : 1))
  for (const [kind, count] of kinds) lines.push(`  ${kind.padEnd(34)} ${String(count).padStart(9)}`)
  for (const line of missing) lines.push(`  missing: ${line}`)
  return lines.join('\n')
}
