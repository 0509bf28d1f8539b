/** One run of the control-plane soak. Plain values in and out. */
import { restOracleNames } from '../../check/index.ts'
import { type NamedRun, type NamedRunOptions, namedRun } from '../named-run.ts'
import { ControlPlaneCounters, type ControlPlaneCounts } from './counters.ts'
import { controlPlanePlan } from './plan.ts'

/** Guarantees of the control plane; those of the data plane have a soak of their own. */
const oracles = ['I-ONE-LEADER-PER-EPOCH', 'I-CONTROLLER-EPOCH', 'I-META', ...restOracleNames]

export function controlPlaneRun(seed: number, options: NamedRunOptions = {}): NamedRun<ControlPlaneCounts> {
  const { protocol, watch } = options
  const plan = controlPlanePlan(seed, protocol === undefined ? {} : { protocol })
  return namedRun(plan, new ControlPlaneCounters(), oracles, watch)
}
