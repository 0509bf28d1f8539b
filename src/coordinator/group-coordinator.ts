/**
 * Membership of groups: who belongs to one, which generation it is in, who lives
 * (`kafka/coordinator/group/GroupCoordinator.scala`, 0.9.0.1 to 2.4). The broker hands partitions to nobody: a member, the
 * leader, computes the assignment, and the coordinator passes it on and writes it down.
 */
import type { BrokerConfig } from '../config/index.ts'
import { fromMs, type Host, invariant } from '../host/index.ts'
import { assignedPartitionsOf, ErrorCode, type JoinGroupProtocol, NO_MEMBER_ID } from '../protocol/index.ts'
import type { ProtocolVersions } from '../versions.ts'
import { traceCoordinator } from './events.ts'
import {
  Group,
  type JoinDone,
  type JoinResult,
  type Member,
  metadataOf,
  type SyncDone,
  sameProtocols,
} from './group.ts'
import { joinError, storeGroupError } from './group-errors.ts'
import type { GroupMetadataManager } from './group-metadata-manager.ts'
import { newMemberId } from './member-id.ts'

const NOTHING = new Uint8Array(0)

export interface JoinRequest {
  readonly groupId: string
  readonly memberId: string
  readonly clientId: string
  readonly clientHost: string
  readonly rebalanceTimeoutMs: number
  readonly sessionTimeoutMs: number
  readonly protocolType: string
  readonly protocols: readonly JoinGroupProtocol[]
  /** The client knows that it may be given an id first (KIP-394). */
  readonly canWaitForId: boolean
}

/** What a request about a group gets before the group is looked at. */
type Refusal = Exclude<ErrorCode, typeof ErrorCode.NoError> | undefined

export class GroupCoordinator {
  private readonly host: Host
  private readonly config: BrokerConfig
  private readonly versions: ProtocolVersions
  private readonly manager: GroupMetadataManager

  constructor(host: Host, config: BrokerConfig, versions: ProtocolVersions, manager: GroupMetadataManager) {
    this.host = host
    this.config = config
    this.versions = versions
    this.manager = manager
  }

  /** Why this broker cannot act for a group now. */
  refusal(groupId: string): Refusal {
    const isLoading = this.manager.isGroupLoading(groupId)
    if (isLoading && this.versions.loadingCoordinator === 'says-so') return ErrorCode.OffsetsLoadInProgress
    if (!this.manager.isGroupLocal(groupId)) return ErrorCode.NotCoordinatorForConsumer
    return isLoading ? ErrorCode.OffsetsLoadInProgress : undefined
  }

  // ---- join ----

  join(request: JoinRequest, done: JoinDone): void {
    const { groupId, memberId, sessionTimeoutMs } = request
    const refuse = (errorCode: ErrorCode): void => done(joinError(memberId, errorCode))
    if (groupId === '') return refuse(ErrorCode.InvalidGroupId)
    const refusal = this.refusal(groupId)
    if (refusal !== undefined) return refuse(refusal)
    const min = this.config['group.min.session.timeout.ms']
    const max = this.config['group.max.session.timeout.ms']
    if (sessionTimeoutMs < min || sessionTimeoutMs > max) return refuse(ErrorCode.InvalidSessionTimeout)
    let group = this.manager.group(groupId)
    if (group === undefined) {
      // Only somebody new may found a group; a member of one that is gone must begin anew.
      if (memberId !== NO_MEMBER_ID) return refuse(ErrorCode.UnknownMemberId)
      group = this.manager.addGroup(new Group(groupId, this.newGroupState))
    }
    this.joinGroup(group, request, done)
    if (group.is('PreparingRebalance')) this.maybeCompleteJoin(group)
  }

  private get newGroupState(): 'Empty' | 'Stable' {
    return this.versions.emptyGroups === 'kept' ? 'Empty' : 'Stable'
  }

  private joinGroup(group: Group, request: JoinRequest, done: JoinDone): void {
    const { memberId, protocols, protocolType } = request
    const refuse = (errorCode: ErrorCode): void => done(joinError(memberId, errorCode))
    const sameType = group.protocolType === undefined || group.protocolType === protocolType
    if (group.size > 0 && (!sameType || !group.supports(protocols))) return refuse(ErrorCode.InconsistentGroupProtocol)
    if (group.size === 0 && protocols.length === 0) return refuse(ErrorCode.InconsistentGroupProtocol)
    const asksForId = memberId === NO_MEMBER_ID
    if (asksForId && this.versions.memberIds === 'asked-for-first' && request.canWaitForId) {
      return done(joinError(this.givePendingId(group, request), ErrorCode.MemberIdRequired))
    }
    const pending = group.pendingMembers.get(memberId)
    if (asksForId || pending !== undefined) {
      pending?.cancel()
      group.pendingMembers.delete(memberId)
      return this.addMember(group, request, asksForId ? newMemberId(this.host, request.clientId) : memberId, done)
    }
    const member = group.get(memberId)
    if (member === undefined || group.is('Dead')) return refuse(ErrorCode.UnknownMemberId)
    const unchanged = sameProtocols(member.protocols, protocols)
    // Whoever lost the answer gets it again. The leader asks for a rebalance by joining a settled group once more.
    const answerAgain = group.is('AwaitingSync') || (group.is('Stable') && memberId !== group.leaderId)
    if (unchanged && answerAgain) return done(this.joinResult(group, member))
    member.protocols = protocols
    member.awaitingJoin = done
    this.maybePrepareRebalance(group, unchanged ? `${memberId} joined again` : `${memberId} changed its subscription`)
  }

