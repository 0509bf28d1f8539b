/**
 * Fetches from the leaders of assigned partitions, one request a broker at a time, and keeps what comes until the
 * application asks for it (`Fetcher.java`, 0.9.0.1 and 1.1.1).
 */
import type { Digest, Host, Micros, Task } from '../../host/index.ts'
import {
  type AssignedPartition,
  type BrokerEndpoint,
  CONSUMER_REPLICA_ID,
  EARLIEST_TIME,
  ErrorCode,
  errorName,
  type FetchPartitionResult,
  type FetchRequest,
  type FetchResponse,
  type IsolationLevel,
  LATEST_TIME,
  NO_LEADER,
  type OffsetsRequest,
  type RpcResult,
  type TopicPartition,
  topicPartition,
} from '../../protocol/index.ts'
import type { ClientEvent } from '../events.ts'
import { type ReadMessage, readFetched } from '../read-fetched.ts'
import { ConsumerError } from './consumer-error.ts'
import type { ConsumerMetadata } from './consumer-metadata.ts'
import type { ConsumerNetwork } from './consumer-network.ts'
import type { SubscriptionState } from './subscription-state.ts'

export interface FetcherOptions {
  readonly client: string
  readonly maxWaitMs: number
  readonly minBytes: number
  readonly maxPartitionBytes: number
  /** Records handed out at a time (`max.poll.records`, 0.10). */
  readonly maxPollRecords: number
  readonly reset: 'earliest' | 'latest' | 'none'
  readonly retryBackoffUs: Micros
  readonly isolationLevel: IsolationLevel
}

/** A message as the application gets it. */
export interface ConsumerRecord extends ReadMessage, AssignedPartition {
  readonly tp: TopicPartition
}

/** What one answer brought of one partition, and is not handed out yet. */
interface Fetched extends AssignedPartition {
  readonly tp: TopicPartition
  readonly messages: readonly ReadMessage[]
  /** Where the next message that is not handed out lies. */
  offset: number
  taken: number
  /** Position behind all of it. */
  readonly next: number
  readonly broker: number
  readonly highWatermark: number
}

export class Fetcher {
  private readonly host: Host
  private readonly network: ConsumerNetwork
  private readonly metadata: ConsumerMetadata
  private readonly subscriptions: SubscriptionState
  private readonly options: FetcherOptions
  private fetched: Fetched[] = []
  private problem: ConsumerError | undefined
  /** Partitions whose last fetch failed. */
  private readonly failing = new Set<TopicPartition>()
  private correlationId = 0
  /** When a partition's beginning may be asked for again: not while that is under way, nor just after it failed. */
  private readonly resetAgainUs = new Map<TopicPartition, Micros>()

  constructor(
    host: Host,
    parts: {
      readonly network: ConsumerNetwork
      readonly metadata: ConsumerMetadata
      readonly subscriptions: SubscriptionState
    },
    options: FetcherOptions,
  ) {
    this.host = host
    this.network = parts.network
    this.metadata = parts.metadata
    this.subscriptions = parts.subscriptions
    this.options = options
  }

  // ---- fetches ----

  /** Asks every broker that nothing is asked of for what it leads. */
  sendFetches(): void {
    const wanted = new Map<BrokerEndpoint, Array<AssignedPartition & { readonly position: number }>>()
    for (const one of this.subscriptions.fetchable) {
      const { topic, partition } = one
      if (this.fetched.some(({ tp }) => tp === topicPartition(topic, partition))) continue
      const node = this.metadata.leaderOf(topic, partition)
      if (node === undefined) this.metadata.requestUpdate()
      else if (this.network.pendingCount(node) === 0) {
        const others = wanted.get(node)
        if (others === undefined) wanted.set(node, [one])
        else others.push(one)
      }
    }
    for (const [node, partitions] of wanted) {
      const request = this.fetchRequest(partitions)
      this.network.send(node, request, (result) => this.answered(node, request, result))
    }
  }

  private fetchRequest(partitions: ReadonlyArray<AssignedPartition & { readonly position: number }>): FetchRequest {
    const { client, maxWaitMs, minBytes, maxPartitionBytes } = this.options
    return {
      api: 'Fetch',
      correlationId: this.correlationId++,
      clientId: client,
      replicaId: CONSUMER_REPLICA_ID,
      maxWaitMs,
      minBytes,
      ...this.isolation,
      partitions: partitions.map(({ topic, partition, position }) => ({
        topic,
        partition,
        fetchOffset: position,
        maxBytes: maxPartitionBytes,
        ...this.metadata.epochOf(topic, partition),
      })),
    }
  }

