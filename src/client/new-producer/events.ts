/** Trace events of Java producers, beside those that they share with the old one (`../events.ts`). */
import type { DrainReason } from './record-accumulator.ts'

export type JavaProducerEvent =
  /** A batch leaves the producer's memory for a request. `queued`: records that are left; `bytes`: as it is sent. */
  | {
      readonly kind: 'BatchDrained'
      readonly client: string
      readonly tp: string
      readonly messages: readonly string[]
      readonly bytes: number
      readonly why: DrainReason
      readonly queued: number
    }
  /** A broker gave the producer an id, under which it numbers its records. */
  | {
      readonly kind: 'ProducerIdAssigned'
      readonly client: string
      readonly producerId: number
      readonly epoch: number
    }
  /** It does not know what became of some records: it goes on with its next epoch, or (id -1) gives its id up. */
  | {
      readonly kind: 'ProducerSequencesReset'
      readonly client: string
      readonly producerId: number
      readonly epoch: number
    }
  /** The broker found it too large: it goes again in smaller ones. */
  | {
      readonly kind: 'BatchSplit'
      readonly client: string
      readonly tp: string
      readonly messages: readonly string[]
      readonly batches: number
    }
  // ---- transactions; `transaction` counts those of one life of the producer, from 1 ----
  | {
      readonly kind: 'TransactionCoordinatorFound'
      readonly client: string
      readonly transactionalId: string
      readonly of: 'transaction' | 'group'
      readonly broker: number
    }
  | {
      readonly kind: 'TransactionBegun'
      readonly client: string
      readonly transactionalId: string
      readonly transaction: number
    }
  /** The producer cannot go on with the transaction, which is to be aborted then, or (`fatal`) not at all. */
  | {
      readonly kind: 'TransactionFailed'
      readonly client: string
      readonly transactionalId: string
      readonly transaction: number
      readonly error: string
      readonly fatal: boolean
    }
  /** Offsets of a group are part of the transaction. */
  | {
      readonly kind: 'OffsetsSentToTransaction'
      readonly client: string
      readonly transactionalId: string
      readonly transaction: number
      readonly group: string
      readonly offsets: Readonly<Record<string, number>>
    }
  /** The application has called commitTransaction or abortTransaction. */
  | {
      readonly kind: 'TransactionEnding'
      readonly client: string
      readonly transactionalId: string
      readonly transaction: number
      readonly committed: boolean
    }
  /** What the application is told; `unknown`: the producer died of an error while the transaction ended. */
  | {
      readonly kind: 'TransactionEnded'
      readonly client: string
      readonly transactionalId: string
      readonly transaction: number
      readonly outcome: 'committed' | 'aborted' | 'unknown'
    }
  /** The application waits for longer than `max.block.ms`; it calls again. */
  | {
      readonly kind: 'TransactionBlocked'
      readonly client: string
      readonly transactionalId: string
      readonly transaction: number
      readonly call: TransactionCall
    }

export type TransactionCall = 'initTransactions' | 'sendOffsetsToTransaction' | 'commitTransaction' | 'abortTransaction'
