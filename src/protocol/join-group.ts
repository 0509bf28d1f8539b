/**
 * JoinGroup (key 11), from 0.9: `JoinGroupRequest.java` at 0.9.0.1. v1 (0.10.1, KIP-62) has a rebalance timeout of its own;
 * from v4 (2.2, KIP-394) a member without an id is told one (error 79) and must come again.
 */
import type { ErrorCode } from './errors.ts'
import { arraySize, requestHeaderSize, responseHeaderSize, stringSize } from './wire-size.ts'

/** Protocol type of consumers. */
export const CONSUMER_PROTOCOL_TYPE = 'consumer'

export interface JoinGroupProtocol {
  /** Name of an assignor. */
  readonly name: string
  /** What a member with this assignor says of itself: its subscription. */
  readonly metadata: Uint8Array
}

export interface JoinGroupRequest {
  readonly api: 'JoinGroup'
  readonly version: 0 | 1 | 2 | 3 | 4
  readonly correlationId: number
  readonly clientId: string
  readonly groupId: string
  readonly sessionTimeoutMs: number
  /** v0: the session timeout. */
  readonly rebalanceTimeoutMs: number
  /** `NO_MEMBER_ID` the first time. */
  readonly memberId: string
  readonly protocolType: string
  /** In order of preference. */
  readonly protocols: readonly JoinGroupProtocol[]
}

export interface JoinGroupResponse {
  readonly api: 'JoinGroup'
  readonly correlationId: number
  readonly errorCode: ErrorCode
  readonly generationId: number
  /** Assignor that all members can do; empty with an error. */
  readonly protocolName: string
  readonly leaderId: string
  readonly memberId: string
  /** Only the leader is told who the others are. */
  readonly members: ReadonlyArray<{ readonly memberId: string; readonly metadata: Uint8Array }>
}

export const joinGroupRequestSize = (request: JoinGroupRequest): number =>
  requestHeaderSize(request.clientId) +
  stringSize(request.groupId) +
  (request.version === 0 ? 4 : 8) +
  stringSize(request.memberId) +
  stringSize(request.protocolType) +
  arraySize(request.protocols, (p) => stringSize(p.name) + 4 + p.metadata.length)

export const joinGroupResponseSize = (response: JoinGroupResponse): number =>
  responseHeaderSize +
  6 +
  stringSize(response.protocolName) +
  stringSize(response.leaderId) +
  stringSize(response.memberId) +
  arraySize(response.members, (m) => stringSize(m.memberId) + 4 + m.metadata.length)
