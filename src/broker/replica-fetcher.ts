/**
 * A follower's fetcher: one to a source broker, one request outstanding, covering all its partitions, again and again
 * without back-off (`kafka/server/AbstractFetcherThread.scala`, `ReplicaFetcherThread.scala`, 0.8.2.2; replication.md 2.3).
 *
 * While a response is worked on the fetcher holds its partition map lock: who wants to take a partition away waits
 * (`removePartitions`), also through the blocking Offsets requests of an out-of-range fetch.
 */
import { type Digest, fromMs, type Host, runTask, type Task, until } from '../host/index.ts'
import {
  BlockingChannel,
  type BrokerEndpoint,
  EARLIEST_TIME,
  ErrorCode,
  type FetchPartition,
  type FetchPartitionResult,
  type FetchRequest,
  type FetchResponse,
  LATEST_TIME,
  type OffsetsRequest,
  type OffsetsResponse,
  type RpcResult,
  splitTopicPartition,
  type TopicPartition,
  topicPartition,
} from '../protocol/index.ts'

export interface FetcherSettings {
  readonly brokerId: number
  readonly socketTimeoutMs: number
  readonly maxWaitMs: number
  readonly minBytes: number
  readonly maxBytes: number
}

/** What the fetcher does to the broker's replicas. */
export interface FetcherTarget {
  logEndOffset(tp: TopicPartition): number
  /** Appends what was fetched and takes over the high watermark. `'died'`: the fetcher thread ends with the error. */
  processPartitionData(tp: TopicPartition, fetchOffset: number, data: FetchPartitionResult): 'ok' | 'invalid' | 'died'
  /** Whether the topic allows unclean election, read from ZooKeeper as Kafka does at this point. */
  uncleanElectionEnabled(topic: string, done: (enabled: boolean) => void): void
  truncate(tp: TopicPartition, offset: number, leader: number): void
  truncateFullyAndStartAt(tp: TopicPartition, offset: number): void
  /** Ends the broker process. */
  haltBroker(reason: string): never
  /** Next offset of the last whole message in what was fetched, or undefined if there is none. */
  nextOffset(records: Uint8Array): number | undefined
}

export class ReplicaFetcher {
  private readonly offsets = new Map<TopicPartition, number>()
  private readonly channel: BlockingChannel
  private readonly clientId: string
  private correlationId = 0
  private fetching = false
  private locked = false
  private readonly lockWaiters: Array<() => void> = []
  private ended = false
  readonly source: BrokerEndpoint
  private readonly settings: FetcherSettings
  private readonly target: FetcherTarget

  constructor(host: Host, source: BrokerEndpoint, fetcherId: number, settings: FetcherSettings, target: FetcherTarget) {
    this.source = source
    this.settings = settings
    this.target = target
    this.clientId = `ReplicaFetcherThread-${fetcherId}-${source.id}`
    const address = { machine: source.host, port: source.port }
    this.channel = new BlockingChannel(host, address, fromMs(settings.socketTimeoutMs), this.clientId)
  }

  get partitionCount(): number {
    return this.offsets.size
  }

  /** Starts fetching partitions; one that is fetched already keeps its offset. */
  addPartitions(partitions: ReadonlyArray<{ readonly tp: TopicPartition; readonly offset: number }>): void {
    for (const { tp, offset } of partitions) if (!this.offsets.has(tp)) this.offsets.set(tp, offset)
    this.doWork()
  }

  has(tp: TopicPartition): boolean {
    return this.offsets.has(tp)
  }

  /** Stops fetching partitions; `done` is called when the fetcher does not touch them any more. */
  removePartitions(partitions: readonly TopicPartition[], done: () => void): void {
    const remove = (): void => {
      for (const tp of partitions) this.offsets.delete(tp)
      done()
    }
    if (this.locked) this.lockWaiters.push(remove)
    else remove()
  }

  shutdown(): void {
    this.ended = true
    this.channel.close()
  }

