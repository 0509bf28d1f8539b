/** One run of the exactly-once soak. Plain values in and out. */
import type { PresetName } from '../../../src/versions.ts'
import { transactionRestOracleNames } from '../../check/index.ts'
import type { TraceRecord } from '../../kernel/index.ts'
import { type JudgedRun, judgedRun } from '../judged-run.ts'
import { ExactlyOnceCounters, type ExactlyOnceCounts } from './counters.ts'
import { exactlyOncePlan } from './plan.ts'

/**
 * Guarantees of transactions, and of applications that work in them. I-ACK is none of them: what is acknowledged inside a
 * transaction counts when that is committed, and Java's producer gives the numbers of a batch whose delivery timed out to
 * the next one, which the leader then takes for a repetition (`adjustSequencesDueToFailedBatch`); the transaction is lost.
 */
const oracles = ['I-PROCESSED-ONCE', 'I-TXN-ATOMIC', 'I-READ-COMMITTED', 'I-EPOCH-FENCE', ...transactionRestOracleNames]

export interface ExactlyOnceOutcome extends Omit<JudgedRun, 'permitted'> {
  readonly seed: number
  readonly protocol: PresetName
  readonly counts: ExactlyOnceCounts
  /** Names of guarantees that were broken where the release does not promise them. */
  readonly permitted: readonly string[]
  /** Known anomalies that explain what was broken, such as `M36`. */
  readonly anomalies: readonly string[]
}

export interface ExactlyOnceRunOptions {
  readonly protocol?: PresetName
  /** Sees each record of the trace, for a replay that is written down. */
  readonly watch?: (record: TraceRecord) => void
}

export function exactlyOnceRun(seed: number, options: ExactlyOnceRunOptions = {}): ExactlyOnceOutcome {
  const { protocol, watch } = options
  const counters = new ExactlyOnceCounters()
  const plan = exactlyOncePlan(seed, protocol === undefined ? {} : { protocol })
  const run = judgedRun(plan, { count: counters.subscriber, watch, oracles })
  const named = new Set<string>()
  for (const { breaches } of [...run.broken, ...run.permitted]) {
    for (const breach of breaches) {
      const id = /: ([A-Z]\d+): /.exec(breach)?.[1]
      if (id !== undefined) named.add(id)
    }
  }
  return {
    ...run,
    seed,
    protocol: plan.protocol,
    counts: counters.counts,
    permitted: run.permitted.map((promise) => promise.name),
    anomalies: [...named].sort(),
  }
}
