/** Counts what happened to groups in a run, from the trace: a soak in which nothing happens proves nothing. */
import type { SystemEvent } from '../../../src/events.ts'
import { ErrorCode } from '../../../src/protocol/index.ts'
import type { WorldEvent } from '../../kernel/events.ts'
import type { TraceRecord } from '../../kernel/index.ts'
import { TroubleCounters, troubleCounterNames } from '../trouble-counters.ts'

export const groupsCounterNames = [
  ...troubleCounterNames,
  'leaderElections',
  'coordinatorFailovers',
  'groupsRestored',
  'membersJoined',
  'membersLeft',
  'membersExpired',
  'generations',
  'staleGenerations',
  'unknownMembers',
  'notCoordinator',
  'loadsInProgress',
  'zooKeeperRebalances',
  'claimsRefused',
  'rebalancesGivenUp',
  'memberSessionsExpired',
  'positionsReset',
  'commits',
  'commitsFailed',
  'messagesRead',
  'messagesProcessed',
  'topicsCreated',
  'partitionsAdded',
] as const

export type GroupsCounterName = (typeof groupsCounterNames)[number]
export type GroupsCounts = Record<GroupsCounterName, number>

export const zeroGroupsCounts = (): GroupsCounts =>
  Object.fromEntries(groupsCounterNames.map((name) => [name, 0])) as GroupsCounts

/** Refusals of a coordinator that have a counter. */
const refusals = new Map<ErrorCode, GroupsCounterName>([
  [ErrorCode.IllegalGeneration, 'staleGenerations'],
  [ErrorCode.UnknownMemberId, 'unknownMembers'],
  [ErrorCode.NotCoordinatorForConsumer, 'notCoordinator'],
  [ErrorCode.OffsetsLoadInProgress, 'loadsInProgress'],
])

export class GroupsCounters {
  readonly counts = zeroGroupsCounts()
  private readonly trouble = new TroubleCounters(this.counts)
  /** Partitions of the offsets topic that somebody has coordinated before. */
  private readonly coordinated = new Set<string>()
  private readonly rebalancedBefore = new Set<string>()

  readonly subscriber = (record: TraceRecord): void => this.apply(record)

  apply(record: TraceRecord): void {
    const { counts } = this
    this.trouble.apply(record)
    const event = record.event as SystemEvent | WorldEvent
    switch (event.kind) {
      case 'PartitionElected':
        if (event.election !== 'new-partition') counts.leaderElections++
        return
      case 'CoordinatorLoaded':
        if (this.coordinated.has(event.tp)) counts.coordinatorFailovers++
        this.coordinated.add(event.tp)
        if (event.groups > 0) counts.groupsRestored++
        return
      case 'MemberJoined':
        counts.membersJoined++
        return
      case 'GroupLeft':
        counts.membersLeft++
        return
      case 'MemberLeft':
        if (event.reason.startsWith('no heartbeat')) counts.membersExpired++
        return
      case 'GenerationStarted':
        counts.generations++
        return
      case 'GroupRequestRefused': {
        const name = refusals.get(event.errorCode)
        if (name !== undefined) counts[name]++
        return
      }
      case 'ConsumerRebalanced':
        if (this.rebalancedBefore.has(event.client)) counts.zooKeeperRebalances++
        this.rebalancedBefore.add(event.client)
        return
      case 'ClaimRefused':
        counts.claimsRefused++
        return
      case 'RebalanceFailed':
        if (event.final) counts.rebalancesGivenUp++
        return
      case 'RebalanceBegan':
        if (event.cause === 'new session') counts.memberSessionsExpired++
        return
      case 'PositionSet':
        if (event.from !== 'committed') counts.positionsReset++
        return
      case 'OffsetReset':
        counts.positionsReset++
        return
      case 'CommitAcknowledged':
      case 'ConsumerCommitted':
        counts.commits++
        return
      case 'CommitFailed':
      case 'ConsumerCommitFailed':
        counts.commitsFailed++
        return
      case 'MessagesRead':
        counts.messagesRead += event.messages.length
        return
      case 'MessageProcessed':
        counts.messagesProcessed++
        return
      case 'TopicCreated':
        counts.topicsCreated++
        return
      case 'ZkCommitted':
        for (const change of event.changes) {
          if (change.op === 'setData' && /^\/brokers\/topics\/[^/]+$/.test(change.path)) counts.partitionsAdded++
        }
        return
    }
  }
}
