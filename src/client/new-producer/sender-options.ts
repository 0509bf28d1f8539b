/** What the configuration and the release say of sending. */
import type { Micros } from '../../host/index.ts'
import type { Idempotence } from './idempotence.ts'
import type { TransactionManager } from './transaction-manager.ts'

/** Of the partitions of a topic that have leaders; `known`: those that ever had a batch. */
export type QueuesSeen = (
  topic: string,
  queues: ReadonlyArray<{ readonly partition: number; readonly batches: number }>,
  known: number,
) => void

export interface SenderOptions {
  readonly client: string
  /** 0, 1, or -1 for all. */
  readonly acks: number
  readonly ackTimeoutMs: number
  readonly retries: number
  readonly maxRequestBytes: number
  /** Undefined: batches have no time limit of their own (up to 2.0). */
  readonly deliveryTimeoutUs: Micros | undefined
  /** One request in flight holds for each partition (KAFKA-3197). */
  readonly mutes: boolean
  /** Batches that the broker finds too large are split (KIP-126). */
  readonly splits: boolean
  /** Sequence numbers, if the producer is idempotent. */
  readonly idempotence?: Idempotence
  /** Transactions, if the producer writes them. */
  readonly transactions?: TransactionManager
  readonly retryBackoffUs: Micros
  /** For a partitioner that wants to know how many batches wait, each time before they are looked through. */
  readonly queuesSeen?: QueuesSeen
  /** Everything was sent and answered after `close`. */
  closed(): void
}
