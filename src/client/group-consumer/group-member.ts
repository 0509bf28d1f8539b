/**
 * A consumer as a member of its group: joins, hears or computes who reads what, shows that it lives, leaves
 * (`AbstractCoordinator.java`, `ConsumerCoordinator.java`; 0.9.0.1, and 1.1.1 for heartbeats in the background).
 */
import type { Digest, Host, Micros, Task } from '../../host/index.ts'
import {
  CONSUMER_PROTOCOL_TYPE,
  decodeMemberAssignment,
  decodeSubscription,
  ErrorCode,
  encodeMemberAssignment,
  encodeSubscription,
  errorName,
  type JoinGroupRequest,
  type JoinGroupResponse,
  NO_GENERATION,
  NO_MEMBER_ID,
  type RpcFailure,
  type SyncGroupRequest,
  topicPartition,
} from '../../protocol/index.ts'
import { type Assignor, assignors } from '../assignors/index.ts'
import type { ClientEvent } from '../events.ts'
import { ConsumerError } from './consumer-error.ts'
import type { ConsumerMetadata } from './consumer-metadata.ts'
import type { ConsumerNetwork, Node } from './consumer-network.ts'
import type { CoordinatorLookup } from './coordinator-lookup.ts'
import type { SubscriptionState } from './subscription-state.ts'

export interface GroupMemberOptions {
  readonly client: string
  readonly group: string
  readonly sessionTimeoutMs: number
  readonly rebalanceTimeoutMs: number
  readonly retryBackoffUs: Micros
  /** Longest wait for the answer to a JoinGroup. */
  readonly joinTimeoutUs: Micros
  readonly joinVersion: JoinGroupRequest['version']
  /** Names of assignors, the preferred one first. */
  readonly strategies: readonly string[]
  /** Heartbeats go on while the group rebalances (KIP-62). */
  readonly inBackground: boolean
  /** It tells in which generation it had what it had (KIP-341). */
  readonly tellsGeneration: boolean
  /** What stands where an assignor has nothing to tell: no bytes up to 2.3, null since 2.4. */
  readonly noUserData: Uint8Array | null
}

/** A member of a generation. */
export interface JoinedAs {
  readonly generationId: number
  readonly memberId: string
}

/** Before the member gives up what it has: commits, if that is what it does. */
export type OnLeaving = () => Task<void>

/** What came of an attempt to join. */
type Outcome = 'joined' | 'again' | 'after-back-off'

export class GroupMember {
  memberId = NO_MEMBER_ID
  generationId = NO_GENERATION
  /** It has joined, and has been told its share. */
  isStable = false
  /**
   * As whom it last joined: what a transaction tells of it, also when the group has gone on without it. A coordinator
   * refuses such offsets then, while it takes those of nobody in particular (`ConsumerCoordinator.groupMetadata`).
   */
  joinedAs: JoinedAs = { generationId: NO_GENERATION, memberId: NO_MEMBER_ID }
  private readonly host: Host
  private readonly network: ConsumerNetwork
  private readonly metadata: ConsumerMetadata
  private readonly lookup: CoordinatorLookup
  private readonly subscriptions: SubscriptionState
  private readonly options: GroupMemberOptions
  private readonly assignors: readonly Assignor[]
  private rejoinNeeded = true
  private needsPreparation = true
  private joining = false
  private correlationId = 0
  /** Subscription, and partition counts (of the leader), that the present generation rests on. */
  private joinedWith: string | undefined
  private assignedWith: string | undefined
  /** What it was assigned last, as a member of a sticky group, and in which generation. */
  private owned: Parameters<Assignor['userData']>[0]
  private ownedIn: number | undefined
  /** Told when a generation begins for this member. */
  onJoined: () => void = () => {}

  constructor(
    host: Host,
    parts: {
      readonly network: ConsumerNetwork
      readonly metadata: ConsumerMetadata
      readonly lookup: CoordinatorLookup
      readonly subscriptions: SubscriptionState
    },
    options: GroupMemberOptions,
  ) {
    this.host = host
    this.network = parts.network
    this.metadata = parts.metadata
    this.lookup = parts.lookup
    this.subscriptions = parts.subscriptions
    this.options = options
    this.assignors = options.strategies.map((name) => assignors.get(name)!)
  }

  get hasGeneration(): boolean {
    return this.generationId > 0
  }

  /** It is no member, or what its share rests on has changed. */
  get needsRejoin(): boolean {
    if (this.rejoinNeeded || this.joining) return true
    if (this.assignedWith !== undefined && this.assignedWith !== this.snapshot()) return true
    return this.joinedWith !== undefined && this.joinedWith !== this.subscriptions.topics.join()
  }

