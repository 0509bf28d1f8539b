/**
 * The I/O thread of the Java producer (`Sender.java`): again and again it looks which batches may go, sends one request to
 * each broker that can take one, fails what has expired, and asks for metadata. It sleeps until something happens.
 *
 * A failed batch goes back to the front of its queue, but those behind it that were sent already are not called back:
 * with several requests in flight a retry comes after them, unless sequence numbers keep the order.
 */
import type { Digest, Host, Micros, Timer } from '../../host/index.ts'
import { MILLISECOND } from '../../host/index.ts'
import { ErrorCode, errorName, type ProduceResponse, type RpcResult } from '../../protocol/index.ts'
import type { ClientEvent } from '../events.ts'
import { maybeAppended } from '../maybe-appended.ts'
import type { ProducerBatch } from './producer-batch.ts'
import { type AttemptError, exceptionOf, isAboutMetadata, isRetriable } from './producer-exceptions.ts'
import { ProducerIdentity } from './producer-identity.ts'
import type { ProducerMetadata, ProducerNode } from './producer-metadata.ts'
import type { ProducerNetwork } from './producer-network.ts'
import type { Drained, RecordAccumulator } from './record-accumulator.ts'
import type { SenderOptions } from './sender-options.ts'

interface InFlight {
  readonly batch: ProducerBatch
  readonly node: ProducerNode
}

export class Sender {
  private readonly host: Host
  private readonly options: SenderOptions
  private readonly metadata: ProducerMetadata
  private readonly network: ProducerNetwork
  private readonly accumulator: RecordAccumulator
  /** Batches that were sent and are not done, in the order of sending. */
  private readonly inFlight = new Set<InFlight>()
  /** Batches that expired while their requests were under way: answers to them come too late. */
  private readonly expired = new Set<ProducerBatch>()
  private timer: Timer | undefined
  private thread: 'sleeping' | 'called' | 'running' | 'running, called again' = 'sleeping'
  private closing = false
  /** Who waits until nothing is left to be sent. */
  private readonly flushes: Array<() => void> = []
  private readonly identity: ProducerIdentity | undefined

  constructor(
    host: Host,
    metadata: ProducerMetadata,
    network: ProducerNetwork,
    accumulator: RecordAccumulator,
    options: SenderOptions,
  ) {
    this.host = host
    this.metadata = metadata
    this.network = network
    this.accumulator = accumulator
    this.options = options
    const { idempotence, transactions } = options
    if (transactions !== undefined) transactions.onWork = () => this.wake()
    else if (idempotence !== undefined) this.identity = new ProducerIdentity(host, network, idempotence, options)
    network.onActivity = () => this.wake()
  }

  /** The thread looks around as soon as it gets to it. */
  wake(): void {
    if (this.thread === 'running') this.thread = 'running, called again'
    else if (this.thread === 'sleeping') this.sleep(0)
  }

  /** Ends when everything is sent and answered. */
  close(): void {
    this.closing = true
    this.accumulator.close()
    this.wake()
  }

  /** Lets everything go at once. @param done called when nothing is left */
  flush(done: () => void): void {
    this.flushes.push(done)
    this.wake()
  }

  private endFlushes(): void {
    if (this.flushes.length === 0 || this.hasIncomplete) return
    for (const done of this.flushes.splice(0)) done()
  }

  private sleep(us: Micros): void {
    this.timer?.cancel()
    this.timer = undefined
    this.thread = us === 0 ? 'called' : 'sleeping'
    if (us === Number.POSITIVE_INFINITY) return
    this.timer = this.host.setTimer(us, 'producer I/O thread', () => {
      this.timer = undefined
      this.thread = 'running'
      const nextUs = this.run()
      this.sleep(this.isCalledAgain() ? 0 : Math.max(MILLISECOND, nextUs))
    })
  }

  private isCalledAgain(): boolean {
    return this.thread === 'running, called again'
  }

