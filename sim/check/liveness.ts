/**
 * Guarantees about where the control plane comes to rest: judged once, at the end of a run that has been calm for long
 * enough. What broke them is told by an anomaly, or by nothing, and then it is promised.
 */
import { type ProtocolVersions, presets } from '../../src/versions.ts'
import type { TraceRecord } from '../kernel/index.ts'
import type { ClusterPlan } from '../scenario/plan.ts'
import type { Anomaly } from './anomalies.ts'
import type { PartitionControl } from './control-state.ts'
import type { ControlTruth } from './control-truth.ts'
import { type Circumstances, OracleBase } from './oracle.ts'
import type { Truth } from './truth.ts'

/** What was found to be stuck. */
export interface Stuck {
  readonly tp?: string
  readonly detail: string
  readonly anomaly: Anomaly | undefined
}

export abstract class LivenessOracle extends OracleBase<Anomaly | null> {
  readonly kinds: readonly string[] = []
  protected readonly promise = 'promised once all faults are over'
  protected readonly versions: ProtocolVersions

  constructor(plan: ClusterPlan) {
    super()
    this.versions = presets[plan.protocol]
  }

  apply(_record: TraceRecord, _truth: Truth): void {}

  /** What does not hold at the end. */
  protected abstract stuck(control: ControlTruth): Iterable<Stuck>

  override finish(truth: Truth): void {
    for (const { tp, detail, anomaly } of this.stuck(truth.control)) {
      const named = anomaly === undefined ? detail : `${anomaly.id}: ${detail} ${capitalised(anomaly.because)}.`
      this.report(truth, anomaly ?? null, { ...(tp === undefined ? {} : { tp }), detail: named })
    }
  }

  protected excuse(_circumstances: Circumstances, note: Anomaly | null | undefined): string | undefined {
    return note === undefined || note === null ? undefined : `${note.id}, ${note.because}`
  }
}

/** Partitions that stay: those of topics that are to be deleted are on their way out. */
export const lastingPartitions = (control: ControlTruth): PartitionControl[] =>
  [...control.partitions.values()].filter(({ topic }) => !control.requests.has(`/admin/delete_topics/${topic}`))

export const brokerList = (ids: readonly number[]): string => `[${ids.map((id) => `b${id}`).join(' ')}]`

const capitalised = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)
