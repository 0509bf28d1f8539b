/** I-EPOCH-FENCE: who has been replaced writes no more. */
import type { SystemEvent } from '../../src/events.ts'
import { type ProtocolVersions, presets } from '../../src/versions.ts'
import type { TraceRecord } from '../kernel/index.ts'
import type { ClusterPlan } from '../scenario/plan.ts'
import type { Anomaly } from './anomalies.ts'
import type { KnownEntry } from './entry.ts'
import { type Circumstances, OracleBase } from './oracle.ts'
import { recordAnomaly } from './transaction-anomalies.ts'
import type { Truth } from './truth.ts'

type Event = Extract<SystemEvent, { readonly kind: 'Appended' }>

export class EpochFenceOracle extends OracleBase<Anomaly | null> {
  readonly name = 'I-EPOCH-FENCE'
  readonly statement = 'A leader whose log has a record or marker of a producer takes none of an older epoch of it.'
  readonly kinds = ['Appended']
  protected readonly promise = 'promised as long as the log remembers the producer'
  private readonly versions: ProtocolVersions

  constructor(plan: ClusterPlan) {
    super()
    this.versions = presets[plan.protocol]
  }

  apply(record: TraceRecord, truth: Truth): void {
    const { tp, role, messages } = record.event as Event
    if (role === 'follower') return
    for (const { offset, transaction, value } of messages) {
      if (transaction === undefined) continue
      const { producerId, epoch } = transaction
      const before = lastEpoch(truth.replica?.entries ?? [], offset, producerId)
      if (before <= epoch) continue
      const anomaly = recordAnomaly(truth.transactions, tp, producerId, this.versions)
      const detail = `${record.machine} took ${value} of producer ${producerId} in epoch ${epoch} at offset ${offset} of ${tp}, after epoch ${before}.`
      this.report(record, anomaly ?? null, { tp, detail: anomaly === undefined ? detail : `${anomaly.id}: ${detail}` })
    }
  }

  protected excuse(_circumstances: Circumstances, note: Anomaly | null | undefined): string | undefined {
    return note === undefined || note === null ? undefined : `${note.id}, ${note.because}`
  }
}

/** Epoch of the last that a log has of a producer before an offset; -1: nothing. */
function lastEpoch(entries: readonly KnownEntry[], offset: number, producerId: number): number {
  for (let at = Math.min(offset, entries.length) - 1; at >= 0; at--) {
    const part = entries[at]?.marker ?? entries[at]?.transaction
    if (part?.producerId === producerId) return part.epoch
  }
  return -1
}
