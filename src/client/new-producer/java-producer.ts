/**
 * The Java producer as the application sees it (`KafkaProducer.java`): `send` puts a record into a batch and returns; what
 * became of it, the application is told later, record by record. `send` itself waits for metadata of the topic and for
 * memory; meanwhile the application's thread stands still, and what it would send next waits.
 */
import type { JavaProducerConfig } from '../../config/index.ts'
import {
  type Digest,
  fromMs,
  type Host,
  MILLISECOND,
  type Micros,
  runTask,
  type Task,
  type Timer,
  until,
  utf8,
} from '../../host/index.ts'
import { type BrokerEndpoint, topicPartition } from '../../protocol/index.ts'
import {
  allCodecs,
  type CompressionType,
  codecsOf010,
  codecsOf082,
  type Magic,
  sizeOfBatchOf,
} from '../../storage/index.ts'
import type { ProtocolVersions } from '../../versions.ts'
import { digestMessage, type Outgoing } from '../application-message.ts'
import type { ClientEvent } from '../events.ts'
import { KERNEL_CONNECT_TIMEOUT } from '../node-connection.ts'
import { CompressionRatio } from './compression-ratio.ts'
import { Idempotence } from './idempotence.ts'
import { type JavaPartitioner, javaPartitioner } from './partitioner.ts'
import type { ProducerRecord } from './producer-batch.ts'
import { ProducerMetadata } from './producer-metadata.ts'
import { ProducerNetwork } from './producer-network.ts'
import { RecordAccumulator } from './record-accumulator.ts'
import { acksOf } from './release-defaults.ts'
import { Sender } from './sender.ts'
import { TransactionManager } from './transaction-manager.ts'
import { Transactions } from './transactions.ts'

export interface JavaProducerOptions {
  readonly name: string
  /** `bootstrap.servers`; ids do not matter. */
  readonly bootstrap: readonly BrokerEndpoint[]
  readonly config: JavaProducerConfig
  readonly versions: ProtocolVersions
}

/** Something that the application's thread does. */
interface Job {
  readonly message?: Outgoing
  readonly run: () => Task<void>
}

/** `send` throws, or its future fails at once: the record never was in a batch. */
interface Refusal {
  readonly error: string
  readonly why: string
}

export class JavaProducer {
  private readonly host: Host
  private readonly name: string
  private readonly config: JavaProducerConfig
  private readonly versions: ProtocolVersions
  private readonly magic: Magic
  private readonly metadata: ProducerMetadata
  private readonly network: ProducerNetwork
  private readonly accumulator: RecordAccumulator
  private readonly partitioner: JavaPartitioner
  private readonly sender: Sender
  /** What the application wants to do, behind what it is doing. */
  private readonly waiting: Job[] = []
  private current: Job | undefined
  private readonly manager: TransactionManager | undefined
  /** Undefined where the producer writes none. */
  readonly transactions: Transactions | undefined
  /** Goes on with `send`, which waits for metadata. */
  private metadataCame: (() => void) | undefined
  private closing = false

