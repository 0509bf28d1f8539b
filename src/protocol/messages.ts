/** All requests and responses, as unions over `api`, and their sizes on the wire. */
import { unreachable } from '../host/index.ts'
import * as addOffsetsToTxn from './add-offsets-to-txn.ts'
import * as addPartitionsToTxn from './add-partitions-to-txn.ts'
import * as alterPartition from './alter-partition.ts'
import * as control from './control.ts'
import * as endTxn from './end-txn.ts'
import * as fetch from './fetch.ts'
import * as findCoordinator from './find-coordinator.ts'
import * as heartbeat from './heartbeat.ts'
import * as initProducerId from './init-producer-id.ts'
import * as joinGroup from './join-group.ts'
import * as leaveGroup from './leave-group.ts'
import * as metadata from './metadata.ts'
import * as offsetCommit from './offset-commit.ts'
import * as offsetFetch from './offset-fetch.ts'
import * as offsetForLeaderEpoch from './offset-for-leader-epoch.ts'
import * as offsets from './offsets.ts'
import * as produce from './produce.ts'
import * as syncGroup from './sync-group.ts'
import * as txnOffsetCommit from './txn-offset-commit.ts'
import * as writeTxnMarkers from './write-txn-markers.ts'

/** What a group's coordinator is asked. */
export type GroupRequest =
  | offsetCommit.OffsetCommitRequest
  | offsetFetch.OffsetFetchRequest
  | findCoordinator.FindCoordinatorRequest
  | joinGroup.JoinGroupRequest
  | syncGroup.SyncGroupRequest
  | heartbeat.HeartbeatRequest
  | leaveGroup.LeaveGroupRequest
  | txnOffsetCommit.TxnOffsetCommitRequest

const groupApis: ReadonlySet<string> = new Set<GroupRequest['api']>([
  'OffsetCommit',
  'OffsetFetch',
  'FindCoordinator',
  'JoinGroup',
  'SyncGroup',
  'Heartbeat',
  'LeaveGroup',
  'TxnOffsetCommit',
])

export const isGroupRequest = (request: KafkaRequest): request is GroupRequest => groupApis.has(request.api)

/** What a transaction coordinator is asked; `InitProducerId` without a transactional id any broker, in the same way. */
export type TransactionRequest =
  | initProducerId.InitProducerIdRequest
  | addPartitionsToTxn.AddPartitionsToTxnRequest
  | addOffsetsToTxn.AddOffsetsToTxnRequest
  | endTxn.EndTxnRequest

const transactionApis: ReadonlySet<string> = new Set<TransactionRequest['api']>([
  'InitProducerId',
  'AddPartitionsToTxn',
  'AddOffsetsToTxn',
  'EndTxn',
])

export const isTransactionRequest = (request: KafkaRequest): request is TransactionRequest =>
  transactionApis.has(request.api)

export type KafkaRequest =
  | produce.ProduceRequest
  | fetch.FetchRequest
  | offsets.OffsetsRequest
  | offsetForLeaderEpoch.OffsetForLeaderEpochRequest
  | alterPartition.AlterPartitionRequest
  | metadata.MetadataRequest
  | control.LeaderAndIsrRequest
  | control.StopReplicaRequest
  | control.UpdateMetadataRequest
  | control.ControlledShutdownRequest
  | writeTxnMarkers.WriteTxnMarkersRequest
  | TransactionRequest
  | GroupRequest

export type KafkaResponse =
  | produce.ProduceResponse
  | fetch.FetchResponse
  | offsets.OffsetsResponse
  | offsetForLeaderEpoch.OffsetForLeaderEpochResponse
  | alterPartition.AlterPartitionResponse
  | metadata.MetadataResponse
  | control.LeaderAndIsrResponse
  | control.StopReplicaResponse
  | control.UpdateMetadataResponse
  | control.ControlledShutdownResponse
  | initProducerId.InitProducerIdResponse
  | offsetCommit.OffsetCommitResponse
  | offsetFetch.OffsetFetchResponse
  | findCoordinator.FindCoordinatorResponse
  | joinGroup.JoinGroupResponse
  | syncGroup.SyncGroupResponse
  | heartbeat.HeartbeatResponse
  | leaveGroup.LeaveGroupResponse
  | addPartitionsToTxn.AddPartitionsToTxnResponse
  | addOffsetsToTxn.AddOffsetsToTxnResponse
  | endTxn.EndTxnResponse
  | writeTxnMarkers.WriteTxnMarkersResponse
  | txnOffsetCommit.TxnOffsetCommitResponse

export type ApiName = KafkaRequest['api']

export type ResponseTo<R extends KafkaRequest> = Extract<KafkaResponse, { readonly api: R['api'] }>

