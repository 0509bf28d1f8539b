/**
 * Fetch requests of followers and consumers (`kafka/server/KafkaApis.scala` and `ReplicaManager.readMessageSets`, 0.8.2.2;
 * replication.md 2.3). Followers read to the LEO, consumers to the high watermark.
 */
import { FileError, fromMs, type Host } from '../host/index.ts'
import {
  type AbortedProducer,
  ErrorCode,
  type FetchPartition,
  type FetchPartitionResult,
  type FetchRequest,
  type Responder,
  topicPartition,
} from '../protocol/index.ts'
import { batchesOf, type Log, LogError } from '../storage/index.ts'
import { DelayedFetch } from './delayed-fetch.ts'
import { convertedFor } from './down-conversion.ts'
import { divergence } from './epoch-ends.ts'
import { traceBroker } from './events.ts'
import type { Partition } from './partition.ts'
import { DEBUGGING_REPLICA_ID, UNKNOWN_OFFSET } from './replica.ts'
import type { ReplicaManager } from './replica-manager.ts'

const NO_RECORDS = new Uint8Array(0)

type Send = (partitions: readonly FetchPartitionResult[]) => void

export class FetchHandler {
  private readonly host: Host
  private readonly replicas: ReplicaManager

  constructor(host: Host, replicas: ReplicaManager) {
    this.host = host
    this.replicas = replicas
  }

  handle(request: FetchRequest, responder: Responder): void {
    const { correlationId, replicaId } = request
    const send: Send = (partitions) =>
      responder.send({ api: 'Fetch', correlationId, partitions: this.readableBy(request, partitions) })
    if (replicaId < 0) return this.answer(request, this.readAll(request), send)
    if (this.replicas.versions.followerPosition === 'before-read') {
      return this.record(0, request, undefined, send, () => this.answer(request, this.readAll(request), send))
    }
    const data = this.readAll(request)
    this.record(0, request, data, send, () => this.answer(request, data, send))
  }

  /** What is sent, in a message format that the request's version knows. */
  private readableBy(request: FetchRequest, results: readonly FetchPartitionResult[]): readonly FetchPartitionResult[] {
    const { version, partitions } = request
    if (version === undefined) return results
    const { versions } = this.replicas
    return results.map((result, i) => {
      const log = this.find(result.topic, result.partition)?.local?.log
      return convertedFor(version, partitions[i]!, result, log, versions)
    })
  }

  private readonly find = (topic: string, partition: number): Partition | undefined =>
    this.replicas.find(topic, partition)

  /**
   * Records how far the follower has got, one partition after another, waiting for the ISR write that a position may set
   * off. A follower that is not assigned to one of them is refused altogether; what was recorded before stays. From
   * 1.0 on it only gets nothing of that one.
   * @param data what was read; a failed read leaves the position unknown
   */
  private record(
    index: number,
    request: FetchRequest,
    data: FetchPartitionResult[] | undefined,
    send: Send,
    done: () => void,
  ): void {
    const { replicaId, partitions } = request
    for (let i = index; i < partitions.length; i++) {
      const wanted = partitions[i]!
      const partition = this.find(wanted.topic, wanted.partition)
      if (partition === undefined) continue
      if (!partition.knowsFollower(replicaId)) {
        if (this.replicas.versions.unassignedFollower === 'gets-nothing') {
          if (data !== undefined) data[i] = { ...data[i]!, records: NO_RECORDS }
          continue
        }
        return send(partitions.map(({ topic, partition: number }) => failed(topic, number, ErrorCode.Unknown)))
      }
      const failedRead = data !== undefined && data[i]!.errorCode !== ErrorCode.NoError
      if (failedRead && this.replicas.versions.followerPosition === 'after-good-read') continue
      // What it has before the offset is not what the leader has.
      if (data !== undefined && data[i]!.divergingEpoch !== undefined) continue
      let inline = true
      let finished = false
      partition.recordFollowerFetch(replicaId, failedRead ? UNKNOWN_OFFSET : wanted.fetchOffset, () => {
        finished = true
        this.replicas.unblockProduces(partition.tp)
        if (!inline) this.record(i + 1, request, data, send, done)
      })
      inline = false
      if (!finished) return
    }
    done()
  }

  private answer(request: FetchRequest, data: readonly FetchPartitionResult[], send: Send): void {
    let bytes = 0
    let anyFailed = false
    for (const result of data) {
      bytes += result.records.length
      if (result.errorCode !== ErrorCode.NoError || result.divergingEpoch !== undefined) anyFailed = true
    }
    if (request.maxWaitMs <= 0 || data.length === 0 || bytes >= request.minBytes || anyFailed) return send(data)
    const delayed = new DelayedFetch(request, this.find, () => send(this.readAll(request)))
    this.replicas.fetchPurgatory.checkAndMaybeWatch(delayed, fromMs(request.maxWaitMs))
  }