  /** @param closed called when the producer has closed, everything sent */
  constructor(host: Host, { name, bootstrap, config, versions }: JavaProducerOptions, closed: () => void) {
    this.host = host
    this.name = name
    this.config = config
    this.versions = versions
    this.magic = { v0: 0, v1: 1, v2: 2 }[versions.messageFormat] as Magic
    const timeouts = timeoutsOf(config, versions)
    const retryBackoffUs = fromMs(config['retry.backoff.ms'])
    const metadata = new ProducerMetadata(host, bootstrap, {
      retryBackoffUs,
      maxAgeUs: fromMs(config['metadata.max.age.ms']),
    })
    this.metadata = metadata
    metadata.onUpdate = () => this.metadataCame?.()
    const maxInFlight = config['max.in.flight.requests.per.connection']
    this.network = new ProducerNetwork(host, metadata, {
      client: name,
      maxInFlight,
      requestTimeoutUs: timeouts.requestUs,
      connectTimeoutUs: timeouts.connectUs,
      reconnectBackoffUs: fromMs(config['reconnect.backoff.ms']),
    })
    const batchSize = config['batch.size']
    this.accumulator = new RecordAccumulator(host, metadata, {
      batchSize,
      lingerUs: fromMs(config['linger.ms']),
      memoryBytes: config['buffer.memory'],
      requestTimeoutUs: fromMs(config['request.timeout.ms']),
      deliveryTimeoutUs: timeouts.deliveryUs,
      retryBackoffUs,
      retryBackoffMaxUs: fromMs(config['retry.backoff.max.ms']),
      versions,
      format: {
        magic: this.magic,
        compression: config['compression.type'] as CompressionType,
        codecs: this.magic === 2 ? allCodecs : this.magic === 1 ? codecsOf010 : codecsOf082,
        ratio: new CompressionRatio(),
        isTransactional: config['transactional.id'] !== '',
      },
    })
    this.partitioner = javaPartitioner(config['partitioner.class'], host, metadata, versions, batchSize)
    const { queuesSeen } = this.partitioner
    const isTransactional = config['transactional.id'] !== ''
    const onLost = isTransactional ? (): void => this.manager?.sequencesLost() : undefined
    const idempotence = config['enable.idempotence'] ? new Idempotence(versions.idempotence, onLost) : undefined
    if (isTransactional) {
      this.manager = new TransactionManager(host, this.network, idempotence!, {
        client: name,
        transactionalId: config['transactional.id'],
        timeoutMs: config['transaction.timeout.ms'],
        retryBackoffUs,
        versions,
      })
      const maxBlockUs = fromMs(config['max.block.ms'])
      this.transactions = new Transactions(host, this.manager, { maxBlockUs, blocking: versions.transactionBlocking })
    }
    this.sender = new Sender(host, metadata, this.network, this.accumulator, {
      client: name,
      acks: acksOf(config),
      ackTimeoutMs: versions.batchExpiry === 'never' ? config['timeout.ms'] : config['request.timeout.ms'],
      retries: config.retries,
      maxRequestBytes: config['max.request.size'],
      deliveryTimeoutUs: versions.batchExpiry === 'by-delivery-timeout' ? timeouts.deliveryUs : undefined,
      mutes: versions.oneInFlight === 'per-partition' && maxInFlight === 1,
      splits: versions.oversizedBatches === 'split',
      retryBackoffUs,
      ...(queuesSeen === undefined ? {} : { queuesSeen }),
      ...(idempotence === undefined ? {} : { idempotence }),
      ...(this.manager === undefined ? {} : { transactions: this.manager }),
      closed: () => {
        this.network.close()
        closed()
      },
    })
  }

  /** `send`: behind what the application is doing already. */
  send(message: Outgoing): void {
    const self = this
    this.does({
      message,
      *run() {
        yield* self.produce(message)
      },
    })
  }

  /** Has the application do something, behind what it is doing already. */
  does(job: Job): void {
    this.waiting.push(job)
    if (this.current === undefined) runTask(this.work())
  }

  /**
   * `close`: sends what it has, and waits for the answers. What the application had not got rid of stays with it; a
   * transaction that is open is aborted.
   */
  close(): void {
    this.closing = true
    this.waiting.length = 0
    const { transactions, sender } = this
    if (transactions?.isOpen !== true) return sender.close()
    this.does({
      *run() {
        yield* transactions.abort()
        sender.close()
      },
    })
  }

  private *work(): Task<void> {
    for (;;) {
      this.current = this.waiting.shift()
      if (this.current === undefined) return
      yield* this.current.run()
    }
  }

  /** Puts a message into a batch, on the thread that runs the task. @returns false: it was refused, and told of */
  *produce(message: Outgoing): Task<boolean> {
    const refusal = yield* this.doSend(message)
    if (refusal !== undefined) this.traceRefused(message, refusal)
    return refusal === undefined
  }

  /** `flush`: waits until all that was sent has been answered, or given up. */
  *flush(): Task<void> {
    yield* until<void>((resume) => this.sender.flush(resume))
  }

