/**
 * AlterPartition (key 56; AlterIsr up to 3.1): a leader asks the controller to write a new ISR (KIP-497, from 2.7).
 * v0 to v2 as they were with ZooKeeper: without the broker epochs of the members (KIP-903), which only KRaft knows.
 */
import type { LeaderAndIsr } from './control.ts'
import type { ErrorCode } from './errors.ts'
import { arraySize, requestHeaderSize, responseHeaderSize, stringSize } from './wire-size.ts'

export interface AlterPartitionRequest {
  readonly api: 'AlterPartition'
  readonly correlationId: number
  readonly clientId: string
  readonly brokerId: number
  /** The sender's registration. */
  readonly brokerEpoch: number
  readonly partitions: ReadonlyArray<{
    readonly topic: string
    readonly partition: number
    readonly leaderEpoch: number
    readonly newIsr: readonly number[]
    /** Version of the partition's state that the leader knows. */
    readonly zkVersion: number
  }>
}

export interface AlterPartitionResponse {
  readonly api: 'AlterPartition'
  readonly correlationId: number
  /** Of the request as a whole: there are no partitions then. */
  readonly errorCode: ErrorCode
  readonly partitions: ReadonlyArray<{
    readonly topic: string
    readonly partition: number
    readonly errorCode: ErrorCode
    /** The state as it is now; undefined on error. */
    readonly leaderAndIsr: LeaderAndIsr | undefined
  }>
}

export const alterPartitionRequestSize = (request: AlterPartitionRequest): number =>
  requestHeaderSize(request.clientId) +
  12 +
  arraySize(request.partitions, (p) => stringSize(p.topic) + 16 + 4 * p.newIsr.length)

export const alterPartitionResponseSize = (response: AlterPartitionResponse): number =>
  responseHeaderSize +
  6 +
  arraySize(response.partitions, (p) => stringSize(p.topic) + 22 + 4 * (p.leaderAndIsr?.isr.length ?? 0))
