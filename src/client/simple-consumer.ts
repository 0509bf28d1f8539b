/**
 * A consumer of one partition in the manner of `kafka/consumer/SimpleConsumer.scala` (0.8.2.2) with the loop around it
 * that every user of it writes: find the leader, fetch, go on behind the last message; on an error look for the leader
 * again. Offsets are kept in memory only. A failed request is repeated once on a new connection before it counts.
 */
import type { PartitionConsumerConfig } from '../config/index.ts'
import { type Digest, fromMs, type Host, type Process, runTask, sleep, type Task, until } from '../host/index.ts'
import {
  type BrokerEndpoint,
  CONSUMER_REPLICA_ID,
  EARLIEST_TIME,
  ErrorCode,
  errorName,
  type FetchPartitionResult,
  type FetchRequest,
  type IsolationLevel,
  LATEST_TIME,
  NO_LEADER,
  type OffsetForLeaderEpochRequest,
  type OffsetsRequest,
  type ResponseTo,
  topicPartition,
} from '../protocol/index.ts'
import type { ClientEvent } from './events.ts'
import { type ReadMessage, readFetched } from './read-fetched.ts'
import { type ExchangeResult, SyncChannel } from './sync-channel.ts'
import { brokerOf, leadersOf, MetadataSource } from './topic-metadata.ts'

export interface SimpleConsumerOptions {
  readonly name: string
  readonly bootstrap: readonly BrokerEndpoint[]
  readonly config: PartitionConsumerConfig
  readonly topic: string
  readonly partition: number
  /** First offset to read, or an end of the log; also says where to go on when the position is out of range. */
  readonly from: number | 'earliest' | 'latest'
  /** Reads from this broker whoever leads. */
  readonly broker?: BrokerEndpoint
  /**
   * Names the leader's epoch when it fetches, and asks a new leader whether what it has read before is still there
   * (KIP-320, from 2.3).
   */
  readonly leaderEpochs?: boolean
  /** Version of the fetches that it sends. */
  readonly fetchVersion?: number
}

type Phase = 'leader' | 'offsets' | 'epochs' | 'fetch' | 'backing off'

export class SimpleConsumerProcess implements Process {
  private readonly host: Host
  private readonly options: SimpleConsumerOptions
  private readonly tp: string
  private readonly metadata: MetadataSource
  private channel: SyncChannel | undefined
  /** The present request is made for the second time. */
  private repeated = false
  private source: BrokerEndpoint | undefined
  /** Next offset to read; undefined until an end of the log is known. */
  private position: number | undefined
  /** Epoch of the leader that is read from, where epochs are named. */
  private leaderEpoch: number | undefined
  /** Epoch of the last record that was read, and the leader's epoch under which that was last found to stand. */
  private readEpoch: number | undefined
  private validatedEpoch: number | undefined
  private phase: Phase = 'leader'
  private nextCorrelationId = 0
  private messagesRead = 0
  /** The last fetch failed. */
  private failing = false

  constructor(host: Host, options: SimpleConsumerOptions) {
    this.host = host
    this.options = options
    const timeoutUs = fromMs(options.config['socket.timeout.ms'])
    this.metadata = new MetadataSource(host, options.name, options.bootstrap, timeoutUs)
    this.tp = topicPartition(options.topic, options.partition)
    this.position = typeof options.from === 'number' ? options.from : undefined
  }

  start(): void {
    runTask(this.run())
  }

  digest(digest: Digest): void {
    digest
      .string(this.options.name)
      .string(this.phase)
      .int(this.position ?? -1)
      .int(this.nextCorrelationId)
      .int(this.leaderEpoch ?? -1)
      .int(this.readEpoch ?? -1)
      .int(this.validatedEpoch ?? -1)
    digest
      .string(this.source?.host ?? '')
      .int(this.messagesRead)
      .boolean(this.failing)
    digest.boolean(this.channel !== undefined)
    this.channel?.digest(digest)
    digest.boolean(this.repeated)
    this.metadata.digest(digest)
  }

