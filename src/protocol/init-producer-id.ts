/**
 * InitProducerId (key 22): who begins to send with sequence numbers asks for an id (KIP-98, 0.11); with a transactional id
 * it gets that of its predecessors, with the next epoch. From version 3 on (KIP-360, 2.5) it may say which id and epoch it
 * has, to go on after an error.
 */
import type { ErrorCode } from './errors.ts'
import { requestHeaderSize, responseHeaderSize, stringSize } from './wire-size.ts'

export interface InitProducerIdRequest {
  readonly api: 'InitProducerId'
  readonly correlationId: number
  readonly clientId: string
  /** Null: an idempotent producer without transactions. */
  readonly transactionalId: string | null
  readonly transactionTimeoutMs: number
  /** v3: what the producer has; left out by one that begins. */
  readonly current?: { readonly producerId: number; readonly producerEpoch: number }
}

export interface InitProducerIdResponse {
  readonly api: 'InitProducerId'
  readonly correlationId: number
  readonly errorCode: ErrorCode
  /** -1 on error, and so is the epoch. */
  readonly producerId: number
  readonly producerEpoch: number
}

export const initProducerIdRequestSize = ({ clientId, transactionalId, current }: InitProducerIdRequest): number =>
  requestHeaderSize(clientId) +
  (transactionalId === null ? 2 : stringSize(transactionalId)) +
  (current === undefined ? 4 : 14)

/** Throttle time, error, id and epoch. */
export const initProducerIdResponseSize = responseHeaderSize + 4 + 2 + 8 + 2
