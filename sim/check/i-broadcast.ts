/** I-BROADCAST: every group is given everything. Judged where the run ends calm. */
import { messageName } from '../../src/client/index.ts'
import type { SystemEvent } from '../../src/events.ts'
import type { WorldEvent } from '../kernel/events.ts'
import type { TraceRecord } from '../kernel/index.ts'
import type { ClusterPlan } from '../scenario/plan.ts'
import { lossExcuse } from './excuses.ts'
import type { Evidence } from './facts.ts'
import { type Circumstances, OracleBase } from './oracle.ts'
import type { Truth } from './truth.ts'

type Event = Extract<
  SystemEvent | WorldEvent,
  { readonly kind: 'MessagesRead' | 'PositionSet' | 'ConsumerRebalanced' | 'OffsetReset' }
>

/** What a group has been given of a partition, by whomever of its members. */
interface Delivered {
  beganAt: number
  /** Names by offset. */
  readonly given: Map<number, string>
  /** A member had no offset of the group, and began at the end of the log. */
  skipped: boolean
}

interface Missed {
  readonly skipped: boolean
  readonly evidence: Evidence
}

/**
 * Groups do not know of each other: each is given every message. A message counts as given when the application has it,
 * and as missed when members have been given later ones of its partition.
 */
export class BroadcastOracle extends OracleBase<Missed> {
  readonly name = 'I-BROADCAST'
  readonly statement =
    'Each group is given every message of a partition from where it began, whatever other groups are given.'
  readonly kinds = ['MessagesRead', 'PositionSet', 'ConsumerRebalanced', 'OffsetReset']
  protected readonly promise = 'promised where groups begin at committed offsets, or at the beginning'
  private readonly groupOf: ReadonlyMap<string, string>
  /** By group and partition. */
  private readonly delivered = new Map<string, Delivered>()

  constructor(plan: ClusterPlan) {
    super()
    this.groupOf = new Map(
      plan.clients
        .filter((client) => client.kind === 'group-consumer' || client.kind === 'old-consumer')
        .map(({ name, group }) => [name, group]),
    )
  }

  apply(record: TraceRecord, _truth: Truth): void {
    const event = record.event as Event
    const group = this.groupOf.get(event.client)
    if (group === undefined) return
    switch (event.kind) {
      case 'PositionSet':
        this.begins(group, event.tp, event.offset, event.from === 'latest')
        break
      case 'ConsumerRebalanced':
        for (const tp of Object.keys(event.offsets)) this.begins(group, tp, event.offsets[tp]!, false)
        break
      case 'OffsetReset':
        this.begins(group, event.tp, event.to, true)
        break
      case 'MessagesRead': {
        const { given } = this.of(group, event.tp)
        for (const { offset, key, value } of event.messages) given.set(offset, messageName(value ?? key ?? ''))
        break
      }
    }
  }

  /** -1: it is still to ask where to begin. */
  private begins(group: string, tp: string, offset: number, atAnEnd: boolean): void {
    if (offset < 0) return
    const delivered = this.of(group, tp)
    if (offset < delivered.beganAt) delivered.beganAt = offset
    else if (atAnEnd && offset > delivered.beganAt) delivered.skipped = true
  }

  private of(group: string, tp: string): Delivered {
    const key = `${group} ${tp}`
    let delivered = this.delivered.get(key)
    if (delivered === undefined) {
      delivered = { beganAt: Number.POSITIVE_INFINITY, given: new Map(), skipped: false }
      this.delivered.set(key, delivered)
    }
    return delivered
  }

  override finish(truth: Truth): void {
    for (const [key, { beganAt, given, skipped }] of this.delivered) {
      const [group, tp] = key.split(' ') as [string, string]
      const partition = truth.partitions.get(tp)
      if (partition === undefined || given.size === 0) continue
      const log = partition.standingLog()
      const start = Math.max(beganAt, partition.actingLeader()?.logStart ?? 0)
      const end = Math.min(Math.max(...given.keys()), log.length)
      for (let offset = start; offset < end; offset++) {
        const name = log[offset]?.name
        if (name == null || given.get(offset) === name) continue
        const evidence = { ...partition.evidence }
        const detail = `Nobody of group ${group} was given ${name} (offset ${offset} of ${tp}).`
        this.report(truth, { skipped, evidence }, { tp, message: name, detail })
      }
    }
  }

  protected excuse({ versions }: Circumstances, note: Missed | undefined): string | undefined {
    if (note === undefined) return undefined
    if (note.skipped) {
      return 'where the group had no offset that the log has, it began at an end of the log (auto.offset.reset), past what had come meanwhile'
    }
    return lossExcuse(versions, note.evidence)
  }
}
