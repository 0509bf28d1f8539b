/**
 * OffsetFetch (key 9): `core/src/main/scala/kafka/api/OffsetFetchRequest.scala`, release 0.8.2.2, and
 * `OffsetFetchRequest.json` for later versions. v0 reads from ZooKeeper, v1 and later from the coordinator; v2 (0.10.2)
 * has an error code for the whole answer and may ask for all partitions.
 */
import { ErrorCode } from './errors.ts'
import { arraySize, requestHeaderSize, responseHeaderSize, stringSize } from './wire-size.ts'

/** No offset is committed. */
export const NO_OFFSET = -1

export interface OffsetFetchRequest {
  readonly api: 'OffsetFetch'
  readonly version: 0 | 1 | 2 | 3 | 4 | 5 | 7
  readonly correlationId: number
  readonly clientId: string
  readonly groupId: string
  /** v7 (KIP-447, 2.5): no offset that a transaction which is open still may replace. */
  readonly requireStable?: boolean
  /** Empty in v1, `null` from v2: all that the group has committed. */
  readonly partitions: ReadonlyArray<{ readonly topic: string; readonly partition: number }> | null
}

export interface FetchedOffset {
  readonly topic: string
  readonly partition: number
  /** Next offset to read, or `NO_OFFSET`. */
  readonly offset: number
  readonly metadata: string | null
  readonly errorCode: ErrorCode
}

export interface OffsetFetchResponse {
  readonly api: 'OffsetFetch'
  readonly correlationId: number
  /** Of the whole answer; `NoError` before v2. */
  readonly errorCode: ErrorCode
  readonly partitions: readonly FetchedOffset[]
}

/** What is told of a partition without an offset, or with an error. */
export const noOffset = (
  topic: string,
  partition: number,
  errorCode: ErrorCode = ErrorCode.NoError,
): FetchedOffset => ({
  topic,
  partition,
  offset: NO_OFFSET,
  metadata: '',
  errorCode,
})

export const offsetFetchRequestSize = (request: OffsetFetchRequest): number =>
  requestHeaderSize(request.clientId) +
  stringSize(request.groupId) +
  arraySize(request.partitions ?? [], (p) => stringSize(p.topic) + 8)

export const offsetFetchResponseSize = (response: OffsetFetchResponse): number =>
  responseHeaderSize +
  2 +
  arraySize(response.partitions, (p) => stringSize(p.topic) + 18 + stringSize(p.metadata ?? ''))
