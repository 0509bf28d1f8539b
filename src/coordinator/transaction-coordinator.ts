/**
 * The transaction coordinator (`kafka/coordinator/transaction/TransactionCoordinator.scala`, 0.11 to 4.0; KIP-98): gives
 * producers their ids and epochs, writes down which partitions a transaction has touched, decides how it ends, and has the
 * markers written. The decision is the record `PrepareCommit` or `PrepareAbort` in the transaction log: from then on the
 * transaction ends that way, whoever dies.
 */
import type { BrokerConfig } from '../config/index.ts'
import type { Host } from '../host/index.ts'
import { ErrorCode, type TransactionState, type TxnPartition, topicPartition } from '../protocol/index.ts'
import type { ProtocolVersions } from '../versions.ts'
import { traceTransaction } from './transaction-events.ts'
import type { TransactionMarkerChannel } from './transaction-marker-channel.ts'
import { NO_EPOCH, NO_PRODUCER, TransactionMetadata, type TransactionTransition } from './transaction-metadata.ts'
import type { EpochAndMetadata, Failure, TransactionStateManager } from './transaction-state-manager.ts'

/** With an error, id and epoch are -1. */
export type ProducerDone = (errorCode: ErrorCode, producerId: number, producerEpoch: number) => void

export interface ProducerIdentity {
  readonly producerId: number
  readonly producerEpoch: number
}

interface End extends ProducerIdentity {
  readonly transactionalId: string
  readonly committed: boolean
  /** The coordinator itself may end a transaction under an epoch that it has just raised. */
  readonly fromClient: boolean
  /** The epoch ends with the transaction (KIP-890, 4.0). */
  readonly bumpsEpoch: boolean
}

interface PreparedEnd extends EpochAndMetadata {
  readonly transition: TransactionTransition
  readonly isFence: boolean
}

const failed = (done: ProducerDone, errorCode: ErrorCode): void => done(errorCode, NO_PRODUCER, NO_EPOCH)

export class TransactionCoordinator {
  private readonly host: Host
  private readonly config: BrokerConfig
  private readonly versions: ProtocolVersions
  private readonly manager: TransactionStateManager
  private readonly markers: TransactionMarkerChannel
  private readonly newProducerId: (done: (id: number | undefined) => void) => void

  constructor(
    host: Host,
    config: BrokerConfig,
    versions: ProtocolVersions,
    parts: {
      readonly manager: TransactionStateManager
      readonly markers: TransactionMarkerChannel
      newProducerId(done: (id: number | undefined) => void): void
    },
  ) {
    this.host = host
    this.config = config
    this.versions = versions
    this.manager = parts.manager
    this.markers = parts.markers
    this.newProducerId = parts.newProducerId
  }

  /** What a producer of an older epoch is told (KIP-588, 2.7). */
  private get fenced(): Failure {
    const { fencedProducer } = this.versions
    return fencedProducer === 'invalid-epoch' ? ErrorCode.InvalidProducerEpoch : ErrorCode.ProducerFenced
  }

  private get bumpsEpochs(): boolean {
    return this.versions.transactions === 'epoch-per-transaction'
  }

  // ---- InitProducerId ----

  /** @param current what the producer says it has (KIP-360); undefined from one that begins */
  initProducerId(
    transactionalId: string,
    timeoutMs: number,
    current: ProducerIdentity | undefined,
    done: ProducerDone,
  ): void {
    if (transactionalId === '') return failed(done, ErrorCode.InvalidRequest)
    if (timeoutMs <= 0 || timeoutMs > this.config['transaction.max.timeout.ms']) {
      return failed(done, ErrorCode.InvalidTransactionTimeout)
    }
    const known = this.manager.state(transactionalId)
    if (typeof known === 'number') return failed(done, known)
    if (known !== undefined) return this.init(known, timeoutMs, current, done)
    this.newProducerId((id) => {
      if (id === undefined) return failed(done, ErrorCode.Unknown)
      const metadata = new TransactionMetadata(transactionalId, id, timeoutMs, this.manager.nowMs)
      const found = this.manager.putIfAbsent(metadata)
      if (typeof found === 'number') failed(done, found)
      else this.init(found, timeoutMs, current, done)
    })
  }

