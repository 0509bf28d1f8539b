/**
 * Takes the markers of decided transactions to the leaders of their partitions, again and again until each is written, and
 * then completes the transaction (`kafka/coordinator/transaction/TransactionMarkerChannelManager.scala`,
 * `TransactionMarkerRequestCompletionHandler.scala`, 0.11 to 4.0). One request a broker is under way.
 */
import { type Digest, fromMs, type Host, type Timer } from '../host/index.ts'
import {
  BlockingChannel,
  type BrokerEndpoint,
  ErrorCode,
  type RpcResult,
  type TxnMarker,
  type TxnPartition,
  topicPartition,
  type WriteTxnMarkersResponse,
} from '../protocol/index.ts'
import type { BrokerAccess } from './broker-access.ts'
import { traceTransaction } from './transaction-events.ts'
import type { TransactionMetadata, TransactionTransition, TxnPartitions } from './transaction-metadata.ts'
import type { TransactionStateManager } from './transaction-state-manager.ts'

/** `reconnectBackoffMs` of the marker channel's network client. */
const RECONNECT_BACKOFF_MS = 50

interface Completion {
  readonly coordinatorEpoch: number
  readonly metadata: TransactionMetadata
  readonly transition: TransactionTransition
}

/** One transaction's markers for one broker. */
interface Entry {
  readonly transactionalId: string
  readonly marker: TxnMarker
}

interface Queue {
  readonly channel: BlockingChannel
  waiting: Entry[]
  /** A pause after a connection that failed. */
  pause: Timer | undefined
}

export class TransactionMarkerChannel {
  private readonly host: Host
  private readonly broker: BrokerAccess
  private readonly manager: TransactionStateManager
  private readonly requestTimeoutMs: number
  /** Transactions whose markers are on their way, by id. */
  private readonly pending = new Map<string, Completion>()
  private readonly queues = new Map<number, Queue>()
  /** Markers for partitions whose leader is not there; looked at again when anything happens, or after a time. */
  private leaderless: Entry[] = []
  private appendsToRetry: Array<{ readonly transactionalId: string; readonly completion: Completion }> = []
  private retry: Timer | undefined
  private correlationId = 0

  constructor(host: Host, broker: BrokerAccess, manager: TransactionStateManager, requestTimeoutMs: number) {
    this.host = host
    this.broker = broker
    this.manager = manager
    this.requestTimeoutMs = requestTimeoutMs
  }

  /** The end of a transaction stands in the log: its markers are sent, and it is completed when all are written. */
  add(metadata: TransactionMetadata, coordinatorEpoch: number, transition: TransactionTransition): void {
    const { transactionalId, producerId, producerEpoch, partitions } = metadata
    this.pending.set(transactionalId, { coordinatorEpoch, metadata, transition })
    const committed = transition.state === 'CompleteCommit'
    this.enqueue(
      transactionalId,
      { producerId, producerEpoch, committed, coordinatorEpoch, partitions: [] },
      partitions,
    )
    this.maybeComplete(transactionalId)
    this.wake()
  }

  /** This broker leads a partition of the transaction log no more: others see to its transactions. */
  remove(isGone: (transactionalId: string) => boolean): void {
    for (const id of [...this.pending.keys()]) if (isGone(id)) this.pending.delete(id)
    this.leaderless = this.leaderless.filter(({ transactionalId }) => !isGone(transactionalId))
    for (const queue of this.queues.values()) {
      queue.waiting = queue.waiting.filter(({ transactionalId }) => !isGone(transactionalId))
    }
  }

  close(): void {
    this.retry?.cancel()
    for (const { channel, pause } of this.queues.values()) {
      pause?.cancel()
      channel.close()
    }
  }

  private enqueue(transactionalId: string, marker: TxnMarker, partitions: TxnPartitions): void {
    const byBroker = new Map<number, { readonly endpoint: BrokerEndpoint; readonly partitions: TxnPartition[] }>()
    const leaderless: TxnPartition[] = []
    for (const [tp, one] of partitions) {
      const leader = this.broker.leaderOf(one.topic, one.partition)
      if (leader === undefined) {
        // A partition that nobody knows has been deleted: no marker is due there.
        if (this.broker.hasPartition(one.topic, one.partition)) leaderless.push(one)
        else this.pending.get(transactionalId)?.metadata.partitions.delete(tp)
        continue
      }
      const known = byBroker.get(leader.id)
      if (known === undefined) byBroker.set(leader.id, { endpoint: leader, partitions: [one] })
      else known.partitions.push(one)
    }
    if (leaderless.length > 0) this.leaderless.push({ transactionalId, marker: { ...marker, partitions: leaderless } })
    for (const { endpoint, partitions: led } of byBroker.values()) {
      this.queueOf(endpoint).waiting.push({ transactionalId, marker: { ...marker, partitions: led } })
    }
  }

  private queueOf({ id, host: machine, port }: BrokerEndpoint): Queue {
    let queue = this.queues.get(id)
    if (queue === undefined) {
      const name = `txn marker sender→${machine}`
      const channel = new BlockingChannel(this.host, { machine, port }, fromMs(this.requestTimeoutMs), name)
      this.queues.set(id, (queue = { channel, waiting: [], pause: undefined }))
    }
    return queue
  }

