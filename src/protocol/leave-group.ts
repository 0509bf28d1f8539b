/** LeaveGroup (key 13), from 0.9: a member goes in order, so that nobody has to wait for its session to end. */
import type { ErrorCode } from './errors.ts'
import { requestHeaderSize, responseHeaderSize, stringSize } from './wire-size.ts'

export interface LeaveGroupRequest {
  readonly api: 'LeaveGroup'
  readonly correlationId: number
  readonly clientId: string
  readonly groupId: string
  readonly memberId: string
}

export interface LeaveGroupResponse {
  readonly api: 'LeaveGroup'
  readonly correlationId: number
  readonly errorCode: ErrorCode
}

export const leaveGroupRequestSize = (request: LeaveGroupRequest): number =>
  requestHeaderSize(request.clientId) + stringSize(request.groupId) + stringSize(request.memberId)

export const leaveGroupResponseSize = responseHeaderSize + 2
