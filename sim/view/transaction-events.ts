/** Which trace events are about transactions. They have a formatter, a narrator and a part of the view of their own. */
import type { BrokerEvent } from '../../src/broker/events.ts'
import type { JavaProducerEvent } from '../../src/client/new-producer/events.ts'
import type { CoordinatorEvent } from '../../src/coordinator/events.ts'
import type { AnyEvent } from './any-event.ts'

type Kind =
  | 'TransactionStateChanged'
  | 'TransactionTimedOut'
  | 'TransactionRequestRefused'
  | 'MarkerRefused'
  | 'TransactionsLoading'
  | 'TransactionsLoaded'
  | 'TransactionsUnloaded'
  | 'TxnOffsetsPending'
  | 'TxnOffsetsDropped'
  | 'MarkersAppended'
  | 'TransactionNotVerified'
  | 'TransactionCoordinatorFound'
  | 'TransactionBegun'
  | 'TransactionFailed'
  | 'OffsetsSentToTransaction'
  | 'TransactionEnding'
  | 'TransactionEnded'
  | 'TransactionBlocked'

export type TransactionalEvent = Extract<BrokerEvent | CoordinatorEvent | JavaProducerEvent, { readonly kind: Kind }>

const kinds: Readonly<Record<Kind, true>> = {
  TransactionStateChanged: true,
  TransactionTimedOut: true,
  TransactionRequestRefused: true,
  MarkerRefused: true,
  TransactionsLoading: true,
  TransactionsLoaded: true,
  TransactionsUnloaded: true,
  TxnOffsetsPending: true,
  TxnOffsetsDropped: true,
  MarkersAppended: true,
  TransactionNotVerified: true,
  TransactionCoordinatorFound: true,
  TransactionBegun: true,
  TransactionFailed: true,
  OffsetsSentToTransaction: true,
  TransactionEnding: true,
  TransactionEnded: true,
  TransactionBlocked: true,
}

export const transactionEventKinds = kinds

const names: ReadonlySet<string> = new Set(Object.keys(kinds))

export const isTransactionEvent = (event: AnyEvent): event is TransactionalEvent => names.has(event.kind)