  /** Named only where it is not the default. */
  private get isolation(): { readonly isolationLevel?: IsolationLevel } {
    return this.options.isolationLevel === 'read_committed' ? { isolationLevel: 'read_committed' } : {}
  }

  private answered(node: BrokerEndpoint, request: FetchRequest, result: RpcResult<FetchResponse>): void {
    if (!result.ok) {
      for (const { topic, partition } of request.partitions) {
        this.failed(topicPartition(topic, partition), result.failure, node.id)
      }
      return
    }
    for (const data of result.response.partitions) {
      const asked = request.partitions.find((one) => one.topic === data.topic && one.partition === data.partition)!
      this.take(node, asked.fetchOffset, data)
    }
  }

  private take(node: BrokerEndpoint, fetchOffset: number, data: FetchPartitionResult): void {
    const { topic, partition, errorCode, highWatermark } = data
    const tp = topicPartition(topic, partition)
    // Given up, or gone elsewhere since: this answer is to another question.
    if (this.subscriptions.position(tp) !== fetchOffset) return
    switch (errorCode) {
      case ErrorCode.NoError:
        break
      case ErrorCode.NotLeaderForPartition:
      case ErrorCode.FencedLeaderEpoch:
      case ErrorCode.UnknownLeaderEpoch:
      case ErrorCode.UnknownTopicOrPartition:
        this.metadata.requestUpdate()
        return this.failed(tp, errorName(errorCode), node.id)
      case ErrorCode.OffsetOutOfRange:
        this.failed(tp, errorName(errorCode), node.id)
        return this.outOfRange(tp, fetchOffset)
      default:
        return this.failed(tp, errorName(errorCode), node.id)
    }
    if (data.records.length === 0) {
      // Nothing new, but the partition can be read again: say so.
      if (this.failing.delete(tp)) this.traceRead({ tp, broker: node.id, highWatermark }, [])
      return
    }
    const { messages, next, problem } = readFetched(data.records, fetchOffset, data.abortedTransactions)
    if (problem === ErrorCode.MessageSizeTooLarge) {
      const { maxPartitionBytes } = this.options
      const why = `the message at ${tp}=${fetchOffset} is larger than the fetch size ${maxPartitionBytes}`
      this.problem = new ConsumerError('RecordTooLargeException', why)
    } else if (problem !== undefined) {
      this.problem = new ConsumerError('KafkaException', `record for ${tp} at ${next} is corrupt`)
    }
    this.failing.delete(tp)
    const broker = node.id
    this.fetched.push({ tp, topic, partition, messages, offset: fetchOffset, taken: 0, next, broker, highWatermark })
  }

  private outOfRange(tp: TopicPartition, offset: number): void {
    if (this.options.reset !== 'none') return this.subscriptions.needReset(tp)
    this.problem = new ConsumerError(
      'OffsetOutOfRangeException',
      `no reset policy for ${tp}, whose offset is ${offset}`,
    )
  }

  private failed(tp: TopicPartition, error: string, broker: number): void {
    this.failing.add(tp)
    const offset = this.subscriptions.position(tp) ?? -1
    this.trace({ kind: 'FetchFailed', client: this.options.client, tp, error, offset, broker })
  }

  /**
   * Hands out what has come, and moves the positions behind it.
   * @throws ConsumerError what a fetch came to
   */
  takeRecords(): ConsumerRecord[] {
    const { problem } = this
    this.problem = undefined
    if (problem !== undefined) throw problem
    const records: ConsumerRecord[] = []
    while (this.fetched.length > 0 && records.length < this.options.maxPollRecords) {
      const first = this.fetched[0]!
      if (this.subscriptions.position(first.tp) !== first.offset) {
        this.fetched.shift()
        continue
      }
      const end = Math.min(first.messages.length, first.taken + this.options.maxPollRecords - records.length)
      const part = first.messages.slice(first.taken, end)
      const { tp, topic, partition } = first
      for (const message of part) records.push({ ...message, tp, topic, partition })
      first.taken = end
      const isAll = end === first.messages.length
      first.offset = isAll ? first.next : first.messages[end]!.offset
      this.subscriptions.seek(tp, first.offset)
      if (part.length > 0) this.traceRead(first, part)
      if (isAll) this.fetched.shift()
    }
    return records
  }

  // ---- positions ----

