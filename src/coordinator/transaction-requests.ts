/**
 * What a broker does with requests about transactions, and with partitions of the transaction log that it comes to lead or
 * leads no more (`KafkaApis.scala`, 0.11 to 4.0).
 */
import type { BrokerConfig } from '../config/index.ts'
import { type Digest, fromMs, type Host, type Timer, unreachable } from '../host/index.ts'
import {
  type AddPartitionsToTxnRequest,
  type BrokerEndpoint,
  ErrorCode,
  type FindCoordinatorRequest,
  type InitProducerIdRequest,
  OFFSETS_TOPIC,
  offsetsPartitionOf,
  type Responder,
  TRANSACTION_LOG_TOPIC,
  type TransactionRequest,
} from '../protocol/index.ts'
import type { ProtocolVersions } from '../versions.ts'
import type { BrokerAccess } from './broker-access.ts'
import { TransactionCoordinator } from './transaction-coordinator.ts'
import { traceTransaction } from './transaction-events.ts'
import { TransactionMarkerChannel } from './transaction-marker-channel.ts'
import { TransactionStateManager } from './transaction-state-manager.ts'

export interface TransactionRequestsOptions {
  readonly broker: BrokerAccess
  readonly config: BrokerConfig
  readonly versions: ProtocolVersions
  /** Partitions of the offsets topic. */
  readonly offsetsPartitions: () => number
  /** A producer id that nobody has; undefined if there is none to be had now. */
  newProducerId(done: (producerId: number | undefined) => void): void
}

interface LedPartition {
  readonly topic: string
  readonly partition: number
  readonly leaderEpoch: number
}

const NO_PRODUCER = { producerId: -1, producerEpoch: -1 }

export class TransactionRequests {
  private readonly host: Host
  private readonly options: TransactionRequestsOptions
  private readonly manager: TransactionStateManager
  private readonly markers: TransactionMarkerChannel
  private readonly coordinator: TransactionCoordinator
  private abort: Timer | undefined

  constructor(host: Host, options: TransactionRequestsOptions) {
    const { broker, config, versions } = options
    this.host = host
    this.options = options
    this.manager = new TransactionStateManager(host, broker, config, versions)
    const { manager } = this
    this.markers = new TransactionMarkerChannel(host, broker, manager, config['request.timeout.ms'])
    const { markers } = this
    const newProducerId = (done: (id: number | undefined) => void): void => options.newProducerId(done)
    this.coordinator = new TransactionCoordinator(host, config, versions, { manager, markers, newProducerId })
  }

  private get knowsTransactions(): boolean {
    return this.options.versions.transactions !== 'none'
  }

  /** Starts the periodic look at transactions that are open for too long. */
  start(): void {
    if (!this.knowsTransactions) return
    const periodMs = this.options.config['transaction.abort.timed.out.transaction.cleanup.interval.ms']
    const look = (): void => {
      this.abort = this.host.setTimer(fromMs(periodMs), 'transaction-abort', () => {
        this.coordinator.abortTimedOut()
        look()
      })
    }
    look()
  }

  stop(): void {
    this.abort?.cancel()
    this.markers.close()
  }

  /** The leader of the id's partition of the transaction log, by this broker's metadata. */
  coordinatorOf(transactionalId: string): BrokerEndpoint | undefined {
    return this.options.broker.leaderOf(TRANSACTION_LOG_TOPIC, this.manager.partitionFor(transactionalId))
  }

  // ---- partitions of the transaction log ----

  changed(leaders: readonly LedPartition[], followers: readonly LedPartition[]): void {
    if (!this.knowsTransactions) return
    for (const { topic, partition, leaderEpoch } of leaders) {
      if (topic !== TRANSACTION_LOG_TOPIC) continue
      this.markers.remove((id) => this.manager.partitionFor(id) === partition)
      this.manager.load(partition, leaderEpoch, (metadata, coordinatorEpoch, completion) =>
        this.markers.add(metadata, coordinatorEpoch, completion),
      )
    }
    for (const { topic, partition } of followers) {
      if (topic !== TRANSACTION_LOG_TOPIC) continue
      this.manager.unload(partition)
      this.markers.remove((id) => this.manager.partitionFor(id) === partition)
    }
  }

  // ---- requests ----

