/** I-CANDIDATE: the early warning of I-COMMIT. Every member of the ISR could lead without losing anything. */
import type { TraceRecord } from '../kernel/index.ts'
import { nameOf } from './entry.ts'
import { lossExcuse } from './excuses.ts'
import { type Lack, lackExcuse, lackOf } from './lack.ts'
import { type Circumstances, OracleBase } from './oracle.ts'
import type { PartitionTruth, ReplicaTruth } from './partition-truth.ts'
import type { Truth } from './truth.ts'

export class CandidateOracle extends OracleBase<Lack> {
  readonly name = 'I-CANDIDATE'
  readonly statement = 'Every running member of the ISR has every committed message, so that it can be elected.'
  readonly kinds = [
    'HighWatermark',
    'LogTruncated',
    'LogLoaded',
    'ReplicaCreated',
    'BecameLeader',
    'BecameFollower',
    'Appended',
    'ZkCommitted',
  ]
  protected readonly promise = 'promised: no replica outside the ISR was elected and no disk lost data'
  /** Replicas that lack something now: reported once, until they have caught up. */
  private readonly lacking = new Set<ReplicaTruth>()

  apply(record: TraceRecord, truth: Truth): void {
    const { partition } = truth
    if (partition?.state === undefined) return
    // What a follower appends or a follower's high watermark can only mend; only a leader's can break.
    const kind = record.event.kind
    if (kind === 'Appended' && this.lacking.size === 0) return
    if (kind === 'HighWatermark' && partition.trueHighWatermark === truth.trueHighWatermarkBefore) return
    for (const id of partition.state.isr) {
      const replica = partition.replicas.get(id)
      if (replica?.running === true) this.check(record, partition, replica)
    }
  }

  private check(record: TraceRecord, partition: PartitionTruth, replica: ReplicaTruth): void {
    const offset = partition.agreement(replica)
    if (offset === partition.trueHighWatermark) {
      this.lacking.delete(replica)
      return
    }
    if (this.lacking.has(replica)) return
    this.lacking.add(replica)
    const entry = partition.committed[offset]
    const { tp } = partition
    const lacks =
      offset >= replica.entries.length
        ? `its log ends at ${replica.entries.length}`
        : `it has ${nameOf(replica.entries[offset])} there`
    this.report(record, lackOf(partition, replica, offset, entry), {
      tp,
      ...(entry?.name == null ? {} : { message: entry.name }),
      detail: `${replica.machine} is in the ISR of ${tp} without ${nameOf(entry)}, committed at offset ${offset}: ${lacks}. If it were elected now, the message would be lost.`,
    })
  }

  protected excuse({ versions, facts }: Circumstances, note: Lack | undefined): string | undefined {
    return note === undefined ? lossExcuse(versions, facts) : lackExcuse(versions, note)
  }
}
