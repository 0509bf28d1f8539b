/**
 * How one trace record changes the view. The functions mutate: a draft of immer's when somebody wants to step back
 * (patches), the view itself when speed counts. They touch only what the record is about and read no time but the
 * record's. An event that says nothing about the view's state only counts.
 */
import { unreachable } from '../../src/host/index.ts'
import type { WorldEvent } from '../kernel/events.ts'
import { type EventOf, eventOf, type ViewRecord } from './any-event.ts'
import { type ClusterView, emptyMachine, lookupKey, type MachineKind } from './cluster-view.ts'
import { foldBrokerEvent, forgetBroker } from './fold-broker.ts'
import { clientOf, foldMeasure, foldZooKeeperClientEvent, forgetContender } from './fold-election.ts'
import { foldGroupEvent } from './fold-group.ts'
import { foldOldConsumerEvent, forgetClaims } from './fold-old-consumer.ts'
import { foldTransactionEvent } from './fold-transactions.ts'
import { foldZooKeeperEvent, forgetServer } from './fold-zookeeper.ts'
import { isGroupEvent } from './group-events.ts'
import { isOldConsumerEvent } from './old-consumer-events.ts'
import { isTransactionEvent } from './transaction-events.ts'

/** The same, open for writing. Arrays are replaced, never pushed to. */
export type Mutable<T> = T extends (...args: never[]) => unknown
  ? T
  : T extends readonly unknown[]
    ? T
    : T extends { toJSON(): unknown }
      ? T
      : T extends object
        ? { -readonly [K in keyof T]: Mutable<T[K]> }
        : T

export type ViewDraft = Mutable<ClusterView>

export function foldRecord(view: ViewDraft, record: ViewRecord): void {
  view.seq = record.seq
  view.atUs = record.atUs
  const { machine } = record
  const kind = record.event.kind
  const counts = (view.counts[machine] ??= {})
  counts[kind] = (counts[kind] ?? 0) + 1
  foldEvent(view, record)
}

function foldEvent(view: ViewDraft, record: ViewRecord): void {
  const event = eventOf(record)
  const { machine } = record
  if (isGroupEvent(event)) return foldGroupEvent(view, machine, event)
  if (isOldConsumerEvent(event)) return foldOldConsumerEvent(view, event)
  if (isTransactionEvent(event)) return foldTransactionEvent(view, machine, record.atUs, event)
  switch (event.kind) {
    case 'BrokerStarted':
    case 'ReplicaCreated':
    case 'ReplicaDeleted':
    case 'BecameLeader':
    case 'BecameFollower':
    case 'Truncated':
    case 'Appended':
    case 'HighWatermark':
    case 'FollowerPosition':
    case 'IsrShrunk':
    case 'IsrExpanded':
    case 'HighWatermarksCheckpointed':
    case 'LogLoaded':
    case 'LogTruncated':
    case 'SegmentsDeleted':
    case 'SegmentRolled':
    case 'SegmentsCompacted':
      foldBrokerEvent(view, machine, record.atUs, event)
      return

    case 'ZkServerState':
    case 'ZkLeaderServing':
    case 'ZkCommitted':
    case 'ZkApplied':
    case 'ZkRecovered':
    case 'ZkSessionCreated':
    case 'ZkSessionClosed':
    case 'ZkClientState':
    case 'ZkAcknowledged':
    case 'ZkSynced':
    case 'ZkWatchFired':
      foldZooKeeperEvent(view, machine, event)
      return

    case 'ElectionEntered':
    case 'ElectionWon':
    case 'ElectionWoken':
    case 'ElectionResigned':
    case 'LeadershipExpired':
    case 'ZkAsked':
    case 'ZkAnswered':
    case 'ZkNotified':
    case 'ResourceWritten':
      foldZooKeeperClientEvent(view, event)
      return

    case 'MeasureBegan':
    case 'MeasureEnded':
      foldMeasure(view, record.atUs, event)
      return

    case 'OffsetLookedUp':
      view.lookups[lookupKey(event.broker, event.tp, event.offset)] = event.search
      return

    case 'ProcessStarted':
    case 'ProcessEnded':
    case 'PowerLost':
    case 'Paused':
    case 'Resumed':
      foldMachineEvent(view, machine, event)
      return
    case 'LinkCut':
    case 'LinkHealed':
    case 'LinkStalled':
    case 'LinkReleased':
      foldLinkEvent(view, event)
      return

    case 'MessageHanded':
      clientOf(view, event.client).sent += 1
      return
    case 'ProduceAcknowledged':
      clientOf(view, event.client).acked += event.messages.length
      return
    case 'ProducerGaveUp':
      clientOf(view, event.client).gaveUp += event.messages.length
      return
    case 'MessageQueued':
      clientOf(view, event.client).queued += 1
      return
    case 'BatchTaken':
    case 'BatchDrained':
      clientOf(view, event.client).queued = event.queued
      return
    case 'MessageDropped':
      clientOf(view, event.client).dropped += 1
      return
    case 'MessagesRead':
      clientOf(view, event.client).read += event.messages.length
      return
    case 'MetadataRefreshed':
      clientOf(view, event.client).leaders = { ...event.leaders }
      return

    case 'BrokerRegistered':
    case 'BrokerNotRegistered':
    case 'BrokerAwaitsItself':
    case 'TruncationRepeats':
    case 'IsrProposed':
    case 'IsrWriteWaits':
    case 'IsrUpdateFailed':
    case 'ProduceAnswered':
    case 'TopicNotCreated':
    case 'RequestRefused':
    case 'LeaderAndIsrRefused':
    case 'MetadataUpdated':
    case 'LogCleaningStarted':
    case 'LogCleaned':
    case 'LogCleaningAborted':
    case 'LogCleaningFailed':
    case 'CheckpointWritten':
    case 'ZkProposed':
    case 'ZkRoleEnded':
    case 'ZkSnapshotDamaged':
    case 'ZkDiskFailed':
    case 'ZkClientAhead':
    case 'ElectionLost':
    case 'AdminAsked':
    case 'ControllerElected':
    case 'ControllerResigned':
    case 'PartitionElected':
    case 'PartitionOffline':
    case 'ReplicaLeftIsr':
    case 'BrokerFailure':
    case 'BrokerStartup':
    case 'TopicCreated':
    case 'ReassignmentWaits':
    case 'TopicDeletionStarted':
    case 'TopicDeletionHalted':
    case 'TopicDeleted':
    case 'TopicDeletionDied':
    case 'StateChangeFailed':
    case 'ProduceSent':
    case 'ProduceFailed':
    case 'SendBlocked':
    case 'BatchSplit':
    case 'ProducerIdAssigned':
    case 'ProducerSequencesReset':
    case 'MetadataRefreshFailed':
    case 'FetchFailed':
    case 'OffsetReset':
    case 'ClockSet':
    case 'MessageSent':
    case 'MessageReceived':
    case 'ConnectionReset':
    case 'DiskFault':
    case 'StepRun':
    case 'ConditionMet':
    case 'Caption':
    case 'FilesListed':
      return
    default:
      unreachable(event)
  }
}

