/** Fetch v0 (key 1): `core/src/main/scala/kafka/api/FetchRequest.scala`, release 0.8.2.2. */
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
}

export interface FetchRequest {
  readonly api: 'Fetch'
  readonly correlationId: number
  readonly clientId: string
  /** Broker id of a follower, or -1 for a consumer. */
  readonly replicaId: number
  readonly maxWaitMs: number
  readonly minBytes: number
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
}

export interface FetchResponse {
  readonly api: 'Fetch'
  readonly correlationId: number
  readonly partitions: readonly FetchPartitionResult[]
}

export const fetchRequestSize = (request: FetchRequest): number =>
  requestHeaderSize(request.clientId) +
  12 +
  arraySize(request.partitions, (p) => stringSize(p.topic) + (p.currentLeaderEpoch === undefined ? 20 : 24))

export const fetchResponseSize = (response: FetchResponse): number =>
  responseHeaderSize + arraySize(response.partitions, (p) => stringSize(p.topic) + 22 + p.records.length)
