/** One run of the groups soak. Plain values in and out. */
import { groupRestOracleNames } from '../../check/index.ts'
import { type NamedRun, type NamedRunOptions, namedRun } from '../named-run.ts'
import { GroupsCounters, type GroupsCounts } from './counters.ts'
import { groupsPlan } from './plan.ts'

/** Guarantees of groups; those of the logs and of the control plane have soaks of their own. */
const oracles = [
  'I-ONE-OWNER',
  'I-UNICAST',
  'I-PROCESSED-ONCE',
  'I-READ-ORDER',
  'I-OFFSET-DURABLE',
  'I-OFFSET-MONOTONE',
  ...groupRestOracleNames,
]

export function groupsRun(seed: number, options: NamedRunOptions = {}): NamedRun<GroupsCounts> {
  const { protocol, watch } = options
  const plan = groupsPlan(seed, protocol === undefined ? {} : { protocol })
  return namedRun(plan, new GroupsCounters(), oracles, watch)
}
