/** Which trace events are of groups that consumers form through ZooKeeper: with formatter, fold and narrator of their own. */
import type { OldConsumerEvent } from '../../src/client/old-consumer/events.ts'
import type { AnyEvent } from './any-event.ts'

const kinds: Readonly<Record<OldConsumerEvent['kind'], true>> = {
  ConsumerRegistered: true,
  ConsumerRegistrationWaits: true,
  RebalanceBegan: true,
  PartitionsReleased: true,
  PartitionsChosen: true,
  ClaimRefused: true,
  ConsumerRebalanced: true,
  RebalanceFailed: true,
  ConsumerCommitted: true,
  ConsumerCommitFailed: true,
  FetcherBlocked: true,
  StreamEnded: true,
}

export const oldConsumerEventKinds = kinds

const names: ReadonlySet<string> = new Set(Object.keys(kinds))

export const isOldConsumerEvent = (event: AnyEvent): event is OldConsumerEvent => names.has(event.kind)
