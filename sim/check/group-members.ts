/** Members of groups at the end of a run: who lives, what he owns, how far he has come. Folded from the trace. */
import { allowedTopics, topicFilter, topicPattern } from '../../src/client/index.ts'
import type { SystemEvent } from '../../src/events.ts'
import { OFFSETS_TOPIC } from '../../src/protocol/index.ts'
import type { WorldEvent } from '../kernel/events.ts'
import type { TraceRecord } from '../kernel/index.ts'
import type { ClusterPlan, GroupConsumerPlan, OldConsumerPlan } from '../scenario/plan.ts'

export type MemberPlan = GroupConsumerPlan | OldConsumerPlan

type Event = Extract<
  SystemEvent | WorldEvent,
  {
    readonly kind:
      | 'ProcessStarted'
      | 'ProcessEnded'
      | 'PartitionsAssigned'
      | 'PartitionsRevoked'
      | 'GroupLeft'
      | 'ConsumerRebalanced'
      | 'PartitionsReleased'
      | 'RebalanceBegan'
      | 'RebalanceFailed'
      | 'PositionSet'
      | 'OffsetReset'
      | 'MessagesRead'
  }
>

export const memberKinds: readonly Event['kind'][] = [
  'ProcessStarted',
  'ProcessEnded',
  'PartitionsAssigned',
  'PartitionsRevoked',
  'GroupLeft',
  'ConsumerRebalanced',
  'PartitionsReleased',
  'RebalanceBegan',
  'RebalanceFailed',
  'PositionSet',
  'OffsetReset',
  'MessagesRead',
]

export interface MemberState {
  readonly plan: MemberPlan
  running: boolean
  owns: readonly string[]
  /** Where it stands in each partition: next offset to be given. */
  readonly position: Map<string, number>
  /** A member of a ZooKeeper group that has given its rebalance up. */
  gaveUp: boolean
}

export class GroupMembers {
  readonly members: readonly MemberState[]
  private readonly byName: ReadonlyMap<string, MemberState>

  constructor(plan: ClusterPlan) {
    this.members = plan.clients
      .filter((client) => client.kind === 'group-consumer' || client.kind === 'old-consumer')
      .map((member) => ({ plan: member, running: false, owns: [], position: new Map(), gaveUp: false }))
    this.byName = new Map(this.members.map((member) => [member.plan.name, member]))
  }

  get groups(): ReadonlyMap<string, readonly MemberState[]> {
    const groups = new Map<string, MemberState[]>()
    for (const member of this.members) {
      const others = groups.get(member.plan.group)
      if (others === undefined) groups.set(member.plan.group, [member])
      else others.push(member)
    }
    return groups
  }

  of(name: string): MemberState | undefined {
    return this.byName.get(name)
  }

  apply(record: TraceRecord): void {
    const event = record.event as Event
    const member = this.byName.get('client' in event ? event.client : record.machine)
    if (member === undefined) return
    switch (event.kind) {
      case 'ProcessStarted':
        member.running = true
        break
      case 'ProcessEnded':
        member.running = false
        this.forget(member)
        break
      case 'PartitionsAssigned':
        member.owns = event.partitions
        break
      case 'PartitionsRevoked':
      case 'PartitionsReleased':
      case 'GroupLeft':
        this.forget(member)
        break
      case 'RebalanceBegan':
        member.gaveUp = false
        break
      case 'RebalanceFailed':
        if (event.final) member.gaveUp = true
        break
      case 'ConsumerRebalanced':
        member.owns = Object.keys(event.offsets)
        for (const tp of member.owns) if (event.offsets[tp]! >= 0) member.position.set(tp, event.offsets[tp]!)
        break
      case 'PositionSet':
        member.position.set(event.tp, event.offset)
        break
      case 'OffsetReset':
        member.position.set(event.tp, event.to)
        break
      case 'MessagesRead': {
        const last = event.messages.at(-1)
        if (last !== undefined) member.position.set(event.tp, last.offset + 1)
        break
      }
    }
  }

  private forget(member: MemberState): void {
    member.owns = []
    member.position.clear()
    member.gaveUp = false
  }
}

/** Whether a member subscribes to a topic. */
export function subscribesTo(plan: MemberPlan, topic: string): boolean {
  if (plan.kind === 'old-consumer') {
    const { subscription } = plan
    return 'topics' in subscription
      ? subscription.topics.some((one) => one.topic === topic)
      : allowedTopics(topicFilter(subscription.filter, subscription.regex), [topic], true).length > 0
  }
  const { subscribes } = plan
  if ('topics' in subscribes) return subscribes.topics.includes(topic)
  return topic !== OFFSETS_TOPIC && topicPattern(`(?:${subscribes.pattern})`)?.test(topic) === true
}
