/** A run of a soak that names what it saw broken: by guarantee, and by the known anomaly that explains it. */
import type { PresetName } from '../../src/versions.ts'
import type { TraceRecord } from '../kernel/index.ts'
import type { ScenarioPlan } from '../scenario/plan.ts'
import { type JudgedRun, judgedRun } from './judged-run.ts'

export interface NamedRun<Counts> extends Omit<JudgedRun, 'permitted'> {
  readonly seed: number
  readonly protocol: PresetName
  readonly counts: Counts
  /** Names of guarantees that were broken where the release does not promise them. */
  readonly permitted: readonly string[]
  /** Known anomalies that explain what was broken, such as `M24`. */
  readonly anomalies: readonly string[]
}

export interface NamedRunOptions {
  /** Drawn if absent. */
  readonly protocol?: PresetName
  /** Sees each record of the trace, for a replay that is written down. */
  readonly watch?: (record: TraceRecord) => void
}

interface Counters<Counts> {
  readonly subscriber: (record: TraceRecord) => void
  readonly counts: Counts
}

/** @param oracles the guarantees to judge by */
export function namedRun<Counts>(
  plan: ScenarioPlan,
  counters: Counters<Counts>,
  oracles: readonly string[],
  watch: NamedRunOptions['watch'],
): NamedRun<Counts> {
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
    seed: plan.seed,
    protocol: plan.protocol,
    counts: counters.counts,
    permitted: run.permitted.map((promise) => promise.name),
    anomalies: [...named].sort(),
  }
}
