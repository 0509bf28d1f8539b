/**
 * Where records wait for their requests (`RecordAccumulator.java`): a queue of batches for each partition, the last of
 * which is open. The first one of a queue may go when it is full, when `linger.ms` are over, when memory has run out or the
 * producer closes; after a failed attempt, when it has backed off. A batch that is to be sent again goes back to the front.
 */
import type { Digest, Host, Micros } from '../../host/index.ts'
import { topicPartition } from '../../protocol/index.ts'
import type { ProtocolVersions } from '../../versions.ts'
import { expiresAtUs } from './batch-expiry.ts'
import { BufferPool } from './buffer-pool.ts'
import { type BatchFormat, ProducerBatch, type ProducerRecord } from './producer-batch.ts'
import type { ProducerMetadata, ProducerNode } from './producer-metadata.ts'

export interface AccumulatorOptions {
  readonly batchSize: number
  readonly lingerUs: Micros
  readonly memoryBytes: number
  readonly requestTimeoutUs: Micros
  readonly deliveryTimeoutUs: Micros
  readonly retryBackoffUs: Micros
  readonly retryBackoffMaxUs: Micros
  readonly versions: Pick<ProtocolVersions, 'batchExpiry' | 'batchBackoff' | 'retryPause'>
  readonly format: BatchFormat
}

/** Why the first batch of a queue may go. */
export type DrainReason = 'full' | 'linger' | 'retry' | 'memory' | 'closing' | 'flush'

export interface Ready {
  readonly nodes: readonly ProducerNode[]
  readonly unknownLeaders: boolean
  /** When a batch that is not ready yet will be; infinite if nothing but an event helps. */
  readonly nextUs: Micros
}

export interface Drained {
  readonly batch: ProducerBatch
  readonly why: DrainReason
}

/** Decides whether the first batch of a partition may go, apart from its age: idempotent producers keep an order. */
export type DrainGuard = (batch: ProducerBatch) => boolean

/** KIP-580: the pause is drawn up to a fifth shorter or longer. */
const JITTER_PERCENT = 20

export class RecordAccumulator {
  readonly memory: BufferPool
  private readonly host: Host
  private readonly metadata: ProducerMetadata
  private readonly options: AccumulatorOptions
  private readonly queues = new Map<string, ProducerBatch[]>()
  /** With one request in flight: partitions that have one (KAFKA-3197). */
  private readonly muted = new Set<string>()
  /** Where the next request to a broker begins, so that no partition is always the last. */
  private drainIndex = 0
  private closing = false
  /** Everything goes: a transaction is to end, or the application has said `flush`. */
  flushing = false
  /** Pause of each batch that backs off. */
  private readonly pauses = new Map<ProducerBatch, Micros>()

  constructor(host: Host, metadata: ProducerMetadata, options: AccumulatorOptions) {
    this.host = host
    this.metadata = metadata
    this.options = options
    this.memory = new BufferPool(options.memoryBytes)
  }

  // ---- records come ----

  /** Adds a record to the open batch of a partition, if there is one with room. */
  tryAppend(topic: string, partition: number, record: ProducerRecord): boolean {
    const last = this.queues.get(topicPartition(topic, partition))?.at(-1)
    return last?.tryAppend(record, this.host.now()) === true
  }

  /** Begins a batch with a record. @param bytes taken from `memory` for it */
  begin(topic: string, partition: number, record: ProducerRecord, bytes: number): void {
    const batch = new ProducerBatch(topic, partition, bytes, this.options.format, this.host.now())
    batch.tryAppend(record, this.host.now())
    this.queueOf(batch.tp).push(batch)
  }

  /** Whether the last batch of a partition is full, or there is none. */
  allFull(topic: string, partition: number): boolean {
    return this.queues.get(topicPartition(topic, partition))?.at(-1)?.isFull !== false
  }

  private queueOf(tp: string): ProducerBatch[] {
    let queue = this.queues.get(tp)
    if (queue === undefined) this.queues.set(tp, (queue = []))
    return queue
  }

  /** Everything may go now. */
  close(): void {
    this.closing = true
  }

  get hasUnsent(): boolean {
    for (const queue of this.queues.values()) if (queue.length > 0) return true
    return false
  }

