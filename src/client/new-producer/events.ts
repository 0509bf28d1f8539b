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
  /** The broker found it too large: it goes again in smaller ones. */
  | {
      readonly kind: 'BatchSplit'
      readonly client: string
      readonly tp: string
      readonly messages: readonly string[]
      readonly batches: number
    }
