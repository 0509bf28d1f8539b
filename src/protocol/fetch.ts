/**
 * Fetch (key 1): v0 is `core/src/main/scala/kafka/api/FetchRequest.scala`, release 0.8.2.2; later fields as each says.
 */
import type { ErrorCode } from './errors.ts'
import { arraySize, requestHeaderSize, responseHeaderSize, stringSize } from './wire-size.ts'

/** `replicaId` of an ordinary consumer: it may read below the high watermark only. */
export const CONSUMER_REPLICA_ID = -1

export interface FetchPartition {
  readonly topic: string
  readonly partition: number
  readonly fetchOffset: number
  readonly maxBytes: number
  /** Leader epoch that the sender knows; from 2.1 (KIP-320). */
  readonly currentLeaderEpoch?: number
  /** Epoch of the last record before the fetch offset in a follower's log; from 2.7 (KIP-595). */
  readonly lastFetchedEpoch?: number
}

/** From 0.11 on (KIP-98): records of open and aborted transactions are for those who read uncommitted ones only. */
export type IsolationLevel = 'read_uncommitted' | 'read_committed'

/** From here on, records of a producer up to its abort marker are of an aborted transaction. */
export interface AbortedProducer {
  readonly producerId: number
  readonly firstOffset: number
}

export interface FetchRequest {
  readonly api: 'Fetch'
  readonly correlationId: number
  readonly clientId: string
  /** Version of the request, which says what message formats its sender reads; left out, all that there are. */
  readonly version?: number
  /** Broker id of a follower, or -1 for a consumer. */
  readonly replicaId: number
  readonly maxWaitMs: number
  readonly minBytes: number
  /** v4; `read_uncommitted` if left out. */
  readonly isolationLevel?: IsolationLevel
  readonly partitions: readonly FetchPartition[]
}

export interface FetchPartitionResult {
  readonly topic: string
  readonly partition: number
  readonly errorCode: ErrorCode
  /** -1 on error. */
  readonly highWatermark: number
  /** Entries from the log as they are; the last may be cut. */
  readonly records: Uint8Array
  /** For readers of committed transactions: up to where all are decided, and which were aborted. */
  readonly lastStableOffset?: number
  readonly abortedTransactions?: readonly AbortedProducer[]
  /**
   * The follower's log is another one before its fetch offset: the largest epoch of the leader's log at or below the one
   * that it named, and where that epoch ends; from 2.7 (KIP-595). There are no records then.
   */
  readonly divergingEpoch?: { readonly epoch: number; readonly endOffset: number }
}

export interface FetchResponse {
  readonly api: 'Fetch'
  readonly correlationId: number
  readonly partitions: readonly FetchPartitionResult[]
}

const epochSize = (epoch: number | undefined): number => (epoch === undefined ? 0 : 4)
const fetchPartitionSize = (p: FetchPartition): number =>
  stringSize(p.topic) + 20 + epochSize(p.currentLeaderEpoch) + epochSize(p.lastFetchedEpoch)
const fetchResultSize = (p: FetchPartitionResult): number =>
  stringSize(p.topic) +
  22 +
  p.records.length +
  (p.divergingEpoch === undefined ? 0 : 12) +
  (p.lastStableOffset === undefined ? 0 : 12 + 16 * (p.abortedTransactions?.length ?? 0))

export const fetchRequestSize = (request: FetchRequest): number =>
  requestHeaderSize(request.clientId) +
  (request.isolationLevel === undefined ? 12 : 13) +
  arraySize(request.partitions, fetchPartitionSize)

export const fetchResponseSize = (response: FetchResponse): number =>
  responseHeaderSize + arraySize(response.partitions, fetchResultSize)