  /** KIP-394: an id first, so that a client whose answer is lost leaves no member behind that nobody knows. */
  private givePendingId(group: Group, { clientId, sessionTimeoutMs }: JoinRequest): string {
    const memberId = newMemberId(this.host, clientId)
    const timer = this.host.setTimer(fromMs(sessionTimeoutMs), 'pending member expiration', () => {
      group.pendingMembers.delete(memberId)
      if (group.is('PreparingRebalance')) this.maybeCompleteJoin(group)
    })
    group.pendingMembers.set(memberId, timer)
    return memberId
  }

  private addMember(group: Group, request: JoinRequest, memberId: string, done: JoinDone): void {
    const { clientId, clientHost, rebalanceTimeoutMs, sessionTimeoutMs, protocols, protocolType } = request
    const member: Member = {
      memberId,
      clientId,
      clientHost,
      rebalanceTimeoutMs,
      sessionTimeoutMs,
      protocols,
      assignment: NOTHING,
      awaitingJoin: done,
      awaitingSync: undefined,
      session: undefined,
    }
    // A group that waits for its first members waits on.
    if (group.is('PreparingRebalance') && group.generationId === 0) group.newMemberAdded = true
    group.add(member, protocolType)
    if (this.host.tracing) {
      traceCoordinator(this.host, { kind: 'MemberJoined', group: group.groupId, member: memberId, client: clientId })
    }
    this.maybePrepareRebalance(group, `${memberId} joined`)
  }

  // ---- rebalance ----

  private maybePrepareRebalance(group: Group, reason: string): void {
    if (group.canRebalance) this.prepareRebalance(group, reason)
  }

  private prepareRebalance(group: Group, reason: string): void {
    if (group.is('AwaitingSync')) this.propagateError(group, ErrorCode.RebalanceInProgress)
    const { rebalanceTimeoutMs } = group
    const delayMs = this.config['group.initial.rebalance.delay.ms']
    const waitsForMore = group.is('Empty') && this.versions.firstRebalance === 'delayed'
    group.transitionTo('PreparingRebalance', this.manager.nowMs)
    if (this.host.tracing) {
      const { groupId, generationId, size } = group
      const event = { group: groupId, generation: generationId, members: size, reason }
      traceCoordinator(this.host, { kind: 'RebalanceStarted', ...event })
    }
    if (waitsForMore) this.waitForMore(group, delayMs, Math.max(rebalanceTimeoutMs - delayMs, 0))
    else this.armRebalance(group, rebalanceTimeoutMs)
    this.maybeCompleteJoin(group)
  }

  private armRebalance(group: Group, timeoutMs: number): void {
    group.rebalance?.cancel()
    group.rebalance = this.host.setTimer(fromMs(timeoutMs), 'rebalance timeout', () => this.completeJoin(group))
  }

  /** KIP-134: as long as new members come, `group.initial.rebalance.delay.ms` at a time, up to the rebalance timeout. */
  private waitForMore(group: Group, delayMs: number, remainingMs: number): void {
    group.waitsForMore = true
    group.rebalance?.cancel()
    group.rebalance = this.host.setTimer(fromMs(delayMs), 'initial rebalance delay', () => {
      if (group.newMemberAdded && remainingMs !== 0) {
        group.newMemberAdded = false
        const next = Math.min(this.config['group.initial.rebalance.delay.ms'], remainingMs)
        this.waitForMore(group, next, Math.max(remainingMs - delayMs, 0))
      } else {
        group.waitsForMore = false
        this.completeJoin(group)
      }
    })
  }

  /** All known members have joined again: no need to wait for the end of the rebalance timeout. */
  private maybeCompleteJoin(group: Group): void {
    if (group.waitsForMore || group.pendingMembers.size > 0) return
    if (group.notYetRejoined.length === 0) this.completeJoin(group)
  }