  private doWork(): void {
    if (this.fetching || this.ended || this.offsets.size === 0) return
    this.fetching = true
    const partitions: FetchPartition[] = []
    for (const [tp, fetchOffset] of this.offsets) {
      partitions.push({ ...splitTopicPartition(tp), fetchOffset, maxBytes: this.settings.maxBytes })
    }
    const request: FetchRequest = {
      api: 'Fetch',
      correlationId: this.correlationId++,
      clientId: this.clientId,
      replicaId: this.settings.brokerId,
      maxWaitMs: this.settings.maxWaitMs,
      minBytes: this.settings.minBytes,
      partitions,
    }
    // SimpleConsumer tries once more on a new connection before it gives up; either way the loop goes round again.
    this.channel.call(request, (result) => {
      if (this.ended) return
      if (!result.ok) return this.nextRound()
      this.locked = true
      runTask(this.process(request, result.response), () => {
        this.locked = false
        for (const waiter of this.lockWaiters.splice(0)) waiter()
        this.nextRound()
      })
    })
  }

  private nextRound(): void {
    this.fetching = false
    this.doWork()
  }

  private *process(request: FetchRequest, response: FetchResponse): Task<void> {
    for (let i = 0; i < response.partitions.length; i++) {
      const data = response.partitions[i]!
      const tp = topicPartition(data.topic, data.partition)
      const fetchOffset = request.partitions[i]!.fetchOffset
      // Used only if the partition is still fetched, from the same offset.
      if (this.offsets.get(tp) !== fetchOffset) continue
      if (data.errorCode === ErrorCode.NoError) {
        this.offsets.set(tp, this.target.nextOffset(data.records) ?? fetchOffset)
        if (this.target.processPartitionData(tp, fetchOffset, data) === 'died') {
          this.shutdown()
          return
        }
      } else if (data.errorCode === ErrorCode.OffsetOutOfRange) {
        const offset = yield* this.handleOffsetOutOfRange(tp)
        if (offset !== undefined) this.offsets.set(tp, offset)
      }
      // Other errors: the controller is expected to fix things; just fetch again.
    }
  }

  /**
   * The leader does not have what we ask for (replication.md 2.7; F12; M19, M20).
   * @returns the offset to go on from, or undefined if the leader could not be asked
   */
  private *handleOffsetOutOfRange(tp: TopicPartition): Task<number | undefined> {
    const { topic } = splitTopicPartition(tp)
    const leaderEnd = yield* this.offset(tp, LATEST_TIME)
    if (leaderEnd === undefined) return undefined
    const ownEnd = this.target.logEndOffset(tp)
    if (leaderEnd < ownEnd) {
      const unclean = yield* until<boolean>((resume) => this.target.uncleanElectionEnabled(topic, resume))
      if (!unclean) {
        this.target.haltBroker(
          `log truncation is not allowed for topic ${topic}: leader ${this.source.id} ends at ${leaderEnd}, ` +
            `replica ${this.settings.brokerId} at ${ownEnd}`,
        )
      }
      this.target.truncate(tp, leaderEnd, this.source.id)
      return leaderEnd
    }
    const leaderStart = yield* this.offset(tp, EARLIEST_TIME)
    if (leaderStart === undefined) return undefined
    this.target.truncateFullyAndStartAt(tp, leaderStart)
    return leaderStart
  }

  private *offset(tp: TopicPartition, time: number): Task<number | undefined> {
    const request: OffsetsRequest = {
      api: 'Offsets',
      correlationId: this.correlationId++,
      clientId: this.clientId,
      replicaId: this.settings.brokerId,
      partitions: [{ ...splitTopicPartition(tp), time, maxNumOffsets: 1 }],
    }
    const result = yield* until<RpcResult<OffsetsResponse>>((resume) => this.channel.call(request, resume))
    if (!result.ok) return undefined
    const answer = result.response.partitions[0]
    return answer?.errorCode === ErrorCode.NoError ? answer.offsets[0] : undefined
  }

  digest(digest: Digest): void {
    digest.int(this.source.id).boolean(this.fetching).boolean(this.locked).boolean(this.ended).int(this.correlationId)
    for (const [tp, offset] of this.offsets) digest.string(tp).int(offset)
  }
}
