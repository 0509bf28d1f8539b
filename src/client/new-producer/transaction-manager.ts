/**
 * A producer's transactions (`TransactionManager.java`, 0.11 to 4.0; KIP-98): its state, and the requests to coordinators
 * that a transaction needs, which go one at a time and before any data. An error either ends the transaction, which the
 * application has to abort then, or the producer.
 */
import type { Digest, Host, Micros } from '../../host/index.ts'
import { fromMs } from '../../host/index.ts'
import type { TopicPartition, TxnPartition } from '../../protocol/index.ts'
import type { ProtocolVersions } from '../../versions.ts'
import type { ClientEvent } from '../events.ts'
import type { Idempotence } from './idempotence.ts'
import type { ProducerId } from './producer-batch.ts'
import type { ProducerNetwork } from './producer-network.ts'
import { Outcome, type TransactionFailure } from './transaction-outcome.ts'
import {
  addOffsets,
  addPartitions,
  commitOffsets,
  endTransaction,
  initProducerId,
  type SentOffsets,
  type TransactionStep,
} from './transaction-steps.ts'
import { TransactionWire } from './transaction-wire.ts'

export interface TransactionManagerOptions {
  readonly client: string
  readonly transactionalId: string
  readonly timeoutMs: number
  readonly retryBackoffUs: Micros
  readonly versions: Pick<ProtocolVersions, 'transactions' | 'fencedProducer' | 'transactionalOffsets' | 'idempotence'>
}

type State =
  | 'UNINITIALIZED'
  | 'INITIALIZING'
  | 'READY'
  | 'IN_TRANSACTION'
  | 'COMMITTING_TRANSACTION'
  | 'ABORTING_TRANSACTION'
  | 'ABORTABLE_ERROR'
  | 'FATAL_ERROR'

/** After the first of these errors a transaction's first request is tried again soon (`retryBackoffMs` of KAFKA-5477). */
const FIRST_PARTITION_BACKOFF_US = fromMs(20)

export class TransactionManager {
  readonly options: TransactionManagerOptions
  readonly idempotence: Idempotence
  private readonly host: Host
  private readonly wire: TransactionWire
  private state: State = 'UNINITIALIZED'
  private lastError: string | undefined
  /** Partitions that the coordinator does not know of yet, that it is being told of, and that it knows of. */
  private fresh = new Map<TopicPartition, TxnPartition>()
  private added = new Set<TopicPartition>()
  /** The coordinator has heard of the transaction. */
  private started = false
  /** What is known of sequences is lost: the next transaction begins with another epoch (KIP-360). */
  private bumpRequired = false
  /** How many transactions this life of the producer has begun. */
  private count = 0
  /** Wakes the producer's thread. */
  onWork: () => void = () => {}

  constructor(host: Host, network: ProducerNetwork, idempotence: Idempotence, options: TransactionManagerOptions) {
    this.host = host
    this.idempotence = idempotence
    this.options = options
    this.wire = new TransactionWire(host, network, this)
  }

  // ---- what others ask ----

  get isInTransaction(): boolean {
    return this.state === 'IN_TRANSACTION'
  }

  get isCompleting(): boolean {
    return this.state === 'COMMITTING_TRANSACTION' || this.state === 'ABORTING_TRANSACTION'
  }

  get isFatal(): boolean {
    return this.state === 'FATAL_ERROR'
  }

  /** What has not been sent yet is not to be sent any more. */
  get dropsUnsent(): boolean {
    return this.state === 'ABORTABLE_ERROR' || this.state === 'ABORTING_TRANSACTION'
  }

  get hasError(): boolean {
    return this.state === 'ABORTABLE_ERROR' || this.isFatal
  }

  get failure(): TransactionFailure | undefined {
    if (!this.hasError) return undefined
    return { error: this.lastError!, kind: this.isFatal ? 'fatal' : 'abortable' }
  }

  /** Each transaction has an epoch of its own, and leaders see to its partitions (KIP-890). */
  get isEpochPerTransaction(): boolean {
    return this.options.versions.transactions === 'epoch-per-transaction'
  }

  get isStarted(): boolean {
    return this.started
  }

  /** Data of this partition may go now. */
  allows(tp: TopicPartition): boolean {
    return !this.isFatal && this.added.has(tp)
  }

  // ---- what the application does ----

  init(): Outcome {
    this.state = 'INITIALIZING'
    return this.wire.add(initProducerId(this, undefined), new Outcome())
  }

  /** Nothing is sent: the transaction begins with its first record. @returns why it cannot begin */
  begin(): TransactionFailure | undefined {
    if (this.failure !== undefined) return this.failure
    if (this.state !== 'READY') return { error: 'IllegalStateException', kind: 'fatal' }
    this.state = 'IN_TRANSACTION'
    this.count++
    this.trace({ kind: 'TransactionBegun', ...this.names, transaction: this.count })
    return undefined
  }

  /** A record goes to this partition. */
  addPartition(tp: TopicPartition, partition: TxnPartition): void {
    if (this.added.has(tp) || this.fresh.has(tp)) return
    if (this.isEpochPerTransaction) {
      this.added.add(tp)
      this.started = true
    } else this.fresh.set(tp, partition)
    this.onWork()
  }

  sendOffsets(offsets: SentOffsets): Outcome {
    if (this.isEpochPerTransaction) {
      this.started = true
      return this.wire.add(commitOffsets(this, offsets), new Outcome())
    }
    return this.wire.add(addOffsets(this, offsets), new Outcome())
  }

  commit(): Outcome {
    const { failure } = this
    if (failure !== undefined) return Outcome.failed(failure)
    this.state = 'COMMITTING_TRANSACTION'
    this.trace({ kind: 'TransactionEnding', ...this.names, transaction: this.count, committed: true })
    this.addFresh()
    return this.wire.add(endTransaction(this, true), new Outcome())
  }