  private *run(): Task<void> {
    for (;;) {
      const source = this.options.broker ?? (yield* this.findLeader())
      if (source !== undefined) {
        this.source = source
        const address = { machine: source.host, port: source.port }
        const timeoutUs = fromMs(this.options.config['socket.timeout.ms'])
        this.channel = new SyncChannel(this.host, address, timeoutUs, `${this.options.name}→${source.host}`)
        yield* this.readFrom(source, this.channel)
        this.channel.close()
        this.channel = undefined
      }
      this.phase = 'backing off'
      yield* sleep(this.host, fromMs(this.options.config['refresh.leader.backoff.ms']), 'refresh leader back-off')
    }
  }

  private *findLeader(): Task<BrokerEndpoint | undefined> {
    this.phase = 'leader'
    const { name, topic, partition } = this.options
    const answer = yield* this.metadata.fetch([topic], this.nextCorrelationId++)
    if (answer === undefined) return undefined
    if (this.host.tracing) {
      const leaders = leadersOf(answer.response)
      this.trace({ kind: 'MetadataRefreshed', client: name, from: answer.from.id, reason: 'consumer', leaders })
    }
    const metadata = answer.response.topics
      .find((t) => t.topic === topic)
      ?.partitions.find((p) => p.partition === partition)
    const leader =
      metadata === undefined || metadata.leader === NO_LEADER ? undefined : brokerOf(answer.response, metadata.leader)
    if (leader === undefined) this.fetchFailed('no leader', NO_LEADER)
    if (this.options.leaderEpochs === true) this.leaderEpoch = metadata?.leaderEpoch
    return leader
  }

  /** Reads until something goes wrong. */
  private *readFrom(source: BrokerEndpoint, channel: SyncChannel): Task<void> {
    if (this.position === undefined && !(yield* this.resetPosition(source, channel))) return
    if (this.mustValidate && !(yield* this.validatePosition(source, channel))) return
    for (;;) {
      this.phase = 'fetch'
      const result = yield* this.exchange(channel, this.fetchRequest(this.position!))
      if (!result.ok) return this.fetchFailed(result.failure, source.id)
      const partition = result.response.partitions[0]!
      if (partition.errorCode === ErrorCode.OffsetOutOfRange) {
        this.fetchFailed(errorName(partition.errorCode), source.id)
        if (!(yield* this.resetPosition(source, channel))) return
      } else if (partition.errorCode !== ErrorCode.NoError) {
        return this.fetchFailed(errorName(partition.errorCode), source.id)
      } else if (partition.records.length > 0) {
        if (!this.take(partition, source)) return
      } else if (this.failing) {
        // Nothing new, but the partition can be read again: say so.
        this.traceRead([], partition, source)
      }
    }
  }

  /** Hands the messages of an answer to the application. False: the set is broken, or its first message too large. */
  private take(partition: FetchPartitionResult, source: BrokerEndpoint): boolean {
    const position = this.position!
    const { messages, next, epoch, problem } = readFetched(partition.records, position, partition.abortedTransactions)
    if (epoch !== undefined) this.readEpoch = epoch
    if (next > position) {
      this.position = next
      this.messagesRead += messages.length
      this.traceRead(messages, partition, source)
    }
    if (problem === undefined) return true
    this.fetchFailed(errorName(problem), source.id)
    return false
  }

  /** Named only where it is not the default, which older brokers know nothing of. */
  private get isolation(): { readonly isolationLevel?: IsolationLevel } {
    const isCommitted = this.options.config['isolation.level'] === 'read_committed'
    return isCommitted ? { isolationLevel: 'read_committed' } : {}
  }

  private get mustValidate(): boolean {
    return this.leaderEpoch !== undefined && this.readEpoch !== undefined && this.leaderEpoch !== this.validatedEpoch
  }

