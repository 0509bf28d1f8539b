/** Which trace events are about consumer groups and applications. They have a formatter and a narrator of their own. */
import type { ApplicationEvent, GroupConsumerEvent } from '../../src/client/group-consumer/events.ts'
import type { CoordinatorEvent } from '../../src/coordinator/events.ts'
import type { TransactionEvent } from '../../src/coordinator/transaction-events.ts'
import type { AnyEvent } from './any-event.ts'

export type GroupEvent = Exclude<CoordinatorEvent, TransactionEvent> | GroupConsumerEvent | ApplicationEvent

const kinds: Readonly<Record<GroupEvent['kind'], true>> = {
  OffsetsCommitted: true,
  OffsetsFetched: true,
  GroupRequestRefused: true,
  CoordinatorLoading: true,
  CoordinatorLoaded: true,
  CoordinatorUnloaded: true,
  OffsetsExpired: true,
  MemberJoined: true,
  MemberLeft: true,
  RebalanceStarted: true,
  GenerationStarted: true,
  GroupAssigned: true,
  GroupEmptied: true,
  CoordinatorFound: true,
  CoordinatorLost: true,
  PartitionsRevoked: true,
  PartitionsAssigned: true,
  PositionSet: true,
  CommitAcknowledged: true,
  CommitFailed: true,
  HeartbeatFailed: true,
  GroupLeft: true,
  ProcessingBegan: true,
  MessageProcessed: true,
}

export const groupEventKinds = kinds

const names: ReadonlySet<string> = new Set(Object.keys(kinds))

export const isGroupEvent = (event: AnyEvent): event is GroupEvent => names.has(event.kind)