  abort(): Outcome {
    const { failure } = this
    if (failure?.kind === 'fatal') return Outcome.failed(failure)
    this.state = 'ABORTING_TRANSACTION'
    this.trace({ kind: 'TransactionEnding', ...this.names, transaction: this.count, committed: false })
    this.fresh.clear()
    // A coordinator that knows another producer id under the transactional id would not even abort.
    if (this.lastError !== 'InvalidPidMappingException')
      return this.wire.add(endTransaction(this, false), new Outcome())
    const outcome = new Outcome()
    this.completed(outcome)
    return outcome
  }

  /** Counts transactions, for the trace. */
  get transaction(): number {
    return this.count
  }

  // ---- the thread's turn ----

  /**
   * Sends the next request to a coordinator, if there is one to send. Undefined: data may be sent; else when to look again.
   * @param hasIncomplete batches wait, or are under way: the transaction cannot end yet
   */
  turn(hasIncomplete: boolean): Micros | undefined {
    if (this.isFatal) {
      this.wire.failAll(this.failure!)
      return Number.POSITIVE_INFINITY
    }
    return this.wire.turn(hasIncomplete)
  }

  /** Before each look at what waits: partitions that are new to the coordinator. */
  addFresh(): void {
    const isOpen = this.isInTransaction || this.state === 'COMMITTING_TRANSACTION'
    if (this.fresh.size === 0 || !isOpen) return
    const { fresh } = this
    this.fresh = new Map()
    this.wire.add(addPartitions(this, fresh), new Outcome())
  }

  // ---- what steps come to ----

  initialized(producerId: number, epoch: number): void {
    this.idempotence.assigned({ id: producerId, epoch })
    this.state = 'READY'
    this.lastError = undefined
    this.bumpRequired = false
    this.trace({ kind: 'ProducerIdAssigned', client: this.options.client, producerId, epoch })
  }

  partitionsAdded(partitions: ReadonlyMap<TopicPartition, TxnPartition>): void {
    for (const tp of partitions.keys()) this.added.add(tp)
    this.started = true
  }

  offsetsAdded(offsets: SentOffsets, outcome: Outcome): void {
    this.started = true
    this.wire.add(commitOffsets(this, offsets), outcome)
  }

  /**
   * The transaction has ended, or nobody ever heard of it. The application goes on, unless the producer needs another epoch
   * first: then when it has that.
   * @param next id and epoch to go on with, if they change
   */
  completed(outcome: Outcome, next?: ProducerId): void {
    if (next !== undefined) this.idempotence.assigned(next)
    // An epoch for each transaction is as good as one that is asked for.
    const isLost = this.lastError === 'InvalidPidMappingException'
    const bumps = this.bumpRequired && (isLost || !this.isEpochPerTransaction)
    this.lastError = undefined
    this.bumpRequired = false
    this.started = false
    this.fresh.clear()
    this.added.clear()
    this.state = bumps ? 'INITIALIZING' : 'READY'
    if (bumps) this.wire.add(initProducerId(this, this.idempotence.producer), outcome)
    else outcome.settle()
  }

  /** How long to wait before a request goes again. */
  backoffUs(step: TransactionStep): Micros {
    const isFirst = step.api === 'AddPartitionsToTxn' && this.added.size === 0
    return isFirst ? Math.min(FIRST_PARTITION_BACKOFF_US, this.options.retryBackoffUs) : this.options.retryBackoffUs
  }

  // ---- errors ----

  fatal(error: string): void {
    if (this.isFatal) return
    this.state = 'FATAL_ERROR'
    this.lastError = error
    this.trace({ kind: 'TransactionFailed', ...this.names, transaction: this.count, error, fatal: true })
    this.onWork()
  }

  abortable(error: string): void {
    if (this.hasError) return
    // While it is being aborted nothing worse can come.
    if (this.state === 'ABORTING_TRANSACTION') return
    this.state = 'ABORTABLE_ERROR'
    this.lastError = error
    this.trace({ kind: 'TransactionFailed', ...this.names, transaction: this.count, error, fatal: false })
    this.onWork()
  }

  /** Where the producer may go on with another epoch the transaction is lost; else the producer is (KIP-360). */
  abortableIfPossible(error: string): void {
    if (!this.canBump) return this.fatal(error)
    this.bumpRequired = true
    this.abortable(error)
  }

  /** A batch is given up. */
  batchFailed(error: string): void {
    const isFenced = error === 'ProducerFencedException' && this.options.versions.fencedProducer === 'invalid-epoch'
    if (isFenced) return this.fatal(error)
    if (this.canBump && !this.isCompleting) this.bumpRequired = true
    this.abortable(error)
  }

  /** It is not known what became of some records: their numbers may not be given again. */
  sequencesLost(): void {
    if (this.canBump) {
      this.bumpRequired = true
      this.abortable('KafkaException')
    } else this.fatal('KafkaException')
  }

  private get canBump(): boolean {
    const { idempotence } = this.options.versions
    return idempotence === 'epoch-bump' || idempotence === 'by-default'
  }

  get names(): { readonly client: string; readonly transactionalId: string } {
    const { client, transactionalId } = this.options
    return { client, transactionalId }
  }

  trace(event: ClientEvent): void {
    if (this.host.tracing) this.host.trace(event)
  }

  digest(digest: Digest): void {
    digest
      .string(this.state)
      .string(this.lastError ?? '')
      .boolean(this.started)
      .boolean(this.bumpRequired)
    digest.int(this.count).int(this.fresh.size).int(this.added.size)
    this.wire.digest(digest)
  }
}
