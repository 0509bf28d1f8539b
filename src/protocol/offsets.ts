/** Offsets (ListOffsets) v0 (key 2): `core/src/main/scala/kafka/api/OffsetRequest.scala`, release 0.8.2.2. */
import type { ErrorCode } from './errors.ts'
import type { IsolationLevel } from './fetch.ts'
import { arraySize, requestHeaderSize, responseHeaderSize, stringSize } from './wire-size.ts'

export const LATEST_TIME = -1
export const EARLIEST_TIME = -2

export interface OffsetsRequest {
  readonly api: 'Offsets'
  readonly correlationId: number
  readonly clientId: string
  readonly replicaId: number
  /** v2 (0.11): for readers of committed transactions the latest offset is where all are decided. */
  readonly isolationLevel?: IsolationLevel
  readonly partitions: ReadonlyArray<{
    readonly topic: string
    readonly partition: number
    /** Milliseconds, or `LATEST_TIME`, or `EARLIEST_TIME`. */
    readonly time: number
    readonly maxNumOffsets: number
    /** Leader epoch that the sender knows; from 2.1 (KIP-320). */
    readonly currentLeaderEpoch?: number
  }>
}

export interface OffsetsResponse {
  readonly api: 'Offsets'
  readonly correlationId: number
  readonly partitions: ReadonlyArray<{
    readonly topic: string
    readonly partition: number
    readonly errorCode: ErrorCode
    /** Descending. */
    readonly offsets: readonly number[]
  }>
}

export const offsetsRequestSize = (request: OffsetsRequest): number =>
  requestHeaderSize(request.clientId) +
  4 +
  arraySize(request.partitions, (p) => stringSize(p.topic) + (p.currentLeaderEpoch === undefined ? 16 : 20))

export const offsetsResponseSize = (response: OffsetsResponse): number =>
  responseHeaderSize + arraySize(response.partitions, (p) => stringSize(p.topic) + 10 + p.offsets.length * 8)
