/** I-READ-ORDER: a partition is read in order. */
import type { SystemEvent } from '../../src/events.ts'
import type { WorldEvent } from '../kernel/events.ts'
import type { TraceRecord } from '../kernel/index.ts'
import { OracleBase } from './oracle.ts'
import type { Truth } from './truth.ts'

type Event = Extract<
  SystemEvent | WorldEvent,
  { readonly kind: 'MessagesRead' | 'PositionSet' | 'ConsumerRebalanced' | 'OffsetReset' | 'ProcessEnded' }
>

/**
 * Between two times that a member of a group goes to an offset, it is given the messages of a partition in the order of
 * their offsets, each once. Between partitions there is no order.
 */
export class ReadOrderOracle extends OracleBase {
  readonly name = 'I-READ-ORDER'
  readonly statement = 'A member of a group is given the messages of a partition in the order of their offsets.'
  readonly kinds = ['MessagesRead', 'PositionSet', 'ConsumerRebalanced', 'OffsetReset', 'ProcessEnded']
  protected readonly promise = 'promised to all consumers'
  /** By client, then by partition: behind what it was last given; only of members of groups. */
  private readonly next = new Map<string, Map<string, number>>()
  /**
   * `client topic-partition` of high-level consumers that went to an end of the log: chunks that they fetched before and
   * after lie in one queue, and the last message of a chunk is handed out whatever was before it (`ConsumerIterator`).
   */
  private readonly setBack = new Set<string>()

  apply(record: TraceRecord, _truth: Truth): void {
    const event = record.event as Event
    switch (event.kind) {
      case 'PositionSet':
        this.of(event.client).set(event.tp, event.offset)
        break
      case 'ConsumerRebalanced':
        for (const tp of Object.keys(event.offsets)) {
          this.of(event.client).set(tp, event.offsets[tp]!)
          this.setBack.delete(`${event.client} ${tp}`)
        }
        break
      case 'OffsetReset':
        this.setBack.add(`${event.client} ${event.tp}`)
        break
      case 'ProcessEnded':
        this.next.delete(record.machine)
        break
      case 'MessagesRead': {
        const next = this.next.get(event.client)
        if (next !== undefined) this.read(record, event, next)
        break
      }
    }
  }

  private of(client: string): Map<string, number> {
    let next = this.next.get(client)
    if (next === undefined) this.next.set(client, (next = new Map()))
    return next
  }

  private read(
    record: TraceRecord,
    { client, tp, messages }: Extract<Event, { readonly kind: 'MessagesRead' }>,
    next: Map<string, number>,
  ): void {
    for (const { offset } of messages) {
      const expected = next.get(tp)
      if (expected !== undefined && offset < expected && !this.setBack.has(`${client} ${tp}`)) {
        const detail = `${client} was given offset ${offset} of ${tp} behind offset ${expected - 1}.`
        this.report(record, undefined, { tp, detail })
      }
      next.set(tp, offset + 1)
    }
  }

  protected excuse(): undefined {
    return undefined
  }
}
