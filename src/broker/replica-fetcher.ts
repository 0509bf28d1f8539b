/**
 * A follower's fetcher: one to a source broker, one request outstanding, covering all its partitions, again and again,
 * up to 0.8.2 without back-off (`kafka/server/AbstractFetcherThread.scala`, `ReplicaFetcherThread.scala`, 0.8.2.2, 0.9.0.1
 * and 2.1.0; replication.md 2.3).
 *
 * While a response is worked on the fetcher holds its partition map lock: who wants to take a partition away waits
 * (`removePartitions`), also through the blocking Offsets requests of an out-of-range fetch.
 */
import { type Digest, fromMs, type Host, type Micros, runTask, type Task, type Timer, until } from '../host/index.ts'
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
import type { ProtocolVersions } from '../versions.ts'

export interface FetcherSettings {
  readonly brokerId: number
  readonly socketTimeoutMs: number
  readonly maxWaitMs: number
  readonly minBytes: number
  readonly maxBytes: number
  /** Rest after a failed fetch, and of a partition after an error; undefined: none (before 0.9). */
  readonly backoffMs?: number
  readonly outOfRange: ProtocolVersions['outOfRange']
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
  /** Until when partitions that had an error are left out. */
  private readonly restingUntil = new Map<TopicPartition, Micros>()
  private rest: Timer | undefined
  private readonly host: Host
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
    this.host = host
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
  addPartitions(
    partitions: ReadonlyArray<{
      readonly tp: TopicPartition
      readonly offset: number
      readonly leaderEpoch: number | undefined
    }>,
  ): void {
    for (const { tp, offset, leaderEpoch } of partitions) {
      if (this.wanted.has(tp)) continue
      const { topic, partition } = splitTopicPartition(tp)
      const wanted = { topic, partition, fetchOffset: offset, maxBytes: this.settings.maxBytes }
      this.wanted.set(tp, leaderEpoch === undefined ? wanted : { ...wanted, currentLeaderEpoch: leaderEpoch })
      this.restingUntil.delete(tp)
    }
    this.doWork()
  }

  /** Stops fetching partitions; `done` is called when the fetcher does not touch them any more. */
  removePartitions(partitions: readonly TopicPartition[], done: () => void): void {
    const remove = (): void => {
      for (const tp of partitions) {
        this.wanted.delete(tp)
        this.restingUntil.delete(tp)
      }
      done()
    }
    if (this.locked) this.lockWaiters.push(remove)
    else remove()
  }

  /** Ends it, also in the middle of its work: whoever waits for it goes on. */
  shutdown(): void {
    this.ended = true
    this.rest?.cancel()
    this.channel.close()
    this.unlock()
  }

  private doWork(): void {
    if (this.fetching || this.ended || this.wanted.size === 0) return
    this.rest?.cancel()
    this.rest = undefined
    if (this.restingUntil.size > 0 && !this.wakeRested()) return
    this.fetching = true
    const awake = (tp: TopicPartition): boolean => !this.restingUntil.has(tp)
    const all = [...this.wanted.keys()]
    const tps = this.restingUntil.size === 0 ? all : all.filter(awake)
    const request: FetchRequest = {
      api: 'Fetch',
      correlationId: this.correlationId++,
      clientId: this.clientId,
      replicaId: this.settings.brokerId,
      maxWaitMs: this.settings.maxWaitMs,
      minBytes: this.settings.minBytes,
      partitions: tps.map((tp) => this.wanted.get(tp)!),
    }
    // SimpleConsumer tries once more on a new connection before it gives up; either way the loop goes round again.
    this.channel.call(request, (result) => {
      if (this.ended) return
      if (!result.ok) {
        // The thread rests, and then each of its partitions for as long again.
        for (const tp of this.wanted.keys()) this.delay(tp, 2)
        return this.nextRound()
      }
      this.locked = true
      this.process(tps, request, result.response, 0)
    })
  }

  /** Lets a partition rest, where this release has a back-off. */
  private delay(tp: TopicPartition, times = 1): void {
    const { backoffMs } = this.settings
    if (backoffMs !== undefined) this.restingUntil.set(tp, this.host.now() + times * fromMs(backoffMs))
  }

