/** Everything that may stand in a trace. Switches over it are closed: a new kind of event breaks the build here first. */
import type { SystemEvent } from '../../src/events.ts'
import type { Micros } from '../../src/host/index.ts'
import type { ClusterEvent } from '../cluster/events.ts'
import type { WorldEvent } from '../kernel/events.ts'
import type { ScenarioEvent } from '../scenario/events.ts'

export type AnyEvent = SystemEvent | ClusterEvent | WorldEvent | ScenarioEvent
export type EventKind = AnyEvent['kind']

/** One kind (or several) out of the union, for handlers of their own. */
export type EventOf<K extends EventKind> = Extract<AnyEvent, { readonly kind: K }>

/**
 * What the view needs of a trace record. The kernel's own `TraceRecord` fits: its `event` is wider (any `kind`),
 * which `eventOf` narrows.
 */
export interface ViewRecord {
  /** From 0, without gaps for a subscriber of everything. */
  readonly seq: number
  /** True virtual time. */
  readonly atUs: Micros
  /** Name of the machine that it happened on; `''` is the world. */
  readonly machine: string
  readonly event: { readonly kind: string }
}

/** The kernel knows no Kafka word, so its records carry any event; all that this project emits are in the union. */
export const eventOf = (record: ViewRecord): AnyEvent => record.event as AnyEvent
