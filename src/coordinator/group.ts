/**
 * A group as its coordinator knows it: members, generation, state (`kafka/coordinator/group/GroupMetadata.scala`,
 * `MemberMetadata.scala`; 0.9.0.1 to 2.4). Members stand in the order in which they came; Kafka's hash map has no order.
 */
import { type Digest, invariant, type Timer } from '../host/index.ts'
import type { ErrorCode, JoinGroupProtocol, StoredGroup, StoredMember } from '../protocol/index.ts'

/**
 * `Empty` (0.10.1): no members, but offsets. `PreparingRebalance`: members are asked to join again. `AwaitingSync`: they
 * have, and wait for the leader's assignment. `Dead`: this broker coordinates it no more.
 */
export type GroupState = 'Empty' | 'PreparingRebalance' | 'AwaitingSync' | 'Stable' | 'Dead'

const validPrevious: Readonly<Record<GroupState, readonly GroupState[]>> = {
  Dead: ['Stable', 'PreparingRebalance', 'AwaitingSync', 'Empty', 'Dead'],
  AwaitingSync: ['PreparingRebalance'],
  Stable: ['AwaitingSync'],
  PreparingRebalance: ['Stable', 'AwaitingSync', 'Empty'],
  Empty: ['PreparingRebalance'],
}

export interface JoinResult {
  readonly errorCode: ErrorCode
  readonly memberId: string
  readonly generationId: number
  readonly protocolName: string
  readonly leaderId: string
  readonly members: ReadonlyArray<{ readonly memberId: string; readonly metadata: Uint8Array }>
}

export type JoinDone = (result: JoinResult) => void
export type SyncDone = (assignment: Uint8Array, errorCode: ErrorCode) => void

export interface Member {
  readonly memberId: string
  readonly clientId: string
  readonly clientHost: string
  readonly rebalanceTimeoutMs: number
  readonly sessionTimeoutMs: number
  protocols: readonly JoinGroupProtocol[]
  assignment: Uint8Array
  /** Who waits for the rebalance, or for the assignment. */
  awaitingJoin: JoinDone | undefined
  awaitingSync: SyncDone | undefined
  /** Ends the session. */
  session: Timer | undefined
}

const NOTHING = new Uint8Array(0)

/** An empty text where a member has nothing to say with this protocol. */
export const metadataOf = (member: Member, protocol: string): Uint8Array =>
  member.protocols.find(({ name }) => name === protocol)?.metadata ?? NOTHING

/** Whether a member joins again with the very protocols that it had. */
export function sameProtocols(a: readonly JoinGroupProtocol[], b: readonly JoinGroupProtocol[]): boolean {
  return (
    a.length === b.length && a.every((one, i) => one.name === b[i]!.name && sameBytes(one.metadata, b[i]!.metadata))
  )
}

const sameBytes = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && a.every((byte, i) => byte === b[i])

export class Group {
  readonly groupId: string
  /** Undefined: nobody has ever joined, it only keeps offsets. */
  protocolType: string | undefined
  generationId = 0
  protocol: string | null = null
  /** When it came to its state, in milliseconds; undefined if that is not known. */
  stateSinceMs: number | undefined
  /** Ends the wait for members to join. */
  rebalance: Timer | undefined
  /** Of the first rebalance of a group that was empty (KIP-134): somebody came since the wait began. */
  newMemberAdded = false
  /** That rebalance cannot end before its time. */
  waitsForMore = false
  /** Ids given to those who asked for one and have not joined yet (KIP-394). */
  readonly pendingMembers = new Map<string, Timer>()
  private currentState: GroupState
  private readonly byId = new Map<string, Member>()
  private leader: string | null = null

  constructor(groupId: string, state: GroupState) {
    this.groupId = groupId
    this.currentState = state
  }

  /** As it stands in the offsets topic: settled, whatever went on when its coordinator died. */
  static restore(groupId: string, stored: StoredGroup): Group {
    const group = new Group(groupId, stored.members.length === 0 ? 'Empty' : 'Stable')
    group.protocolType = stored.protocolType === '' ? undefined : stored.protocolType
    group.generationId = stored.generationId
    group.protocol = stored.protocol
    group.stateSinceMs = stored.stateTimestamp < 0 ? undefined : stored.stateTimestamp
    for (const one of stored.members) group.byId.set(one.memberId, restoreMember(one, stored.protocol ?? ''))
    group.leader = stored.leaderId
    return group
  }