  private completeJoin(group: Group): void {
    group.rebalance?.cancel()
    group.rebalance = undefined
    if (group.is('Dead')) return
    // Their sessions run on, for what it is worth: before 2.2 the end of one sets off another rebalance.
    for (const member of group.notYetRejoined) this.drop(group, member, 'did not join again in time')
    if (group.size === 0 && this.versions.emptyGroups === 'removed') {
      group.transitionTo('Dead', this.manager.nowMs)
      this.manager.removeGroup(group)
      return this.traceEmpty(group)
    }
    group.initNextGeneration(this.manager.nowMs)
    if (group.is('Empty')) {
      this.traceEmpty(group)
      // If this is not written, an older generation comes back with the next coordinator, and times out there.
      return this.manager.storeGroup(group, new Map(), () => {})
    }
    if (this.host.tracing) {
      const { groupId, generationId, leaderId, protocol, members } = group
      traceCoordinator(this.host, {
        kind: 'GenerationStarted',
        group: groupId,
        generation: generationId,
        leader: leaderId!,
        protocol: protocol!,
        members: members.map(({ memberId }) => memberId),
      })
    }
    for (const member of group.members) {
      const done = member.awaitingJoin
      invariant(done !== undefined, () => `${member.memberId} is in generation ${group.generationId} uninvited`)
      member.awaitingJoin = undefined
      this.expectHeartbeat(group, member)
      done(this.joinResult(group, member))
    }
  }

  private joinResult(group: Group, { memberId }: Member): JoinResult {
    const { protocol, leaderId, generationId } = group
    const members =
      memberId === leaderId
        ? group.members.map((one) => ({ memberId: one.memberId, metadata: metadataOf(one, protocol!) }))
        : []
    return {
      errorCode: ErrorCode.NoError,
      memberId,
      generationId,
      protocolName: protocol!,
      leaderId: leaderId!,
      members,
    }
  }

  private drop(group: Group, member: Member, reason: string): void {
    group.remove(member.memberId)
    if (!this.host.tracing) return
    const { memberId, clientId: client } = member
    traceCoordinator(this.host, { kind: 'MemberLeft', group: group.groupId, member: memberId, client, reason })
  }

  private traceEmpty({ groupId, generationId }: Group): void {
    if (!this.host.tracing) return
    traceCoordinator(this.host, { kind: 'GroupEmptied', group: groupId, generation: generationId })
  }

  // ---- sync ----

  sync(
    groupId: string,
    generationId: number,
    memberId: string,
    assignments: ReadonlyMap<string, Uint8Array>,
    done: SyncDone,
  ): void {
    const refuse = (errorCode: ErrorCode): void => done(NOTHING, errorCode)
    const refusal = this.refusal(groupId)
    if (refusal === ErrorCode.NotCoordinatorForConsumer) return refuse(refusal)
    // What was agreed on before is not known here: join again.
    const saysSo = this.versions.loadingCoordinator === 'says-so'
    if (refusal !== undefined && saysSo) return refuse(ErrorCode.RebalanceInProgress)
    const group = this.manager.group(groupId)
    const member = group?.get(memberId)
    if (group === undefined || member === undefined) return refuse(ErrorCode.UnknownMemberId)
    if (generationId !== group.generationId) return refuse(ErrorCode.IllegalGeneration)
    switch (group.state) {
      case 'Empty':
      case 'Dead':
        return refuse(ErrorCode.UnknownMemberId)
      case 'PreparingRebalance':
        return refuse(ErrorCode.RebalanceInProgress)
      case 'Stable':
        done(member.assignment, ErrorCode.NoError)
        return this.expectHeartbeat(group, member)
      case 'AwaitingSync':
        member.awaitingSync = done
        if (this.versions.consumerLiveness === 'poll') this.expectHeartbeat(group, member)
        if (memberId === group.leaderId) this.takeAssignments(group, assignments)
    }
  }

  /** The leader's assignment is written down first, then passed on. */
  private takeAssignments(group: Group, given: ReadonlyMap<string, Uint8Array>): void {
    const { generationId } = group
    const assignments = new Map(group.members.map(({ memberId }) => [memberId, given.get(memberId) ?? NOTHING]))
    this.manager.storeGroup(group, assignments, (logError) => {
      // Meanwhile somebody may have joined: then nothing of this counts.
      if (!group.is('AwaitingSync') || group.generationId !== generationId) return
      const errorCode = storeGroupError(logError, this.versions)
      if (errorCode !== ErrorCode.NoError) {
        this.propagateError(group, errorCode)
        return this.maybePrepareRebalance(group, 'the assignment could not be written down')
      }
      for (const member of group.members) member.assignment = assignments.get(member.memberId) ?? NOTHING
      this.traceAssignments(group)
      group.transitionTo('Stable', this.manager.nowMs)
      this.propagate(group, ErrorCode.NoError)
    })
  }

