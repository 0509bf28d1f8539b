/**
 * TxnOffsetCommit (key 28): offsets that a group's coordinator keeps apart until the transaction ends (KIP-98, 0.11). From
 * version 3 on (KIP-447, 2.5) they say which member of which generation they come from, so that who has been left behind
 * is refused.
 */
import type { ErrorCode } from './errors.ts'
import type { CommittedPartition } from './offset-commit.ts'
import { arraySize, requestHeaderSize, responseHeaderSize, stringSize } from './wire-size.ts'

export interface TxnOffsetCommitRequest {
  readonly api: 'TxnOffsetCommit'
  readonly version: 0 | 2 | 3
  readonly correlationId: number
  readonly clientId: string
  readonly transactionalId: string
  readonly groupId: string
  readonly producerId: number
  readonly producerEpoch: number
  /** v3; `NO_GENERATION` and `NO_MEMBER_ID` before. */
  readonly generationId: number
  readonly memberId: string
  readonly partitions: readonly CommittedPartition[]
}

export interface TxnOffsetCommitResponse {
  readonly api: 'TxnOffsetCommit'
  readonly correlationId: number
  readonly partitions: ReadonlyArray<{
    readonly topic: string
    readonly partition: number
    readonly errorCode: ErrorCode
  }>
}

export function txnOffsetCommitRequestSize(request: TxnOffsetCommitRequest): number {
  const { version } = request
  const member = version >= 3 ? 4 + stringSize(request.memberId) : 0
  const own = 12 + (version >= 2 ? 4 : 0)
  return (
    requestHeaderSize(request.clientId) +
    stringSize(request.transactionalId) +
    stringSize(request.groupId) +
    10 +
    member +
    arraySize(request.partitions, (p) => stringSize(p.topic) + 4 + own + stringSize(p.metadata ?? ''))
  )
}

export const txnOffsetCommitResponseSize = (response: TxnOffsetCommitResponse): number =>
  responseHeaderSize + arraySize(response.partitions, (p) => stringSize(p.topic) + 10)