  /** The coordinator says that the member must join again. */
  rejoin(): void {
    this.rejoinNeeded = true
  }

  /**
   * The group has gone on without this member. In 0.9 it joins as the one it was, unless nobody knows it any more; since
   * 0.10.1 it begins anew as somebody else.
   */
  expelled(isUnknown: boolean): void {
    this.rejoinNeeded = true
    if (isUnknown || this.options.inBackground) this.memberId = NO_MEMBER_ID
    if (!this.options.inBackground) return
    this.generationId = NO_GENERATION
    this.isStable = false
  }

  /** Joins if need be, and stays until the member has its share. */
  *ensureActive(beforeLeaving: OnLeaving): Task<void> {
    while (this.needsRejoin) {
      const coordinator = yield* this.lookup.find()
      if (this.needsPreparation) {
        yield* this.prepare(beforeLeaving)
        this.needsPreparation = false
        continue
      }
      if (!this.options.inBackground && this.network.pendingCount(coordinator) > 0) {
        yield* this.network.awaitPending(coordinator)
        continue
      }
      this.joining = true
      this.isStable = false
      const outcome = yield* this.join(coordinator)
      this.joining = false
      if (outcome === 'joined') this.needsPreparation = true
      else if (outcome === 'after-back-off') yield* this.network.backOff(this.options.retryBackoffUs)
    }
  }

  /** Once for each rebalance: commit, tell the application what it loses. */
  private *prepare(beforeLeaving: OnLeaving): Task<void> {
    // Whatever it was that shook the group: from here on there is no way but to join.
    this.rejoinNeeded = true
    yield* beforeLeaving()
    const { client, group } = this.options
    const partitions = this.subscriptions.names
    const generation = this.generationId
    if (this.joinedWith !== undefined) this.trace({ kind: 'PartitionsRevoked', client, group, generation, partitions })
    this.assignedWith = undefined
  }

  private *join(coordinator: Node): Task<Outcome> {
    const joinedWith = this.subscriptions.topics.join()
    const pending = this.network.send(coordinator, this.joinRequest(), () => {}, this.options.joinTimeoutUs)
    const result = yield* this.network.answerOf(pending)
    if (!result.ok) return this.disconnected(result.failure)
    const { response } = result
    if (response.errorCode !== ErrorCode.NoError) return this.joinRefused(response)
    this.memberId = response.memberId
    this.generationId = response.generationId
    this.rejoinNeeded = false
    const isLeader = response.leaderId === response.memberId
    const assignments = isLeader ? yield* this.computeAssignments(response) : []
    return yield* this.sync(coordinator, response.protocolName, assignments, joinedWith)
  }

  private joinRequest(): JoinGroupRequest {
    const { client: clientId, group: groupId, sessionTimeoutMs, rebalanceTimeoutMs, joinVersion } = this.options
    const { topics } = this.subscriptions
    return {
      api: 'JoinGroup',
      version: joinVersion,
      correlationId: this.correlationId++,
      clientId,
      groupId,
      sessionTimeoutMs,
      rebalanceTimeoutMs,
      memberId: this.memberId,
      protocolType: CONSUMER_PROTOCOL_TYPE,
      protocols: this.assignors.map((assignor) => ({
        name: assignor.name,
        metadata: encodeSubscription({
          topics,
          userData: assignor.userData(this.owned, this.ownedIn) ?? this.options.noUserData,
        }),
      })),
    }
  }

  private disconnected(failure: RpcFailure): Outcome {
    this.lookup.lost(failure)
    return 'after-back-off'
  }

  private joinRefused({ errorCode, memberId }: JoinGroupResponse): Outcome {
    switch (errorCode) {
      case ErrorCode.MemberIdRequired:
        this.memberId = memberId
        return 'again'
      case ErrorCode.UnknownMemberId:
        this.memberId = NO_MEMBER_ID
        return 'again'
      case ErrorCode.OffsetsLoadInProgress:
        return 'after-back-off'
      case ErrorCode.ConsumerCoordinatorNotAvailable:
      case ErrorCode.NotCoordinatorForConsumer:
        this.lookup.lost(errorName(errorCode))
        return 'after-back-off'
      case ErrorCode.InconsistentGroupProtocol:
        throw new ConsumerError('InconsistentGroupProtocolException', 'the group has no assignor that this member has')
      case ErrorCode.InvalidSessionTimeout:
        throw new ConsumerError(
          'InvalidSessionTimeoutException',
          'session.timeout.ms is outside of the broker’s limits',
        )
      case ErrorCode.InvalidGroupId:
        throw new ConsumerError('InvalidGroupIdException', 'the group.id is empty')
      default:
        throw new ConsumerError('KafkaException', `unexpected error in join group response: ${errorName(errorCode)}`)
    }
  }

