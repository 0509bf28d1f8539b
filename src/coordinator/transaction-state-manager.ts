/**
 * What a coordinator knows of the transactional ids whose partition of the transaction log its broker leads, in memory and
 * in the log (`kafka/coordinator/transaction/TransactionStateManager.scala`, 0.11 to 4.0). The leader epoch of the
 * partition is the coordinator's epoch: what was begun under another one is not finished.
 */
import type { BrokerConfig } from '../config/index.ts'
import { type Digest, type Host, invariant, sleep, type Task, TaskQueue } from '../host/index.ts'
import {
  decodeTransactionKey,
  decodeTransactionValue,
  ErrorCode,
  encodeTransactionKey,
  encodeTransactionValue,
  type StoredTransaction,
  TRANSACTION_LOG_TOPIC,
  topicPartition,
  transactionPartitionOf,
} from '../protocol/index.ts'
import type { ProtocolVersions } from '../versions.ts'
import type { BrokerAccess } from './broker-access.ts'
import { InternalLog } from './internal-log.ts'
import { traceTransaction } from './transaction-events.ts'
import { storedTransaction, TransactionMetadata, type TransactionTransition } from './transaction-metadata.ts'

export type Failure = Exclude<ErrorCode, typeof ErrorCode.NoError>

/** A transactional id under a coordinator's epoch. */
export interface EpochAndMetadata {
  readonly coordinatorEpoch: number
  readonly metadata: TransactionMetadata
}

interface CachedPartition {
  readonly coordinatorEpoch: number
  readonly ids: Map<string, TransactionMetadata>
}

/** A transaction whose end is decided, and its state when all markers are written. */
export type Decided = (
  metadata: TransactionMetadata,
  coordinatorEpoch: number,
  completion: TransactionTransition,
) => void

export class TransactionStateManager {
  /** Partitions of the transaction log. */
  private readonly partitionCount: number
  private readonly host: Host
  private readonly broker: BrokerAccess
  private readonly versions: ProtocolVersions
  private readonly log: InternalLog
  private readonly cache = new Map<number, CachedPartition>()
  /** Partitions that are being read, with the epoch for which. */
  private readonly loading = new Map<number, number>()
  private readonly background = new TaskQueue()

  constructor(host: Host, broker: BrokerAccess, config: BrokerConfig, versions: ProtocolVersions) {
    this.host = host
    this.broker = broker
    this.versions = versions
    this.partitionCount = config['transaction.state.log.num.partitions']
    this.log = new InternalLog(host, broker, {
      topic: TRANSACTION_LOG_TOPIC,
      requiredAcks: -1,
      timeoutMs: config['request.timeout.ms'],
      loadBufferBytes: config['transaction.state.log.load.buffer.size'],
      readTo: 'log-end',
    })
  }

  get nowMs(): number {
    return Math.floor(this.host.now() / 1000)
  }

  partitionFor(transactionalId: string): number {
    return transactionPartitionOf(transactionalId, this.partitionCount)
  }

  /** What is known of an id: an error code where this broker cannot say; undefined: nobody has used it yet. */
  state(transactionalId: string): EpochAndMetadata | Failure | undefined {
    const partition = this.partitionFor(transactionalId)
    if (this.loading.has(partition)) return ErrorCode.OffsetsLoadInProgress
    const cached = this.cache.get(partition)
    if (cached === undefined) return ErrorCode.NotCoordinatorForConsumer
    const metadata = cached.ids.get(transactionalId)
    return metadata && { coordinatorEpoch: cached.coordinatorEpoch, metadata }
  }

  /** The same for what was begun under a coordinator's epoch: nothing if that is over. */
  stateUnder(transactionalId: string, coordinatorEpoch: number): EpochAndMetadata | Failure {
    const found = this.state(transactionalId)
    if (found === undefined) return ErrorCode.NotCoordinatorForConsumer
    if (typeof found === 'number') return found
    return found.coordinatorEpoch === coordinatorEpoch ? found : ErrorCode.NotCoordinatorForConsumer
  }

  /** Takes a new id in, unless somebody was quicker. */
  putIfAbsent(metadata: TransactionMetadata): EpochAndMetadata | Failure {
    const { transactionalId } = metadata
    const known = this.state(transactionalId)
    if (known !== undefined) return known
    const { ids, coordinatorEpoch } = this.cache.get(this.partitionFor(transactionalId))!
    ids.set(transactionalId, metadata)
    return { coordinatorEpoch, metadata }
  }

  /** All ids that this broker coordinates, in the order in which they came. */
  *all(): Iterable<EpochAndMetadata> {
    for (const [partition, { coordinatorEpoch, ids }] of this.cache) {
      if (this.loading.has(partition)) continue
      for (const metadata of ids.values()) yield { coordinatorEpoch, metadata }
    }
  }

