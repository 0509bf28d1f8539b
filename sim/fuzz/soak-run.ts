/** One run of the soak: a random plan of a seed, judged by the oracles, without a view. Plain values in and out. */

import type { TraceRecord } from '../kernel/index.ts'
import { runScenario } from '../scenario/runner/index.ts'
import { type Counts, EventCounters } from './counters.ts'
import { type RandomPlanOptions, randomPlan } from './random-plan.ts'

export interface SoakOutcome {
  readonly seed: number
  readonly traceHash: string
  readonly events: number
  readonly virtualMs: number
  readonly counts: Counts
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
  /** Names of guarantees that were broken where nothing promises them. */
  readonly permitted: readonly string[]
}

/** @param watch sees each record of the trace, for a replay that is written down */
export function soakRun(
  seed: number,
  watch?: (record: TraceRecord) => void,
  options: RandomPlanOptions = {},
): SoakOutcome {
  const counters = new EventCounters()
  const result = runScenario(randomPlan(seed, options), {
    view: false,
    subscribers: [{ apply: counters.subscriber }, ...(watch === undefined ? [] : [{ apply: watch, messages: true }])],
  })
  const { failure, promises } = result
  return {
    seed,
    traceHash: result.traceHash,
    events: result.events,
    virtualMs: result.virtualMs,
    counts: counters.counts,
    ...(failure?.kind === 'bug' ? { bug: failure } : {}),
    ...(failure?.kind === 'step' ? { stuck: failure.message } : {}),
    broken: promises.broken.filter((promise) => !promise.permitted),
    permitted: promises.broken.filter((promise) => promise.permitted).map((promise) => promise.name),
  }
}
