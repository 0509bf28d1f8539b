/** I-LIVE-LSO: no transaction stays open that nobody means to end. Judged where the run ends calm. */
import { type ProtocolVersions, presets } from '../../src/versions.ts'
import type { TraceRecord } from '../kernel/index.ts'
import type { ClusterPlan } from '../scenario/plan.ts'
import type { Anomaly } from './anomalies.ts'
import { type Circumstances, OracleBase } from './oracle.ts'
import { recordAnomaly } from './transaction-anomalies.ts'
import type { Truth } from './truth.ts'

export class LiveStableOffsetOracle extends OracleBase<Anomaly | null> {
  readonly name = 'I-LIVE-LSO'
  readonly statement =
    'At the end the last stable offset of every partition that is led has reached its high watermark.'
  readonly kinds: readonly string[] = []
  protected readonly promise = 'promised once all faults are over, and all transactions ended or out of time'
  private readonly versions: ProtocolVersions

  constructor(plan: ClusterPlan) {
    super()
    this.versions = presets[plan.protocol]
  }

  apply(_record: TraceRecord, _truth: Truth): void {}

  override finish(truth: Truth): void {
    const { transactions } = truth
    for (const partition of truth.partitions.values()) {
      const leader = partition.actingLeader()
      if (leader === undefined) continue
      const decided = new Set<number>()
      const open = new Map<number, number>()
      for (let offset = leader.entries.length - 1; offset >= 0; offset--) {
        const entry = leader.entries[offset]
        if (entry?.marker !== undefined) decided.add(entry.marker.producerId)
        const producerId = entry?.transaction?.producerId
        if (producerId !== undefined && !decided.has(producerId)) open.set(producerId, offset)
      }
      for (const [producerId, offset] of open) {
        if (transactions.openOf(transactions.clients.get(producerId)) !== undefined) continue
        const anomaly = recordAnomaly(transactions, partition.tp, producerId, this.versions)
        const detail = `The transaction of producer ${producerId} that begins at offset ${offset} of ${partition.tp} is open, and nobody will end it.`
        const because = anomaly === undefined ? detail : `${anomaly.id}: ${detail}`
        this.report(truth, anomaly ?? null, { tp: partition.tp, detail: because })
      }
    }
  }

  protected excuse(_circumstances: Circumstances, note: Anomaly | null | undefined): string | undefined {
    return note === undefined || note === null ? undefined : `${note.id}, ${note.because}`
  }
}
