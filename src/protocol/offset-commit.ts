/**
 * OffsetCommit (key 8): `core/src/main/scala/kafka/api/OffsetCommitRequest.scala`, release 0.8.2.2, and
 * `OffsetCommitRequest.json` for later versions (formats.md 5.4).
 * v0 writes to ZooKeeper; v1 (0.8.2) to the offsets topic, with a time of its own; v2 (0.9) has a retention time for all
 * instead; v5 (2.1, KIP-211) has neither.
 */
import type { ErrorCode } from './errors.ts'
import { arraySize, requestHeaderSize, responseHeaderSize, stringSize } from './wire-size.ts'

/** Generation of a consumer that is no member of a coordinated group. */
export const NO_GENERATION = -1
/** Member id of one that is no member, or none yet. */
export const NO_MEMBER_ID = ''
/** `timestamp` and `retentionMs`: the broker decides. */
export const BROKER_DECIDES = -1

export interface CommittedPartition {
  readonly topic: string
  readonly partition: number
  /** Next offset to read. */
  readonly offset: number
  /** v1 only: machine time in milliseconds, or `BROKER_DECIDES`. */
  readonly timestamp?: number
  /** Whatever the application wants to keep with the offset. */
  readonly metadata: string | null
}

export interface OffsetCommitRequest {
  readonly api: 'OffsetCommit'
  readonly version: 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7
  readonly correlationId: number
  readonly clientId: string
  readonly groupId: string
  /** From v1: generation and id of the member, or `NO_GENERATION`, `NO_MEMBER_ID`. */
  readonly generationId: number
  readonly memberId: string
  /** v2 to v4: how long the offsets are kept, or `BROKER_DECIDES`. */
  readonly retentionMs?: number
  readonly partitions: readonly CommittedPartition[]
}

export interface OffsetCommitResponse {
  readonly api: 'OffsetCommit'
  readonly correlationId: number
  readonly partitions: ReadonlyArray<{
    readonly topic: string
    readonly partition: number
    readonly errorCode: ErrorCode
  }>
}

export function offsetCommitRequestSize(request: OffsetCommitRequest): number {
  const { version } = request
  const member = version === 0 ? 0 : 4 + stringSize(request.memberId)
  const retention = version >= 2 && version <= 4 ? 8 : 0
  const own = 12 + (version === 1 ? 8 : 0) + (version >= 6 ? 4 : 0)
  return (
    requestHeaderSize(request.clientId) +
    stringSize(request.groupId) +
    member +
    retention +
    arraySize(request.partitions, (p) => stringSize(p.topic) + 4 + own + stringSize(p.metadata ?? ''))
  )
}

export const offsetCommitResponseSize = (response: OffsetCommitResponse): number =>
  responseHeaderSize + arraySize(response.partitions, (p) => stringSize(p.topic) + 10)
