/** Metadata (key 3): v0 is `core/src/main/scala/kafka/api/TopicMetadata.scala`, release 0.8.2.2. */
import type { ErrorCode } from './errors.ts'
import { arraySize, requestHeaderSize, responseHeaderSize, stringSize } from './wire-size.ts'

export interface BrokerEndpoint {
  readonly id: number
  /** A machine's name. */
  readonly host: string
  readonly port: number
}

export interface MetadataRequest {
  readonly api: 'Metadata'
  readonly correlationId: number
  readonly clientId: string
  /** Empty: all topics. */
  readonly topics: readonly string[]
}

export interface PartitionMetadata {
  readonly errorCode: ErrorCode
  readonly partition: number
  /** -1: none, or none alive. */
  readonly leader: number
  readonly replicas: readonly number[]
  readonly isr: readonly number[]
  /** Epoch of the leader; from 2.1 (v7, KIP-320). */
  readonly leaderEpoch?: number
}

export interface TopicMetadata {
  readonly errorCode: ErrorCode
  readonly topic: string
  readonly partitions: readonly PartitionMetadata[]
}

export interface MetadataResponse {
  readonly api: 'Metadata'
  readonly correlationId: number
  readonly brokers: readonly BrokerEndpoint[]
  readonly topics: readonly TopicMetadata[]
}

export const metadataRequestSize = (request: MetadataRequest): number =>
  requestHeaderSize(request.clientId) + arraySize(request.topics, stringSize)

const partitionSize = ({ replicas, isr, leaderEpoch }: PartitionMetadata): number =>
  18 + 4 * (replicas.length + isr.length + (leaderEpoch === undefined ? 0 : 1))

export const metadataResponseSize = (response: MetadataResponse): number =>
  responseHeaderSize +
  arraySize(response.brokers, (b) => 8 + stringSize(b.host)) +
  arraySize(response.topics, (t) => 2 + stringSize(t.topic) + arraySize(t.partitions, (p) => partitionSize(p)))
