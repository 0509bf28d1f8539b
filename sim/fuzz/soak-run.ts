/** One run of the soak: a random plan of a seed, judged by all oracles. Plain values in and out. */

import type { TraceRecord } from '../kernel/index.ts'
import { type Counts, EventCounters } from './counters.ts'
import { type JudgedRun, judgedRun } from './judged-run.ts'
import { type RandomPlanOptions, randomPlan } from './random-plan.ts'

export interface SoakOutcome extends Omit<JudgedRun, 'permitted'> {
  readonly seed: number
  readonly counts: Counts
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
  const run = judgedRun(randomPlan(seed, options), { count: counters.subscriber, watch })
  return { ...run, seed, counts: counters.counts, permitted: run.permitted.map((promise) => promise.name) }
}
