/**
 * The one formatter of trace records: one line each, for the trace file, the trace hash, tests and the player.
 * `1200ms b2      HighWatermark orders-0 5→7 (follower of epoch 3)`
 *
 * Lines feed the trace hash, so they hold every field that a run could differ in, in a fixed order, and depend on
 * no locale. Message values stand by their name (first line). Each family of events has its part below.
 */
import { unreachable } from '../../src/host/index.ts'
import { errorName } from '../../src/protocol/index.ts'
import { type AnyEvent, eventOf, type ViewRecord } from './any-event.ts'
import { formatClientEvent } from './format-client.ts'
import { formatControlEvent } from './format-control.ts'
import { formatGroupEvent } from './format-group.ts'
import { formatOldConsumerEvent } from './format-old-consumer.ts'
import { formatStorageEvent } from './format-storage.ts'
import { formatTransactionEvent } from './format-transactions.ts'
import { tracedWords } from './format-words.ts'
import { formatZooKeeperEvent } from './format-zookeeper.ts'
import { isGroupEvent } from './group-events.ts'
import { brokerName, brokerNames, formatMs, leaderName } from './names.ts'
import { isOldConsumerEvent } from './old-consumer-events.ts'
import { isTransactionEvent } from './transaction-events.ts'

export function formatRecord(record: ViewRecord): string {
  const machine = record.machine === '' ? 'world' : record.machine
  return `${formatMs(record.atUs)}ms ${machine.padEnd(7)} ${formatEvent(eventOf(record))}`
}