  private init(
    found: EpochAndMetadata,
    timeoutMs: number,
    current: ProducerIdentity | undefined,
    done: ProducerDone,
  ): void {
    const { metadata, coordinatorEpoch } = found
    if (metadata.isPending || metadata.isDeciding) return failed(done, ErrorCode.ConcurrentTransactions)
    if (!mayGoOn(metadata, current)) return failed(done, this.fenced)
    if (metadata.state === 'Ongoing') {
      // What the predecessor has begun is aborted first; the producer is to ask again.
      const { producerId, producerEpoch } = metadata.prepareFence()
      const { transactionalId } = metadata
      const abort = { transactionalId, producerId, producerEpoch, committed: false, fromClient: false }
      return this.end({ ...abort, bumpsEpoch: this.bumpsEpochs }, (errorCode) => {
        failed(done, errorCode === ErrorCode.NoError ? ErrorCode.ConcurrentTransactions : errorCode)
      })
    }
    const write = (transition: TransactionTransition | undefined): void => {
      if (transition === undefined) return failed(done, this.fenced)
      this.manager.append({ coordinatorEpoch, metadata }, transition, (errorCode) => {
        if (errorCode !== ErrorCode.NoError) return failed(done, errorCode)
        done(errorCode, transition.producerId, transition.producerEpoch)
      })
    }
    const expectedEpoch = current?.producerEpoch
    const isRetry = expectedEpoch !== undefined && expectedEpoch !== metadata.producerEpoch
    if (!metadata.isEpochExhausted || isRetry) {
      return write(metadata.prepareIncrementEpoch(timeoutMs, expectedEpoch, this.manager.nowMs))
    }
    this.newProducerId((id) => {
      if (id === undefined) return failed(done, ErrorCode.Unknown)
      // Somebody else may have asked as well meanwhile.
      if (metadata.isPending) return failed(done, ErrorCode.ConcurrentTransactions)
      write(metadata.prepareProducerIdRotation(id, timeoutMs, expectedEpoch, this.manager.nowMs))
    })
  }

  // ---- partitions ----

  /** The coordinator's idea of a producer: an error code if it is another one. */
  private find(transactionalId: string, { producerId, producerEpoch }: ProducerIdentity): EpochAndMetadata | Failure {
    if (transactionalId === '') return ErrorCode.InvalidRequest
    const found = this.manager.state(transactionalId)
    if (found === undefined) return ErrorCode.InvalidProducerIdMapping
    if (typeof found === 'number') return found
    if (found.metadata.producerId !== producerId) return ErrorCode.InvalidProducerIdMapping
    return found.metadata.producerEpoch === producerEpoch ? found : this.fenced
  }

  addPartitions(
    transactionalId: string,
    producer: ProducerIdentity,
    partitions: readonly TxnPartition[],
    done: (errorCode: ErrorCode) => void,
  ): void {
    const found = this.find(transactionalId, producer)
    if (typeof found === 'number') return done(found)
    const { metadata } = found
    if (metadata.isPending || metadata.isDeciding) return done(ErrorCode.ConcurrentTransactions)
    const added = new Map(partitions.map((one) => [topicPartition(one.topic, one.partition), one]))
    if (metadata.state === 'Ongoing' && [...added.keys()].every((tp) => metadata.partitions.has(tp))) {
      return done(ErrorCode.NoError)
    }
    this.manager.append(found, metadata.prepareAddPartitions(added, this.manager.nowMs), done)
  }

  /** For leaders: whether the producer has a transaction open that the partition is part of (KIP-890, 3.6). */
  verifyPartition(transactionalId: string, producer: ProducerIdentity, { topic, partition }: TxnPartition): ErrorCode {
    const found = this.find(transactionalId, producer)
    if (typeof found === 'number') return found
    const { metadata } = found
    if (metadata.isDeciding) return ErrorCode.ConcurrentTransactions
    if (metadata.partitions.has(topicPartition(topic, partition))) return ErrorCode.NoError
    return this.bumpsEpochs ? ErrorCode.TransactionAbortable : ErrorCode.InvalidTxnState
  }

  // ---- EndTxn ----

  /** @param done id and epoch are those that the producer goes on with */
  endTransaction(
    transactionalId: string,
    producer: ProducerIdentity,
    committed: boolean,
    bumpsEpoch: boolean,
    done: ProducerDone,
  ): void {
    this.end({ transactionalId, ...producer, committed, fromClient: true, bumpsEpoch }, done)
  }

  private end(request: End, done: ProducerDone): void {
    const prepared = this.prepareEnd(request)
    if (typeof prepared === 'number') {
      if (prepared !== ErrorCode.NoError) return failed(done, prepared)
      // It has ended that way already: the answer was lost.
      const { metadata } = this.manager.state(request.transactionalId) as EpochAndMetadata
      return done(ErrorCode.NoError, metadata.producerId, metadata.producerEpoch)
    }
    const { metadata, coordinatorEpoch, transition, isFence } = prepared
    this.manager.append(prepared, transition, (errorCode) => {
      if (errorCode !== ErrorCode.NoError) {
        const isStill = typeof this.manager.stateUnder(request.transactionalId, coordinatorEpoch) !== 'number'
        if (isFence && isStill) metadata.hasFailedEpochFence = true
        return failed(done, errorCode)
      }
      // The client need not wait for the markers.
      done(ErrorCode.NoError, metadata.producerId, metadata.producerEpoch)
      this.markers.add(metadata, coordinatorEpoch, metadata.prepareComplete(this.manager.nowMs))
    })
  }