  private *doSend(message: Outgoing): Task<Refusal | undefined> {
    const beginUs = this.host.now()
    const apart = this.versions.sendBlocking === 'apart'
    const metadataUs = fromMs(apart ? this.config['metadata.fetch.timeout.ms'] : this.config['max.block.ms'])
    const untold = this.transactionRefusal()
    if (untold !== undefined) return untold
    const known = yield* this.awaitMetadata(message, beginUs + metadataUs)
    if (known !== undefined) return known
    const key = message.key === undefined ? null : utf8(message.key)
    const timestamp = Math.floor(this.host.now() / MILLISECOND)
    const record = { name: message.name, key, value: utf8(message.value), timestamp }
    const bytes = sizeOfBatchOf(this.magic, record, this.config['compression.type'] !== 'none')
    for (const limit of ['max.request.size', 'buffer.memory'] as const) {
      if (bytes > this.config[limit]) return { error: 'RecordTooLargeException', why: `${bytes} bytes, over ${limit}` }
    }
    if (this.append(message, record)) return undefined
    return yield* this.beginBatch(message, record, Math.max(this.config['batch.size'], bytes), beginUs)
  }

  /** A transactional producer sends nothing outside of a transaction. */
  private transactionRefusal(): Refusal | undefined {
    const { manager } = this
    if (manager === undefined) return undefined
    const { failure } = manager
    if (failure !== undefined) return { error: failure.error, why: 'the transaction has failed' }
    return manager.isInTransaction ? undefined : { error: 'IllegalStateException', why: 'no transaction is open' }
  }

  /** Waits until the partitions of the topic are known; undefined: they are. */
  private *awaitMetadata(message: Outgoing, deadlineUs: Micros): Task<Refusal | undefined> {
    const { topic, partition } = message
    this.metadata.add(topic)
    const isKnown = (): boolean => {
      const count = this.metadata.partitionCount(topic)
      return count !== undefined && (partition === undefined || partition < count || this.refusesPartitions)
    }
    for (let blocked = false; !isKnown(); blocked = true) {
      if (!blocked) this.traceBlocked(message, 'metadata')
      if (this.host.now() >= deadlineUs) return { error: 'TimeoutException', why: `no metadata of ${topic}` }
      this.metadata.requestUpdate()
      this.sender.wake()
      yield* this.untilMetadata(deadlineUs - this.host.now())
    }
    const count = this.metadata.partitionCount(topic)!
    if (partition === undefined || partition < count) return undefined
    return { error: 'IllegalArgumentException', why: `partition ${partition} is not in 0..${count - 1}` }
  }

  private get refusesPartitions(): boolean {
    return this.versions.unknownPartition === 'refused'
  }

  private *untilMetadata(timeoutUs: Micros): Task<void> {
    yield* until<void>((resume) => {
      const goOn = (): void => {
        this.metadataCame = undefined
        timer.cancel()
        resume()
      }
      const timer = this.host.setTimer(timeoutUs, 'send waits for metadata', goOn)
      this.metadataCame = goOn
    })
  }

  /** Into the open batch of its partition. */
  private append(message: Outgoing, record: ProducerRecord): boolean {
    const { topic } = message
    let partition = this.partitionOf(message, record)
    let added = this.accumulator.tryAppend(topic, partition, record)
    if (!added && message.partition === undefined && this.asksAgain) {
      this.partitioner.onNewBatch?.(topic, partition)
      partition = this.partitionOf(message, record)
      added = this.accumulator.tryAppend(topic, partition, record)
    }
    this.chosen = partition
    if (added) this.added(message, record, partition)
    return added
  }

  private chosen = 0

  /** From 2.4 on a partitioner is asked once more where a new batch would begin: KIP-480 (and KAFKA-9965). */
  private get asksAgain(): boolean {
    const { keylessPartition } = this.versions
    if (keylessPartition === 'round-robin') return false
    return keylessPartition === 'sticky' || this.config['partitioner.class'] !== ''
  }

  private partitionOf({ topic, partition }: Outgoing, { key }: ProducerRecord): number {
    return partition ?? this.partitioner.partition(topic, key)
  }

