/**
 * A follower's fetcher: one to a source broker, one request outstanding, covering all its partitions, again and again,
 * up to 0.8.2 without back-off (`kafka/server/AbstractFetcherThread.scala`, `ReplicaFetcherThread.scala`, 0.8.2.2, 0.9.0.1,
 * 0.11.0.2, 2.0.0, 2.4.1 and 2.8.0; replication.md 2.3). Since 0.11 a round begins with the partitions whose logs must be
 * brought to agree with the leader's first (F11).
 *
 * While a response is worked on the fetcher holds its partition map lock: who wants to take a partition away waits
 * (`removePartitions`), also through the blocking Offsets requests of an out-of-range fetch.
 */
import { type Digest, fromMs, type Host, runTask, type Task, type Timer, until } from '../host/index.ts'
import {
  BlockingChannel,
  type BrokerEndpoint,
  ErrorCode,
  type FetchPartition,
  type FetchPartitionResult,
  type FetchRequest,
  type FetchResponse,
  type OffsetForLeaderEpochRequest,
  type OffsetForLeaderEpochResponse,
  type OffsetsRequest,
  type OffsetsResponse,
  type RpcResult,
  splitTopicPartition,
  type TopicPartition,
} from '../protocol/index.ts'
import { type EpochEndOffset, UNDEFINED_EPOCH, UNDEFINED_EPOCH_OFFSET } from '../storage/index.ts'
import { traceBroker } from './events.ts'
import { FetchState, type InitialFetchState } from './fetch-state.ts'
import type { FetcherSettings, FetcherTarget } from './fetcher-target.ts'
import { type FollowerLog, truncationFor } from './follower-truncation.ts'
import { handleOffsetOutOfRange } from './out-of-range.ts'

