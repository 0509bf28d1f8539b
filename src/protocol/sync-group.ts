/** SyncGroup (key 14), from 0.9: the leader of a group hands in everybody's assignment, and each member gets its own. */
import type { ErrorCode } from './errors.ts'
import { arraySize, requestHeaderSize, responseHeaderSize, stringSize } from './wire-size.ts'

export interface SyncGroupRequest {
  readonly api: 'SyncGroup'
  readonly correlationId: number
  readonly clientId: string
  readonly groupId: string
  readonly generationId: number
  readonly memberId: string
  /** Empty from all but the leader. */
  readonly assignments: ReadonlyArray<{ readonly memberId: string; readonly assignment: Uint8Array }>
}

export interface SyncGroupResponse {
  readonly api: 'SyncGroup'
  readonly correlationId: number
  readonly errorCode: ErrorCode
  readonly assignment: Uint8Array
}

export const syncGroupRequestSize = (request: SyncGroupRequest): number =>
  requestHeaderSize(request.clientId) +
  stringSize(request.groupId) +
  4 +
  stringSize(request.memberId) +
  arraySize(request.assignments, (a) => stringSize(a.memberId) + 4 + a.assignment.length)

export const syncGroupResponseSize = (response: SyncGroupResponse): number =>
  responseHeaderSize + 6 + response.assignment.length
