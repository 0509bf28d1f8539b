/** One run of the groups soak. Plain values in and out. */
import type { PresetName } from '../../../src/versions.ts'
import { groupRestOracleNames } from '../../check/index.ts'
import type { TraceRecord } from '../../kernel/index.ts'
import { type JudgedRun, judgedRun } from '../judged-run.ts'
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

export interface GroupsOutcome extends Omit<JudgedRun, 'permitted'> {
  readonly seed: number
  readonly protocol: PresetName
  readonly counts: GroupsCounts
  /** Names of guarantees that were broken where nothing promises them. */
  readonly permitted: readonly string[]
  /** Known anomalies that explain what was broken, such as `M32`. */
  readonly anomalies: readonly string[]
}

export interface GroupsRunOptions {
  readonly protocol?: PresetName
  /** Sees each record of the trace, for a replay that is written down. */
  readonly watch?: (record: TraceRecord) => void
}

export function groupsRun(seed: number, options: GroupsRunOptions = {}): GroupsOutcome {
  const { protocol, watch } = options
  const counters = new GroupsCounters()
  const plan = groupsPlan(seed, protocol === undefined ? {} : { protocol })
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
