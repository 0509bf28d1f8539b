/**
 * A consumer's commits, and its questions after what its group has committed (`ConsumerCoordinator.java`, 0.9.0.1, 1.1.1).
 */
import type { Digest, Host, Micros, Task } from '../../host/index.ts'
import {
  type AssignedPartition,
  ErrorCode,
  errorName,
  type OffsetCommitRequest,
  type OffsetCommitResponse,
  type OffsetFetchRequest,
  type RpcResult,
  splitTopicPartition,
  type TopicPartition,
  topicPartition,
} from '../../protocol/index.ts'
import type { ClientEvent } from '../events.ts'
import { ConsumerError } from './consumer-error.ts'
import type { ConsumerNetwork, Node } from './consumer-network.ts'
import type { CoordinatorLookup } from './coordinator-lookup.ts'
import type { CommitKind } from './events.ts'
import type { GroupMember } from './group-member.ts'

export interface CommittedOffsetsOptions {
  readonly client: string
  readonly group: string
  readonly retryBackoffUs: Micros
  readonly commitVersion: OffsetCommitRequest['version']
  readonly fetchVersion: OffsetFetchRequest['version']
  /** Offsets that a transaction which is open still may replace are not taken (KIP-447). */
  readonly requireStable: boolean
  /** A member that is not settled in a generation does not even ask (0.10.1). */
  readonly onlyWhenStable: boolean
  /** A commit in the middle of a rebalance does not cost the membership (2.3). */
  readonly rejoinsAsItIs: boolean
}

export type Offsets = ReadonlyMap<TopicPartition, number>

/** `done`; `retry`: it may work another time; `failed`: the group has gone on without this member, or it was too large. */
type CommitOutcome = { readonly outcome: 'done' } | { readonly outcome: 'retry' | 'failed'; readonly error: string }

export class CommittedOffsets {
  private readonly host: Host
  private readonly network: ConsumerNetwork
  private readonly lookup: CoordinatorLookup
  private readonly member: GroupMember
  private readonly options: CommittedOffsetsOptions
  private correlationId = 0

  constructor(
    host: Host,
    parts: { readonly network: ConsumerNetwork; readonly lookup: CoordinatorLookup; readonly member: GroupMember },
    options: CommittedOffsetsOptions,
  ) {
    this.host = host
    this.network = parts.network
    this.lookup = parts.lookup
    this.member = parts.member
    this.options = options
  }

  // ---- commit ----

  /**
   * Commits, and tries until it is done or cannot be done.
   * @param limitUs longest time to try; undefined: no limit
   * @throws ConsumerError CommitFailedException
   */
  *commitSync(offsets: Offsets, how: CommitKind, limitUs?: Micros): Task<void> {
    if (offsets.size === 0) return
    const startUs = this.host.now()
    for (;;) {
      const coordinator = yield* this.lookup.find()
      const refused = this.refusedBeforehand()
      let outcome = refused
      if (outcome === undefined) {
        const result = yield* this.network.answerOf(this.network.send(coordinator, this.commitRequest(offsets)))
        outcome = this.judge(result)
      }
      if (outcome.outcome === 'done') return this.traceDone(offsets, how)
      this.traceFailed(offsets, how, outcome.error)
      if (outcome.outcome === 'failed') throw new ConsumerError('CommitFailedException', outcome.error)
      yield* this.network.backOff(this.options.retryBackoffUs)
      if (limitUs !== undefined && this.host.now() - startUs >= limitUs) return
    }
  }

  /** Sends a commit and goes on; nobody tries again. @param done told what came of it: undefined, or the error */
  commitAsync(offsets: Offsets, how: CommitKind, done: (retriable: boolean | undefined) => void = () => {}): void {
    if (offsets.size === 0) return done(undefined)
    const { coordinator } = this.lookup
    const refused = coordinator === undefined ? NO_COORDINATOR : this.refusedBeforehand()
    if (refused !== undefined) return this.finish(offsets, how, refused, done)
    this.network.send(coordinator as Node, this.commitRequest(offsets), (result) =>
      this.finish(offsets, how, this.judge(result), done),
    )
  }

  private finish(
    offsets: Offsets,
    how: CommitKind,
    outcome: CommitOutcome,
    done: (retriable: boolean | undefined) => void,
  ): void {
    if (outcome.outcome === 'done') {
      this.traceDone(offsets, how)
      return done(undefined)
    }
    this.traceFailed(offsets, how, outcome.error)
    done(outcome.outcome === 'retry')
  }

  private refusedBeforehand(): CommitOutcome | undefined {
    if (!this.options.onlyWhenStable || this.member.isStable) return undefined
    return { outcome: 'failed', error: 'no member of a generation' }
  }

