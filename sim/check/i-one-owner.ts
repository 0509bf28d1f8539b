/** I-ONE-OWNER: members of a group divide its partitions among themselves. */
import type { SystemEvent } from '../../src/events.ts'
import type { WorldEvent } from '../kernel/events.ts'
import type { TraceRecord } from '../kernel/index.ts'
import { GroupLives } from './group-lives.ts'
import { type Circumstances, OracleBase } from './oracle.ts'
import type { Truth } from './truth.ts'

type Event = Extract<
  SystemEvent | WorldEvent,
  {
    readonly kind:
      | 'PartitionsAssigned'
      | 'PartitionsRevoked'
      | 'GroupLeft'
      | 'ConsumerRebalanced'
      | 'PartitionsReleased'
      | 'ProcessEnded'
      | 'GenerationStarted'
      | 'GroupEmptied'
  }
>

interface Claim {
  /** Undefined in a group that forms through ZooKeeper. */
  readonly generation: number | undefined
  readonly life: number
  readonly partitions: readonly string[]
}

/** Who keeps the group in which two members claimed a partition. */
type Keeper = 'coordinator' | 'zookeeper'

/**
 * Claims are what members themselves believe. A member that stands still does not hear that the group has gone on, so that
 * claims of two generations may overlap for a while; the coordinator then refuses the older one's commits.
 */
export class OneOwnerOracle extends OracleBase<Keeper> {
  readonly name = 'I-ONE-OWNER'
  readonly statement =
    'At most one member of a group takes a partition for its own at a time, within a generation where a broker coordinates the group.'
  readonly kinds = [
    'PartitionsAssigned',
    'PartitionsRevoked',
    'GroupLeft',
    'ConsumerRebalanced',
    'PartitionsReleased',
    'ProcessEnded',
    ...GroupLives.kinds,
  ]
  protected readonly promise = 'promised by coordinated groups (0.9)'
  /** By group, then by client. */
  private readonly groups = new Map<string, Map<string, Claim>>()
  private readonly lives = new GroupLives()

  apply(record: TraceRecord, _truth: Truth): void {
    const event = record.event as Event
    switch (event.kind) {
      case 'PartitionsAssigned':
        this.claim(record, event, {
          generation: event.generation,
          life: this.lives.of(event.member),
          partitions: event.partitions,
        })
        break
      case 'ConsumerRebalanced':
        this.claim(record, event, { generation: undefined, life: 0, partitions: Object.keys(event.offsets) })
        break
      case 'PartitionsRevoked':
      case 'PartitionsReleased':
      case 'GroupLeft':
        this.groups.get(event.group)?.delete(event.client)
        break
      case 'ProcessEnded':
        for (const claims of this.groups.values()) claims.delete(record.machine)
        break
      case 'GenerationStarted':
      case 'GroupEmptied':
        this.lives.apply(event)
        break
    }
  }

  private claim(
    record: TraceRecord,
    { group, client }: { readonly group: string; readonly client: string },
    claim: Claim,
  ): void {
    let claims = this.groups.get(group)
    if (claims === undefined) this.groups.set(group, (claims = new Map()))
    for (const [other, { generation, life, partitions }] of claims) {
      if (other === client || generation !== claim.generation || life !== claim.life) continue
      for (const tp of claim.partitions) {
        if (!partitions.includes(tp)) continue
        const when = generation === undefined ? '' : ` in generation ${generation}`
        this.report(record, generation === undefined ? 'zookeeper' : 'coordinator', {
          tp,
          detail: `${client} took ${tp} for its own in group ${group}${when}, and so did ${other}.`,
        })
      }
    }
    claims.set(client, claim)
  }

  protected excuse(_circumstances: Circumstances, note: Keeper | undefined): string | undefined {
    if (note !== 'zookeeper') return undefined
    return 'a consumer of 0.8 that does not hear that its session has expired goes on with what it owned, and no broker checks that (coordinated groups, 0.9)'
  }
}