  /** Whether there is a partition that does not rest; if not, looks again when the first has rested. */
  private wakeRested(): boolean {
    const now = this.host.now()
    let first = Number.POSITIVE_INFINITY
    for (const [tp, until] of this.restingUntil) {
      if (until <= now) this.restingUntil.delete(tp)
      else first = Math.min(first, until)
    }
    if (this.restingUntil.size < this.wanted.size) return true
    this.rest = this.host.setTimer(first - now, `${this.clientId} back-off`, () => this.doWork())
    return false
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
      // Used only if the partition is still fetched, from the same offset (and under the same leader epoch, where there
      // is one: in Kafka a new epoch begins with a truncation phase, during which answers are ignored).
      const wanted = this.wanted.get(tp)
      if (wanted?.fetchOffset !== asked.fetchOffset || wanted.currentLeaderEpoch !== asked.currentLeaderEpoch) continue
      if (data.errorCode === ErrorCode.NoError) {
        const next = this.target.processPartitionData(tp, asked.fetchOffset, data)
        if (next === 'died') return this.shutdown()
        if (next !== asked.fetchOffset) this.wanted.set(tp, { ...asked, fetchOffset: next })
      } else if (data.errorCode === ErrorCode.OffsetOutOfRange) {
        return runTask(this.handleOffsetOutOfRange(tp), (offset) => {
          if (this.ended) return
          if (offset !== undefined) this.wanted.set(tp, { ...asked, fetchOffset: offset })
          else this.delay(tp)
          this.process(tps, request, response, i + 1)
        })
      } else if (data.errorCode === ErrorCode.FencedLeaderEpoch) {
        // The leader has a later epoch: nothing is fetched before LeaderAndIsr tells of it.
        this.wanted.delete(tp)
      } else {
        // Other errors: the controller is expected to fix things; just fetch again.
        this.delay(tp)
      }
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
    const { outOfRange } = this.settings
    const leaderEnd = yield* this.offset(tp, LATEST_TIME)
    if (leaderEnd === undefined) return undefined
    const ownEnd = this.target.logEndOffset(tp)
    if (leaderEnd < ownEnd) {
      const mayCut = outOfRange === 'never-halt'
      const unclean = mayCut || (yield* until<boolean>((resume) => this.target.uncleanElectionEnabled(topic, resume)))
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
    // KAFKA-2143: the leader may have caught up meanwhile; only a log that it has left behind is of no more use.
    if (outOfRange !== 'halt-or-wipe' && leaderStart <= ownEnd) return ownEnd
    return this.target.truncateFullyAndStartAt(tp, leaderStart) ? leaderStart : undefined
  }

  private *offset(tp: TopicPartition, time: number): Task<number | undefined> {
    const request: OffsetsRequest = {
      api: 'Offsets',
      correlationId: this.correlationId++,
      clientId: this.clientId,
      replicaId: this.settings.brokerId,
      partitions: [{ ...splitTopicPartition(tp), time, maxNumOffsets: 1, ...this.epochOf(tp) }],
    }
    const result = yield* until<RpcResult<OffsetsResponse>>((resume) => this.channel.call(request, resume))
    if (!result.ok) return undefined
    const answer = result.response.partitions[0]
    return answer?.errorCode === ErrorCode.NoError ? answer.offsets[0] : undefined
  }

  private epochOf(tp: TopicPartition): { readonly currentLeaderEpoch?: number } {
    const epoch = this.wanted.get(tp)?.currentLeaderEpoch
    return epoch === undefined ? {} : { currentLeaderEpoch: epoch }
  }

  digest(digest: Digest): void {
    digest.int(this.source.id).boolean(this.fetching).boolean(this.locked).boolean(this.ended).int(this.correlationId)
    for (const [tp, { fetchOffset, currentLeaderEpoch }] of this.wanted) {
      digest
        .string(tp)
        .int(fetchOffset)
        .int(currentLeaderEpoch ?? -1)
        .int(this.restingUntil.get(tp) ?? -1)
    }
  }
}
