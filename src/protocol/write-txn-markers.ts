/**
 * WriteTxnMarkers v0 (key 27): a transaction coordinator has leaders write into their logs how transactions ended
 * (KIP-98, 0.11).
 */
import type { TxnPartition } from './add-partitions-to-txn.ts'
import type { ErrorCode } from './errors.ts'
import { arraySize, requestHeaderSize, responseHeaderSize, stringSize } from './wire-size.ts'

export interface TxnMarker {
  readonly producerId: number
  readonly producerEpoch: number
  readonly committed: boolean
  readonly partitions: readonly TxnPartition[]
  /** Leader epoch of the coordinator's partition of the transaction log: an older one's marker is refused. */
  readonly coordinatorEpoch: number
}

export interface WriteTxnMarkersRequest {
  readonly api: 'WriteTxnMarkers'
  readonly correlationId: number
  readonly clientId: string
  readonly markers: readonly TxnMarker[]
}

export interface WriteTxnMarkersResponse {
  readonly api: 'WriteTxnMarkers'
  readonly correlationId: number
  readonly markers: ReadonlyArray<{
    readonly producerId: number
    readonly partitions: ReadonlyArray<TxnPartition & { readonly errorCode: ErrorCode }>
  }>
}

export const writeTxnMarkersRequestSize = (request: WriteTxnMarkersRequest): number =>
  requestHeaderSize(request.clientId) +
  arraySize(request.markers, (marker) => 15 + arraySize(marker.partitions, (p) => stringSize(p.topic) + 8))

export const writeTxnMarkersResponseSize = (response: WriteTxnMarkersResponse): number =>
  responseHeaderSize +
  arraySize(response.markers, (marker) => 8 + arraySize(marker.partitions, (p) => stringSize(p.topic) + 10))
