/** Metadata v0 (key 3): `core/src/main/scala/kafka/api/TopicMetadata.scala`, release 0.8.2.2. */
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

export const metadataResponseSize = (response: MetadataResponse): number =>
  responseHeaderSize +
  arraySize(response.brokers, (b) => 8 + stringSize(b.host)) +
  arraySize(
    response.topics,
    (t) => 2 + stringSize(t.topic) + arraySize(t.partitions, (p) => 18 + 4 * (p.replicas.length + p.isr.length)),
  )
