/**
 * What the controller tells brokers: LeaderAndIsr (key 4), StopReplica (5), UpdateMetadata (6), and what a broker asks
 * the controller on its way down: ControlledShutdown (7). `core/src/main/scala/kafka/api/`, release 0.8.2.2.
 */
import type { ErrorCode } from './errors.ts'
import type { BrokerEndpoint } from './metadata.ts'
import { arraySize, requestHeaderSize, responseHeaderSize, stringSize } from './wire-size.ts'

/** No leader. */
export const NO_LEADER = -1
/** The topic is being deleted. */
export const LEADER_DURING_DELETE = -2

/** Content of `/brokers/topics/T/partitions/P/state`. */
export interface LeaderAndIsr {
  readonly leader: number
  readonly leaderEpoch: number
  readonly isr: readonly number[]
  /** Version of the znode that holds it. */
  readonly zkVersion: number
}

/** One partition in LeaderAndIsr and UpdateMetadata requests. */
export interface PartitionState {
  readonly topic: string
  readonly partition: number
  readonly leaderAndIsr: LeaderAndIsr
  /** Epoch of the controller that made this decision. */
  readonly controllerEpoch: number
  /** AR, the assigned replicas; the first is the preferred one. */
  readonly replicas: readonly number[]
  /** Id of the topic; from 2.8 (KIP-516). */
  readonly topicId?: string
}

interface ControlRequest {
  readonly correlationId: number
  readonly clientId: string
  readonly controllerId: number
  readonly controllerEpoch: number
  /** Registration of the broker that the request is meant for (czxid of its node); from 2.2 (KIP-380). */
  readonly brokerEpoch?: number
}

export interface LeaderAndIsrRequest extends ControlRequest {
  readonly api: 'LeaderAndIsr'
  readonly partitionStates: readonly PartitionState[]
  /** Live brokers among the leaders named. */
  readonly liveLeaders: readonly BrokerEndpoint[]
}

export interface StopReplicaRequest extends ControlRequest {
  readonly api: 'StopReplica'
  readonly deletePartitions: boolean
  readonly partitions: ReadonlyArray<{ readonly topic: string; readonly partition: number }>
}

export interface UpdateMetadataRequest extends ControlRequest {
  readonly api: 'UpdateMetadata'
  readonly partitionStates: readonly PartitionState[]
  readonly liveBrokers: readonly BrokerEndpoint[]
}

export interface ControlledShutdownRequest {
  readonly api: 'ControlledShutdown'
  readonly correlationId: number
  readonly brokerId: number
  /** The broker's own registration; from 2.2. */
  readonly brokerEpoch?: number
}

export interface PartitionErrors {
  readonly topic: string
  readonly partition: number
  readonly errorCode: ErrorCode
}

export interface LeaderAndIsrResponse {
  readonly api: 'LeaderAndIsr'
  readonly correlationId: number
  readonly errorCode: ErrorCode
  readonly partitions: readonly PartitionErrors[]
}

export interface StopReplicaResponse {
  readonly api: 'StopReplica'
  readonly correlationId: number
  readonly errorCode: ErrorCode
  readonly partitions: readonly PartitionErrors[]
}

export interface UpdateMetadataResponse {
  readonly api: 'UpdateMetadata'
  readonly correlationId: number
  readonly errorCode: ErrorCode
}

export interface ControlledShutdownResponse {
  readonly api: 'ControlledShutdown'
  readonly correlationId: number
  readonly errorCode: ErrorCode
  /** Partitions that the broker still leads. */
  readonly partitionsRemaining: ReadonlyArray<{ readonly topic: string; readonly partition: number }>
}

const partitionStateSize = (p: PartitionState): number =>
  stringSize(p.topic) + 28 + (p.topicId === undefined ? 0 : 16) + 4 * (p.leaderAndIsr.isr.length + p.replicas.length)
const endpointSize = (b: BrokerEndpoint): number => 8 + stringSize(b.host)

const controlHeaderSize = (r: ControlRequest): number =>
  requestHeaderSize(r.clientId) + 8 + (r.brokerEpoch === undefined ? 0 : 8)

export const leaderAndIsrRequestSize = (r: LeaderAndIsrRequest): number =>
  controlHeaderSize(r) + arraySize(r.partitionStates, partitionStateSize) + arraySize(r.liveLeaders, endpointSize)
export const stopReplicaRequestSize = (r: StopReplicaRequest): number =>
  controlHeaderSize(r) + 1 + arraySize(r.partitions, (p) => stringSize(p.topic) + 4)
export const updateMetadataRequestSize = (r: UpdateMetadataRequest): number =>
  controlHeaderSize(r) + arraySize(r.partitionStates, partitionStateSize) + arraySize(r.liveBrokers, endpointSize)
/** Header v0: no client id. */
export const controlledShutdownRequestSize = (r: ControlledShutdownRequest): number =>
  r.brokerEpoch === undefined ? 16 : 24

export const leaderAndIsrResponseSize = (r: LeaderAndIsrResponse | StopReplicaResponse): number =>
  responseHeaderSize + 2 + arraySize(r.partitions, (p) => stringSize(p.topic) + 6)
export const updateMetadataResponseSize = responseHeaderSize + 2
export const controlledShutdownResponseSize = (r: ControlledShutdownResponse): number =>
  responseHeaderSize + 2 + arraySize(r.partitionsRemaining, (p) => stringSize(p.topic) + 4)
