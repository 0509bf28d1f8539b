/** One run of the control-plane soak. Plain values in and out. */
import type { PresetName } from '../../../src/versions.ts'
import { restOracleNames } from '../../check/index.ts'
import type { TraceRecord } from '../../kernel/index.ts'
import { runScenario } from '../../scenario/runner/index.ts'
import { ControlPlaneCounters, type ControlPlaneCounts } from './counters.ts'
import { controlPlanePlan } from './plan.ts'

/** Guarantees of the control plane; those of the data plane have a soak of their own. */
const oracles = ['I-ONE-LEADER-PER-EPOCH', 'I-CONTROLLER-EPOCH', 'I-META', ...restOracleNames]

export interface ControlPlaneOutcome {
  readonly seed: number
  readonly protocol: PresetName
  readonly traceHash: string
  readonly events: number
  readonly virtualMs: number
  readonly counts: ControlPlaneCounts
  /** An assertion of the simulator broke. */
  readonly bug?: {
    readonly message: string
    readonly atUs: number
    readonly kernelStep: number
    readonly stack: string
  }
  /** The plan could not be played: our mistake as well. */
  readonly stuck?: string
  /** Guarantees that were promised here and were broken all the same, with what was seen. */
  readonly broken: ReadonlyArray<{ readonly name: string; readonly breaches: readonly string[] }>
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
  const result = runScenario(plan, {
    view: false,
    oracles,
    subscribers: [{ apply: counters.subscriber }, ...(watch === undefined ? [] : [{ apply: watch, messages: true }])],
  })
  const { failure, promises } = result
  const named = new Set<string>()
  for (const { breaches } of promises.broken) {
    for (const breach of breaches) {
      const id = /: ([A-Z]\d+): /.exec(breach)?.[1]
      if (id !== undefined) named.add(id)
    }
  }
  return {
    seed,
    protocol: plan.protocol,
    traceHash: result.traceHash,
    events: result.events,
    virtualMs: result.virtualMs,
    counts: counters.counts,
    ...(failure?.kind === 'bug' ? { bug: failure } : {}),
    ...(failure?.kind === 'step' ? { stuck: failure.message } : {}),
    broken: promises.broken.filter((promise) => !promise.permitted),
    permitted: promises.broken.filter((promise) => promise.permitted).map((promise) => promise.name),
    anomalies: [...named].sort(),
  }
}