  /** One look around, and as many requests as can go. Returns when to look again. */
  private run(): Micros {
    this.accumulator.flushing = this.flushes.length > 0 || this.options.transactions?.isCompleting === true
    let nextUs = this.network.maybeUpdateMetadata()
    const { nodes, nextUs: nextReadyUs } = this.transactionalTurn() ?? this.identity?.mustWait() ?? this.drainReady()
    nextUs = Math.min(nextUs, nextReadyUs)
    for (const node of nodes) nextUs = Math.min(nextUs, this.network.retryInUs(node))
    this.expire()
    this.endFlushes()
    if (this.closing && !this.accumulator.hasUnsent && this.network.inFlight === 0) this.options.closed()
    return Math.min(nextUs, this.nextExpiryInUs())
  }

  /** What a transaction needs of its coordinators goes before data; undefined: data may go. */
  private transactionalTurn(): { readonly nodes: readonly []; readonly nextUs: Micros } | undefined {
    const { transactions, idempotence } = this.options
    if (transactions === undefined) return undefined
    idempotence!.settle()
    if (transactions.hasError || transactions.dropsUnsent) {
      const error = transactions.failure?.error ?? 'TransactionAbortedException'
      for (const batch of this.accumulator.takeAll(transactions.isFatal ? 'all' : 'never-sent')) {
        this.giveUp(batch, error)
      }
    }
    const nextUs = transactions.turn(this.hasIncomplete)
    return nextUs === undefined ? undefined : { nodes: [], nextUs }
  }

  /** Batches whose outcome is open. */
  private get hasIncomplete(): boolean {
    if (this.accumulator.hasUnsent) return true
    for (const { batch } of this.inFlight) if (!this.expired.has(batch)) return true
    return false
  }

  /** Sends what is ready. Returns the brokers that have something, but cannot take it, and when more will be ready. */
  private drainReady(): { readonly nodes: readonly ProducerNode[]; readonly nextUs: Micros } {
    for (;;) {
      this.lookAtQueues()
      const { nodes, unknownLeaders, nextUs } = this.accumulator.ready()
      if (unknownLeaders) this.metadata.requestUpdate()
      const blocked: ProducerNode[] = []
      let sent = false
      for (const node of nodes) {
        if (!this.network.ready(node)) {
          blocked.push(node)
          continue
        }
        const drained = this.accumulator.drain(node, this.options.maxRequestBytes, this.admit)
        if (drained.length === 0) continue
        sent = true
        this.send(node, drained)
      }
      if (sent) continue
      return { nodes: blocked, nextUs: Math.min(nextUs, this.network.maybeUpdateMetadata()) }
    }
  }

  private readonly admit = (batch: ProducerBatch): boolean =>
    this.options.transactions?.allows(batch.tp) !== false && this.options.idempotence?.admit(batch) !== false

  private lookAtQueues(): void {
    const { queuesSeen } = this.options
    if (queuesSeen === undefined) return
    for (const [topic, queues] of this.accumulator.queueLengths()) {
      queuesSeen(
        topic,
        queues.filter(({ partition }) => this.metadata.leaderOf(topic, partition) !== undefined),
        queues.length,
      )
    }
  }

  private send(node: ProducerNode, drained: readonly Drained[]): void {
    const { client, acks, ackTimeoutMs, mutes, transactions } = this.options
    const sent = drained.map(({ batch }) => ({ batch, node }))
    const correlationId = this.network.nextCorrelationId()
    for (const { batch, why } of drained) {
      if (mutes) this.accumulator.mute(batch.tp)
      this.traceSent(batch, why, node, correlationId)
    }
    const request = {
      api: 'Produce',
      correlationId,
      clientId: client,
      ...(transactions === undefined ? {} : { transactionalId: transactions.options.transactionalId }),
      requiredAcks: acks,
      ackTimeoutMs,
      partitions: drained.map(({ batch }) => ({
        topic: batch.topic,
        partition: batch.partition,
        records: batch.close(),
      })),
    } as const
    if (acks === 0) {
      this.network.post(node, request)
      for (const { batch } of drained) this.finish(batch)
      return
    }
    for (const one of sent) this.inFlight.add(one)
    this.network.send(node, request, (result) => this.answered(sent, result))
  }