  private added(message: Outgoing, record: ProducerRecord, partition: number): void {
    const { topic } = message
    if (record.key === null && message.partition === undefined) {
      const bytes = sizeOfBatchOf(this.magic, record, false)
      this.partitioner.appended?.(topic, bytes, this.accumulator.allFull(topic, partition))
    }
    this.manager?.addPartition(topicPartition(topic, partition), { topic, partition })
    this.trace({ kind: 'MessageQueued', client: this.name, message: message.name })
    this.sender.wake()
  }

  /** Takes memory for a new batch, or waits for it. */
  private *beginBatch(
    message: Outgoing,
    record: ProducerRecord,
    bytes: number,
    beginUs: Micros,
  ): Task<Refusal | undefined> {
    const { memory } = this.accumulator
    const { chosen } = this
    if (!memory.tryAllocate(bytes)) {
      const limitUs = this.memoryTimeoutUs(beginUs)
      if (limitUs === 0) return this.exhausted
      this.traceBlocked(message, 'memory')
      const granted = yield* this.untilMemory(bytes, limitUs)
      if (!granted) return this.exhausted
    }
    this.accumulator.begin(message.topic, chosen, record, bytes)
    this.added(message, record, chosen)
    return undefined
  }

  /** Undefined: for ever. */
  private memoryTimeoutUs(beginUs: Micros): Micros | undefined {
    if (this.versions.sendBlocking === 'apart') return this.config['block.on.buffer.full'] ? undefined : 0
    return Math.max(0, beginUs + fromMs(this.config['max.block.ms']) - this.host.now())
  }

  private get exhausted(): Refusal {
    const isMerelyTimeout = this.versions.sendBlocking === 'together'
    const error = isMerelyTimeout ? 'TimeoutException' : 'BufferExhaustedException'
    return { error, why: 'buffer.memory is used up' }
  }

  private *untilMemory(bytes: number, timeoutUs: Micros | undefined): Task<boolean> {
    return yield* until<boolean>((resume) => {
      let timer: Timer | undefined
      const giveUp = this.accumulator.memory.allocate(bytes, () => {
        timer?.cancel()
        resume(true)
      })
      if (timeoutUs !== undefined) {
        timer = this.host.setTimer(timeoutUs, 'send waits for memory', () => {
          giveUp()
          resume(false)
        })
      }
      // What waits for more records goes at once now.
      this.sender.wake()
    })
  }

  private traceBlocked(message: Outgoing, why: 'metadata' | 'memory'): void {
    const queued = this.accumulator.queuedRecords
    this.trace({ kind: 'SendBlocked', client: this.name, message: message.name, queued, why })
  }

  private traceRefused(message: Outgoing, { error, why }: Refusal): void {
    const queued = this.accumulator.queuedRecords
    this.trace({ kind: 'MessageDropped', client: this.name, message: message.name, error, queued, why })
  }

  private trace(event: ClientEvent): void {
    if (this.host.tracing) this.host.trace(event)
  }

  digest(digest: Digest): void {
    digest.boolean(this.closing).boolean(this.metadataCame !== undefined)
    digest.boolean(this.current !== undefined)
    digestMessage(digest, this.current?.message)
    digest.int(this.waiting.length)
    for (const { message } of this.waiting) digestMessage(digest, message)
    this.metadata.digest(digest)
    this.network.digest(digest)
    this.accumulator.digest(digest)
    this.sender.digest(digest)
  }
}

function timeoutsOf(
  config: JavaProducerConfig,
  { batchExpiry, connectTimeout }: ProtocolVersions,
): { readonly requestUs: Micros | undefined; readonly connectUs: Micros; readonly deliveryUs: Micros } {
  return {
    // Up to 0.8.2 a request has no time limit of the client's.
    requestUs: batchExpiry === 'never' ? undefined : fromMs(config['request.timeout.ms']),
    connectUs:
      connectTimeout === 'kernel' ? KERNEL_CONNECT_TIMEOUT : fromMs(config['socket.connection.setup.timeout.ms']),
    deliveryUs: fromMs(config['delivery.timeout.ms']),
  }
}
