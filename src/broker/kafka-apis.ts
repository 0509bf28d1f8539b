/**
 * What a broker does with each request (`kafka/server/KafkaApis.scala`, 0.8.2.2; replication.md 2.2, 2.3).
 */
import { type Connection, type Host, unreachable } from '../host/index.ts'
import {
  type AlterPartitionRequest,
  type AlterPartitionResponse,
  CONSUMER_REPLICA_ID,
  ErrorCode,
  type GroupRequest,
  type KafkaRequest,
  LATEST_TIME,
  type MetadataRequest,
  type OffsetForLeaderEpochRequest,
  type OffsetsRequest,
  type OffsetsResponse,
  type Responder,
  type TransactionRequest,
  topicPartition,
} from '../protocol/index.ts'
import { UNDEFINED_EPOCH, UNDEFINED_EPOCH_OFFSET } from '../storage/index.ts'
import { endOfEpoch } from './epoch-ends.ts'
import { traceBroker } from './events.ts'
import { FetchHandler, notHere, unknownPartition } from './fetch-handler.ts'
import { MarkerHandler } from './marker-handler.ts'
import type { MetadataCache } from './metadata-cache.ts'
import { ProduceHandler } from './produce-handler.ts'
import { DEBUGGING_REPLICA_ID } from './replica.ts'
import type { ReplicaManager } from './replica-manager.ts'
import type { TransactionVerifier } from './transaction-verifier.ts'

export interface KafkaApisOptions {
  readonly replicas: ReplicaManager
  readonly metadataCache: MetadataCache
  /** Asks the controller, if this broker is it. */
  controlledShutdown(
    brokerId: number,
    brokerEpoch: number | undefined,
    done: (result: {
      readonly errorCode: ErrorCode
      readonly partitionsRemaining: ReadonlyArray<{ readonly topic: string; readonly partition: number }>
    }) => void,
  ): void
  /** Has the controller write ISRs, if this broker is it (2.7). */
  alterPartition(
    request: AlterPartitionRequest,
    done: (outcome: Pick<AlterPartitionResponse, 'errorCode' | 'partitions'>) => void,
  ): void
  /**
   * Creates a topic whose metadata was asked for, if the configuration says so. `LeaderNotAvailable`: it exists now, ask
   * again; `UnknownTopicOrPartition`: this broker creates none; anything else: it could not be created.
   */
  autoCreateTopic(topic: string, done: (errorCode: ErrorCode) => void): void
  /** Longest wait of a marker for its acknowledgements. */
  readonly requestTimeoutMs: number
  /** Asks transaction coordinators, where that is done (KIP-890). */
  readonly verifier: TransactionVerifier | undefined
  /** A transaction is decided in these partitions of the offsets topic. */
  offsetsDecided(producerId: number, committed: boolean, partitions: readonly number[]): void
}

export class KafkaApis {
  private readonly host: Host
  private readonly options: KafkaApisOptions
  private readonly produce: ProduceHandler
  private readonly markers: MarkerHandler
  private readonly fetch: FetchHandler

  constructor(host: Host, options: KafkaApisOptions) {
    this.host = host
    this.options = options
    this.produce = new ProduceHandler(host, options.replicas, options.verifier)
    this.markers = new MarkerHandler(host, this.produce, options)
    this.fetch = new FetchHandler(host, options.replicas)
  }

  /** All but what is for coordinators. */
  handle(
    request: Exclude<KafkaRequest, GroupRequest | TransactionRequest>,
    responder: Responder,
    connection: Connection,
  ): void {
    const { replicas } = this.options
    const { correlationId } = request
    switch (request.api) {
      case 'Produce':
        return this.produce.handle(request, responder)
      case 'Fetch':
        return this.fetch.handle(request, responder)
      case 'Offsets':
        return this.offsets(request, responder)
      case 'OffsetForLeaderEpoch':
        return this.offsetsForLeaderEpoch(request, responder)
      case 'Metadata':
        return this.metadata(request, responder)
      case 'LeaderAndIsr':
        return replicas.becomeLeaderOrFollower(request, (errorCode, partitions) =>
          responder.send({ api: 'LeaderAndIsr', correlationId, errorCode, partitions }),
        )
      case 'StopReplica':
        return replicas.stopReplicas(request, (errorCode, partitions) =>
          responder.send({ api: 'StopReplica', correlationId, errorCode, partitions }),
        )
      case 'UpdateMetadata':
        return replicas.updateMetadata(request, (errorCode) =>
          responder.send({ api: 'UpdateMetadata', correlationId, errorCode }),
        )
      case 'ControlledShutdown':
        return this.options.controlledShutdown(request.brokerId, request.brokerEpoch, (result) => {
          if (connection.isOpen) responder.send({ api: 'ControlledShutdown', correlationId, ...result })
          else responder.noResponse()
        })
      case 'AlterPartition':
        return this.options.alterPartition(request, (outcome) => {
          if (connection.isOpen) responder.send({ api: 'AlterPartition', correlationId, ...outcome })
          else responder.noResponse()
        })
      case 'WriteTxnMarkers':
        if (replicas.versions.transactions === 'none') return responder.hangUp()
        return this.markers.handle(request, responder)
      default:
        return unreachable(request)
    }
  }

  // ---- Offsets ----