/** Frames tell requests from responses on a connection. */
export interface RequestFrame {
  readonly frame: 'request'
  readonly request: KafkaRequest
}
export interface ResponseFrame {
  readonly frame: 'response'
  readonly response: KafkaResponse
}

export function requestSize(request: KafkaRequest): number {
  switch (request.api) {
    case 'Produce':
      return produce.produceRequestSize(request)
    case 'Fetch':
      return fetch.fetchRequestSize(request)
    case 'Offsets':
      return offsets.offsetsRequestSize(request)
    case 'OffsetForLeaderEpoch':
      return offsetForLeaderEpoch.offsetForLeaderEpochRequestSize(request)
    case 'AlterPartition':
      return alterPartition.alterPartitionRequestSize(request)
    case 'Metadata':
      return metadata.metadataRequestSize(request)
    case 'LeaderAndIsr':
      return control.leaderAndIsrRequestSize(request)
    case 'StopReplica':
      return control.stopReplicaRequestSize(request)
    case 'UpdateMetadata':
      return control.updateMetadataRequestSize(request)
    case 'ControlledShutdown':
      return control.controlledShutdownRequestSize(request)
    case 'InitProducerId':
      return initProducerId.initProducerIdRequestSize(request)
    case 'OffsetCommit':
      return offsetCommit.offsetCommitRequestSize(request)
    case 'OffsetFetch':
      return offsetFetch.offsetFetchRequestSize(request)
    case 'FindCoordinator':
      return findCoordinator.findCoordinatorRequestSize(request)
    case 'JoinGroup':
      return joinGroup.joinGroupRequestSize(request)
    case 'SyncGroup':
      return syncGroup.syncGroupRequestSize(request)
    case 'Heartbeat':
      return heartbeat.heartbeatRequestSize(request)
    case 'LeaveGroup':
      return leaveGroup.leaveGroupRequestSize(request)
    case 'AddPartitionsToTxn':
      return addPartitionsToTxn.addPartitionsToTxnRequestSize(request)
    case 'AddOffsetsToTxn':
      return addOffsetsToTxn.addOffsetsToTxnRequestSize(request)
    case 'EndTxn':
      return endTxn.endTxnRequestSize(request)
    case 'WriteTxnMarkers':
      return writeTxnMarkers.writeTxnMarkersRequestSize(request)
    case 'TxnOffsetCommit':
      return txnOffsetCommit.txnOffsetCommitRequestSize(request)
    default:
      return unreachable(request)
  }
}

export function responseSize(response: KafkaResponse): number {
  switch (response.api) {
    case 'Produce':
      return produce.produceResponseSize(response)
    case 'Fetch':
      return fetch.fetchResponseSize(response)
    case 'Offsets':
      return offsets.offsetsResponseSize(response)
    case 'OffsetForLeaderEpoch':
      return offsetForLeaderEpoch.offsetForLeaderEpochResponseSize(response)
    case 'AlterPartition':
      return alterPartition.alterPartitionResponseSize(response)
    case 'Metadata':
      return metadata.metadataResponseSize(response)
    case 'LeaderAndIsr':
    case 'StopReplica':
      return control.leaderAndIsrResponseSize(response)
    case 'UpdateMetadata':
      return control.updateMetadataResponseSize
    case 'ControlledShutdown':
      return control.controlledShutdownResponseSize(response)
    case 'InitProducerId':
      return initProducerId.initProducerIdResponseSize
    case 'OffsetCommit':
      return offsetCommit.offsetCommitResponseSize(response)
    case 'OffsetFetch':
      return offsetFetch.offsetFetchResponseSize(response)
    case 'FindCoordinator':
      return findCoordinator.findCoordinatorResponseSize(response)
    case 'JoinGroup':
      return joinGroup.joinGroupResponseSize(response)
    case 'SyncGroup':
      return syncGroup.syncGroupResponseSize(response)
    case 'Heartbeat':
      return heartbeat.heartbeatResponseSize
    case 'LeaveGroup':
      return leaveGroup.leaveGroupResponseSize
    case 'AddPartitionsToTxn':
      return addPartitionsToTxn.addPartitionsToTxnResponseSize(response)
    case 'AddOffsetsToTxn':
      return addOffsetsToTxn.addOffsetsToTxnResponseSize
    case 'EndTxn':
      return endTxn.endTxnResponseSize
    case 'WriteTxnMarkers':
      return writeTxnMarkers.writeTxnMarkersResponseSize(response)
    case 'TxnOffsetCommit':
      return txnOffsetCommit.txnOffsetCommitResponseSize(response)
    default:
      return unreachable(response)
  }
}
