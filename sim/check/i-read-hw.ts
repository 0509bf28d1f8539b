/** I-READ-HW: consumers get committed messages only. */
import type { ClientEvent } from '../../src/client/events.ts'
import type { TraceRecord } from '../kernel/index.ts'
import { nameOf } from './entry.ts'
import { toldExcuse } from './excuses.ts'
import type { Evidence } from './facts.ts'
import { type Circumstances, OracleBase } from './oracle.ts'
import type { PartitionTruth } from './partition-truth.ts'
import type { Truth } from './truth.ts'

type Read = Extract<ClientEvent, { readonly kind: 'MessagesRead' }>

export class ReadHighWatermarkOracle extends OracleBase<Evidence> {
  readonly name = 'I-READ-HW'
  readonly statement = 'A consumer receives committed messages only, below the high watermark of who serves it.'
  readonly kinds = ['MessagesRead']
  protected readonly promise = 'promised: reads from leaders, and no replica outside the ISR was elected'

  apply(record: TraceRecord, truth: Truth): void {
    const event = record.event as Read
    const partition = truth.partitionOf(event.tp)
    for (const { offset, key, value } of event.messages) {
      const problem = this.problem(partition, offset, key, value, event.highWatermark)
      if (problem === undefined) continue
      this.report(
        record,
        { ...partition.evidence },
        {
          tp: event.tp,
          ...(value === null ? {} : { message: value }),
          detail: `${event.client} read ${value ?? 'a tombstone'} at offset ${offset} of ${event.tp} from b${event.broker}, ${problem}.`,
        },
      )
    }
  }

  private problem(
    partition: PartitionTruth,
    offset: number,
    key: string | null,
    name: string | null,
    highWatermark: number,
  ): string | undefined {
    if (offset >= highWatermark) return `whose high watermark was ${highWatermark}`
    const undone = partition.undone.get(offset)
    if (undone?.some((entry) => entry === undefined || (entry.name === name && entry.key === key)) === true)
      return undefined
    if (offset >= partition.trueHighWatermark) {
      return undone === undefined ? 'which was not committed' : `but ${nameOf(undone[0])} had been committed there`
    }
    const entry = partition.committed[offset]
    if (entry === undefined || (entry.name === name && entry.key === key)) return undefined
    return `but ${nameOf(entry)} is committed there`
  }

  protected excuse({ versions, facts }: Circumstances, note: Evidence | undefined): string | undefined {
    return toldExcuse(versions, note ?? facts)
  }
}