  /** Records that wait. */
  get queuedRecords(): number {
    let sum = 0
    for (const queue of this.queues.values()) for (const { records } of queue) sum += records.length
    return sum
  }

  /** Partitions of each topic that ever had a batch, with the batches that wait now. */
  *queueLengths(): Iterable<[string, Array<{ readonly partition: number; readonly batches: number }>]> {
    const byTopic = new Map<string, Array<{ partition: number; batches: number }>>()
    for (const [tp, queue] of this.queues) {
      const dash = tp.lastIndexOf('-')
      const topic = tp.slice(0, dash)
      const lengths = byTopic.get(topic) ?? []
      byTopic.set(topic, lengths)
      lengths.push({ partition: Number(tp.slice(dash + 1)), batches: queue.length })
    }
    yield* byTopic
  }

  // ---- batches go ----

  /** Brokers that a batch may be sent to, if they can take a request. */
  ready(): Ready {
    const nodes: ProducerNode[] = []
    let unknownLeaders = false
    let nextUs: Micros = Number.POSITIVE_INFINITY
    for (const [tp, [batch]] of this.queues) {
      if (batch === undefined) continue
      const leader = this.metadata.leaderOf(batch.topic, batch.partition)
      if (leader === undefined) unknownLeaders = true
      else if (!nodes.includes(leader) && !this.muted.has(tp)) {
        if (this.whyReady(batch) !== undefined) nodes.push(leader)
        else nextUs = Math.min(nextUs, this.readyInUs(batch))
      }
    }
    return { nodes, unknownLeaders, nextUs }
  }

  private whyReady(batch: ProducerBatch): DrainReason | undefined {
    if (this.backsOff(batch)) return undefined
    if (batch.isRetry) return 'retry'
    if (batch.isFull || this.queueOf(batch.tp).length > 1) return 'full'
    if (this.waitedUs(batch) >= this.options.lingerUs) return 'linger'
    if (this.memory.isExhausted) return 'memory'
    if (this.flushing) return 'flush'
    return this.closing ? 'closing' : undefined
  }

  private readyInUs(batch: ProducerBatch): Micros {
    const waitUs = this.backsOff(batch) ? this.pauseOf(batch) : this.options.lingerUs
    return Math.max(0, waitUs - this.waitedUs(batch))
  }

  private waitedUs(batch: ProducerBatch): Micros {
    return Math.max(0, this.host.now() - batch.lastAttemptUs)
  }

  private backsOff(batch: ProducerBatch): boolean {
    return batch.isRetry && this.waitedUs(batch) < this.pauseOf(batch)
  }

  private pauseOf(batch: ProducerBatch): Micros {
    return this.pauses.get(batch) ?? this.options.retryBackoffUs
  }

  /** Takes the first batch of each partition that a broker leads, as many as make one request. */
  drain(node: ProducerNode, maxBytes: number, guard: DrainGuard): Drained[] {
    const partitions = this.metadata.partitionsOf(node)
    const drained: Drained[] = []
    if (partitions.length === 0) return drained
    let bytes = 0
    const start = this.drainIndex % partitions.length
    for (let i = 0; i < partitions.length; i++) {
      const { topic, partition } = partitions[(start + i) % partitions.length]!
      this.drainIndex = (start + i + 1) % partitions.length
      const tp = topicPartition(topic, partition)
      const queue = this.queues.get(tp)
      const first = queue?.[0]
      if (queue === undefined || first === undefined || this.muted.has(tp)) continue
      if (this.backsOff(first) && this.options.versions.batchBackoff === 'kept') continue
      if (bytes + first.estimatedBytes > maxBytes && drained.length > 0) {
        this.drainIndex = (start + i) % partitions.length
        break
      }
      if (!guard(first)) continue
      // What lingers goes along with what is ready.
      const why = this.whyReady(first) ?? (first.isRetry ? 'retry' : 'linger')
      queue.shift()
      this.pauses.delete(first)
      bytes += first.close().length
      drained.push({ batch: first, why })
    }
    return drained
  }

  mute(tp: string): void {
    this.muted.add(tp)
  }

  unmute(tp: string): void {
    this.muted.delete(tp)
  }

