/** AddOffsetsToTxn v0 (key 25): offsets of a group are to become part of a transaction (KIP-98, 0.11). */
import type { ErrorCode } from './errors.ts'
import { requestHeaderSize, responseHeaderSize, stringSize } from './wire-size.ts'

export interface AddOffsetsToTxnRequest {
  readonly api: 'AddOffsetsToTxn'
  readonly correlationId: number
  readonly clientId: string
  readonly transactionalId: string
  readonly producerId: number
  readonly producerEpoch: number
  readonly groupId: string
}

export interface AddOffsetsToTxnResponse {
  readonly api: 'AddOffsetsToTxn'
  readonly correlationId: number
  readonly errorCode: ErrorCode
}

export const addOffsetsToTxnRequestSize = (request: AddOffsetsToTxnRequest): number =>
  requestHeaderSize(request.clientId) + stringSize(request.transactionalId) + 10 + stringSize(request.groupId)

export const addOffsetsToTxnResponseSize = responseHeaderSize + 4 + 2