  // ---- outcomes ----

  private answered(sent: readonly InFlight[], result: RpcResult<ProduceResponse>): void {
    for (const one of sent) {
      this.inFlight.delete(one)
      const { batch, node } = one
      if (this.expired.delete(batch)) {
        this.unmute(batch)
        continue
      }
      if (!result.ok) {
        this.failed(batch, node, result.failure, true)
        continue
      }
      const { topic, partition } = batch
      const answer = result.response.partitions.find((p) => p.topic === topic && p.partition === partition)!
      const { errorCode } = answer
      // A duplicate that the leader does not remember the offset of stands there all the same.
      if (errorCode === ErrorCode.NoError || errorCode === ErrorCode.DuplicateSequenceNumber) {
        this.acknowledged(batch, node, answer.baseOffset)
      } else {
        const doubtful = maybeAppended(errorCode, this.options.acks)
        this.failed(batch, node, errorCode, doubtful, answer.logStartOffset)
      }
    }
  }

  private acknowledged(batch: ProducerBatch, node: ProducerNode, baseOffset: number): void {
    this.options.idempotence?.acknowledged(batch, baseOffset)
    if (this.host.tracing) {
      this.trace({
        kind: 'ProduceAcknowledged',
        client: this.options.client,
        tp: batch.tp,
        messages: batch.names,
        baseOffset,
        requiredAcks: this.options.acks,
        broker: node.id,
      })
    }
    this.finish(batch)
  }

  /** An attempt failed: again, in smaller pieces, or not at all. */
  private failed(
    batch: ProducerBatch,
    node: ProducerNode,
    error: AttemptError,
    doubtful: boolean,
    logStartOffset = -1,
  ): void {
    const { retries, idempotence } = this.options
    const again = this.mayRetry(batch, error, logStartOffset)
    const splits = error === ErrorCode.MessageSizeTooLarge && this.options.splits && batch.records.length > 1
    if (this.host.tracing) {
      this.trace({
        kind: 'ProduceFailed',
        client: this.options.client,
        tp: batch.tp,
        messages: batch.names,
        error: typeof error === 'string' ? error : errorName(error),
        maybeAppended: doubtful,
        retriesLeft: again ? retries - batch.attempts : 0,
        broker: node.id,
      })
    }
    if (isAboutMetadata(error)) this.metadata.requestUpdate()
    if (splits && (batch.magic === 2 || batch.isCompressed)) this.split(batch)
    else if (again && idempotence?.isCurrent(batch) !== false) {
      this.accumulator.reenqueue(batch, (other) => idempotence?.follows(batch, other) === true)
      this.unmute(batch)
    } else {
      // Its producer id has changed meanwhile: under another one it might be appended twice.
      const exception = again ? 'OutOfOrderSequenceException' : this.exceptionOf(error)
      this.options.transactions?.batchFailed(exception)
      idempotence?.failed(batch, error, batch.attempts < retries)
      this.giveUp(batch, exception)
    }
  }

  /** From 2.7 on a producer of an older epoch is fenced for good only by its coordinator (KIP-588). */
  private exceptionOf(error: AttemptError): string {
    const { transactions } = this.options
    const isMild = transactions?.options.versions.fencedProducer === 'own-error'
    return isMild && error === ErrorCode.InvalidProducerEpoch ? 'InvalidProducerEpochException' : exceptionOf(error)
  }

  private mayRetry(batch: ProducerBatch, error: AttemptError, logStartOffset: number): boolean {
    if (batch.attempts >= this.options.retries || this.host.now() >= this.deadlineUs(batch)) return false
    return isRetriable(error) || this.options.idempotence?.mayRetry(batch, error, logStartOffset) === true
  }

  private deadlineUs(batch: ProducerBatch): Micros {
    const { deliveryTimeoutUs } = this.options
    return deliveryTimeoutUs === undefined ? Number.POSITIVE_INFINITY : batch.createdUs + deliveryTimeoutUs
  }