  /**
   * Writes a transition down, and completes it.
   * @param keeps whether the transition stays prepared after an error, to be written again
   * @param done ConsumerCoordinatorNotAvailable: try again; NotCoordinatorForConsumer, OffsetsLoadInProgress: somebody
   * else, or another epoch, sees to it; Unknown
   */
  append(
    { metadata, coordinatorEpoch }: EpochAndMetadata,
    transition: TransactionTransition,
    done: (errorCode: ErrorCode) => void,
    keeps: (errorCode: ErrorCode) => boolean = () => false,
  ): void {
    const { transactionalId } = metadata
    const before = this.stateUnder(transactionalId, coordinatorEpoch)
    if (typeof before === 'number') return done(before)
    const key = encodeTransactionKey(transactionalId)
    const layout = this.versions.transactions === 'epoch-per-transaction' ? 'tagged' : 'plain'
    const value = encodeTransactionValue(storedTransaction(transition), layout)
    const written = (logError: ErrorCode): void => {
      const after = this.stateUnder(transactionalId, coordinatorEpoch)
      if (typeof after === 'number') return done(logError === ErrorCode.NoError ? after : appendError(logError))
      invariant(after.metadata === metadata, () => `${transactionalId} was replaced under one coordinator epoch`)
      if (logError !== ErrorCode.NoError) {
        const errorCode = appendError(logError)
        if (!keeps(errorCode)) metadata.pendingState = undefined
        return done(errorCode)
      }
      this.traceChange(metadata, transition)
      metadata.complete(transition)
      done(ErrorCode.NoError)
    }
    this.log.write(this.partitionFor(transactionalId), [{ key, value }], written, { timeoutMs: transition.timeoutMs })
  }

  private traceChange(metadata: TransactionMetadata, transition: TransactionTransition): void {
    if (!this.host.tracing) return
    const { transactionalId, state: from } = metadata
    const { state: to, producerId, producerEpoch: epoch, partitions } = transition
    const event = { transactionalId, producerId, epoch, from, to, partitions: [...partitions.keys()] }
    traceTransaction(this.host, { kind: 'TransactionStateChanged', ...event })
  }

  // ---- load and unload ----

  /** The broker leads a partition of the transaction log now. @param decided for each transaction that is to be finished */
  load(partition: number, coordinatorEpoch: number, decided: Decided): void {
    this.loading.set(partition, coordinatorEpoch)
    this.background.add(`load ${partition}`, () => this.loadPartition(partition, coordinatorEpoch, decided))
  }

  private *loadPartition(partition: number, coordinatorEpoch: number, decided: Decided): Task<void> {
    yield* sleep(this.host, 0, `load transactions of partition ${partition}`)
    if (this.loading.get(partition) !== coordinatorEpoch) return
    const tp = topicPartition(TRANSACTION_LOG_TOPIC, partition)
    const from = this.broker.log(TRANSACTION_LOG_TOPIC, partition)?.logStartOffset ?? 0
    const end = this.log.end(partition)
    if (this.host.tracing && end > from) traceTransaction(this.host, { kind: 'TransactionsLoading', tp, from, to: end })
    const stored = new Map<string, StoredTransaction>()
    const to = yield* this.log.readAll(partition, ({ key, value }) => {
      if (key === null) return
      const id = decodeTransactionKey(key)
      if (value === null) stored.delete(id)
      else stored.set(id, decodeTransactionValue(value))
    })
    if (this.loading.get(partition) !== coordinatorEpoch) return
    const ids = new Map<string, TransactionMetadata>()
    for (const [id, value] of stored) ids.set(id, TransactionMetadata.restore(id, value))
    this.cache.set(partition, { coordinatorEpoch, ids })
    this.loading.delete(partition)
    const pending = [...ids.values()].filter(({ isDeciding }) => isDeciding)
    if (this.host.tracing && to > from) {
      traceTransaction(this.host, { kind: 'TransactionsLoaded', tp, to, ids: ids.size, pending: pending.length })
    }
    for (const metadata of pending) decided(metadata, coordinatorEpoch, metadata.prepareComplete(this.nowMs))
  }

  /** The broker leads the partition no more. */
  unload(partition: number): void {
    this.loading.delete(partition)
    const cached = this.cache.get(partition)
    this.cache.delete(partition)
    if (cached === undefined || cached.ids.size === 0 || !this.host.tracing) return
    const tp = topicPartition(TRANSACTION_LOG_TOPIC, partition)
    traceTransaction(this.host, { kind: 'TransactionsUnloaded', tp, ids: cached.ids.size })
  }

  digest(digest: Digest): void {
    digest.int(this.partitionCount).int(this.loading.size).int(this.cache.size)
    digest.string(this.background.current ?? '').int(this.background.length)
    for (const [partition, { coordinatorEpoch, ids }] of this.cache) {
      digest.int(partition).int(coordinatorEpoch)
      for (const metadata of ids.values()) metadata.digest(digest)
    }
  }
}

/** What the log says, in the words of coordinators. */
function appendError(logError: ErrorCode): ErrorCode {
  switch (logError) {
    case ErrorCode.UnknownTopicOrPartition:
    case ErrorCode.NotEnoughReplicas:
    case ErrorCode.NotEnoughReplicasAfterAppend:
    case ErrorCode.RequestTimedOut:
      return ErrorCode.ConsumerCoordinatorNotAvailable
    case ErrorCode.NotLeaderForPartition:
      return ErrorCode.NotCoordinatorForConsumer
    default:
      return ErrorCode.Unknown
  }
}
