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
  /**
   * Appends what was fetched and takes over the high watermark.
   * @returns the offset to fetch next; `'died'`: the fetcher thread ends with the error
   */
  processPartitionData(tp: TopicPartition, fetchOffset: number, data: FetchPartitionResult): number | 'died'
  /** Whether the topic allows unclean election, read from ZooKeeper as Kafka does at this point. */
  uncleanElectionEnabled(topic: string, done: (enabled: boolean) => void): void
  /** False if the disk failed on the way. */
  truncate(tp: TopicPartition, offset: number): boolean
  /** False if the disk failed on the way. */
  truncateFullyAndStartAt(tp: TopicPartition, offset: number): boolean
  /** Ends the broker process. */
  haltBroker(reason: string): never
}

export class ReplicaFetcher {
  /** What to fetch next of each partition. */
  private readonly wanted = new Map<TopicPartition, FetchPartition>()
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
    return this.wanted.size
  }

  /** Starts fetching partitions; one that is fetched already keeps its offset. */
  addPartitions(partitions: ReadonlyArray<{ readonly tp: TopicPartition; readonly offset: number }>): void {
    for (const { tp, offset } of partitions) {
      if (this.wanted.has(tp)) continue
      const { topic, partition } = splitTopicPartition(tp)
      this.wanted.set(tp, { topic, partition, fetchOffset: offset, maxBytes: this.settings.maxBytes })
    }
    this.doWork()
  }

  /** Stops fetching partitions; `done` is called when the fetcher does not touch them any more. */
  removePartitions(partitions: readonly TopicPartition[], done: () => void): void {
    const remove = (): void => {
      for (const tp of partitions) this.wanted.delete(tp)
      done()
    }
    if (this.locked) this.lockWaiters.push(remove)
    else remove()
  }

  /** Ends it, also in the middle of its work: whoever waits for it goes on. */
  shutdown(): void {
    this.ended = true
    this.channel.close()
    this.unlock()
  }

  private doWork(): void {
    if (this.fetching || this.ended || this.wanted.size === 0) return
    this.fetching = true
    const tps = [...this.wanted.keys()]
    const request: FetchRequest = {
      api: 'Fetch',
      correlationId: this.correlationId++,
      clientId: this.clientId,
      replicaId: this.settings.brokerId,
      maxWaitMs: this.settings.maxWaitMs,
      minBytes: this.settings.minBytes,
      partitions: [...this.wanted.values()],
    }
    // SimpleConsumer tries once more on a new connection before it gives up; either way the loop goes round again.
    this.channel.call(request, (result) => {
      if (this.ended) return
      if (!result.ok) return this.nextRound()
      this.locked = true
      this.process(tps, request, result.response, 0)
    })
  }

  private nextRound(): void {
    this.fetching = false
    this.doWork()
  }

  private unlock(): void {
    this.locked = false
    if (this.lockWaiters.length > 0) for (const waiter of this.lockWaiters.splice(0)) waiter()
  }

  /** Works on the answer for each partition, from the one at `index` on, and then fetches again. */
  private process(tps: readonly TopicPartition[], request: FetchRequest, response: FetchResponse, index: number): void {
    for (let i = index; i < response.partitions.length; i++) {
      const data = response.partitions[i]!
      const asked = request.partitions[i]!
      const tp = tps[i]!
      // Used only if the partition is still fetched, from the same offset.
      if (this.wanted.get(tp)?.fetchOffset !== asked.fetchOffset) continue
      if (data.errorCode === ErrorCode.NoError) {
        const next = this.target.processPartitionData(tp, asked.fetchOffset, data)
        if (next === 'died') return this.shutdown()
        if (next !== asked.fetchOffset) this.wanted.set(tp, { ...asked, fetchOffset: next })
      } else if (data.errorCode === ErrorCode.OffsetOutOfRange) {
        return runTask(this.handleOffsetOutOfRange(tp), (offset) => {
          if (this.ended) return
          if (offset !== undefined) this.wanted.set(tp, { ...asked, fetchOffset: offset })
          this.process(tps, request, response, i + 1)
        })
      }
      // Other errors: the controller is expected to fix things; just fetch again.
    }
    this.unlock()
    this.nextRound()
  }

  /**
   * The leader does not have what we ask for (replication.md 2.7; F12; M19, M20).
   * @returns the offset to go on from, or undefined if the leader could not be asked or the disk failed
   */
  private *handleOffsetOutOfRange(tp: TopicPartition): Task<number | undefined> {
    const { topic } = splitTopicPartition(tp)
    const leaderEnd = yield* this.offset(tp, LATEST_TIME)
    if (leaderEnd === undefined) return undefined
    const ownEnd = this.target.logEndOffset(tp)
    if (leaderEnd < ownEnd) {
      const unclean = yield* until<boolean>((resume) => this.target.uncleanElectionEnabled(topic, resume))
      if (this.ended) return undefined
      if (!unclean) {
        this.target.haltBroker(
          `log truncation is not allowed for topic ${topic}: leader ${this.source.id} ends at ${leaderEnd}, ` +
            `replica ${this.settings.brokerId} at ${ownEnd}`,
        )
      }
      return this.target.truncate(tp, leaderEnd) ? leaderEnd : undefined
    }
    const leaderStart = yield* this.offset(tp, EARLIEST_TIME)
    if (leaderStart === undefined) return undefined
    return this.target.truncateFullyAndStartAt(tp, leaderStart) ? leaderStart : undefined
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
    for (const [tp, { fetchOffset }] of this.wanted) digest.string(tp).int(fetchOffset)
  }
}