  /**
   * Asks a leader of a new epoch where the epoch that was read last ends in its log: what was read behind that has been
   * undone, and reading goes on from there. False: no answer.
   */
  private *validatePosition(source: BrokerEndpoint, channel: SyncChannel): Task<boolean> {
    this.phase = 'epochs'
    const { name, topic, partition } = this.options
    const request: OffsetForLeaderEpochRequest = {
      api: 'OffsetForLeaderEpoch',
      correlationId: this.nextCorrelationId++,
      clientId: name,
      replicaId: CONSUMER_REPLICA_ID,
      partitions: [{ topic, partition, leaderEpoch: this.readEpoch!, ...this.epochOfLeader }],
    }
    const result = yield* this.exchange(channel, request)
    const answer = result.ok ? result.response.partitions[0]! : undefined
    if (answer?.errorCode !== ErrorCode.NoError) {
      this.fetchFailed(result.ok ? errorName(answer!.errorCode) : result.failure, source.id)
      return false
    }
    this.validatedEpoch = this.leaderEpoch
    const position = this.position!
    // The leader knows nothing as old as that: what `from` says is done.
    if (answer.endOffset < 0) return yield* this.resetPosition(source, channel)
    if (answer.endOffset >= position) return true
    if (this.host.tracing) {
      this.trace({ kind: 'OffsetReset', client: name, tp: this.tp, from: position, to: answer.endOffset })
    }
    this.position = answer.endOffset
    this.readEpoch = answer.leaderEpoch < 0 ? undefined : answer.leaderEpoch
    return true
  }

  private get epochOfLeader(): { readonly currentLeaderEpoch?: number } {
    return this.leaderEpoch === undefined ? {} : { currentLeaderEpoch: this.leaderEpoch }
  }

  /** Asks for the end of the log that `from` names and goes there. False: no answer. */
  private *resetPosition(source: BrokerEndpoint, channel: SyncChannel): Task<boolean> {
    this.phase = 'offsets'
    const { name, topic, partition, from } = this.options
    const time = from === 'latest' ? LATEST_TIME : EARLIEST_TIME
    const request: OffsetsRequest = {
      api: 'Offsets',
      correlationId: this.nextCorrelationId++,
      clientId: name,
      replicaId: CONSUMER_REPLICA_ID,
      ...this.isolation,
      partitions: [{ topic, partition, time, maxNumOffsets: 1, ...this.epochOfLeader }],
    }
    const result = yield* this.exchange(channel, request)
    const answer = result.ok ? result.response.partitions[0]! : undefined
    const offset = answer?.offsets[0]
    if (answer === undefined || answer.errorCode !== ErrorCode.NoError || offset === undefined) {
      this.fetchFailed(result.ok ? errorName(answer!.errorCode) : result.failure, source.id)
      return false
    }
    if (this.position !== undefined && this.host.tracing) {
      this.trace({ kind: 'OffsetReset', client: name, tp: this.tp, from: this.position, to: offset })
    }
    this.position = offset
    return true
  }

  private *exchange<R extends FetchRequest | OffsetsRequest | OffsetForLeaderEpochRequest>(
    channel: SyncChannel,
    request: R,
  ): Task<ExchangeResult<ResponseTo<R>>> {
    const attempt = () => until<ExchangeResult<ResponseTo<R>>>((resume) => channel.call(request, () => {}, resume))
    this.repeated = false
    const first = yield* attempt()
    if (first.ok) return first
    this.repeated = true
    return yield* attempt()
  }

  private fetchRequest(fetchOffset: number): FetchRequest {
    const { name, topic, partition, config, fetchVersion } = this.options
    return {
      api: 'Fetch',
      correlationId: this.nextCorrelationId++,
      clientId: name,
      ...(fetchVersion === undefined ? {} : { version: fetchVersion }),
      replicaId: CONSUMER_REPLICA_ID,
      maxWaitMs: config['fetch.wait.max.ms'],
      minBytes: config['fetch.min.bytes'],
      ...this.isolation,
      partitions: [
        { topic, partition, fetchOffset, maxBytes: config['fetch.message.max.bytes'], ...this.epochOfLeader },
      ],
    }
  }

  private traceRead(messages: readonly ReadMessage[], partition: FetchPartitionResult, source: BrokerEndpoint): void {
    this.failing = false
    if (!this.host.tracing) return
    const { highWatermark } = partition
    const { name } = this.options
    this.trace({ kind: 'MessagesRead', client: name, tp: this.tp, messages, broker: source.id, highWatermark })
  }

  private fetchFailed(error: string, broker: number): void {
    this.failing = true
    if (!this.host.tracing) return
    this.trace({
      kind: 'FetchFailed',
      client: this.options.name,
      tp: this.tp,
      error,
      offset: this.position ?? -1,
      broker,
    })
  }

  private trace(event: ClientEvent): void {
    this.host.trace(event)
  }
}
