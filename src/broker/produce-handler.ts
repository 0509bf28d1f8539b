/**
 * Produce requests: append, then answer at once or when the acknowledgements are there
 * (`kafka/server/KafkaApis.scala`, 0.8.2.2; replication.md 2.2).
 */
import { fromMs, type Host } from '../host/index.ts'
import {
  ErrorCode,
  isInternalTopic,
  type ProducePartition,
  type ProducePartitionResult,
  type ProduceRequest,
  type Responder,
  topicPartition,
} from '../protocol/index.ts'
import { batchesOf, LogError } from '../storage/index.ts'
import { DelayedProduce, type ProduceStatus } from './delayed-produce.ts'
import { withDisk } from './disk-failure.ts'
import { traceBroker } from './events.ts'
import type { Partition } from './partition.ts'
import type { ReplicaManager } from './replica-manager.ts'
import type { TransactionVerifier } from './transaction-verifier.ts'
import type { VerificationGuard } from './verifications.ts'

/** What the transaction coordinator said of a partition. */
interface Verification {
  readonly guard: VerificationGuard
  readonly errorCode: ErrorCode
}

type Verified = ReadonlyMap<ProducePartition, Verification>

const UNASKED: Verified = new Map()

/** Whose records they are, and what is known about their transaction. */
interface From {
  readonly origin: 'client' | 'coordinator'
  readonly verified: Verified
}

type Done = (partitions: readonly ProducePartitionResult[]) => void

export class ProduceHandler {
  private readonly host: Host
  private readonly replicas: ReplicaManager
  private readonly verifier: TransactionVerifier | undefined

  /** @param verifier where transactions are verified */
  constructor(host: Host, replicas: ReplicaManager, verifier?: TransactionVerifier) {
    this.host = host
    this.replicas = replicas
    this.verifier = verifier
  }

  handle(request: ProduceRequest, responder: Responder): void {
    const { requiredAcks } = request
    if (this.replicas.versions.acksRange === 'minus-one-to-one' && (requiredAcks < -1 || requiredAcks > 1)) {
      const refused = request.partitions.map((data) => this.failed(data, request, ErrorCode.InvalidRequiredAcks))
      return this.answer(request, refused, responder)
    }
    this.verified(request, (verified) => {
      const from = { origin: 'client', verified } as const
      this.appendFrom(0, request, [], from, (status) => this.answer(request, status, responder))
    })
  }

  private verified(request: ProduceRequest, done: (verified: Verified) => void): void {
    if (this.verifier === undefined || request.transactionalId === undefined) done(UNASKED)
    else this.verify(request, request.transactionalId, this.verifier, done)
  }

  /** Asks the transaction coordinator about each partition that a transaction would begin in (KIP-890). */
  private verify(
    request: ProduceRequest,
    transactionalId: string,
    verifier: TransactionVerifier,
    done: (verified: Verified) => void,
  ): void {
    const verified = new Map<ProducePartition, Verification>()
    let left = 1
    const answered = (): void => {
      if (--left === 0) done(verified)
    }
    for (const data of request.partitions) {
      const { topic, partition: number } = data
      const guard = this.find(topic, number)?.startVerification(data.records)
      if (guard === undefined) continue
      left++
      const { producerEpoch } = batchesOf(data.records).next().value!
      const adds = this.replicas.versions.transactions === 'epoch-per-transaction'
      const producer = { transactionalId, producerId: guard.producerId, producerEpoch }
      verifier.ask({ ...producer, topic, partition: number, adds }, (errorCode) => {
        verified.set(data, { guard, errorCode })
        if (errorCode !== ErrorCode.NoError && this.host.tracing) {
          const { producerId } = guard
          const event = { tp: topicPartition(topic, number), transactionalId, producerId, epoch: producerEpoch }
          traceBroker(this.host, { kind: 'TransactionNotVerified', ...event, errorCode })
        }
        answered()
      })
    }
    answered()
  }