  /** The leader deals the partitions out, by metadata that it makes sure is fresh. */
  private *computeAssignments(response: JoinGroupResponse): Task<SyncGroupRequest['assignments']> {
    const members = response.members.map(({ memberId, metadata }) => ({ memberId, ...decodeSubscription(metadata) }))
    const topics = new Set([...this.subscriptions.topics, ...members.flatMap((member) => member.topics)])
    this.metadata.setTopics([...topics])
    yield* this.metadata.ensureFresh()
    const assignor = this.assignors.find(({ name }) => name === response.protocolName)!
    const counts = new Map<string, number>()
    for (const topic of topics) {
      const count = this.metadata.partitionCount(topic)
      if (count !== undefined) counts.set(topic, count)
    }
    this.groupTopics = [...topics].sort()
    this.assignedWith = this.snapshot()
    return [...assignor.assign(counts, members)].map(([memberId, partitions]) => ({
      memberId,
      assignment: encodeMemberAssignment(partitions, this.options.noUserData),
    }))
  }

  private groupTopics: readonly string[] = []

  /** How many partitions the topics of the group have. */
  private snapshot(): string {
    return this.groupTopics.map((topic) => `${topic} ${this.metadata.partitionCount(topic) ?? 0}`).join()
  }

  private *sync(
    coordinator: Node,
    protocol: string,
    assignments: SyncGroupRequest['assignments'],
    joinedWith: string,
  ): Task<Outcome> {
    const { client: clientId, group: groupId } = this.options
    const request: SyncGroupRequest = {
      api: 'SyncGroup',
      correlationId: this.correlationId++,
      clientId,
      groupId,
      generationId: this.generationId,
      memberId: this.memberId,
      assignments,
    }
    const result = yield* this.network.answerOf(
      this.network.send(coordinator, request, () => {}, this.options.joinTimeoutUs),
    )
    if (!result.ok) {
      this.rejoinNeeded = true
      return this.disconnected(result.failure)
    }
    const { errorCode, assignment } = result.response
    if (errorCode === ErrorCode.NoError) {
      this.joined(protocol, assignment, joinedWith)
      return 'joined'
    }
    this.rejoinNeeded = true
    switch (errorCode) {
      case ErrorCode.RebalanceInProgress:
        return 'again'
      case ErrorCode.UnknownMemberId:
      case ErrorCode.IllegalGeneration:
        this.memberId = NO_MEMBER_ID
        return 'again'
      case ErrorCode.ConsumerCoordinatorNotAvailable:
      case ErrorCode.NotCoordinatorForConsumer:
        this.lookup.lost(errorName(errorCode))
        return 'after-back-off'
      default:
        throw new ConsumerError('KafkaException', `unexpected error from SyncGroup: ${errorName(errorCode)}`)
    }
  }

  private joined(protocol: string, assignment: Uint8Array, joinedWith: string): void {
    const partitions = decodeMemberAssignment(assignment)
    this.subscriptions.assign(partitions)
    this.joinedWith = joinedWith
    this.isStable = true
    this.joinedAs = { generationId: this.generationId, memberId: this.memberId }
    if (protocol === 'sticky') {
      this.owned = partitions
      if (this.options.tellsGeneration) this.ownedIn = this.generationId
    }
    const { client, group } = this.options
    const names = partitions.map(({ topic, partition }) => topicPartition(topic, partition))
    const event = { client, group, generation: this.generationId, member: this.memberId, partitions: names }
    this.trace({ kind: 'PartitionsAssigned', ...event })
    this.onJoined()
  }

  /** Says good-bye, without waiting for an answer. */
  leave(reason: string): void {
    const { coordinator } = this.lookup
    const { client, group } = this.options
    if (coordinator !== undefined && this.hasGeneration) {
      const correlationId = this.correlationId++
      const request = { api: 'LeaveGroup', correlationId, clientId: client, groupId: group } as const
      this.network.send(coordinator, { ...request, memberId: this.memberId })
      this.trace({ kind: 'GroupLeft', client, group, reason })
    }
    this.generationId = NO_GENERATION
    this.memberId = NO_MEMBER_ID
    this.rejoinNeeded = true
    this.isStable = false
  }

  private trace(event: ClientEvent): void {
    if (this.host.tracing) this.host.trace(event)
  }

  digest(digest: Digest): void {
    digest.string(this.memberId).int(this.generationId).boolean(this.rejoinNeeded).boolean(this.needsPreparation)
    digest.boolean(this.joining).boolean(this.isStable).int(this.correlationId)
    digest.string(this.joinedWith ?? '').string(this.assignedWith ?? '')
  }
}
