/** All requests and responses, as unions over `api`, and their sizes on the wire. */
import { unreachable } from '../host/index.ts'
import * as alterPartition from './alter-partition.ts'
import * as control from './control.ts'
import * as fetch from './fetch.ts'
import * as metadata from './metadata.ts'
import * as offsetForLeaderEpoch from './offset-for-leader-epoch.ts'
import * as offsets from './offsets.ts'
import * as produce from './produce.ts'

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
    default:
      return unreachable(response)
  }
}
