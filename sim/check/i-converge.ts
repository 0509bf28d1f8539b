/** I-CONVERGE: when all is calm again, all replicas hold the same log. Judged where the run ends calm. */
import type { TraceRecord } from '../kernel/index.ts'
import { nameOf, sameEntry } from './entry.ts'
import { toldExcuse } from './excuses.ts'
import type { Evidence } from './facts.ts'
import { type Circumstances, OracleBase } from './oracle.ts'
import type { PartitionTruth, ReplicaTruth } from './partition-truth.ts'
import type { Truth } from './truth.ts'

export class ConvergeOracle extends OracleBase<Evidence> {
  readonly name = 'I-CONVERGE'
  readonly statement = 'Where all replicas run, are in the ISR and end at the same offset, they hold the same messages.'
  readonly kinds: readonly string[] = []
  protected readonly promise = 'promised: no replica outside the ISR was elected and no disk lost data'

  apply(_record: TraceRecord, _truth: Truth): void {}

  override finish(truth: Truth): void {
    for (const partition of truth.partitions.values()) {
      const leader = partition.actingLeader()
      if (leader === undefined) continue
      for (const replica of calmFollowers(partition, leader)) this.compare(truth, partition, leader, replica)
    }
  }

  private compare(truth: Truth, partition: PartitionTruth, leader: ReplicaTruth, replica: ReplicaTruth): void {
    const offset = leader.entries.findIndex((entry, i) => !sameEntry(entry, replica.entries[i]))
    if (offset < 0) return
    this.report(
      truth,
      { ...partition.evidence },
      {
        tp: partition.tp,
        detail: `At the end ${leader.machine} holds ${nameOf(leader.entries[offset])} at offset ${offset} of ${partition.tp}, and ${replica.machine} holds ${nameOf(replica.entries[offset])}, for good.`,
      },
    )
  }

  protected excuse({ versions, facts }: Circumstances, note: Evidence | undefined): string | undefined {
    return toldExcuse(versions, note ?? facts)
  }
}

/** Followers that have caught up, if all have; none otherwise. */
function calmFollowers(partition: PartitionTruth, leader: ReplicaTruth): ReplicaTruth[] {
  const followers: ReplicaTruth[] = []
  for (const id of partition.assigned ?? []) {
    const replica = partition.replicas.get(id)
    const calm = replica?.running === true && replica.entries.length === leader.entries.length
    if (replica === undefined || !calm || !partition.state!.isr.includes(id)) return []
    if (replica !== leader) followers.push(replica)
  }
  return followers
}