  private traceAssignments(group: Group): void {
    if (!this.host.tracing) return
    const { groupId, generationId } = group
    const assignments = Object.fromEntries(
      group.members.map(({ memberId, assignment }) => [memberId, assignedPartitionsOf(assignment) ?? []]),
    )
    traceCoordinator(this.host, { kind: 'GroupAssigned', group: groupId, generation: generationId, assignments })
  }

  private propagateError(group: Group, errorCode: ErrorCode): void {
    for (const member of group.members) member.assignment = NOTHING
    this.propagate(group, errorCode)
  }

  private propagate(group: Group, errorCode: ErrorCode): void {
    for (const member of group.members) {
      const done = member.awaitingSync
      if (done === undefined) continue
      member.awaitingSync = undefined
      // A session that ended while the member waited was let pass: it counts anew.
      this.expectHeartbeat(group, member)
      done(member.assignment, errorCode)
    }
  }

  // ---- heartbeats ----

  heartbeat(groupId: string, generationId: number, memberId: string): ErrorCode {
    const refusal = this.refusal(groupId)
    // While it loads, a coordinator believes whoever says that he lives.
    if (refusal === ErrorCode.OffsetsLoadInProgress) return ErrorCode.NoError
    if (refusal !== undefined) return refusal
    const group = this.manager.group(groupId)
    if (group === undefined || group.is('Dead', 'Empty')) return ErrorCode.UnknownMemberId
    const inBackground = this.versions.consumerLiveness === 'background-heartbeats'
    if (!group.is('Stable') && !inBackground) return ErrorCode.RebalanceInProgress
    const member = group.get(memberId)
    if (member === undefined) return ErrorCode.UnknownMemberId
    if (group.is('AwaitingSync')) return ErrorCode.RebalanceInProgress
    if (generationId !== group.generationId) return ErrorCode.IllegalGeneration
    this.expectHeartbeat(group, member)
    return group.is('Stable') ? ErrorCode.NoError : ErrorCode.RebalanceInProgress
  }

  private expectHeartbeat(group: Group, member: Member): void {
    member.session?.cancel()
    member.session = this.host.setTimer(fromMs(member.sessionTimeoutMs), 'session timeout', () => {
      // Who waits for an answer of ours cannot send any.
      if (member.awaitingJoin !== undefined || member.awaitingSync !== undefined) return
      this.memberGone(group, member, `no heartbeat for ${member.sessionTimeoutMs} ms`)
    })
  }

  /** A member that commits shows that it lives. */
  committed(group: Group, memberId: string): void {
    const member = group.get(memberId)
    if (member !== undefined) this.expectHeartbeat(group, member)
  }

  leave(groupId: string, memberId: string): ErrorCode {
    const refusal = this.refusal(groupId)
    if (refusal !== undefined) return refusal
    const group = this.manager.group(groupId)
    if (group === undefined || group.is('Dead')) return ErrorCode.UnknownMemberId
    const pending = group.pendingMembers.get(memberId)
    if (pending !== undefined) {
      pending.cancel()
      group.pendingMembers.delete(memberId)
      if (group.is('PreparingRebalance')) this.maybeCompleteJoin(group)
      return ErrorCode.NoError
    }
    const member = group.get(memberId)
    if (member === undefined) return ErrorCode.UnknownMemberId
    member.session?.cancel()
    this.memberGone(group, member, 'left')
    return ErrorCode.NoError
  }

  private memberGone(group: Group, member: Member, reason: string): void {
    const isMember = group.has(member.memberId)
    // Since 2.2 the end of a session that nobody has any more is no reason for a rebalance.
    if (!isMember && this.versions.memberIds === 'asked-for-first') return
    if (isMember && !group.is('Dead')) this.drop(group, member, reason)
    if (group.is('Stable', 'AwaitingSync')) this.maybePrepareRebalance(group, `${member.memberId} is gone`)
    else if (group.is('PreparingRebalance')) this.maybeCompleteJoin(group)
  }

  // ---- moving to and from this broker ----

  /** A group was read from the topic: its members have a session's time to show that they live. */
  readonly groupLoaded = (group: Group): void => {
    for (const member of group.members) this.expectHeartbeat(group, member)
  }

  /** This broker coordinates the group no more: who waits is sent on. */
  readonly groupUnloaded = (group: Group): void => {
    group.transitionTo('Dead', this.manager.nowMs)
    group.rebalance?.cancel()
    for (const timer of group.pendingMembers.values()) timer.cancel()
    for (const member of group.members) {
      member.session?.cancel()
      const { awaitingJoin, awaitingSync } = member
      member.awaitingJoin = undefined
      member.awaitingSync = undefined
      awaitingJoin?.(joinError(member.memberId, ErrorCode.NotCoordinatorForConsumer))
      awaitingSync?.(NOTHING, ErrorCode.NotCoordinatorForConsumer)
    }
  }
}