  private offsets(request: OffsetsRequest, responder: Responder): void {
    const partitions = request.partitions.map((asked) => this.offsetsOf(asked, request))
    responder.send({ api: 'Offsets', correlationId: request.correlationId, partitions })
  }

  private offsetsOf(
    { topic, partition: number, time, maxNumOffsets, currentLeaderEpoch }: OffsetsRequest['partitions'][number],
    { replicaId, clientId: client, isolationLevel }: OffsetsRequest,
  ): OffsetsResponse['partitions'][number] {
    const failed = (errorCode: ErrorCode): OffsetsResponse['partitions'][number] => {
      const tp = topicPartition(topic, number)
      if (replicaId < 0 && this.host.tracing) {
        traceBroker(this.host, { kind: 'RequestRefused', api: 'Offsets', tp, errorCode, client })
      }
      return { topic, partition: number, errorCode, offsets: [] }
    }
    const partition = this.options.replicas.find(topic, number)
    if (partition === undefined) return failed(unknownPartition(replicaId))
    const epochError = partition.checkEpoch(currentLeaderEpoch)
    if (epochError !== ErrorCode.NoError) return failed(epochError)
    const replica = replicaId === DEBUGGING_REPLICA_ID ? partition.local : partition.leaderReplica()
    if (replica === undefined) return failed(notHere(replicaId))
    const { versions } = this.options.replicas
    if (
      versions.latestOffset === 'waits-for-epoch-start' &&
      replicaId === CONSUMER_REPLICA_ID &&
      time === LATEST_TIME
    ) {
      // F23: what is committed is not known yet, and must not seem to shrink. Older clients know error 5 only.
      const knows78 = versions.consumerEpochs === 'validated'
      if (replica.highWatermark < partition.epochStartOffset) {
        return failed(knows78 ? ErrorCode.OffsetNotAvailable : ErrorCode.LeaderNotAvailable)
      }
    }
    const all = replica.log.offsetsBefore(time, maxNumOffsets)
    const hw = isolationLevel === 'read_committed' ? replica.lastStableOffset : replica.highWatermark
    // Consumers are not told of what they may not read.
    const isCut = replicaId === CONSUMER_REPLICA_ID && all.some((offset) => offset > hw)
    const offsets = isCut ? [hw, ...all.filter((offset) => offset <= hw)] : all
    return { topic, partition: number, errorCode: ErrorCode.NoError, offsets }
  }

  // ---- OffsetForLeaderEpoch ----

  /** Where epochs end in the leader's log: `ReplicaManager.lastOffsetForLeaderEpoch`, 0.11.0.2 and 2.4.1. */
  private offsetsForLeaderEpoch(
    { correlationId, ...request }: OffsetForLeaderEpochRequest,
    responder: Responder,
  ): void {
    const { replicas } = this.options
    const partitions = request.partitions.map(({ topic, partition: number, leaderEpoch, currentLeaderEpoch }) => {
      const partition = replicas.find(topic, number)
      const epochError = partition?.checkEpoch(currentLeaderEpoch) ?? ErrorCode.UnknownTopicOrPartition
      const leader = partition?.leaderReplica()
      if (epochError === ErrorCode.NoError && leader !== undefined) {
        const end = endOfEpoch(leader.log, leaderEpoch, replicas.versions)
        return { topic, partition: number, errorCode: ErrorCode.NoError, ...end }
      }
      const errorCode = epochError === ErrorCode.NoError ? ErrorCode.NotLeaderForPartition : epochError
      return { topic, partition: number, errorCode, leaderEpoch: UNDEFINED_EPOCH, endOffset: UNDEFINED_EPOCH_OFFSET }
    })
    responder.send({ api: 'OffsetForLeaderEpoch', correlationId, partitions })
  }

  // ---- Metadata ----

  private metadata({ correlationId, topics }: MetadataRequest, responder: Responder): void {
    const { metadataCache, autoCreateTopic } = this.options
    // Asked for twice, a topic is told of once.
    const asked = [...new Set(topics)]
    const unknown = asked.filter((topic) => !metadataCache.has(topic))
    const missing: Array<{ readonly errorCode: ErrorCode; readonly topic: string; readonly partitions: [] }> = []
    const next = (): void => {
      const topic = unknown[missing.length]
      if (topic === undefined) {
        const known = metadataCache.metadata(asked)
        return responder.send({
          api: 'Metadata',
          correlationId,
          brokers: metadataCache.brokers,
          topics: [...known.filter((found) => !unknown.includes(found.topic)), ...missing],
        })
      }
      autoCreateTopic(topic, (errorCode) => {
        if (errorCode === ErrorCode.LeaderNotAvailable || errorCode === ErrorCode.UnknownTopicOrPartition) {
          missing.push({ errorCode, topic, partitions: [] })
          return next()
        }
        if (this.options.replicas.versions.topicNotCreated === 'fails-topic') {
          const tooFew = errorCode === ErrorCode.ConsumerCoordinatorNotAvailable
          missing.push({ errorCode: tooFew ? ErrorCode.InvalidReplicationFactor : errorCode, topic, partitions: [] })
          return next()
        }
        // It spoils the whole answer.
        const all = asked.map((name) => ({ errorCode, topic: name, partitions: [] }))
        responder.send({ api: 'Metadata', correlationId, brokers: [], topics: all })
      })
    }
    next()
  }
}
