/** Trace events of transaction coordinators. Producers are named by their transactional id. */
import type { Host } from '../host/index.ts'
import type { ErrorCode, TransactionRequest, TransactionState } from '../protocol/index.ts'

export type TransactionEvent =
  /** The new state stands in the transaction log; `partitions` are those that are part of the transaction then. */
  | {
      readonly kind: 'TransactionStateChanged'
      readonly transactionalId: string
      readonly producerId: number
      readonly epoch: number
      readonly from: TransactionState
      readonly to: TransactionState
      readonly partitions: readonly string[]
    }
  /** Nobody ended it within `transaction.timeout.ms`: the coordinator aborts it, and fences the producer. */
  | {
      readonly kind: 'TransactionTimedOut'
      readonly transactionalId: string
      readonly producerId: number
      readonly epoch: number
    }
  | {
      readonly kind: 'TransactionRequestRefused'
      readonly api: TransactionRequest['api'] | 'FindCoordinator'
      readonly transactionalId: string
      readonly client: string
      readonly errorCode: ErrorCode
    }
  /** A leader did not take the marker; `ends`: another coordinator, or another epoch, has seen to the transaction. */
  | {
      readonly kind: 'MarkerRefused'
      readonly transactionalId: string
      readonly tp: string
      readonly errorCode: ErrorCode
      readonly ends: boolean
    }
  | { readonly kind: 'TransactionsLoading'; readonly tp: string; readonly from: number; readonly to: number }
  /** `pending`: transactions whose end is decided and whose markers are sent (again) now. */
  | {
      readonly kind: 'TransactionsLoaded'
      readonly tp: string
      readonly to: number
      readonly ids: number
      readonly pending: number
    }
  | { readonly kind: 'TransactionsUnloaded'; readonly tp: string; readonly ids: number }
  /** Offsets that came with a transaction count from now on, or never will. */
  | {
      readonly kind: 'TxnOffsetsPending'
      readonly group: string
      readonly client: string
      readonly producerId: number
      readonly offsets: Readonly<Record<string, number>>
    }
  | {
      readonly kind: 'TxnOffsetsDropped'
      readonly group: string
      readonly producerId: number
      readonly offsets: Readonly<Record<string, number>>
    }

export const traceTransaction = (host: Host, event: TransactionEvent): void => host.trace(event)
