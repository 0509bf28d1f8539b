/** I-CONSISTENT-READ: what was read once is what everybody reads there. */
import type { ClientEvent } from '../../src/client/events.ts'
import type { TraceRecord } from '../kernel/index.ts'
import { nameOf } from './entry.ts'
import { toldExcuse } from './excuses.ts'
import type { Evidence } from './facts.ts'
import { type Circumstances, type Moment, OracleBase } from './oracle.ts'
import type { PartitionTruth, ReplicaTruth } from './partition-truth.ts'
import type { Truth } from './truth.ts'

type Read = Extract<ClientEvent, { readonly kind: 'MessagesRead' }>

interface Consumed {
  readonly name: string | null
  readonly client: string
}

export class ConsistentReadOracle extends OracleBase<Evidence> {
  readonly name = 'I-CONSISTENT-READ'
  readonly statement = 'What a consumer has read at an offset is not undone or replaced on any later leader.'
  readonly kinds = ['MessagesRead', 'BecameLeader']
  protected readonly promise = 'promised: no replica outside the ISR was elected and no disk lost data'
  /** By offset; a hole where nobody has read yet, or where a change was reported. */
  private readonly consumed = new Map<PartitionTruth, (Consumed | undefined)[]>()

  apply(record: TraceRecord, truth: Truth): void {
    if (record.event.kind === 'MessagesRead') {
      this.read(record, record.event as Read, truth)
      return
    }
    const { partition, replica } = truth
    if (partition === undefined || replica === undefined || !partition.isAuthoritative(replica)) return
    this.compare(record, partition, replica)
  }

  private read(moment: Moment, event: Read, truth: Truth): void {
    const partition = truth.partitionOf(event.tp)
    let consumed = this.consumed.get(partition)
    if (consumed === undefined) this.consumed.set(partition, (consumed = []))
    for (const { offset, value } of event.messages) {
      const before = consumed[offset]
      if (before !== undefined && before.name !== value) {
        this.report(
          moment,
          { ...partition.evidence },
          {
            tp: event.tp,
            ...(before.name === null ? {} : { message: before.name }),
            detail: `${event.client} read ${value ?? 'a tombstone'} at offset ${offset} of ${event.tp}, where ${before.client} had read ${before.name ?? 'a tombstone'}.`,
          },
        )
      }
      consumed[offset] = { name: value, client: event.client }
    }
  }

  private compare(moment: Moment, partition: PartitionTruth, leader: ReplicaTruth): void {
    const consumed = this.consumed.get(partition)
    if (consumed === undefined) return
    for (let offset = leader.logStart; offset < consumed.length; offset++) {
      const read = consumed[offset]
      if (read === undefined) continue
      const there = offset < leader.entries.length
      const entry = leader.entries[offset]
      if (there && (entry === undefined || entry.name === read.name)) continue
      consumed[offset] = undefined
      const { tp } = partition
      this.report(
        moment,
        { ...partition.evidence },
        {
          tp,
          ...(read.name === null ? {} : { message: read.name }),
          detail: `${read.client} had read ${read.name ?? 'a tombstone'} at offset ${offset} of ${tp}, but on the new leader ${leader.machine} ${there ? `${nameOf(entry)} stands there` : 'the log ends before'}.`,
        },
      )
    }
  }

  protected excuse({ versions, facts }: Circumstances, note: Evidence | undefined): string | undefined {
    return toldExcuse(versions, note ?? facts)
  }
}