  /** The sender thread goes round once. */
  private wake(): void {
    const again = this.appendsToRetry
    this.appendsToRetry = []
    for (const { transactionalId, completion } of again) this.complete(transactionalId, completion)
    const entries = this.leaderless
    this.leaderless = []
    for (const { transactionalId, marker } of entries) {
      this.enqueue(transactionalId, marker, byName(marker.partitions))
      this.maybeComplete(transactionalId)
    }
    for (const [id, queue] of this.queues) this.send(id, queue)
    this.retry?.cancel()
    this.retry = undefined
    if (this.leaderless.length === 0 && this.appendsToRetry.length === 0) return
    this.retry = this.host.setTimer(fromMs(this.requestTimeoutMs), 'txn marker sender', () => this.wake())
  }

  private send(brokerId: number, queue: Queue): void {
    const { channel, waiting } = queue
    if (waiting.length === 0 || channel.busy || queue.pause !== undefined) return
    queue.waiting = []
    const request = {
      api: 'WriteTxnMarkers',
      correlationId: this.correlationId++,
      clientId: `broker-${this.broker.brokerId}-txn-marker-sender`,
      markers: waiting.map(({ marker }) => marker),
    } as const
    channel.call(request, (result) => {
      if (!result.ok) {
        queue.pause = this.host.setTimer(fromMs(RECONNECT_BACKOFF_MS), `reconnect to ${brokerId}`, () => {
          queue.pause = undefined
          this.wake()
        })
      }
      this.answered(waiting, result)
      this.wake()
    })
  }

  private answered(sent: readonly Entry[], result: RpcResult<WriteTxnMarkersResponse>): void {
    for (const [i, { transactionalId, marker }] of sent.entries()) {
      const state = this.manager.stateUnder(transactionalId, marker.coordinatorEpoch)
      if (typeof state === 'number') {
        const pending = this.pending.get(transactionalId)
        if (pending?.coordinatorEpoch === marker.coordinatorEpoch) this.pending.delete(transactionalId)
        continue
      }
      if (!result.ok) {
        this.enqueue(transactionalId, marker, byName(marker.partitions))
        continue
      }
      const again = this.judge(transactionalId, state.metadata, result.response.markers[i]!.partitions)
      if (again === undefined) this.pending.delete(transactionalId)
      else if (again.size > 0) this.enqueue(transactionalId, marker, again)
      this.maybeComplete(transactionalId)
    }
  }

  /** Partitions that are to be tried again; undefined: this transaction is somebody else's by now. */
  private judge(
    transactionalId: string,
    metadata: TransactionMetadata,
    results: WriteTxnMarkersResponse['markers'][number]['partitions'],
  ): TxnPartitions | undefined {
    const again = new Map<string, TxnPartition>()
    let ends = false
    for (const { topic, partition, errorCode } of results) {
      const tp = topicPartition(topic, partition)
      switch (errorCode) {
        case ErrorCode.NoError:
        case ErrorCode.UnsupportedForMessageFormat:
          metadata.partitions.delete(tp)
          break
        case ErrorCode.InvalidProducerEpoch:
        case ErrorCode.TransactionCoordinatorFenced:
          this.traceRefused(transactionalId, tp, errorCode, true)
          ends = true
          break
        default:
          this.traceRefused(transactionalId, tp, errorCode, false)
          again.set(tp, { topic, partition })
      }
    }
    return ends ? undefined : again
  }

  /** All markers are written. */
  private maybeComplete(transactionalId: string): void {
    const completion = this.pending.get(transactionalId)
    if (completion === undefined || completion.metadata.partitions.size > 0) return
    this.pending.delete(transactionalId)
    this.complete(transactionalId, completion)
  }

  private complete(transactionalId: string, completion: Completion): void {
    const { coordinatorEpoch, metadata, transition } = completion
    const done = (errorCode: ErrorCode): void => {
      if (errorCode === ErrorCode.ConsumerCoordinatorNotAvailable) {
        this.appendsToRetry.push({ transactionalId, completion })
        this.retry ??= this.host.setTimer(fromMs(this.requestTimeoutMs), 'txn marker sender', () => this.wake())
      }
    }
    const keeps = (errorCode: ErrorCode): boolean => errorCode === ErrorCode.ConsumerCoordinatorNotAvailable
    this.manager.append({ coordinatorEpoch, metadata }, transition, done, keeps)
  }

  private traceRefused(transactionalId: string, tp: string, errorCode: ErrorCode, ends: boolean): void {
    if (this.host.tracing) traceTransaction(this.host, { kind: 'MarkerRefused', transactionalId, tp, errorCode, ends })
  }

  digest(digest: Digest): void {
    digest.int(this.pending.size).int(this.leaderless.length).int(this.appendsToRetry.length).int(this.correlationId)
    for (const id of this.pending.keys()) digest.string(id)
    for (const [id, { waiting, channel }] of this.queues) digest.int(id).int(waiting.length).boolean(channel.busy)
  }
}

const byName = (partitions: readonly TxnPartition[]): TxnPartitions =>
  new Map(partitions.map((one) => [topicPartition(one.topic, one.partition), one]))
