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
