/** InitProducerId v0 (key 22): who begins to send with sequence numbers asks for an id (KIP-98, 0.11). */
import type { ErrorCode } from './errors.ts'
import { requestHeaderSize, responseHeaderSize, stringSize } from './wire-size.ts'

export interface InitProducerIdRequest {
  readonly api: 'InitProducerId'
  readonly correlationId: number
  readonly clientId: string
  /** Null: an idempotent producer without transactions. */
  readonly transactionalId: string | null
  readonly transactionTimeoutMs: number
}

export interface InitProducerIdResponse {
  readonly api: 'InitProducerId'
  readonly correlationId: number
  readonly errorCode: ErrorCode
  /** -1 on error, and so is the epoch. */
  readonly producerId: number
  readonly producerEpoch: number
}

export const initProducerIdRequestSize = ({ clientId, transactionalId }: InitProducerIdRequest): number =>
  requestHeaderSize(clientId) + (transactionalId === null ? 2 : stringSize(transactionalId)) + 4

/** Throttle time, error, id and epoch. */
export const initProducerIdResponseSize = responseHeaderSize + 4 + 2 + 8 + 2
