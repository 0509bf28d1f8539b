/**
 * OffsetForLeaderEpoch (key 23): where an epoch ended in the leader's log. v0 of 0.11 (KIP-101), v1 of 2.0 with the epoch
 * in the answer (KIP-279), v2 of 2.1 with the sender's leader epoch (KIP-320).
 */
import type { ErrorCode } from './errors.ts'
import { arraySize, requestHeaderSize, responseHeaderSize, stringSize } from './wire-size.ts'

export interface OffsetForLeaderEpochRequest {
  readonly api: 'OffsetForLeaderEpoch'
  readonly correlationId: number
  readonly clientId: string
  /** Broker id of a follower, or -1 for a consumer. */
  readonly replicaId: number
  readonly partitions: ReadonlyArray<{
    readonly topic: string
    readonly partition: number
    /** The latest epoch that the sender has in its log, or that it has read. */
    readonly leaderEpoch: number
    /** Leader epoch that the sender knows; from 2.1. */
    readonly currentLeaderEpoch?: number
  }>
}

export interface EpochEndOffsetResult {
  readonly topic: string
  readonly partition: number
  readonly errorCode: ErrorCode
  /** The largest epoch of the leader's log at or below the one asked for, from 2.0; -1 if unknown, or before. */
  readonly leaderEpoch: number
  /** End of that epoch, exclusive; -1 if unknown. */
  readonly endOffset: number
}

export interface OffsetForLeaderEpochResponse {
  readonly api: 'OffsetForLeaderEpoch'
  readonly correlationId: number
  readonly partitions: readonly EpochEndOffsetResult[]
}

export const offsetForLeaderEpochRequestSize = (request: OffsetForLeaderEpochRequest): number =>
  requestHeaderSize(request.clientId) +
  arraySize(request.partitions, (p) => stringSize(p.topic) + (p.currentLeaderEpoch === undefined ? 8 : 12))

export const offsetForLeaderEpochResponseSize = (response: OffsetForLeaderEpochResponse): number =>
  responseHeaderSize + arraySize(response.partitions, (p) => stringSize(p.topic) + 18)
