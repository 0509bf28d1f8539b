/**
 * What a broker does with each request (`kafka/server/KafkaApis.scala`, 0.8.2.2; replication.md 2.2, 2.3).
 */
import { type Connection, fromMs, type Host, unreachable } from '../host/index.ts'
import {
  ErrorCode,
  type FetchPartition,
  type FetchPartitionResult,
  type FetchRequest,
  type KafkaRequest,
  type MetadataRequest,
  type OffsetsRequest,
  type ProducePartition,
  type ProducePartitionResult,
  type ProduceRequest,
  type Responder,
  type TopicMetadata,
  type TopicPartition,
  topicPartition,
} from '../protocol/index.ts'
import { AppendError, OffsetOutOfRangeError } from '../storage/index.ts'
import type { ProtocolVersions } from '../versions.ts'
import { DelayedFetch } from './delayed-fetch.ts'
import { DelayedProduce, type ProduceStatus } from './delayed-produce.ts'
import { traceBroker } from './events.ts'
import type { MetadataCache } from './metadata-cache.ts'
import type { Partition } from './partition.ts'
import { UNKNOWN_OFFSET } from './replica.ts'
import type { ReplicaManager } from './replica-manager.ts'

const NO_RECORDS = new Uint8Array(0)

export interface KafkaApisOptions {
  readonly replicas: ReplicaManager
  readonly metadataCache: MetadataCache
  readonly versions: ProtocolVersions
  /** Asks the controller, if this broker is it. */
  controlledShutdown(
    brokerId: number,
    done: (result: {
      readonly errorCode: ErrorCode
      readonly partitionsRemaining: ReadonlyArray<{ readonly topic: string; readonly partition: number }>
    }) => void,
  ): void
  /** Creates a topic whose metadata was asked for, if the configuration says so. */
  autoCreateTopic?(topic: string, done: (created: boolean) => void): void
}

export class KafkaApis {
  private readonly host: Host
  private readonly options: KafkaApisOptions
  private readonly replicas: ReplicaManager

  constructor(host: Host, options: KafkaApisOptions) {
    this.host = host
    this.options = options
    this.replicas = options.replicas
  }

  handle(request: KafkaRequest, responder: Responder, connection: Connection): void {
    const { correlationId } = request
    switch (request.api) {
      case 'Produce':
        return this.produce(request, responder)
      case 'Fetch':
        return this.fetch(request, responder)
      case 'Offsets':
        return this.offsets(request, responder)
      case 'Metadata':
        return this.metadata(request, responder)
      case 'LeaderAndIsr':
        return this.replicas.becomeLeaderOrFollower(request, (errorCode, partitions) =>
          responder.send({ api: 'LeaderAndIsr', correlationId, errorCode, partitions }),
        )
      case 'StopReplica':
        return this.replicas.stopReplicas(request, (errorCode, partitions) =>
          responder.send({ api: 'StopReplica', correlationId, errorCode, partitions }),
        )
      case 'UpdateMetadata':
        return this.replicas.updateMetadata(request, (errorCode) =>
          responder.send({ api: 'UpdateMetadata', correlationId, errorCode }),
        )
      case 'ControlledShutdown':
        return this.options.controlledShutdown(request.brokerId, ({ errorCode, partitionsRemaining }) => {
          if (connection.isOpen) {
            responder.send({ api: 'ControlledShutdown', correlationId, errorCode, partitionsRemaining })
          } else responder.noResponse()
        })
      default:
        return unreachable(request)
    }
  }

  private find = (tp: TopicPartition): Partition | undefined => this.replicas.partition(tp)

  // ---- Produce ----

  private produce(request: ProduceRequest, responder: Responder): void {
    // An ISR change holds a partition's lock: appends to it wait, one partition after another.
    const status: ProduceStatus[] = []
    const next = (index: number): void => {
      const data = request.partitions[index]
      if (data === undefined) return this.appended(request, status, responder)
      const partition = this.find(topicPartition(data.topic, data.partition))
      const append = (): void => {
        status.push(this.append(partition, data, request))
        next(index + 1)
      }
      if (partition === undefined) append()
      else partition.lock.whenFree(append)
    }
    next(0)
  }

