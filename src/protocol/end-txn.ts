/**
 * EndTxn (key 26): commit or abort (KIP-98, 0.11). From version 5 on (KIP-890, 4.0) the answer gives the epoch under which
 * the producer goes on: each transaction has its own.
 */
import type { ErrorCode } from './errors.ts'
import { requestHeaderSize, responseHeaderSize, stringSize } from './wire-size.ts'

export interface EndTxnRequest {
  readonly api: 'EndTxn'
  readonly version: 0 | 5
  readonly correlationId: number
  readonly clientId: string
  readonly transactionalId: string
  readonly producerId: number
  readonly producerEpoch: number
  readonly committed: boolean
}

export interface EndTxnResponse {
  readonly api: 'EndTxn'
  readonly correlationId: number
  readonly errorCode: ErrorCode
  /** v5: what the producer goes on with; -1 on error. */
  readonly producerId: number
  readonly producerEpoch: number
}

export const endTxnRequestSize = (request: EndTxnRequest): number =>
  requestHeaderSize(request.clientId) + stringSize(request.transactionalId) + 11

export const endTxnResponseSize = responseHeaderSize + 4 + 2 + 10