  private split(batch: ProducerBatch): void {
    const { idempotence } = this.options
    const parts = this.accumulator.splitAndReenqueue(batch, (part, other) => idempotence?.follows(part, other) === true)
    idempotence?.replaced(batch, parts)
    if (this.host.tracing) {
      const { client } = this.options
      this.trace({ kind: 'BatchSplit', client, tp: batch.tp, messages: batch.names, batches: parts.length })
    }
    this.finish(batch)
  }

  private giveUp(batch: ProducerBatch, error: string): void {
    if (this.host.tracing) {
      const { client } = this.options
      this.trace({ kind: 'ProducerGaveUp', client, tp: batch.tp, messages: batch.names, error, told: true })
    }
    this.finish(batch)
  }

  private finish(batch: ProducerBatch): void {
    this.unmute(batch)
    this.accumulator.memory.free(batch.memory)
  }

  private unmute(batch: ProducerBatch): void {
    if (this.options.mutes) this.accumulator.unmute(batch.tp)
  }

  // ---- expiry ----

  private expire(): void {
    const { idempotence } = this.options
    for (const batch of this.accumulator.takeExpired()) {
      this.options.transactions?.batchFailed('TimeoutException')
      idempotence?.failed(batch, 'expired', false)
      this.giveUp(batch, 'TimeoutException')
    }
    const now = this.host.now()
    for (const one of [...this.inFlight]) {
      const { batch } = one
      if (this.expired.has(batch) || this.deadlineUs(batch) > now) continue
      // Its request stays under way, and so does what it may do; only nobody waits for it any more.
      this.expired.add(batch)
      this.options.transactions?.batchFailed('TimeoutException')
      idempotence?.failed(batch, 'expired', false)
      this.traceExpired(one)
      this.traceGaveUp(batch)
      this.accumulator.memory.free(batch.memory)
    }
  }

  private nextExpiryInUs(): Micros {
    let nextUs = this.accumulator.nextExpiryUs
    for (const { batch } of this.inFlight)
      if (!this.expired.has(batch)) nextUs = Math.min(nextUs, this.deadlineUs(batch))
    return Math.max(0, nextUs - this.host.now())
  }

  // ---- told ----

  private traceSent(batch: ProducerBatch, why: Drained['why'], node: ProducerNode, correlationId: number): void {
    if (!this.host.tracing) return
    const { client, acks: requiredAcks } = this.options
    const { tp, names: messages, attempts } = batch
    const queued = this.accumulator.queuedRecords
    this.trace({ kind: 'BatchDrained', client, tp, messages, bytes: batch.close().length, why, queued })
    const broker = node.id
    this.trace({
      kind: 'ProduceSent',
      client,
      tp,
      messages,
      broker,
      attempt: attempts + 1,
      requiredAcks,
      correlationId,
    })
  }

  private traceExpired({ batch, node }: InFlight): void {
    if (!this.host.tracing) return
    const { client } = this.options
    const { tp, names: messages } = batch
    const error = 'timeout'
    this.trace({
      kind: 'ProduceFailed',
      client,
      tp,
      messages,
      error,
      maybeAppended: true,
      retriesLeft: 0,
      broker: node.id,
    })
  }

  private traceGaveUp({ tp, names: messages }: ProducerBatch): void {
    if (!this.host.tracing) return
    const { client } = this.options
    this.trace({ kind: 'ProducerGaveUp', client, tp, messages, error: 'TimeoutException', told: true })
  }

  private trace(event: ClientEvent): void {
    this.host.trace(event)
  }

  digest(digest: Digest): void {
    this.options.idempotence?.digest(digest)
    this.options.transactions?.digest(digest)
    digest.boolean(this.closing).int(this.inFlight.size).int(this.expired.size)
    for (const { batch, node } of this.inFlight) {
      batch.digest(digest)
      digest.int(node.id).boolean(this.expired.has(batch))
    }
  }
}
