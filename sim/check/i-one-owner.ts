/** I-ONE-OWNER: members of a group divide its partitions among themselves. */
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
      | 'PartitionsRevoked'
      | 'GroupLeft'
      | 'ConsumerRebalanced'
      | 'PartitionsReleased'
      | 'ProcessEnded'
  }
>

interface Claim {
  /** Undefined in a group that forms through ZooKeeper. */
  readonly generation: number | undefined
  /** Of which generation: a number may come twice. */
  readonly identity: string
  readonly partitions: readonly string[]
}

/** Who keeps the group in which two members claimed a partition; `assignor`: its leader dealt it to both. */
type Keeper = 'coordinator' | 'zookeeper' | 'assignor'

/**
 * Claims are what members themselves believe. A member that stands still does not hear that the group has gone on, so that
 * claims of two generations may overlap for a while; the coordinator then refuses the older one's commits.
 */
export class OneOwnerOracle extends OracleBase<Keeper> {
  readonly name = 'I-ONE-OWNER'
  readonly statement =
    'At most one member of a group takes a partition for its own at a time, within a generation where a broker coordinates the group.'
  readonly kinds = [
    'GenerationStarted',
    'GroupAssigned',
    'PartitionsAssigned',
    'PartitionsRevoked',
    'GroupLeft',
    'ConsumerRebalanced',
    'PartitionsReleased',
    'ProcessEnded',
  ]
  protected readonly promise = 'promised by coordinated groups (0.9)'
  /** By group, then by client. */
  private readonly groups = new Map<string, Map<string, Claim>>()
  private readonly generations = new Generations()
  private readonly shared = new SharedAssignments()

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
        this.claim(record, event, {
          generation: event.generation,
          identity: this.generations.identity(event.member, event.generation),
          partitions: event.partitions,
        })
        break
      case 'ConsumerRebalanced':
        this.claim(record, event, { generation: undefined, identity: '', partitions: Object.keys(event.offsets) })
        break
      case 'PartitionsRevoked':
      case 'PartitionsReleased':
      case 'GroupLeft':
        this.groups.get(event.group)?.delete(event.client)
        break
      case 'ProcessEnded':
        for (const claims of this.groups.values()) claims.delete(record.machine)
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
    for (const [other, { generation, identity, partitions }] of claims) {
      if (other === client || identity !== claim.identity) continue
      for (const tp of claim.partitions) {
        if (!partitions.includes(tp)) continue
        const when = generation === undefined ? '' : ` in generation ${generation}`
        const keeper = this.keeper(group, generation, tp)
        const detail = `${anomalies[keeper]}${client} took ${tp} for its own in group ${group}${when}, and so did ${other}.`
        this.report(record, keeper, { tp, detail })
      }
    }
    claims.set(client, claim)
  }

  private keeper(group: string, generation: number | undefined, tp: string): Keeper {
    if (generation === undefined) return 'zookeeper'
    return this.shared.has(group, generation, tp) ? 'assignor' : 'coordinator'
  }

  protected excuse({ versions }: Circumstances, note: Keeper | undefined): string | undefined {
    if (note === 'assignor') return sharedExcuse(versions)
    if (note !== 'zookeeper') return undefined
    return 'M32, a consumer of 0.8 that does not hear that its session has expired goes on with what it owned, and no broker checks that (coordinated groups, 0.9)'
  }
}

const anomalies: Readonly<Record<Keeper, string>> = { coordinator: '', zookeeper: 'M32: ', assignor: 'D31: ' }