  private append(partition: Partition | undefined, data: ProducePartition, request: ProduceRequest): ProduceStatus {
    const { topic, partition: number } = data
    const failed = (errorCode: ErrorCode): ProduceStatus => {
      this.traceRefused('Produce', topicPartition(topic, number), errorCode, request.clientId)
      return { topic, partition: number, baseOffset: -1, requiredOffset: 0, errorCode }
    }
    if (partition === undefined) return failed(ErrorCode.UnknownTopicOrPartition)
    try {
      const result = this.replicas.withDisk(() => partition.append(data.records, request.requiredAcks))
      if (result.errorCode !== ErrorCode.NoError) return failed(result.errorCode)
      const { firstOffset, lastOffset } = result.info
      return {
        topic,
        partition: number,
        baseOffset: firstOffset,
        requiredOffset: lastOffset + 1,
        errorCode: ErrorCode.NoError,
      }
    } catch (error) {
      if (error instanceof AppendError) return failed(error.errorCode)
      throw error
    }
  }

  private appended(request: ProduceRequest, status: readonly ProduceStatus[], responder: Responder): void {
    const failures = status.filter((s) => s.errorCode !== ErrorCode.NoError).length
    if (request.requiredAcks === 0) {
      // KAFKA-955: with nobody to tell, hanging up makes the client refresh its metadata.
      if (failures > 0) responder.hangUp()
      else responder.noResponse()
      return
    }
    const answer = (partitions: readonly ProducePartitionResult[]): void => {
      this.traceAnswers(request, partitions)
      responder.send({ api: 'Produce', correlationId: request.correlationId, partitions })
    }
    if (request.requiredAcks === 1 || failures === status.length) {
      return answer(
        status.map(({ topic, partition, errorCode, baseOffset }) => ({ topic, partition, errorCode, baseOffset })),
      )
    }
    const delayed = new DelayedProduce(request, status, this.find, answer)
    this.replicas.producePurgatory.checkAndMaybeWatch(delayed, fromMs(request.ackTimeoutMs))
  }

  // ---- Fetch ----

  private fetch(request: FetchRequest, responder: Responder): void {
    if (request.replicaId < 0) return this.answerFetch(request, this.readAll(request), responder)
    if (this.options.versions.followerPosition === 'before-read') {
      return this.recordFollower(
        request,
        request.partitions.map((p) => p.fetchOffset),
        () => this.answerFetch(request, this.readAll(request), responder),
      )
    }
    const data = this.readAll(request)
    const offsets = data.map((result, i) =>
      result.errorCode === ErrorCode.NoError ? request.partitions[i]!.fetchOffset : UNKNOWN_OFFSET,
    )
    this.recordFollower(request, offsets, () => this.answerFetch(request, data, responder))
  }

  /** One partition after another, waiting for the ISR write that a position may set off. */
  private recordFollower(request: FetchRequest, offsets: readonly number[], done: () => void): void {
    const next = (index: number): void => {
      const wanted = request.partitions[index]
      if (wanted === undefined) return done()
      const tp = topicPartition(wanted.topic, wanted.partition)
      const partition = this.find(tp)
      if (partition === undefined) return next(index + 1)
      partition.recordFollowerFetch(request.replicaId, offsets[index]!, () => {
        this.replicas.unblockProduces(tp)
        next(index + 1)
      })
    }
    next(0)
  }

  private answerFetch(request: FetchRequest, data: readonly FetchPartitionResult[], responder: Responder): void {
    const send = (partitions: readonly FetchPartitionResult[]): void =>
      responder.send({ api: 'Fetch', correlationId: request.correlationId, partitions })
    let bytes = 0
    let failed = false
    for (const result of data) {
      bytes += result.records.length
      if (result.errorCode !== ErrorCode.NoError) failed = true
    }
    if (request.maxWaitMs <= 0 || data.length === 0 || bytes >= request.minBytes || failed) return send(data)
    const delayed = new DelayedFetch(request, this.find, () => send(this.readAll(request)))
    this.replicas.fetchPurgatory.checkAndMaybeWatch(delayed, fromMs(request.maxWaitMs))
  }

  private readAll(request: FetchRequest): FetchPartitionResult[] {
    return request.partitions.map((wanted) => this.read(wanted, request))
  }