  private commitRequest(offsets: Offsets): OffsetCommitRequest {
    const { client: clientId, group: groupId, commitVersion: version } = this.options
    const { generationId, memberId } = this.member
    return {
      api: 'OffsetCommit',
      version,
      correlationId: this.correlationId++,
      clientId,
      groupId,
      generationId,
      memberId,
      partitions: [...offsets].map(([tp, offset]) => ({ ...splitTopicPartition(tp), offset, metadata: '' })),
    }
  }

  private judge(result: RpcResult<OffsetCommitResponse>): CommitOutcome {
    if (!result.ok) {
      this.lookup.lost(result.failure)
      return { outcome: 'retry', error: result.failure }
    }
    for (const { errorCode } of result.response.partitions) {
      const error = errorName(errorCode)
      switch (errorCode) {
        case ErrorCode.NoError:
          continue
        case ErrorCode.OffsetsLoadInProgress:
          return { outcome: 'retry', error }
        case ErrorCode.ConsumerCoordinatorNotAvailable:
        case ErrorCode.NotCoordinatorForConsumer:
        case ErrorCode.RequestTimedOut:
          this.lookup.lost(error)
          return { outcome: 'retry', error }
        case ErrorCode.UnknownMemberId:
        case ErrorCode.IllegalGeneration:
        case ErrorCode.RebalanceInProgress:
          if (errorCode === ErrorCode.RebalanceInProgress && this.options.rejoinsAsItIs) this.member.rejoin()
          else this.member.expelled(false)
          return { outcome: 'failed', error }
        case ErrorCode.UnknownTopicOrPartition:
          return { outcome: this.options.onlyWhenStable ? 'retry' : 'failed', error }
        default:
          return { outcome: 'failed', error }
      }
    }
    return { outcome: 'done' }
  }

  // ---- fetch ----

  /** What the group has committed of these partitions; those without a commit are missing. Asks until it is told. */
  *fetch(partitions: readonly AssignedPartition[]): Task<Map<TopicPartition, number>> {
    for (;;) {
      const coordinator = yield* this.lookup.find()
      const { client: clientId, group: groupId, fetchVersion, requireStable } = this.options
      const version = requireStable ? 7 : fetchVersion
      const request: OffsetFetchRequest = {
        api: 'OffsetFetch',
        version,
        correlationId: this.correlationId++,
        clientId,
        groupId,
        ...(requireStable ? { requireStable } : {}),
        partitions: partitions.map(({ topic, partition }) => ({ topic, partition })),
      }
      const result = yield* this.network.answerOf(this.network.send(coordinator, request))
      if (!result.ok) this.lookup.lost(result.failure)
      else {
        const { response } = result
        const failed = response.partitions.find(({ errorCode }) => errorCode !== ErrorCode.NoError)
        const errorCode = response.errorCode === ErrorCode.NoError ? failed?.errorCode : response.errorCode
        if (errorCode === undefined) {
          const found = response.partitions.filter(({ offset }) => offset >= 0)
          return new Map(found.map(({ topic, partition, offset }) => [topicPartition(topic, partition), offset]))
        }
        this.fetchFailed(errorCode)
      }
      yield* this.network.backOff(this.options.retryBackoffUs)
    }
  }

  private fetchFailed(errorCode: ErrorCode): void {
    const error = errorName(errorCode)
    switch (errorCode) {
      case ErrorCode.OffsetsLoadInProgress:
      case ErrorCode.UnstableOffsetCommit:
        return
      case ErrorCode.NotCoordinatorForConsumer:
      case ErrorCode.ConsumerCoordinatorNotAvailable:
        return this.lookup.lost(error)
      default:
        throw new ConsumerError('KafkaException', `unexpected error in fetch offset response: ${error}`)
    }
  }

  private traceDone(offsets: Offsets, how: CommitKind): void {
    const { client, group } = this.options
    this.trace({ kind: 'CommitAcknowledged', client, group, how, offsets: Object.fromEntries(offsets) })
  }

  private traceFailed(offsets: Offsets, how: CommitKind, error: string): void {
    const { client, group } = this.options
    this.trace({ kind: 'CommitFailed', client, group, how, offsets: Object.fromEntries(offsets), error })
  }

  private trace(event: ClientEvent): void {
    if (this.host.tracing) this.host.trace(event)
  }

  digest(digest: Digest): void {
    digest.int(this.correlationId)
  }
}

const NO_COORDINATOR: CommitOutcome = { outcome: 'retry', error: 'no coordinator' }