  // ---- batches come back ----

  /** To the front of its queue, or to the place that `before` gives it: behind batches that it is to follow. */
  reenqueue(batch: ProducerBatch, follows: (other: ProducerBatch) => boolean): void {
    batch.retried(this.host.now())
    const { retryBackoffUs, retryBackoffMaxUs, versions } = this.options
    if (versions.retryPause === 'exponential') {
      const pauseUs = Math.min(retryBackoffMaxUs, retryBackoffUs * 2 ** Math.min(batch.attempts - 1, 30))
      const percent = this.host.random('retry backoff').intBetween(-JITTER_PERCENT, JITTER_PERCENT, 'jitter')
      this.pauses.set(batch, Math.floor((pauseUs * (100 + percent)) / 100))
    }
    this.insert(batch, follows)
  }

  private insert(batch: ProducerBatch, follows: (other: ProducerBatch) => boolean): void {
    const queue = this.queueOf(batch.tp)
    let at = 0
    while (at < queue.length && follows(queue[at]!)) at++
    queue.splice(at, 0, batch)
  }

  /** In place of a batch that was too large, smaller ones (KIP-126). */
  splitAndReenqueue(
    batch: ProducerBatch,
    follows: (part: ProducerBatch, other: ProducerBatch) => boolean,
  ): ProducerBatch[] {
    const { batchSize, format } = this.options
    if (batch.isCompressed) format.ratio.reset(batch.topic, Math.max(1, batch.compressionRatio))
    const parts = batch.split(batchSize, this.host.now())
    for (const part of [...parts].reverse()) this.insert(part, (other) => follows(part, other))
    return parts
  }

  /** Batches that have waited for too long, taken out of their queues. */
  takeExpired(): ProducerBatch[] {
    const expired: ProducerBatch[] = []
    const now = this.host.now()
    const { batchExpiry } = this.options.versions
    if (batchExpiry === 'never') return expired
    for (const [tp, queue] of this.queues) {
      if (batchExpiry === 'by-request-timeout-in-order' && this.muted.has(tp)) continue
      let i = 0
      while (i < queue.length) {
        const batch = queue[i]!
        if (expiresAtUs(batch, this.isFull(queue, i), this.options) <= now) {
          queue.splice(i, 1)
          this.pauses.delete(batch)
          expired.push(batch)
        } else if (batchExpiry === 'by-request-timeout' && batch.isRetry) i++
        else break
      }
    }
    return expired
  }

  /** Batches that were never sent, or all, taken out of their queues: their transaction is over. */
  takeAll(which: 'never-sent' | 'all'): ProducerBatch[] {
    const taken: ProducerBatch[] = []
    for (const [tp, queue] of this.queues) {
      const stay = queue.filter((batch) => which === 'never-sent' && batch.hasSequence)
      for (const batch of queue) {
        if (stay.includes(batch)) continue
        this.pauses.delete(batch)
        taken.push(batch)
      }
      if (stay.length < queue.length) this.queues.set(tp, stay)
    }
    return taken
  }

  private isFull(queue: readonly ProducerBatch[], index: number): boolean {
    if (queue[index]!.isFull) return true
    return this.options.versions.batchExpiry !== 'by-request-timeout' && index < queue.length - 1
  }

  /** When a batch may expire next; infinite if none will. */
  get nextExpiryUs(): Micros {
    let nextUs: Micros = Number.POSITIVE_INFINITY
    for (const [tp, queue] of this.queues) {
      if (queue.length === 0) continue
      if (this.muted.has(tp) && this.options.versions.batchExpiry === 'by-request-timeout-in-order') continue
      nextUs = Math.min(nextUs, expiresAtUs(queue[0]!, this.isFull(queue, 0), this.options))
    }
    return nextUs
  }

  digest(digest: Digest): void {
    digest.int(this.drainIndex).boolean(this.closing)
    for (const [tp, queue] of this.queues) {
      digest.string(tp).int(queue.length)
      for (const batch of queue) {
        batch.digest(digest)
        digest.int(this.pauses.get(batch) ?? -1)
      }
    }
    for (const tp of this.muted) digest.string(tp)
    this.memory.digest(digest)
  }
}