  /**
   * A write of the broker itself, to an internal topic: appended and acknowledged like a client's
   * (`handleProducerOrOffsetCommitRequest` of 0.8.2, `ReplicaManager.appendMessages` since).
   */
  write(request: ProduceRequest, done: Done, onAgreed?: () => void): void {
    this.verified(request, (verified) => {
      if ([...verified.values()].every(({ errorCode }) => errorCode === ErrorCode.NoError)) onAgreed?.()
      const from = { origin: 'coordinator', verified } as const
      this.appendFrom(0, request, [], from, (status) => this.finish(request, status, done))
    })
  }

  private readonly find = (topic: string, partition: number): Partition | undefined =>
    this.replicas.find(topic, partition)

  /** One partition after another. An ISR change holds a partition's lock: appends to it wait. */
  private appendFrom(
    index: number,
    request: ProduceRequest,
    status: ProduceStatus[],
    from: From,
    done: (status: readonly ProduceStatus[]) => void,
  ): void {
    for (let i = index; i < request.partitions.length; i++) {
      const data = request.partitions[i]!
      const partition = this.find(data.topic, data.partition)
      if (partition?.lock.isHeld === true) {
        partition.lock.whenFree(() => {
          status.push(this.append(partition, data, request, from))
          this.appendFrom(i + 1, request, status, from, done)
        })
        return
      }
      status.push(this.append(partition, data, request, from))
    }
    done(status)
  }

  private append(
    partition: Partition | undefined,
    data: ProducePartition,
    request: ProduceRequest,
    { origin, verified }: From,
  ): ProduceStatus {
    const { topic } = data
    if (origin === 'client' && isInternalTopic(topic)) return this.failed(data, request, ErrorCode.InvalidTopic)
    if (partition === undefined) return this.failed(data, request, ErrorCode.UnknownTopicOrPartition)
    const verification = verified.get(data)
    if (verification !== undefined && verification.errorCode !== ErrorCode.NoError) {
      return this.failed(data, request, verification.errorCode)
    }
    try {
      const result = withDisk(this.host, () =>
        partition.append(data.records, request.requiredAcks, origin, verification?.guard),
      )
      if (result.errorCode !== ErrorCode.NoError) return this.failed(data, request, result.errorCode)
      const { firstOffset: baseOffset, lastOffset } = result.info
      const requiredOffset = lastOffset + 1
      const { tp } = partition
      return { tp, topic, partition: data.partition, baseOffset, requiredOffset, errorCode: ErrorCode.NoError }
    } catch (error) {
      if (!(error instanceof LogError)) throw error
      const failed = this.failed(data, request, error.errorCode)
      if (error.errorCode !== ErrorCode.UnknownProducerId) return failed
      return { ...failed, logStartOffset: partition.local!.log.logStartOffset }
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
    if (request.requiredAcks === 0) {
      // KAFKA-955: with nobody to tell, hanging up makes the client refresh its metadata.
      if (status.some(({ errorCode }) => errorCode !== ErrorCode.NoError)) responder.hangUp()
      else responder.noResponse()
      return
    }
    this.finish(request, status, (partitions) => {
      this.traceAnswers(request, partitions)
      responder.send({ api: 'Produce', correlationId: request.correlationId, partitions })
    })
  }

  /** At once where nothing is to be waited for, else when the acknowledgements are there. */
  private finish(request: ProduceRequest, status: readonly ProduceStatus[], done: Done): void {
    const { requiredAcks } = request
    if (requiredAcks === 0 || requiredAcks === 1 || status.every(({ errorCode }) => errorCode !== ErrorCode.NoError)) {
      return done(
        status.map(({ topic, partition, errorCode, baseOffset, logStartOffset }) => ({
          topic,
          partition,
          errorCode,
          baseOffset,
          ...(logStartOffset === undefined ? {} : { logStartOffset }),
        })),
      )
    }
    const delayed = new DelayedProduce(request, status, this.find, done)
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