  private prepareEnd(request: End): PreparedEnd | ErrorCode {
    const { transactionalId, producerId, producerEpoch, committed, fromClient, bumpsEpoch } = request
    if (transactionalId === '') return ErrorCode.InvalidRequest
    const found = this.manager.state(transactionalId)
    if (found === undefined) return ErrorCode.InvalidProducerIdMapping
    if (typeof found === 'number') return found
    const { metadata } = found
    const isFence = metadata.pendingState === 'PrepareEpochFence'
    if (metadata.producerId !== producerId) return ErrorCode.InvalidProducerIdMapping
    if (!this.isValidEpoch(metadata, request, isFence)) return this.fenced
    if (metadata.isPending && !isFence) return ErrorCode.ConcurrentTransactions
    const isRepeated = bumpsEpoch && fromClient && metadata.producerEpoch === producerEpoch + 1
    const next = nextState(metadata.state, { committed, isRepeated, bumpsEpoch })
    if (typeof next === 'number') return next
    if (isFence) metadata.fence(producerEpoch)
    return { ...found, transition: metadata.prepareEnd(next, bumpsEpoch, this.manager.nowMs), isFence }
  }

  /** Where each transaction has its epoch, the next one is known to a producer whose answer was lost. */
  private isValidEpoch(metadata: TransactionMetadata, request: End, isFence: boolean): boolean {
    const { producerEpoch, fromClient, bumpsEpoch } = request
    const isSame = producerEpoch === metadata.producerEpoch
    if (!fromClient) return isFence ? producerEpoch >= metadata.producerEpoch : isSame
    if (!bumpsEpoch || isFence) return isSame
    const isBumped = metadata.producerEpoch === producerEpoch + 1
    if (metadata.isDeciding) return isBumped
    return isSame || (isBumped && (metadata.state === 'CompleteCommit' || metadata.state === 'CompleteAbort'))
  }

  // ---- time ----

  /** Aborts what its producers have left open for longer than they said. */
  abortTimedOut(): void {
    const { nowMs } = this.manager
    for (const { metadata } of [...this.manager.all()]) {
      const { state, isPending, startMs, timeoutMs, transactionalId } = metadata
      if (state !== 'Ongoing' || isPending || startMs + timeoutMs >= nowMs) continue
      if (this.host.tracing) {
        const { producerId, producerEpoch: epoch } = metadata
        traceTransaction(this.host, { kind: 'TransactionTimedOut', transactionalId, producerId, epoch })
      }
      const { producerId, producerEpoch } = metadata.prepareFence()
      const abort = { transactionalId, producerId, producerEpoch, committed: false, fromClient: false }
      // Whatever comes of it, the next look finds it again if it is still open.
      this.end({ ...abort, bumpsEpoch: this.bumpsEpochs }, () => {})
    }
  }
}

/** Whether a producer that says what it has is still the one (KIP-360). */
function mayGoOn(metadata: TransactionMetadata, current: ProducerIdentity | undefined): boolean {
  if (current === undefined || metadata.producerEpoch === NO_EPOCH) return true
  const { producerId, producerEpoch, lastProducerEpoch } = metadata
  if (current.producerId !== producerId) return false
  return current.producerEpoch === producerEpoch || current.producerEpoch === lastProducerEpoch
}

/** What a transaction in a state becomes; an error code otherwise, `NoError` if it has ended that way already. */
function nextState(
  state: TransactionState,
  how: { readonly committed: boolean; readonly isRepeated: boolean; readonly bumpsEpoch: boolean },
): 'PrepareCommit' | 'PrepareAbort' | ErrorCode {
  const { committed, isRepeated, bumpsEpoch } = how
  switch (state) {
    case 'Ongoing':
      return committed ? 'PrepareCommit' : 'PrepareAbort'
    case 'PrepareCommit':
      return committed ? ErrorCode.ConcurrentTransactions : ErrorCode.InvalidTxnState
    case 'PrepareAbort':
      return committed ? ErrorCode.InvalidTxnState : ErrorCode.ConcurrentTransactions
    case 'CompleteCommit':
    case 'CompleteAbort': {
      const isSame = committed === (state === 'CompleteCommit')
      if (bumpsEpoch && !isRepeated) return committed ? ErrorCode.InvalidTxnState : 'PrepareAbort'
      return isSame ? ErrorCode.NoError : ErrorCode.InvalidTxnState
    }
    default:
      // Since 4.0 a producer that does not know whether it has written anything may abort all the same.
      return bumpsEpoch && !committed ? 'PrepareAbort' : ErrorCode.InvalidTxnState
  }
}
