/** I-UNICAST: within a group, a message is one member's. */
import type { SystemEvent } from '../../src/events.ts'
import type { WorldEvent } from '../kernel/events.ts'
import type { TraceRecord } from '../kernel/index.ts'
import { GroupLives } from './group-lives.ts'
import { OracleBase } from './oracle.ts'
import type { Truth } from './truth.ts'

type Event = Extract<
  SystemEvent | WorldEvent,
  {
    readonly kind:
      | 'PartitionsAssigned'
      | 'MessagesRead'
      | 'ProcessEnded'
      | 'GroupLeft'
      | 'GenerationStarted'
      | 'GroupEmptied'
  }
>

interface Membership {
  readonly group: string
  readonly generation: number
  readonly life: number
}

/** Who was last given a message, and in which generation. */
interface Delivery {
  readonly client: string
  readonly generation: number
  readonly life: number
}

/**
 * Redelivery is no breach: after a rebalance the next owner begins where the group has committed, and is given again what
 * the one before it had. Groups that form through ZooKeeper have no generations by which to tell; they are not judged.
 */
export class UnicastOracle extends OracleBase {
  readonly name = 'I-UNICAST'
  readonly statement = 'In one generation of a group a message is given to one of its members.'
  readonly kinds = ['PartitionsAssigned', 'MessagesRead', 'GroupLeft', 'ProcessEnded', ...GroupLives.kinds]
  protected readonly promise = 'promised by coordinated groups (0.9)'
  private readonly lives = new GroupLives()
  private readonly members = new Map<string, Membership>()
  /** By group and partition, then by offset. */
  private readonly deliveries = new Map<string, Map<number, Delivery>>()

  apply(record: TraceRecord, _truth: Truth): void {
    const event = record.event as Event
    switch (event.kind) {
      case 'PartitionsAssigned':
        this.members.set(event.client, {
          group: event.group,
          generation: event.generation,
          life: this.lives.of(event.member),
        })
        break
      case 'GroupLeft':
        this.members.delete(event.client)
        break
      case 'ProcessEnded':
        this.members.delete(record.machine)
        break
      case 'MessagesRead': {
        const member = this.members.get(event.client)
        if (member !== undefined) this.read(record, event, member)
        break
      }
      case 'GenerationStarted':
      case 'GroupEmptied':
        this.lives.apply(event)
        break
    }
  }

  private read(
    record: TraceRecord,
    { client, tp, messages }: Extract<Event, { readonly kind: 'MessagesRead' }>,
    { group, generation, life }: Membership,
  ): void {
    const place = `${group} ${tp}`
    let deliveries = this.deliveries.get(place)
    if (deliveries === undefined) this.deliveries.set(place, (deliveries = new Map()))
    for (const { offset } of messages) {
      const before = deliveries.get(offset)
      const same = before?.generation === generation && before.life === life
      if (before !== undefined && before.client !== client && same) {
        const detail = `${client} was given offset ${offset} of ${tp} in generation ${generation} of group ${group}, as ${before.client} had been.`
        this.report(record, undefined, { tp, detail })
      }
      deliveries.set(offset, { client, generation, life })
    }
  }

  protected excuse(): undefined {
    return undefined
  }
}
