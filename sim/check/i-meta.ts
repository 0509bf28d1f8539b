/** I-META: the state that ZooKeeper holds of a partition makes sense, and moves forward only. */
import {
  decodePartitionState,
  LEADER_DURING_DELETE,
  type LeaderAndIsr,
  NO_LEADER,
  partitionOfStatePath,
  topicPartition,
} from '../../src/protocol/index.ts'
import { type ProtocolVersions, presets } from '../../src/versions.ts'
import type { ZooKeeperEvent } from '../../src/zookeeper/events.ts'
import type { TraceRecord } from '../kernel/index.ts'
import type { ClusterPlan } from '../scenario/plan.ts'
import { type Anomaly, overwriteAnomaly } from './anomalies.ts'
import type { ControlTruth } from './control-truth.ts'
import { deposedMove } from './deposed-anomalies.ts'
import { type Circumstances, OracleBase } from './oracle.ts'
import type { Truth } from './truth.ts'

type Committed = Extract<ZooKeeperEvent, { readonly kind: 'ZkCommitted' }>

export class MetaOracle extends OracleBase<Anomaly | null> {
  readonly name = 'I-META'
  readonly statement =
    'In ZooKeeper a partition’s leader is in its ISR (or there is none), the ISR is among the assigned replicas, and leader epoch and version only grow.'
  readonly kinds = ['ZkCommitted']
  protected readonly promise = 'promised always'
  private readonly before = new Map<string, LeaderAndIsr>()
  private readonly versions: ProtocolVersions

  constructor(plan: ClusterPlan) {
    super()
    this.versions = presets[plan.protocol]
  }

  apply(record: TraceRecord, truth: Truth): void {
    for (const change of (record.event as Committed).changes) {
      const place = partitionOfStatePath(change.path)
      if (place === undefined) continue
      const tp = topicPartition(place.topic, place.partition)
      if (change.op === 'delete') {
        this.before.delete(tp)
        continue
      }
      const state = decodePartitionState(change.data, change.op === 'create' ? 0 : change.version).leaderAndIsr
      const { assigned } = truth.partitionOf(tp)
      for (const { detail, strays } of problems(tp, state, this.before.get(tp), assigned)) {
        const anomaly = this.anomaly(truth.control, tp, strays)
        const named = anomaly === undefined ? detail : `${anomaly.id}: ${detail}`
        this.report(record, anomaly ?? null, { tp, detail: named })
      }
      this.before.set(tp, state)
    }
  }

  private anomaly(control: ControlTruth, tp: string, strays: readonly number[]): Anomaly | undefined {
    const partition = control.partitions.get(tp)
    return (
      overwriteAnomaly(control, tp) ??
      (partition === undefined ? undefined : deposedMove(partition, strays, this.versions))
    )
  }

  protected excuse(_circumstances: Circumstances, note: Anomaly | null | undefined): string | undefined {
    return note === undefined || note === null ? undefined : `${note.id}, ${note.because}`
  }
}

interface Problem {
  readonly detail: string
  /** Members of the ISR that are no replicas, where this is the problem. */
  readonly strays: readonly number[]
}

function problems(
  tp: string,
  state: LeaderAndIsr,
  before: LeaderAndIsr | undefined,
  assigned: readonly number[] | undefined,
): Problem[] {
  const found: Problem[] = []
  const add = (detail: string, strays: readonly number[] = []) => found.push({ detail, strays })
  const isr = `[${state.isr.join(' ')}]`
  const leaderless = state.leader === NO_LEADER || state.leader === LEADER_DURING_DELETE
  if (!leaderless && !state.isr.includes(state.leader))
    add(`The leader ${state.leader} of ${tp} is not in its ISR ${isr}.`)
  const strays = assigned === undefined ? [] : state.isr.filter((id) => !assigned.includes(id))
  if (strays.length > 0) add(`The ISR ${isr} of ${tp} is not among its replicas [${assigned!.join(' ')}].`, strays)
  if (new Set(state.isr).size < state.isr.length) add(`The ISR ${isr} of ${tp} names a broker twice.`)
  if (before === undefined) return found
  if (state.leaderEpoch < before.leaderEpoch) {
    add(`The leader epoch of ${tp} fell from ${before.leaderEpoch} to ${state.leaderEpoch}.`)
  }
  if (state.zkVersion <= before.zkVersion) {
    add(`The version of the state of ${tp} went from ${before.zkVersion} to ${state.zkVersion}.`)
  }
  if (state.leader !== before.leader && state.leaderEpoch === before.leaderEpoch) {
    add(`${tp} changed its leader from ${before.leader} to ${state.leader} within epoch ${state.leaderEpoch}.`)
  }
  return found
}