  private readAll(request: FetchRequest): FetchPartitionResult[] {
    const results: FetchPartitionResult[] = []
    for (const wanted of request.partitions) {
      const result = this.read(wanted, request)
      if (result.errorCode !== ErrorCode.NoError && request.replicaId < 0) this.traceRefused(result, request.clientId)
      results.push(result)
    }
    return results
  }

  private read(wanted: FetchPartition, { replicaId, isolationLevel }: FetchRequest): FetchPartitionResult {
    const { topic, partition: number, fetchOffset, maxBytes } = wanted
    const partition = this.find(topic, number)
    if (partition === undefined) return failed(topic, number, unknownPartition(replicaId))
    const epochError = partition.checkEpoch(wanted.currentLeaderEpoch)
    if (epochError !== ErrorCode.NoError) return failed(topic, number, epochError)
    const replica = partition.replicaFor(replicaId)
    if (replica === undefined) return failed(topic, number, notHere(replicaId))
    const { highWatermark, logEndOffset } = replica
    const above = replicaId < 0 && fetchOffset > highWatermark && fetchOffset <= logEndOffset
    if (above && this.replicas.versions.readAboveHighWatermark === 'empty') {
      return { topic, partition: number, errorCode: ErrorCode.NoError, highWatermark, records: NO_RECORDS }
    }
    const isCommitted = replicaId < 0 && isolationLevel === 'read_committed'
    const { lastStableOffset } = replica
    if (isCommitted && fetchOffset >= lastStableOffset && fetchOffset <= logEndOffset) {
      const nothing = { records: NO_RECORDS, lastStableOffset, abortedTransactions: [] }
      return { topic, partition: number, errorCode: ErrorCode.NoError, highWatermark, ...nothing }
    }
    const { lastFetchedEpoch } = wanted
    try {
      if (lastFetchedEpoch !== undefined) {
        const divergingEpoch = divergence(replica.log, fetchOffset, lastFetchedEpoch)
        const found = { topic, partition: number, errorCode: ErrorCode.NoError, highWatermark, records: NO_RECORDS }
        if (divergingEpoch !== undefined) return { ...found, divergingEpoch }
      }
      // F24: a consumer that asks between the high watermark and the LEO reads above its limit, which is error -1.
      const limit = replicaId >= 0 ? undefined : isCommitted ? lastStableOffset : highWatermark
      const { records } = replica.log.read(fetchOffset, maxBytes, limit)
      const found = { topic, partition: number, errorCode: ErrorCode.NoError, highWatermark, records }
      if (!isCommitted) return found
      const abortedTransactions = abortedIn(replica.log, fetchOffset, records)
      return { ...found, lastStableOffset, abortedTransactions }
    } catch (error) {
      if (error instanceof LogError) return failed(topic, number, error.errorCode)
      if (error instanceof FileError) return failed(topic, number, ErrorCode.Unknown)
      throw error
    }
  }

  private traceRefused({ topic, partition, errorCode }: FetchPartitionResult, client: string): void {
    if (!this.host.tracing) return
    const tp = topicPartition(topic, partition)
    traceBroker(this.host, { kind: 'RequestRefused', api: 'Fetch', tp, errorCode, client })
  }
}

/** Transactions with records in an answer that were aborted (`collectAbortedTransactions` of `Log.scala`). */
function abortedIn(log: Log, from: number, records: Uint8Array): AbortedProducer[] {
  let to = from
  for (const { lastOffset } of batchesOf(records)) to = lastOffset + 1
  return log.abortedTransactions(from, to).map(({ producerId, firstOffset }) => ({ producerId, firstOffset }))
}

/** What a request about a partition that this broker does not know gets. */
export const unknownPartition = (replicaId: number): ErrorCode =>
  replicaId === DEBUGGING_REPLICA_ID ? ErrorCode.ReplicaNotAvailable : ErrorCode.UnknownTopicOrPartition

/** What a request about a partition that this broker does not lead (or, for a tool, does not hold) gets. */
export const notHere = (replicaId: number): ErrorCode =>
  replicaId === DEBUGGING_REPLICA_ID ? ErrorCode.ReplicaNotAvailable : ErrorCode.NotLeaderForPartition

const failed = (topic: string, partition: number, errorCode: ErrorCode): FetchPartitionResult => ({
  topic,
  partition,
  errorCode,
  highWatermark: -1,
  records: NO_RECORDS,
})
