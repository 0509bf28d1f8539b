/**
 * FindCoordinator (key 10): `ConsumerMetadataRequest` in 0.8.2, `GroupCoordinatorRequest` in 0.9, this name since 0.11,
 * when transactions came (`keyType`).
 */
import type { ErrorCode } from './errors.ts'
import type { BrokerEndpoint } from './metadata.ts'
import { requestHeaderSize, responseHeaderSize, stringSize } from './wire-size.ts'

export interface FindCoordinatorRequest {
  readonly api: 'FindCoordinator'
  readonly correlationId: number
  readonly clientId: string
  /** A group's id, or a transactional id. */
  readonly key: string
  readonly keyType: 'group' | 'transaction'
}

export interface FindCoordinatorResponse {
  readonly api: 'FindCoordinator'
  readonly correlationId: number
  readonly errorCode: ErrorCode
  /** Undefined with an error. */
  readonly coordinator: BrokerEndpoint | undefined
}

export const findCoordinatorRequestSize = (request: FindCoordinatorRequest): number =>
  requestHeaderSize(request.clientId) + stringSize(request.key)

export const findCoordinatorResponseSize = (response: FindCoordinatorResponse): number =>
  responseHeaderSize + 10 + stringSize(response.coordinator?.host ?? '')