export class ReplicaFetcher {
  /** What to fetch next of each partition. */
  private readonly states = new Map<TopicPartition, FetchState>()
  private rest: Timer | undefined
  private readonly host: Host
  private readonly channel: BlockingChannel
  private readonly clientId: string
  private correlationId = 0
  private busy = false
  private locked = false
  private readonly lockWaiters: Array<() => void> = []
  private ended = false
  readonly source: BrokerEndpoint
  readonly settings: FetcherSettings
  readonly target: FetcherTarget

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
    return this.states.size
  }

  get hasEnded(): boolean {
    return this.ended
  }

  /** Starts fetching partitions; one that is fetched already, in the same epoch where epochs count, stays as it is. */
  addPartitions(partitions: readonly InitialFetchState[]): void {
    const { fetchFencing } = this.settings.versions
    for (const initial of partitions) {
      const known = this.states.get(initial.tp)
      if (known !== undefined && (fetchFencing === 'none' || known.leaderEpoch === initial.leaderEpoch)) continue
      this.states.set(initial.tp, new FetchState(initial))
    }
    this.doWork()
  }

  /** Stops fetching partitions; `done` is called when the fetcher does not touch them any more. */
  removePartitions(partitions: readonly TopicPartition[], done: () => void): void {
    const remove = (): void => {
      for (const tp of partitions) this.states.delete(tp)
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
    if (this.busy || this.ended || this.states.size === 0) return
    this.rest?.cancel()
    this.rest = undefined
    if (!this.wakeRested()) return
    this.busy = true
    for (const state of this.states.values()) {
      if (state.isTruncating) return runTask(this.maybeTruncate(), () => this.fetch())
    }
    this.fetch()
  }

  private fetch(): void {
    if (this.ended) return
    const asked: FetchState[] = []
    for (const state of this.states.values()) if (state.isReadyForFetch) asked.push(state)
    if (asked.length === 0) return this.nextRound()
    const request: FetchRequest = {
      api: 'Fetch',
      correlationId: this.correlationId++,
      clientId: this.clientId,
      replicaId: this.settings.brokerId,
      maxWaitMs: this.settings.maxWaitMs,
      minBytes: this.settings.minBytes,
      partitions: asked.map((state) => this.fetchOf(state)),
    }
    const tps = asked.map(({ tp }) => tp)
    // SimpleConsumer tries once more on a new connection before it gives up; either way the loop goes round again.
    this.channel.call(request, (result) => {
      if (this.ended) return
      if (!result.ok) {
        // The thread rests, and then each of its partitions for as long again.
        for (const state of this.states.values()) this.delay(state, 2)
        return this.nextRound()
      }
      this.locked = true
      this.process(tps, request, result.response, 0)
    })
  }

  private fetchOf(state: FetchState): FetchPartition {
    const { versions, maxBytes } = this.settings
    const { topic, partition, fetchOffset, leaderEpoch, lastFetchedEpoch } = state
    if (versions.fetchFencing === 'none') return { topic, partition, fetchOffset, maxBytes }
    // Written out: with the offsets topic there are dozens in each fetch, and objects that are spread are slow to make.
    const currentLeaderEpoch = leaderEpoch
    if (versions.truncation !== 'on-fetch' || lastFetchedEpoch === undefined) {
      return { topic, partition, fetchOffset, maxBytes, currentLeaderEpoch }
    }
    return { topic, partition, fetchOffset, maxBytes, currentLeaderEpoch, lastFetchedEpoch }
  }

  /** Lets a partition rest, where this release has a back-off. */
  private delay(state: FetchState, times = 1): void {
    const { backoffMs, versions } = this.settings
    if (versions.fetchBackoff === 'none' || state.restingUntil !== undefined) return
    state.restingUntil = this.host.now() + times * fromMs(backoffMs)
  }

  /** Whether there is a partition that does not rest; if not, looks again when the first has rested. */
  private wakeRested(): boolean {
    const now = this.host.now()
    let first = Number.POSITIVE_INFINITY
    let awake = false
    for (const state of this.states.values()) {
      if (state.restingUntil !== undefined && state.restingUntil <= now) state.restingUntil = undefined
      if (state.restingUntil === undefined) awake = true
      else first = Math.min(first, state.restingUntil)
    }
    if (!awake) this.rest = this.host.setTimer(first - now, `${this.clientId} back-off`, () => this.doWork())
    return awake
  }

  private nextRound(): void {
    this.busy = false
    this.doWork()
  }

  private unlock(): void {
    this.locked = false
    if (this.lockWaiters.length > 0) for (const waiter of this.lockWaiters.splice(0)) waiter()
  }

  // ---- truncation before the first fetch (F11) ----

  /** Asks the leader where the latest epochs of the truncating partitions end in its log, and cuts them back. */
  private *maybeTruncate(): Task<void> {
    const { versions } = this.settings
    const asked: Array<{ readonly state: FetchState; readonly epoch: number }> = []
    for (const state of [...this.states.values()]) {
      if (!state.isTruncating) continue
      const epoch = this.target.latestEpoch(state.tp)
      // Before KIP-320 the leader is asked all the same, and says that it does not know.
      if (epoch !== undefined || versions.fetchFencing === 'none') {
        asked.push({ state, epoch: epoch ?? UNDEFINED_EPOCH })
      } else if (this.cut(state, state.fetchOffset, 'high-watermark')) {
        state.fetchOffset = this.target.logEndOffset(state.tp)
        state.phase = 'fetching'
      }
    }
    if (asked.length === 0) return
    const request: OffsetForLeaderEpochRequest = {
      api: 'OffsetForLeaderEpoch',
      correlationId: this.correlationId++,
      clientId: this.clientId,
      replicaId: this.settings.brokerId,
      partitions: asked.map(({ state, epoch: leaderEpoch }) => ({
        ...splitTopicPartition(state.tp),
        leaderEpoch,
        ...this.epochOf(state),
      })),
    }
    const result = yield* until<RpcResult<OffsetForLeaderEpochResponse>>((resume) => this.channel.call(request, resume))
    if (this.ended) return
    asked.forEach(({ state: before }, i) => {
      // It may have been taken away, and have come back in a later epoch: only since KIP-320 an old answer is not used then.
      const state = this.states.get(before.tp)
      if (state === undefined || (versions.fetchFencing !== 'none' && state.leaderEpoch !== before.leaderEpoch)) return
      const answer = result.ok ? result.response.partitions[i]! : undefined
      if (answer?.errorCode === ErrorCode.FencedLeaderEpoch) this.fenced(state, before.leaderEpoch)
      else if (answer?.errorCode !== ErrorCode.NoError) this.delay(state)
      else this.truncateTo(state, { epoch: answer.leaderEpoch, endOffset: answer.endOffset })
      this.tellRepetition(state, asked[i]!.epoch)
    })
  }

  /** Says so, once, when the latest epoch is the one that was just asked about, and must be asked about again (M43). */
  private tellRepetition(state: FetchState, epoch: number): void {
    if (state.repeats || !state.isTruncating || this.target.latestEpoch(state.tp) !== epoch) return
    state.repeats = true
    const { host } = this
    if (host.tracing) {
      traceBroker(host, { kind: 'TruncationRepeats', tp: state.tp, leader: this.source.id, epoch })
    }
  }

  /** Cuts a log back to what a leader's answer says, and perhaps asks again next time. */
  private truncateTo(state: FetchState, answer: EpochEndOffset): void {
    const { target } = this
    const { tp } = state
    const { versions } = this.settings
    const log: FollowerLog = {
      logEndOffset: target.logEndOffset(tp),
      endOffsetForEpoch: (epoch) => target.endOffsetForEpoch(tp, epoch),
    }
    const fallback = versions.truncation === 'epoch-end' ? target.highWatermark(tp) : state.fetchOffset
    const { offset, completed } = truncationFor(answer, log, fallback)
    const isUnknown = answer.endOffset === UNDEFINED_EPOCH_OFFSET
    if (!this.cut(state, offset, isUnknown ? 'high-watermark' : 'leader-epoch')) return
    state.fetchOffset = offset
    if (completed || versions.truncation === 'on-fetch') state.phase = 'fetching'
    state.lastFetchedEpoch = target.latestEpoch(tp)
  }

  private cut(state: FetchState, offset: number, reason: 'leader-epoch' | 'high-watermark'): boolean {
    if (this.target.truncate(state.tp, offset, reason)) return true
    this.failed(state)
    return false
  }

  /** KIP-461: since 2.3 a partition that cannot go on is left out; before, it is tried again. */
  private failed(state: FetchState): void {
    if (this.settings.versions.fetcherFailure === 'partition-fails') this.states.delete(state.tp)
    else this.delay(state)
  }

  /** The leader has a later epoch than the one that was named: nothing is fetched before LeaderAndIsr tells of it. */
  private fenced(state: FetchState, requestEpoch: number): void {
    if (state.leaderEpoch === requestEpoch) this.states.delete(state.tp)
    else this.delay(state)
  }

  // ---- answers ----

  /** Works on the answer for each partition, from the one at `index` on, and then fetches again. */
  private process(tps: readonly TopicPartition[], request: FetchRequest, response: FetchResponse, index: number): void {
    const diverging: Array<{ readonly tp: TopicPartition; readonly end: EpochEndOffset }> = []
    for (let i = index; i < response.partitions.length; i++) {
      const data = response.partitions[i]!
      const asked = request.partitions[i]!
      const state = this.states.get(tps[i]!)
      if (state === undefined || !this.takes(state, asked)) continue
      const { divergingEpoch } = data
      if (data.errorCode === ErrorCode.OffsetOutOfRange) {
        return runTask(this.outOfRange(state, asked), () => {
          if (this.ended) return
          for (const { tp, end } of diverging) this.diverged(tp, end)
          this.process(tps, request, response, i + 1)
        })
      }
      if (divergingEpoch !== undefined) diverging.push({ tp: state.tp, end: divergingEpoch })
      if (divergingEpoch !== undefined && this.settings.versions.divergingAnswer === 'truncate-first') continue
      if (this.take(state, asked, data) === 'died') return this.shutdown()
    }
    for (const { tp, end } of diverging) this.diverged(tp, end)
    this.unlock()
    this.nextRound()
  }

  /**
   * An answer is used only if the partition is still fetched, from the same offset. Up to 1.0 that is all: one that was
   * taken away and has come back, to be truncated first, takes an answer from before.
   */
  private takes(state: FetchState, asked: FetchPartition): boolean {
    if (state.fetchOffset !== asked.fetchOffset) return false
    return this.settings.versions.lateAnswer === 'by-offset' || state.isReadyForFetch
  }

  private take(state: FetchState, asked: FetchPartition, data: FetchPartitionResult): 'died' | undefined {
    const { versions } = this.settings
    switch (data.errorCode) {
      case ErrorCode.NoError: {
        const next = this.target.processPartitionData(state.tp, asked.fetchOffset, data)
        if (next === 'damaged') {
          this.delay(state)
        } else if (next === 'failed') {
          // Before KIP-461 the exception ends the thread.
          if (versions.fetcherFailure === 'thread-dies') return 'died'
          this.states.delete(state.tp)
        } else if (next !== asked.fetchOffset) {
          state.fetchOffset = next
          state.phase = 'fetching'
          state.restingUntil = undefined
          state.lastFetchedEpoch = this.target.latestEpoch(state.tp)
        }
        return undefined
      }
      case ErrorCode.FencedLeaderEpoch:
        this.fenced(state, asked.currentLeaderEpoch ?? state.leaderEpoch)
        return undefined
      default:
        // Other errors: the controller is expected to fix things; just fetch again.
        this.delay(state)
        return undefined
    }
  }

  private diverged(tp: TopicPartition, end: EpochEndOffset): void {
    const state = this.states.get(tp)
    if (state !== undefined) this.truncateTo(state, end)
  }

  // ---- the leader does not have what was asked for ----

  private *outOfRange(state: FetchState, asked: FetchPartition): Task<void> {
    const outcome = yield* handleOffsetOutOfRange(this, state)
    if (this.ended) return
    if (outcome === 'fenced') this.fenced(state, asked.currentLeaderEpoch ?? state.leaderEpoch)
    else if (outcome === 'error') this.delay(state)
    else {
      state.fetchOffset = outcome
      state.phase = 'fetching'
      state.lastFetchedEpoch = this.target.latestEpoch(state.tp)
    }
  }

  /** Asks the leader for an end of its log. */
  *offset(state: FetchState, time: number): Task<number | 'fenced' | 'error'> {
    const { topic, partition } = state
    const request: OffsetsRequest = {
      api: 'Offsets',
      correlationId: this.correlationId++,
      clientId: this.clientId,
      replicaId: this.settings.brokerId,
      partitions: [{ topic, partition, time, maxNumOffsets: 1, ...this.epochOf(state) }],
    }
    const result = yield* until<RpcResult<OffsetsResponse>>((resume) => this.channel.call(request, resume))
    const answer = result.ok ? result.response.partitions[0] : undefined
    if (answer?.errorCode === ErrorCode.FencedLeaderEpoch) return 'fenced'
    return (answer?.errorCode === ErrorCode.NoError ? answer.offsets[0] : undefined) ?? 'error'
  }

  private epochOf({ leaderEpoch }: FetchState): { readonly currentLeaderEpoch?: number } {
    return this.settings.versions.fetchFencing === 'none' ? {} : { currentLeaderEpoch: leaderEpoch }
  }

  digest(digest: Digest): void {
    digest.int(this.source.id).boolean(this.busy).boolean(this.locked).boolean(this.ended).int(this.correlationId)
    for (const state of this.states.values()) state.digest(digest)
  }
}
