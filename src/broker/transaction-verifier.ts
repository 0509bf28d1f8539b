/**
 * Asks transaction coordinators, in the name of a leader, whether a producer's transaction has a partition in it, or adds
 * it (`kafka/server/AddPartitionsToTxnManager.scala`, 3.6 to 4.0; KIP-890). One question a coordinator is under way.
 */
import { type Digest, fromMs, type Host } from '../host/index.ts'
import {
  type AddPartitionsToTxnRequest,
  BlockingChannel,
  type BrokerEndpoint,
  ErrorCode,
  type TxnPartition,
} from '../protocol/index.ts'

export interface TransactionQuestion extends TxnPartition {
  readonly transactionalId: string
  readonly producerId: number
  readonly producerEpoch: number
  /** The partition is added, for a producer that leaves that to leaders (4.0). */
  readonly adds: boolean
}

export interface TransactionVerifierOptions {
  readonly brokerId: number
  readonly requestTimeoutMs: number
  /** By the metadata of this broker; undefined if nobody leads the partition of the transaction log. */
  coordinatorOf(transactionalId: string): BrokerEndpoint | undefined
}

interface Asked {
  readonly question: TransactionQuestion
  readonly done: (errorCode: ErrorCode) => void
}

export class TransactionVerifier {
  private readonly host: Host
  private readonly options: TransactionVerifierOptions
  private readonly channels = new Map<number, { readonly channel: BlockingChannel; readonly waiting: Asked[] }>()
  private correlationId = 0

  constructor(host: Host, options: TransactionVerifierOptions) {
    this.host = host
    this.options = options
  }

  /** @param done NotEnoughReplicas where there is no answer now: the producer tries again */
  ask(question: TransactionQuestion, done: (errorCode: ErrorCode) => void): void {
    const coordinator = this.options.coordinatorOf(question.transactionalId)
    if (coordinator === undefined) return done(ErrorCode.NotEnoughReplicas)
    const { id, host: machine, port } = coordinator
    let known = this.channels.get(id)
    if (known === undefined) {
      const timeoutUs = fromMs(this.options.requestTimeoutMs)
      const channel = new BlockingChannel(this.host, { machine, port }, timeoutUs, `txn verifier→${machine}`)
      this.channels.set(id, (known = { channel, waiting: [] }))
    }
    known.waiting.push({ question, done })
    this.next(known.channel, known.waiting)
  }

  private next(channel: BlockingChannel, waiting: Asked[]): void {
    if (channel.busy) return
    const first = waiting.shift()
    if (first === undefined) return
    const { question, done } = first
    const { topic, partition, adds, ...producer } = question
    const request: AddPartitionsToTxnRequest = {
      api: 'AddPartitionsToTxn',
      correlationId: this.correlationId++,
      clientId: `broker-${this.options.brokerId}-add-partitions-to-txn-manager`,
      ...producer,
      partitions: [{ topic, partition }],
      verifyOnly: !adds,
    }
    channel.call(request, (result) => {
      done(result.ok ? producerError(result.response.partitions[0]!.errorCode, adds) : ErrorCode.NotEnoughReplicas)
      this.next(channel, waiting)
    })
  }

  close(): void {
    for (const { channel } of this.channels.values()) channel.close()
  }

  digest(digest: Digest): void {
    digest.int(this.correlationId)
    for (const [id, { waiting, channel }] of this.channels) digest.int(id).int(waiting.length).boolean(channel.busy)
  }
}

/** What the producer is told: an older one only knows errors that it had before. */
function producerError(errorCode: ErrorCode, adds: boolean): ErrorCode {
  switch (errorCode) {
    case ErrorCode.ConcurrentTransactions:
      return adds ? errorCode : ErrorCode.NotEnoughReplicas
    case ErrorCode.OffsetsLoadInProgress:
    case ErrorCode.ConsumerCoordinatorNotAvailable:
    case ErrorCode.NotCoordinatorForConsumer:
      return ErrorCode.NotEnoughReplicas
    case ErrorCode.ProducerFenced:
      // `PRODUCER_FENCED` is for coordinators' answers: leaders say `INVALID_PRODUCER_EPOCH`.
      return ErrorCode.InvalidProducerEpoch
    default:
      return errorCode
  }
}
