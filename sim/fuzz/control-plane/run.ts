/** One run of the control-plane soak. Plain values in and out. */
import type { PresetName } from '../../../src/versions.ts'
import { restOracleNames } from '../../check/index.ts'
import type { TraceRecord } from '../../kernel/index.ts'
import { type JudgedRun, judgedRun } from '../judged-run.ts'
import { ControlPlaneCounters, type ControlPlaneCounts } from './counters.ts'
import { controlPlanePlan } from './plan.ts'

/** Guarantees of the control plane; those of the data plane have a soak of their own. */
const oracles = ['I-ONE-LEADER-PER-EPOCH', 'I-CONTROLLER-EPOCH', 'I-META', ...restOracleNames]

export interface ControlPlaneOutcome extends Omit<JudgedRun, 'permitted'> {
  readonly seed: number
  readonly protocol: PresetName
  readonly counts: ControlPlaneCounts
  /** Names of guarantees that were broken where the release does not promise them. */
  readonly permitted: readonly string[]
  /** Known anomalies that explain what was broken, such as `M24`. */
  readonly anomalies: readonly string[]
}

export interface ControlPlaneRunOptions {
  readonly protocol?: PresetName
  /** Sees each record of the trace, for a replay that is written down. */
  readonly watch?: (record: TraceRecord) => void
}

export function controlPlaneRun(seed: number, options: ControlPlaneRunOptions = {}): ControlPlaneOutcome {
  const { protocol, watch } = options
  const counters = new ControlPlaneCounters()
  const plan = controlPlanePlan(seed, protocol === undefined ? {} : { protocol })
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
