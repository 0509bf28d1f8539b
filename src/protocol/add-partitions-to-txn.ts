/**
 * AddPartitionsToTxn (key 24): a producer tells its transaction coordinator which partitions it is about to write to
 * (KIP-98, 0.11). From version 4 on (KIP-890, 3.6) leaders ask too: whether a partition was added (`verifyOnly`), or, in
 * transactions whose epoch ends with them (4.0), to add it for the producer that writes.
 */
import type { ErrorCode } from './errors.ts'
import { arraySize, requestHeaderSize, responseHeaderSize, stringSize } from './wire-size.ts'

export interface TxnPartition {
  readonly topic: string
  readonly partition: number
}

export interface AddPartitionsToTxnRequest {
  readonly api: 'AddPartitionsToTxn'
  readonly correlationId: number
  readonly clientId: string
  readonly transactionalId: string
  readonly producerId: number
  readonly producerEpoch: number
  readonly partitions: readonly TxnPartition[]
  /** Nothing is added: has the producer done so? (v4) */
  readonly verifyOnly: boolean
}

export interface AddPartitionsToTxnResponse {
  readonly api: 'AddPartitionsToTxn'
  readonly correlationId: number
  readonly partitions: ReadonlyArray<TxnPartition & { readonly errorCode: ErrorCode }>
}

export const addPartitionsToTxnRequestSize = (request: AddPartitionsToTxnRequest): number =>
  requestHeaderSize(request.clientId) +
  stringSize(request.transactionalId) +
  10 +
  arraySize(request.partitions, (p) => stringSize(p.topic) + 8)

export const addPartitionsToTxnResponseSize = (response: AddPartitionsToTxnResponse): number =>
  responseHeaderSize + 4 + arraySize(response.partitions, (p) => stringSize(p.topic) + 10)
