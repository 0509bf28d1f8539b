/** Heartbeat (key 12), from 0.9: a member of a group says that it lives, and hears whether the group is rebalancing. */
import type { ErrorCode } from './errors.ts'
import { requestHeaderSize, responseHeaderSize, stringSize } from './wire-size.ts'

export interface HeartbeatRequest {
  readonly api: 'Heartbeat'
  readonly correlationId: number
  readonly clientId: string
  readonly groupId: string
  readonly generationId: number
  readonly memberId: string
}

export interface HeartbeatResponse {
  readonly api: 'Heartbeat'
  readonly correlationId: number
  readonly errorCode: ErrorCode
}

export const heartbeatRequestSize = (request: HeartbeatRequest): number =>
  requestHeaderSize(request.clientId) + stringSize(request.groupId) + 4 + stringSize(request.memberId)

export const heartbeatResponseSize = responseHeaderSize + 2
