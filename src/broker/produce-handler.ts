/**
 * Produce requests: append, then answer at once or when the acknowledgements are there
 * (`kafka/server/KafkaApis.scala`, 0.8.2.2; replication.md 2.2).
 */
import { fromMs, type Host } from '../host/index.ts'
import {
  ErrorCode,
  type ProducePartition,
  type ProducePartitionResult,
  type ProduceRequest,
  type Responder,
  topicPartition,
} from '../protocol/index.ts'
import { LogError } from '../storage/index.ts'
import { DelayedProduce, type ProduceStatus } from './delayed-produce.ts'
import { withDisk } from './disk-failure.ts'
import { traceBroker } from './events.ts'
import type { Partition } from './partition.ts'
import type { ReplicaManager } from './replica-manager.ts'

/** Topics that clients may not write to. */
const INTERNAL_TOPICS: readonly string[] = ['__consumer_offsets']

export class ProduceHandler {
  private readonly host: Host
  private readonly replicas: ReplicaManager

  constructor(host: Host, replicas: ReplicaManager) {
    this.host = host
    this.replicas = replicas
  }

  handle(request: ProduceRequest, responder: Responder): void {
    const { requiredAcks } = request
    if (this.replicas.versions.acksRange === 'minus-one-to-one' && (requiredAcks < -1 || requiredAcks > 1)) {
      const refused = request.partitions.map((data) => this.failed(data, request, ErrorCode.InvalidRequiredAcks))
      return this.answer(request, refused, responder)
    }
    this.appendFrom(0, request, [], responder)
  }

  private readonly find = (topic: string, partition: number): Partition | undefined =>
    this.replicas.find(topic, partition)

  /** One partition after another. An ISR change holds a partition's lock: appends to it wait. */
  private appendFrom(index: number, request: ProduceRequest, status: ProduceStatus[], responder: Responder): void {
    for (let i = index; i < request.partitions.length; i++) {
      const data = request.partitions[i]!
      const partition = this.find(data.topic, data.partition)
      if (partition?.lock.isHeld === true) {
        partition.lock.whenFree(() => {
          status.push(this.append(partition, data, request))
          this.appendFrom(i + 1, request, status, responder)
        })
        return
      }
      status.push(this.append(partition, data, request))
    }
    this.answer(request, status, responder)
  }

  private append(partition: Partition | undefined, data: ProducePartition, request: ProduceRequest): ProduceStatus {
    const { topic } = data
    if (INTERNAL_TOPICS.includes(topic)) return this.failed(data, request, ErrorCode.InvalidTopic)
    if (partition === undefined) return this.failed(data, request, ErrorCode.UnknownTopicOrPartition)
    try {
      const result = withDisk(this.host, () => partition.append(data.records, request.requiredAcks))
      if (result.errorCode !== ErrorCode.NoError) return this.failed(data, request, result.errorCode)
      const { firstOffset: baseOffset, lastOffset } = result.info
      const requiredOffset = lastOffset + 1
      const { tp } = partition
      return { tp, topic, partition: data.partition, baseOffset, requiredOffset, errorCode: ErrorCode.NoError }
    } catch (error) {
      if (error instanceof LogError) return this.failed(data, request, error.errorCode)
      throw error
    }
  }

  private failed({ topic, partition }: ProducePartition, request: ProduceRequest, errorCode: ErrorCode): ProduceStatus {
    const tp = topicPartition(topic, partition)
    if (this.host.tracing) {
      traceBroker(this.host, { kind: 'RequestRefused', api: 'Produce', tp, errorCode, client: request.clientId })
    }
    return { tp, topic, partition, baseOffset: -1, requiredOffset: 0, errorCode }
  }

  private answer(request: ProduceRequest, status: readonly ProduceStatus[], responder: Responder): void {
    let failures = 0
    for (const { errorCode } of status) if (errorCode !== ErrorCode.NoError) failures++
    if (request.requiredAcks === 0) {
      // KAFKA-955: with nobody to tell, hanging up makes the client refresh its metadata.
      if (failures > 0) responder.hangUp()
      else responder.noResponse()
      return
    }
    const send = (partitions: readonly ProducePartitionResult[]): void => {
      this.traceAnswers(request, partitions)
      responder.send({ api: 'Produce', correlationId: request.correlationId, partitions })
    }
    if (request.requiredAcks === 1 || failures === status.length) {
      return send(
        status.map(({ topic, partition, errorCode, baseOffset }) => ({ topic, partition, errorCode, baseOffset })),
      )
    }
    const delayed = new DelayedProduce(request, status, this.find, send)
    this.replicas.producePurgatory.checkAndMaybeWatch(delayed, fromMs(request.ackTimeoutMs))
  }

  private traceAnswers(request: ProduceRequest, results: readonly ProducePartitionResult[]): void {
    if (!this.host.tracing) return
    const { requiredAcks, clientId: client, correlationId } = request
    for (const { topic, partition, errorCode, baseOffset } of results) {
      const tp = topicPartition(topic, partition)
      traceBroker(this.host, {
        kind: 'ProduceAnswered',
        tp,
        errorCode,
        baseOffset,
        requiredAcks,
        client,
        correlationId,
      })
    }
  }
}