/** The line without time and machine. */
export function formatEvent(event: AnyEvent): string {
  if (isGroupEvent(event)) return formatGroupEvent(event)
  if (isOldConsumerEvent(event)) return formatOldConsumerEvent(event)
  if (isTransactionEvent(event)) return formatTransactionEvent(event)
  switch (event.kind) {
    case 'BrokerStarted':
      return `BrokerStarted ${brokerName(event.brokerId)}${event.cleanShutdown ? '' : ' after an unclean shutdown'}`
    case 'BrokerRegistered':
    case 'BrokerNotRegistered':
    case 'BrokerAwaitsItself':
      return `${event.kind} ${brokerName(event.brokerId)}`
    case 'ReplicaCreated':
      return `ReplicaCreated ${event.tp} leo=${event.logEndOffset} hw=${event.highWatermark}`
    case 'ReplicaDeleted':
      return `ReplicaDeleted ${event.tp}`
    case 'BecameLeader':
      return `BecameLeader ${event.tp} epoch=${event.leaderEpoch} isr=${brokerNames(event.isr)} zkVersion=${event.zkVersion} leo=${event.logEndOffset} hw=${event.highWatermark}`
    case 'BecameFollower':
      return `BecameFollower ${event.tp} of ${leaderName(event.leader)} epoch=${event.leaderEpoch} leo=${event.logEndOffset} hw=${event.highWatermark}`
    case 'Truncated':
      return `Truncated ${event.tp} ${event.from}→${event.to} (${event.reason}) hw=${event.highWatermark}`
    case 'TruncationRepeats':
      return `TruncationRepeats ${event.tp} epoch=${event.epoch} of ${leaderName(event.leader)}`
    case 'Appended':
      return `Appended ${event.tp} (${role(event)})${tracedWords(event.messages)} leo=${event.logEndOffset}`
    case 'HighWatermark':
      return `HighWatermark ${event.tp} ${event.from}→${event.to} (${role(event)})`
    case 'FollowerPosition':
      return `FollowerPosition ${event.tp} ${brokerName(event.follower)} leo=${event.logEndOffset}`
    case 'IsrShrunk':
    case 'IsrExpanded':
      return `${event.kind} ${event.tp} isr=${brokerNames(event.isr)} ${event.kind === 'IsrShrunk' ? 'out' : 'in'}=${brokerNames(event.changed)} zkVersion=${event.zkVersion} (${event.reason})`
    case 'IsrProposed':
    case 'IsrWriteWaits':
      return `IsrWriteWaits ${event.tp} isr=${brokerNames(event.isr)}`
    case 'IsrUpdateFailed':
      return `${event.kind} ${event.tp} isr=${brokerNames(event.isr)} zkVersion=${event.zkVersion}${event.withdrawn === true ? ' withdrawn' : ''}`
    case 'HighWatermarksCheckpointed':
      return `HighWatermarksCheckpointed${entries(event.entries)}`
    case 'ProduceAnswered':
      return `ProduceAnswered ${event.tp} ${errorName(event.errorCode)} base=${event.baseOffset} acks=${event.requiredAcks} to ${event.client} #${event.correlationId}`
    case 'TopicNotCreated':
      return `TopicNotCreated ${event.topic} ${errorName(event.errorCode)}: ${event.reason}`
    case 'RequestRefused':
      return `RequestRefused ${event.api} ${event.tp} ${errorName(event.errorCode)} to ${event.client}`
    case 'LeaderAndIsrRefused':
      return `LeaderAndIsrRefused ${event.tp ?? 'all'} ${errorName(event.errorCode)}`
    case 'MetadataUpdated':
      return `MetadataUpdated brokers=${brokerNames(event.brokers)} partitions=${event.partitions}`

    case 'LogLoaded':
      return `LogLoaded ${event.tp} ${event.logStartOffset}..${event.logEndOffset}${event.recovered ? ` recovered, ${event.truncatedBytes} bytes cut` : ''}`
    case 'SegmentRolled':
      return `SegmentRolled ${event.tp} base=${event.baseOffset}`
    case 'LogTruncated':
      return `LogTruncated ${event.tp} ${event.from}→${event.to}`
    case 'SegmentsDeleted':
      return `SegmentsDeleted ${event.tp} ${event.reason} bases=${event.baseOffsets.join(',')}, begins at ${event.logStartOffset}`
    case 'CheckpointWritten':
      return `CheckpointWritten ${event.file}${entries(event.entries)}`

    case 'LogCleaningStarted':
    case 'SegmentsCompacted':
    case 'LogCleaned':
    case 'LogCleaningAborted':
    case 'LogCleaningFailed':
    case 'FilesListed':
    case 'OffsetLookedUp':
      return formatStorageEvent(event)

    case 'MessageHanded':
    case 'ProduceSent':
    case 'ProduceAcknowledged':
    case 'ProduceFailed':
    case 'ProducerGaveUp':
    case 'MetadataRefreshed':
    case 'MetadataRefreshFailed':
    case 'MessagesRead':
    case 'FetchFailed':
    case 'OffsetReset':
    case 'MessageQueued':
    case 'SendBlocked':
    case 'MessageDropped':
    case 'BatchTaken':
    case 'BatchDrained':
    case 'ProducerIdAssigned':
    case 'ProducerSequencesReset':
    case 'BatchSplit':
      return formatClientEvent(event)

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
    case 'ProcessStarted':
    case 'ProcessEnded':
    case 'PowerLost':
    case 'Paused':
    case 'Resumed':
    case 'ClockSet':
    case 'MessageSent':
    case 'MessageReceived':
    case 'LinkCut':
    case 'LinkHealed':
    case 'LinkStalled':
    case 'LinkReleased':
    case 'ConnectionReset':
    case 'DiskFault':
    case 'StepRun':
    case 'ConditionMet':
    case 'Caption':
    case 'MeasureBegan':
    case 'MeasureEnded':
    case 'AdminAsked':
      return formatControlEvent(event)

    case 'ZkServerState':
    case 'ZkRoleEnded':
    case 'ZkSnapshotDamaged':
    case 'ZkDiskFailed':
    case 'ZkClientAhead':
    case 'ZkLeaderServing':
    case 'ZkProposed':
    case 'ZkAcknowledged':
    case 'ZkCommitted':
    case 'ZkApplied':
    case 'ZkSynced':
    case 'ZkRecovered':
    case 'ZkSessionCreated':
    case 'ZkSessionClosed':
    case 'ZkWatchFired':
    case 'ZkClientState':
    case 'ElectionEntered':
    case 'ElectionWon':
    case 'ElectionLost':
    case 'ElectionWoken':
    case 'ElectionResigned':
    case 'LeadershipExpired':
    case 'ZkAsked':
    case 'ZkAnswered':
    case 'ZkNotified':
    case 'ResourceWritten':
      return formatZooKeeperEvent(event)
    default:
      return unreachable(event)
  }
}

const role = (event: { readonly role: 'leader' | 'follower'; readonly leaderEpoch: number }): string =>
  event.role === 'leader' ? `leader of epoch ${event.leaderEpoch}` : `follower of epoch ${event.leaderEpoch}`

function entries(of: Readonly<Record<string, number>>): string {
  let text = ''
  for (const key of Object.keys(of)) text += ` ${key}=${of[key]}`
  return text
}