  /** What is written down of it with these assignments. */
  store(assignments: ReadonlyMap<string, Uint8Array>): StoredGroup {
    return {
      protocolType: this.protocolType ?? '',
      generationId: this.generationId,
      protocol: this.protocol,
      leaderId: this.leader,
      stateTimestamp: this.stateSinceMs ?? -1,
      members: this.members.map((member) => ({
        memberId: member.memberId,
        clientId: member.clientId,
        clientHost: member.clientHost,
        rebalanceTimeoutMs: member.rebalanceTimeoutMs,
        sessionTimeoutMs: member.sessionTimeoutMs,
        subscription: metadataOf(member, this.protocol ?? ''),
        assignment: assignments.get(member.memberId) ?? NOTHING,
      })),
    }
  }

  get state(): GroupState {
    return this.currentState
  }

  is(...states: readonly GroupState[]): boolean {
    return states.includes(this.currentState)
  }

  transitionTo(state: GroupState, nowMs: number): void {
    const from = this.currentState
    invariant(validPrevious[state].includes(from), () => `group ${this.groupId}: ${from} → ${state}`)
    this.currentState = state
    this.stateSinceMs = nowMs
  }

  get canRebalance(): boolean {
    return validPrevious.PreparingRebalance.includes(this.currentState)
  }

  get members(): readonly Member[] {
    return [...this.byId.values()]
  }

  get size(): number {
    return this.byId.size
  }

  get leaderId(): string | null {
    return this.leader
  }

  has(memberId: string): boolean {
    return this.byId.has(memberId)
  }

  get(memberId: string): Member | undefined {
    return this.byId.get(memberId)
  }

  /** The first one to come leads. */
  add(member: Member, protocolType: string): void {
    if (this.byId.size === 0) this.protocolType = protocolType
    this.leader ??= member.memberId
    this.byId.set(member.memberId, member)
  }

  remove(memberId: string): void {
    this.byId.delete(memberId)
    if (memberId !== this.leader) return
    const [first] = this.byId.keys()
    this.leader = first ?? null
  }

  get notYetRejoined(): readonly Member[] {
    return this.members.filter((member) => member.awaitingJoin === undefined)
  }

  /** The longest that any member asks for. */
  get rebalanceTimeoutMs(): number {
    let longest = 0
    for (const { rebalanceTimeoutMs } of this.byId.values()) longest = Math.max(longest, rebalanceTimeoutMs)
    return longest
  }

  /** Whether there is a protocol that these have in common with all members. */
  supports(protocols: readonly JoinGroupProtocol[]): boolean {
    if (this.byId.size === 0) return true
    const common = this.commonProtocols()
    return protocols.some(({ name }) => common.has(name))
  }

  private commonProtocols(): Set<string> {
    let common: Set<string> | undefined
    for (const { protocols } of this.byId.values()) {
      const own = new Set(protocols.map(({ name }) => name))
      common = common === undefined ? own : new Set([...common].filter((name) => own.has(name)))
    }
    return common ?? new Set()
  }

  /** Each member votes for the first of its protocols that all can do; the first one with the most votes it is. */
  selectProtocol(): string {
    const common = this.commonProtocols()
    const votes = new Map<string, number>()
    for (const { protocols } of this.byId.values()) {
      const choice = protocols.find(({ name }) => common.has(name))
      invariant(choice !== undefined, () => `group ${this.groupId}: a member shares no protocol with the others`)
      votes.set(choice.name, (votes.get(choice.name) ?? 0) + 1)
    }
    let best = ''
    for (const [name, count] of votes) if (count > (votes.get(best) ?? 0)) best = name
    return best
  }

  /** All members have come, or are gone: a new generation begins. */
  initNextGeneration(nowMs: number): void {
    invariant(this.notYetRejoined.length === 0, () => `group ${this.groupId}: not all have joined`)
    this.generationId++
    this.protocol = this.byId.size === 0 ? null : this.selectProtocol()
    this.transitionTo(this.byId.size === 0 ? 'Empty' : 'AwaitingSync', nowMs)
  }

  digest(digest: Digest): void {
    digest.string(this.groupId).string(this.currentState).int(this.generationId)
    digest
      .string(this.protocol ?? '')
      .string(this.leader ?? '')
      .boolean(this.waitsForMore)
      .boolean(this.newMemberAdded)
    for (const member of this.byId.values()) {
      digest.string(member.memberId).boolean(member.awaitingJoin !== undefined)
      digest.boolean(member.awaitingSync !== undefined).bytes(member.assignment)
    }
    for (const id of this.pendingMembers.keys()) digest.string(id)
  }
}

const restoreMember = (stored: StoredMember, protocol: string): Member => ({
  memberId: stored.memberId,
  clientId: stored.clientId,
  clientHost: stored.clientHost,
  rebalanceTimeoutMs: stored.rebalanceTimeoutMs,
  sessionTimeoutMs: stored.sessionTimeoutMs,
  protocols: [{ name: protocol, metadata: stored.subscription }],
  assignment: stored.assignment,
  awaitingJoin: undefined,
  awaitingSync: undefined,
  session: undefined,
})
