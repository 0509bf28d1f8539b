/** I-LIVE-CONSUME: groups come to the ends of their partitions. Judged where the run ends calm. */
import type { SystemEvent } from '../../src/events.ts'
import { OFFSETS_TOPIC } from '../../src/protocol/index.ts'
import type { TraceRecord } from '../kernel/index.ts'
import type { ClusterPlan } from '../scenario/plan.ts'
import type { ControlTruth } from './control-truth.ts'
import { GroupMembers, type MemberState, memberKinds, subscribesTo } from './group-members.ts'
import { lastingPartitions } from './liveness.ts'
import { type Circumstances, OracleBase } from './oracle.ts'
import { SharedAssignments, sharedExcuse } from './shared-assignments.ts'
import type { Truth } from './truth.ts'

/** Why nobody has read a partition to its end, or two members do. */
type Hindrance = 'gave-up' | 'offsets-topic' | 'assignor' | 'unled' | undefined

const anomalies = { 'gave-up': 'M32: ', 'offsets-topic': '', assignor: 'D31: ', unled: 'D35: ' } as const

export class LiveConsumeOracle extends OracleBase<Hindrance> {
  readonly name = 'I-LIVE-CONSUME'
  readonly statement =
    'At the end every partition that is led has one owner among the live members of each group that subscribes to it, and the owner has read it to its end.'
  readonly kinds: readonly string[] = [...memberKinds, 'GroupAssigned']
  protected readonly promise = 'promised once all faults are over'
  private readonly members: GroupMembers
  private readonly shared = new SharedAssignments()
  /** The latest of each group. */
  private readonly generation = new Map<string, number>()

  constructor(plan: ClusterPlan) {
    super()
    this.members = new GroupMembers(plan)
  }

  apply(record: TraceRecord, _truth: Truth): void {
    const event = record.event as SystemEvent
    if (event.kind !== 'GroupAssigned') return this.members.apply(record)
    this.shared.apply(event)
    this.generation.set(event.group, event.generation)
  }

  override finish(truth: Truth): void {
    const led = lastingPartitions(truth.control).filter(({ tp }) => isSettled(truth, tp))
    for (const [group, all] of this.members.groups) {
      const live = all.filter(({ running }) => running)
      if (live.length === 0) continue
      for (const { tp, topic } of led) {
        const subscribers = live.filter(({ plan }) => subscribesTo(plan, topic))
        if (subscribers.length === 0) continue
        const detail = problem(truth, group, tp, subscribers)
        if (detail === undefined) continue
        const isShared = this.shared.has(group, this.generation.get(group) ?? -1, tp)
        const hindrance = isShared ? 'assignor' : hindranceOf(truth, subscribers)
        const name = hindrance === undefined ? '' : anomalies[hindrance]
        this.report(truth, hindrance, { tp, detail: `${name}${detail}` })
      }
    }
  }

  protected excuse({ versions }: Circumstances, note: Hindrance): string | undefined {
    switch (note) {
      case 'assignor':
        return sharedExcuse(versions)
      case 'gave-up':
        return 'M32, a high-level consumer gives up after rebalance.max.retries attempts, and what it was to own has no owner until something changes'
      case 'offsets-topic':
        return 'the partition of the offsets topic that keeps the group has no leader that can take commits'
      case 'unled':
        if (versions.positionResets === 'in-background') return undefined
        return 'D35, a consumer that has to ask where a partition begins waits until it is led, and reads nothing else meanwhile (KAFKA-6397, before 1.1)'
      case undefined:
        return undefined
    }
  }
}

/** It is led, and all that is in it is committed: else nobody can read it to its end. */
function isSettled(truth: Truth, tp: string): boolean {
  const leader = truth.partitions.get(tp)?.actingLeader()
  return leader !== undefined && leader.highWatermark === leader.entries.length
}

function problem(truth: Truth, group: string, tp: string, members: readonly MemberState[]): string | undefined {
  const owners = members.filter(({ owns }) => owns.includes(tp))
  const [owner] = owners
  if (owner === undefined) return `Nobody of group ${group} owns ${tp}.`
  if (owners.length > 1) return `${owners.map(({ plan }) => plan.name).join(' and ')} of group ${group} own ${tp}.`
  const end = truth.partitions.get(tp)!.actingLeader()!.highWatermark
  const at = owner.position.get(tp)
  if (at !== undefined && at >= end) return undefined
  return `${owner.plan.name} of group ${group} has come to ${at ?? 'no offset'} of ${tp}, which ends at ${end}.`
}

function hindranceOf(truth: Truth, members: readonly MemberState[]): Hindrance {
  const old = members.filter(({ plan }) => plan.kind === 'old-consumer')
  if (old.some(({ gaveUp }) => gaveUp)) return 'gave-up'
  const inKafka = old.length === 0 || old.some(({ plan }) => plan.config['offsets.storage'] === 'kafka')
  if (inKafka && !offsetsTopicIsLed(truth.control, truth)) return 'offsets-topic'
  if (old.length === 0 && members.some((member) => waitsForLeader(truth, member))) return 'unled'
  return undefined
}

const waitsForLeader = (truth: Truth, { owns, position }: MemberState): boolean =>
  owns.some((tp) => !position.has(tp) && truth.partitions.get(tp)?.actingLeader() === undefined)

const offsetsTopicIsLed = (control: ControlTruth, truth: Truth): boolean => {
  const partitions = lastingPartitions(control).filter(({ topic }) => topic === OFFSETS_TOPIC)
  return partitions.length > 0 && partitions.every(({ tp }) => isSettled(truth, tp))
}