  /** Followers read to the LEO, consumers to the high watermark. */
  private read(wanted: FetchPartition, request: FetchRequest): FetchPartitionResult {
    const { topic, partition: number, fetchOffset, maxBytes } = wanted
    const tp = topicPartition(topic, number)
    const fromFollower = request.replicaId >= 0
    const failed = (errorCode: ErrorCode): FetchPartitionResult => {
      if (!fromFollower) this.traceRefused('Fetch', tp, errorCode, request.clientId)
      return { topic, partition: number, errorCode, highWatermark: -1, records: NO_RECORDS }
    }
    const partition = this.find(tp)
    if (partition === undefined) return failed(ErrorCode.UnknownTopicOrPartition)
    const leader = partition.leaderReplica()
    if (leader === undefined) return failed(ErrorCode.NotLeaderForPartition)
    const { highWatermark, logEndOffset } = leader
    // F24: 0.8 answers a read between the high watermark and the LEO with the generic error.
    if (!fromFollower && fetchOffset > highWatermark && fetchOffset < logEndOffset) return failed(ErrorCode.Unknown)
    try {
      const read = this.replicas.withDisk(() =>
        leader.log.read(fetchOffset, maxBytes, fromFollower ? undefined : Math.min(highWatermark, logEndOffset)),
      )
      return { topic, partition: number, errorCode: ErrorCode.NoError, highWatermark, records: read.records }
    } catch (error) {
      if (error instanceof OffsetOutOfRangeError) return failed(ErrorCode.OffsetOutOfRange)
      throw error
    }
  }

  // ---- Offsets ----

  private offsets(request: OffsetsRequest, responder: Responder): void {
    const partitions = request.partitions.map(({ topic, partition: number, time, maxNumOffsets }) => {
      const tp = topicPartition(topic, number)
      const failed = (errorCode: ErrorCode) => {
        if (request.replicaId < 0) this.traceRefused('Offsets', tp, errorCode, request.clientId)
        return { topic, partition: number, errorCode, offsets: [] }
      }
      const partition = this.find(tp)
      if (partition === undefined) return failed(ErrorCode.UnknownTopicOrPartition)
      const leader = partition.leaderReplica()
      if (leader === undefined) return failed(ErrorCode.NotLeaderForPartition)
      const all = leader.log.offsetsBefore(time, maxNumOffsets)
      const hw = leader.highWatermark
      const visible =
        request.replicaId >= 0 || all.every((offset) => offset <= hw)
          ? all
          : [hw, ...all.filter((offset) => offset <= hw)]
      return { topic, partition: number, errorCode: ErrorCode.NoError, offsets: visible }
    })
    responder.send({ api: 'Offsets', correlationId: request.correlationId, partitions })
  }

  // ---- Metadata ----

  private metadata(request: MetadataRequest, responder: Responder): void {
    const { metadataCache, autoCreateTopic } = this.options
    const answer = (missing: readonly TopicMetadata[]): void =>
      responder.send({
        api: 'Metadata',
        correlationId: request.correlationId,
        brokers: metadataCache.brokers,
        topics: [...metadataCache.metadata(request.topics), ...missing],
      })
    const unknown = request.topics.filter((topic) => !metadataCache.has(topic))
    const missing: TopicMetadata[] = []
    const next = (index: number): void => {
      const topic = unknown[index]
      if (topic === undefined) return answer(missing)
      const add = (errorCode: ErrorCode): void => {
        missing.push({ errorCode, topic, partitions: [] })
        next(index + 1)
      }
      if (autoCreateTopic === undefined) return add(ErrorCode.UnknownTopicOrPartition)
      // The topic has no leader yet: the client asks again.
      autoCreateTopic(topic, () => add(ErrorCode.LeaderNotAvailable))
    }
    next(0)
  }

  // ---- trace ----

  private traceAnswers(request: ProduceRequest, results: readonly ProducePartitionResult[]): void {
    if (!this.host.tracing) return
    for (const { topic, partition, errorCode, baseOffset } of results) {
      traceBroker(this.host, {
        kind: 'ProduceAnswered',
        tp: topicPartition(topic, partition),
        errorCode,
        baseOffset,
        requiredAcks: request.requiredAcks,
        client: request.clientId,
        correlationId: request.correlationId,
      })
    }
  }

  private traceRefused(
    api: 'Produce' | 'Fetch' | 'Offsets',
    tp: TopicPartition,
    errorCode: ErrorCode,
    client: string,
  ): void {
    if (this.host.tracing) traceBroker(this.host, { kind: 'RequestRefused', api, tp, errorCode, client })
  }
}
