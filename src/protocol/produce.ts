/** Produce v0 (key 0): `core/src/main/scala/kafka/api/ProducerRequest.scala`, release 0.8.2.2. */
import type { ErrorCode } from './errors.ts'
import { arraySize, requestHeaderSize, responseHeaderSize, stringSize } from './wire-size.ts'

export interface ProducePartition {
  readonly topic: string
  readonly partition: number
  /** A message set; offsets in it are the producer's own count from 0. */
  readonly records: Uint8Array
}

export interface ProduceRequest {
  readonly api: 'Produce'
  readonly correlationId: number
  readonly clientId: string
  /** v3; left out by who writes no transactions. */
  readonly transactionalId?: string
  /** 0: no answer; 1: the leader's append; -1: the whole ISR; n > 1: n members of the ISR. */
  readonly requiredAcks: number
  readonly ackTimeoutMs: number
  readonly partitions: readonly ProducePartition[]
}

export interface ProducePartitionResult {
  readonly topic: string
  readonly partition: number
  readonly errorCode: ErrorCode
  /** Offset of the first message, -1 on error. */
  readonly baseOffset: number
  /** Where the log begins (v5, 1.0): told with `UnknownProducerId`, for it explains why a producer was forgotten. */
  readonly logStartOffset?: number
}

export interface ProduceResponse {
  readonly api: 'Produce'
  readonly correlationId: number
  readonly partitions: readonly ProducePartitionResult[]
}

export const produceRequestSize = (request: ProduceRequest): number =>
  requestHeaderSize(request.clientId) +
  (request.transactionalId === undefined ? 6 : 6 + stringSize(request.transactionalId)) +
  arraySize(request.partitions, (p) => stringSize(p.topic) + 12 + p.records.length)

export const produceResponseSize = (response: ProduceResponse): number =>
  responseHeaderSize +
  arraySize(response.partitions, (p) => stringSize(p.topic) + (p.logStartOffset === undefined ? 18 : 26))