function foldMachineEvent(
  view: ViewDraft,
  machine: string,
  event: EventOf<'ProcessStarted' | 'ProcessEnded' | 'PowerLost' | 'Paused' | 'Resumed'>,
): void {
  const state = (view.machines[machine] ??= { ...emptyMachine, kind: kindOf(view, machine) })
  switch (event.kind) {
    case 'ProcessStarted':
      state.state = 'running'
      state.life = event.life
      state.ended = ''
      return
    case 'ProcessEnded':
      state.state = event.how === 'power' ? 'off' : 'stopped'
      state.ended = event.reason === '' ? event.how : `${event.how}: ${event.reason}`
      forgetBroker(view, machine)
      forgetServer(view, machine)
      forgetContender(view, machine)
      forgetQueue(view, machine)
      forgetClaims(view, machine)
      return
    case 'PowerLost':
      state.state = 'off'
      return
    case 'Paused':
      state.state = 'paused'
      return
    case 'Resumed':
      state.state = 'running'
      return
    default:
      unreachable(event)
  }
}

/** What waited in the queue of an async producer is gone with its process. */
function forgetQueue(view: ViewDraft, machine: string): void {
  const client = view.clients[machine]
  if (client !== undefined) client.queued = 0
}

function kindOf(view: ViewDraft, machine: string): MachineKind {
  if (view.brokers[machine] !== undefined) return 'broker'
  if (view.zookeeper[machine] !== undefined) return 'zookeeper'
  return view.clients[machine] === undefined ? 'other' : 'client'
}

function foldLinkEvent(
  view: ViewDraft,
  event: Extract<WorldEvent, { kind: 'LinkCut' | 'LinkHealed' | 'LinkStalled' | 'LinkReleased' }>,
): void {
  const { from, to } = event
  const link = (view.links[`${from}→${to}`] ??= { from, to, cut: false, stalled: false })
  switch (event.kind) {
    case 'LinkCut':
      link.cut = true
      return
    case 'LinkHealed':
      link.cut = false
      return
    case 'LinkStalled':
      link.stalled = true
      return
    case 'LinkReleased':
      link.stalled = false
      return
    default:
      unreachable(event.kind)
  }
}