  /** Asks for an end of the log until it is told, and goes there. @throws ConsumerError where no policy says which end */
  *resetPosition(one: AssignedPartition): Task<{ offset: number; from: 'earliest' | 'latest' }> {
    const { topic, partition } = one
    const tp = topicPartition(topic, partition)
    const from = this.resetTo(tp)
    for (;;) {
      const node = this.metadata.leaderOf(topic, partition)
      if (node === undefined) {
        this.failed(tp, 'no leader', NO_LEADER)
        yield* this.metadata.awaitUpdate()
        continue
      }
      const pending = this.network.send(node, this.offsetsRequest([one]))
      const result = yield* this.network.answerOf(pending)
      const answer = result.ok ? result.response.partitions[0]! : undefined
      const offset = answer?.errorCode === ErrorCode.NoError ? answer.offsets[0] : undefined
      if (offset !== undefined) return { offset, from }
      this.failed(tp, result.ok ? errorName(answer!.errorCode) : result.failure, node.id)
      if (result.ok) yield* this.metadata.awaitUpdate()
      else yield* this.network.backOff(this.options.retryBackoffUs)
    }
  }

  /**
   * Asks for the ends of the logs that await it, without waiting (KAFKA-6397): what has no leader is asked for later.
   * @throws ConsumerError where no policy says which end
   */
  requestResets(goTo: (tp: TopicPartition, offset: number, from: 'earliest' | 'latest') => void): void {
    const wanted = new Map<BrokerEndpoint, AssignedPartition[]>()
    for (const one of this.subscriptions.awaitingReset) {
      const tp = topicPartition(one.topic, one.partition)
      this.resetTo(tp)
      if ((this.resetAgainUs.get(tp) ?? 0) > this.host.now()) continue
      const node = this.metadata.leaderOf(one.topic, one.partition)
      if (node === undefined) {
        if (!this.failing.has(tp)) this.failed(tp, 'no leader', NO_LEADER)
        this.metadata.requestUpdate()
        continue
      }
      this.resetAgainUs.set(tp, Number.MAX_SAFE_INTEGER)
      const others = wanted.get(node)
      if (others === undefined) wanted.set(node, [one])
      else others.push(one)
    }
    for (const [node, partitions] of wanted) {
      this.network.send(node, this.offsetsRequest(partitions), (result) => {
        for (const { topic, partition } of partitions) {
          const tp = topicPartition(topic, partition)
          const answer = result.ok
            ? result.response.partitions.find((one) => one.topic === topic && one.partition === partition)
            : undefined
          const offset = answer?.errorCode === ErrorCode.NoError ? answer.offsets[0] : undefined
          if (offset !== undefined) {
            this.resetAgainUs.delete(tp)
            if (this.subscriptions.awaitsReset(tp)) goTo(tp, offset, this.resetTo(tp))
            continue
          }
          this.resetAgainUs.set(tp, this.host.now() + this.options.retryBackoffUs)
          this.failed(tp, result.ok ? errorName(answer!.errorCode) : result.failure, node.id)
          this.metadata.requestUpdate()
        }
      })
    }
  }

  private resetTo(tp: TopicPartition): 'earliest' | 'latest' {
    const { reset } = this.options
    if (reset !== 'none') return reset
    throw new ConsumerError('NoOffsetForPartitionException', `no committed offset and no reset policy for ${tp}`)
  }

  private offsetsRequest(partitions: readonly AssignedPartition[]): OffsetsRequest {
    const { client, reset } = this.options
    return {
      api: 'Offsets',
      correlationId: this.correlationId++,
      clientId: client,
      replicaId: CONSUMER_REPLICA_ID,
      ...this.isolation,
      partitions: partitions.map(({ topic, partition }) => ({
        topic,
        partition,
        time: reset === 'latest' ? LATEST_TIME : EARLIEST_TIME,
        maxNumOffsets: 1,
        ...this.metadata.epochOf(topic, partition),
      })),
    }
  }

  private traceRead(
    { tp, broker, highWatermark }: Pick<Fetched, 'tp' | 'broker' | 'highWatermark'>,
    messages: readonly ReadMessage[],
  ): void {
    this.trace({ kind: 'MessagesRead', client: this.options.client, tp, messages, broker, highWatermark })
  }

  private trace(event: ClientEvent): void {
    if (this.host.tracing) this.host.trace(event)
  }

  digest(digest: Digest): void {
    digest
      .int(this.correlationId)
      .int(this.fetched.length)
      .boolean(this.problem !== undefined)
      .int(this.resetAgainUs.size)
    for (const { tp, offset, taken, next } of this.fetched) digest.string(tp).int(offset).int(taken).int(next)
  }
}