  handle(request: TransactionRequest | FindCoordinatorRequest, responder: Responder): void {
    const { versions } = this.options
    if (request.api === 'InitProducerId' && request.transactionalId === null) {
      return versions.idempotence === 'none' ? responder.hangUp() : this.newProducer(request, responder)
    }
    if (!this.knowsTransactions) return responder.hangUp()
    switch (request.api) {
      case 'FindCoordinator':
        return this.findCoordinator(request, responder)
      case 'InitProducerId':
        return this.initProducerId(request, responder)
      case 'AddPartitionsToTxn':
        return this.addPartitions(request, responder)
      case 'AddOffsetsToTxn': {
        const { correlationId, transactionalId, groupId } = request
        const partition = offsetsPartitionOf(groupId, this.options.offsetsPartitions())
        const offsets = [{ topic: OFFSETS_TOPIC, partition }]
        return this.coordinator.addPartitions(transactionalId, request, offsets, (errorCode) => {
          this.traceRefused(request, transactionalId, errorCode)
          responder.send({ api: 'AddOffsetsToTxn', correlationId, errorCode })
        })
      }
      case 'EndTxn': {
        const { correlationId, transactionalId, committed, version } = request
        const bumpsEpoch = version >= 5 && versions.transactions === 'epoch-per-transaction'
        const done = (errorCode: ErrorCode, producerId: number, producerEpoch: number): void => {
          this.traceRefused(request, transactionalId, errorCode)
          responder.send({ api: 'EndTxn', correlationId, errorCode, producerId, producerEpoch })
        }
        return this.coordinator.endTransaction(transactionalId, request, committed, bumpsEpoch, done)
      }
      default:
        return unreachable(request)
    }
  }

  /** The topic is created when it is first asked for. */
  private findCoordinator(request: FindCoordinatorRequest, responder: Responder): void {
    const { broker } = this.options
    const { correlationId, key } = request
    const answer = (): void => {
      const coordinator = this.coordinatorOf(key)
      const errorCode = coordinator === undefined ? ErrorCode.ConsumerCoordinatorNotAvailable : ErrorCode.NoError
      this.traceRefused(request, key, errorCode)
      responder.send({ api: 'FindCoordinator', correlationId, errorCode, coordinator })
    }
    if (broker.hasTopic(TRANSACTION_LOG_TOPIC)) answer()
    else broker.createTopic(TRANSACTION_LOG_TOPIC, answer)
  }

  /** Of idempotent producers without transactions: any broker gives them an id. */
  private newProducer({ correlationId }: InitProducerIdRequest, responder: Responder): void {
    this.options.newProducerId((id) => {
      const producer = id === undefined ? NO_PRODUCER : { producerId: id, producerEpoch: 0 }
      const errorCode = id === undefined ? ErrorCode.Unknown : ErrorCode.NoError
      responder.send({ api: 'InitProducerId', correlationId, errorCode, ...producer })
    })
  }

  private initProducerId(request: InitProducerIdRequest, responder: Responder): void {
    const { correlationId, transactionTimeoutMs, current } = request
    const transactionalId = request.transactionalId!
    this.coordinator.initProducerId(transactionalId, transactionTimeoutMs, current, (errorCode, producerId, epoch) => {
      this.traceRefused(request, transactionalId, errorCode)
      responder.send({ api: 'InitProducerId', correlationId, errorCode, producerId, producerEpoch: epoch })
    })
  }

  private addPartitions(request: AddPartitionsToTxnRequest, responder: Responder): void {
    const { correlationId, transactionalId, partitions, verifyOnly } = request
    const { broker } = this.options
    const answer = (errorOf: (i: number) => ErrorCode): void => {
      const each = partitions.map(({ topic, partition }, i) => ({ topic, partition, errorCode: errorOf(i) }))
      const failure = each.find(({ errorCode }) => errorCode !== ErrorCode.NoError)
      this.traceRefused(request, transactionalId, failure?.errorCode ?? ErrorCode.NoError)
      responder.send({ api: 'AddPartitionsToTxn', correlationId, partitions: each })
    }
    if (verifyOnly) {
      const verdicts = partitions.map((one) => this.coordinator.verifyPartition(transactionalId, request, one))
      return answer((i) => verdicts[i]!)
    }
    // One that is not there keeps the others out as well.
    const isKnown = partitions.map(({ topic, partition }) => broker.hasPartition(topic, partition))
    if (isKnown.includes(false)) {
      return answer((i) => (isKnown[i] === true ? ErrorCode.OperationNotAttempted : ErrorCode.UnknownTopicOrPartition))
    }
    this.coordinator.addPartitions(transactionalId, request, partitions, (errorCode) => answer(() => errorCode))
  }

  private traceRefused(
    { api, clientId: client }: TransactionRequest | FindCoordinatorRequest,
    transactionalId: string,
    errorCode: ErrorCode,
  ): void {
    if (errorCode === ErrorCode.NoError || !this.host.tracing) return
    traceTransaction(this.host, { kind: 'TransactionRequestRefused', api, transactionalId, client, errorCode })
  }

  digest(digest: Digest): void {
    this.manager.digest(digest)
    this.markers.digest(digest)
  }
}
