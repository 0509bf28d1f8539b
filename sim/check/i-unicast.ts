/** I-UNICAST: within a group, a message is one member's. */
import type { SystemEvent } from '../../src/events.ts'
import type { WorldEvent } from '../kernel/events.ts'
import type { TraceRecord } from '../kernel/index.ts'
import { Generations } from './generations.ts'
import { type Circumstances, OracleBase } from './oracle.ts'
import { SharedAssignments, sharedExcuse } from './shared-assignments.ts'
import type { Truth } from './truth.ts'

type Event = Extract<
  SystemEvent | WorldEvent,
  {
    readonly kind:
      | 'GenerationStarted'
      | 'GroupAssigned'
      | 'PartitionsAssigned'
      | 'MessagesRead'
      | 'ProcessEnded'
      | 'GroupLeft'
  }
>

interface Membership {
  readonly group: string
  readonly generation: number
  /** Of which generation: a number may come twice. */
  readonly identity: string
}

/** Who was last given a message, and in which generation. */
interface Delivery {
  readonly client: string
  readonly identity: string
}

/**
 * Redelivery is no breach: after a rebalance the next owner begins where the group has committed, and is given again what
 * the one before it had. Groups that form through ZooKeeper have no generations by which to tell; they are not judged.
 */
export class UnicastOracle extends OracleBase<'coordinator' | 'assignor'> {
  readonly name = 'I-UNICAST'
  readonly statement = 'In one generation of a group a message is given to one of its members.'
  readonly kinds = [
    'GenerationStarted',
    'GroupAssigned',
    'PartitionsAssigned',
    'MessagesRead',
    'GroupLeft',
    'ProcessEnded',
  ]
  protected readonly promise = 'promised by coordinated groups (0.9)'
  private readonly generations = new Generations()
  private readonly shared = new SharedAssignments()
  private readonly members = new Map<string, Membership>()
  /** By group and partition, then by offset. */
  private readonly deliveries = new Map<string, Map<number, Delivery>>()

  apply(record: TraceRecord, _truth: Truth): void {
    const event = record.event as Event
    switch (event.kind) {
      case 'GenerationStarted':
        this.generations.apply(event)
        break
      case 'GroupAssigned':
        this.shared.apply(event)
        break
      case 'PartitionsAssigned':
        this.members.set(event.client, {
          group: event.group,
          generation: event.generation,
          identity: this.generations.identity(event.member, event.generation),
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
    }
  }

  private read(
    record: TraceRecord,
    { client, tp, messages }: Extract<Event, { readonly kind: 'MessagesRead' }>,
    { group, generation, identity }: Membership,
  ): void {
    const place = `${group} ${tp}`
    let deliveries = this.deliveries.get(place)
    if (deliveries === undefined) this.deliveries.set(place, (deliveries = new Map()))
    for (const { offset } of messages) {
      const before = deliveries.get(offset)
      if (before !== undefined && before.client !== client && before.identity === identity) {
        const isShared = this.shared.has(group, generation, tp)
        const detail = `${isShared ? 'D31: ' : ''}${client} was given offset ${offset} of ${tp} in generation ${generation} of group ${group}, as ${before.client} had been.`
        this.report(record, isShared ? 'assignor' : 'coordinator', { tp, detail })
      }
      deliveries.set(offset, { client, identity })
    }
  }

  protected excuse({ versions }: Circumstances, note: 'coordinator' | 'assignor' | undefined): string | undefined {
    return note === 'assignor' ? sharedExcuse(versions) : undefined
  }
}
