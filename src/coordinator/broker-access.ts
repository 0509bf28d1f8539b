/**
 * What a coordinator asks of the broker that it runs on. The coordinator is a layer beside the broker: it knows replicas
 * only by these words.
 */
import type { BrokerEndpoint, ErrorCode } from '../protocol/index.ts'
import type { Log } from '../storage/index.ts'

export interface BrokerAccess {
  readonly brokerId: number
  /** Whether this broker's metadata cache has the topic, and the partition. */
  hasTopic(topic: string): boolean
  hasPartition(topic: string, partition: number): boolean
  /** The live leader of a partition, by the metadata cache. */
  leaderOf(topic: string, partition: number): BrokerEndpoint | undefined
  /** High watermark and log end of a partition that this broker leads; -1 if it leads it not, or does not know. */
  highWatermark(topic: string, partition: number): number
  logEndOffset(topic: string, partition: number): number
  /** The local log of a partition, whoever leads it. */
  log(topic: string, partition: number): Log | undefined
  /** Appends to a partition of an internal topic, and waits for the acknowledgements. @param done with the first offset */
  append(write: InternalWrite, done: (errorCode: ErrorCode, baseOffset: number) => void): void
  /** Sees to it that the internal topic exists. `NoError`: it is being created, or is there already. */
  createTopic(topic: string, done: (errorCode: ErrorCode) => void): void
}

export interface InternalWrite {
  readonly topic: string
  readonly partition: number
  readonly records: Uint8Array
  readonly requiredAcks: number
  readonly timeoutMs: number
  /** Of a transaction, whose coordinator may have to be asked. */
  readonly transactionalId?: string | undefined
  /** Called before the append, when the transaction's coordinator has agreed, or need not be asked. */
  readonly onAgreed?: (() => void) | undefined
}
