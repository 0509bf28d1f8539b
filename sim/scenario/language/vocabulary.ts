/**
 * The words that a scenario may use for what the system does: trace events, messages, promises, fates. The tables of
 * trace events and requests are held complete by their types: a new event of `src` breaks this file until it is listed.
 */
import type { SystemEvent } from '../../../src/events.ts'
import type { ApiName } from '../../../src/protocol/index.ts'
import { type PresetName, presets } from '../../../src/versions.ts'
import { ZK_ERROR_CODES, type ZkError } from '../../../src/zookeeper/index.ts'
import type { ZkMessage } from '../../../src/zookeeper/messages.ts'
import type { ClusterEvent } from '../../cluster/events.ts'
import type { WorldEvent } from '../../kernel/events.ts'
import { groupEventKinds } from '../../view/group-events.ts'
import { oldConsumerEventKinds } from '../../view/old-consumer-events.ts'
import { transactionEventKinds } from '../../view/transaction-events.ts'
import type { MessageFate } from '../plan.ts'

const eventTable: Readonly<Record<SystemEvent['kind'] | ClusterEvent['kind'] | WorldEvent['kind'], true>> = {
  LogLoaded: true,
  SegmentRolled: true,
  LogTruncated: true,
  CheckpointWritten: true,
  ZkServerState: true,
  ZkRoleEnded: true,
  ZkSnapshotDamaged: true,
  ZkDiskFailed: true,
  ZkClientAhead: true,
  ZkLeaderServing: true,
  ZkProposed: true,
  ZkAcknowledged: true,
  ZkCommitted: true,
  ZkApplied: true,
  ZkSynced: true,
  ZkRecovered: true,
  ZkSessionCreated: true,
  ZkSessionClosed: true,
  ZkWatchFired: true,
  ZkClientState: true,
  ElectionEntered: true,
  ElectionWon: true,
  ElectionLost: true,
  ElectionWoken: true,
  ElectionResigned: true,
  LeadershipExpired: true,
  ZkAsked: true,
  ZkAnswered: true,
  ZkNotified: true,
  ResourceWritten: true,
  ...groupEventKinds,
  ...oldConsumerEventKinds,
  ...transactionEventKinds,
  AdminAsked: true,
  BrokerStarted: true,
  BrokerRegistered: true,
  BrokerNotRegistered: true,
  BrokerAwaitsItself: true,
  ReplicaCreated: true,
  ReplicaDeleted: true,
  BecameLeader: true,
  BecameFollower: true,
  Truncated: true,
  Appended: true,
  HighWatermark: true,
  FollowerPosition: true,
  TruncationRepeats: true,
  IsrShrunk: true,
  IsrExpanded: true,
  IsrProposed: true,
  IsrWriteWaits: true,
  IsrUpdateFailed: true,
  HighWatermarksCheckpointed: true,
  ProduceAnswered: true,
  RequestRefused: true,
  TopicNotCreated: true,
  ReassignmentWaits: true,
  LeaderAndIsrRefused: true,
  MetadataUpdated: true,
  ControllerElected: true,
  ControllerResigned: true,
  PartitionElected: true,
  PartitionOffline: true,
  ReplicaLeftIsr: true,
  StateChangeFailed: true,
  BrokerFailure: true,
  BrokerStartup: true,
  TopicCreated: true,
  TopicDeletionStarted: true,
  TopicDeletionHalted: true,
  TopicDeleted: true,
  TopicDeletionDied: true,
  MessageHanded: true,
  ProduceSent: true,
  ProduceAcknowledged: true,
  ProduceFailed: true,
  ProducerGaveUp: true,
  MessageQueued: true,
  SendBlocked: true,
  MessageDropped: true,
  BatchTaken: true,
  BatchDrained: true,
  ProducerIdAssigned: true,
  ProducerSequencesReset: true,
  BatchSplit: true,
  MetadataRefreshed: true,
  MetadataRefreshFailed: true,
  MessagesRead: true,
  FetchFailed: true,
  OffsetReset: true,
  ProcessStarted: true,
  ProcessEnded: true,
  PowerLost: true,
  Paused: true,
  Resumed: true,
  ClockSet: true,
  MessageSent: true,
  MessageReceived: true,
  LinkCut: true,
  LinkHealed: true,
  LinkStalled: true,
  LinkReleased: true,
  ConnectionReset: true,
  DiskFault: true,
  LogCleaningStarted: true,
  SegmentsDeleted: true,
  SegmentsCompacted: true,
  LogCleaned: true,
  LogCleaningAborted: true,
  LogCleaningFailed: true,
}

/** Kinds of trace events that `event` conditions may wait for. */
export const eventKinds = Object.keys(eventTable)

const apiTable: Readonly<Record<ApiName, true>> = {
  Produce: true,
  Fetch: true,
  Offsets: true,
  InitProducerId: true,
  AddPartitionsToTxn: true,
  AddOffsetsToTxn: true,
  EndTxn: true,
  WriteTxnMarkers: true,
  TxnOffsetCommit: true,
  Metadata: true,
  LeaderAndIsr: true,
  StopReplica: true,
  UpdateMetadata: true,
  ControlledShutdown: true,
  OffsetCommit: true,
  OffsetFetch: true,
  FindCoordinator: true,
  JoinGroup: true,
  SyncGroup: true,
  Heartbeat: true,
  LeaveGroup: true,
  OffsetForLeaderEpoch: true,
  AlterPartition: true,
}

const zkMessageTable: Readonly<Record<Exclude<ZkMessage['zk'], 'Request' | 'Response'>, true>> = {
  ConnectRequest: true,
  ConnectResponse: true,
  Ping: true,
  Pong: true,
  WatchEvent: true,
  Notification: true,
  FollowerInfo: true,
  AckEpoch: true,
  Ack: true,
  FollowerPing: true,
  Forward: true,
  Sync: true,
  Revalidate: true,
  LeaderInfo: true,
  Diff: true,
  Trunc: true,
  Snap: true,
  NewLeader: true,
  UpToDate: true,
  Proposal: true,
  Commit: true,
  LeaderPing: true,
  Synced: true,
  Revalidated: true,
}

const zkOperationTable: Readonly<Record<Extract<ZkMessage, { zk: 'Response' }>['op'], true>> = {
  create: true,
  delete: true,
  setData: true,
  check: true,
  multi: true,
  createSession: true,
  closeSession: true,
  getData: true,
  exists: true,
  getChildren: true,
  setWatches: true,
  sync: true,
}

const capitalised = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1)

/** Messages that `on` may wait for, as `describeMessage` of the cluster and `describeZkMessage` name them. */
export const messageNames = [
  ...Object.keys(apiTable).flatMap((api) => [api, `${api}Response`]),
  ...Object.keys(zkMessageTable).map((kind) => `Zk${kind}`),
  ...Object.keys(zkOperationTable).flatMap((op) => [`Zk${capitalised(op)}`, `Zk${capitalised(op)}Response`]),
]

/** How an operation of a ZooKeeper client can end. */
export const zkErrors = Object.keys(ZK_ERROR_CODES) as ZkError[]
export const watchEvents = ['NodeCreated', 'NodeDeleted', 'NodeDataChanged', 'NodeChildrenChanged'] as const
export const createModes = ['persistent', 'ephemeral', 'persistent-sequential', 'ephemeral-sequential'] as const

/** Promises (oracles) as replication.md section 5 names them. */
export const promises = [
  'I-ACK',
  'I-ACK-BINDING',
  'I-BROADCAST',
  'I-CANDIDATE',
  'I-COMMIT',
  'I-CONSISTENT-READ',
  'I-CONSUMER-GAP',
  'I-CONVERGE',
  'I-EPOCH-FENCE',
  'I-EPOCH-PREFIX',
  'I-EXACTLY-ONCE',
  'I-GLOBAL-SURVIVAL',
  'I-HW-MONO',
  'I-ISR-STABILITY',
  'I-LIVE-BROKER',
  'I-LIVE-CONSUME',
  'I-LIVE-HW',
  'I-LIVE-ISR',
  'I-LIVE-LEADER',
  'I-LIVE-LSO',
  'I-LIVE-TRUNCATE',
  'I-LOGMATCH',
  'I-META',
  'I-META-AGREE',
  'I-MINISR',
  'I-NEG-ACK',
  'I-NODUP',
  'I-OFFSET-DURABLE',
  'I-OFFSET-MONOTONE',
  'I-ONE-LEADER-PER-EPOCH',
  'I-ONE-OWNER',
  'I-ORDER',
  'I-PROCESSED-ONCE',
  'I-QUORUM-SUPERSET',
  'I-READ-COMMITTED',
  'I-READ-HW',
  'I-READ-ORDER',
  'I-SELF-WIPE',
  'I-SENT-ACCOUNTING',
  'I-STRONG-ISR',
  'I-TXN-ATOMIC',
  'I-UNICAST',
  'I-VISIBLE-HW-MONOTONE',
  'I-WEAK-ISR',
] as const

const fateTable: Readonly<Record<MessageFate, string>> = {
  sent: 'handed to its producer',
  appended: 'on the log of a leader',
  replicated: 'on the logs of the whole ISR',
  committed: 'below the high watermark of the leader',
  acked: 'acknowledged to its producer',
  read: 'read by a consumer',
  lost: 'once appended, now in no log of a leader',
  'gave-up': 'its producer used up its attempts',
  dropped: 'refused by the full queue of an async producer',
  'lost-in-queue': 'dead in the queue of a producer',
}

/** What can become of a message, with what each word means. */
export const fates = Object.keys(fateTable) as MessageFate[]
export const fateHelp = Object.entries(fateTable)
  .map(([fate, help]) => `\`${fate}\`: ${help}`)
  .join('; ')

/** Presets that a story may be played under. */
export const presetNames = Object.keys(presets) as PresetName[]

/**
 * Words of the language that a later part brings: refused by name rather than called unknown. Kept by the place where
 * they may stand.
 */
export const plannedKeys: Readonly<Record<string, readonly string[]>> = {
  scenario: ['switches', 'groups', 'defects', 'explore', 'workload'],
  step: ['alterConfig', 'workload', 'seek'],
  client: ['idempotent', 'admin'],
  condition: [],
  expect: ['reads', 'eventually', 'always'],
  workload: ['rate', 'phases', 'batch'],
}

/** Values that a later part brings, by the format or choice they stand in. */
export const plannedValues: Readonly<Record<string, readonly string[]>> = {
  producer: ['transactional'],
}

const words = (text: string): readonly string[] => text.trim().split(/\s+/)

/**
 * Keys of Kafka 0.8.2.2's own tables (`KafkaConfig`, `ProducerConfig`, `ConsumerConfig`, `LogConfig`) that the simulator
 * does not model yet: known to Kafka, so not a slip of the finger.
 */
export const plannedConfigKeys: Readonly<Record<'broker' | 'topic' | 'producer' | 'consumer', readonly string[]>> = {
  broker: words(`
    advertised.host.name advertised.port background.threads broker.id connections.max.idle.ms
    controller.message.queue.size fetch.purgatory.purge.interval.requests host.name
   
   
    log.dir log.dirs
    log.flush.interval.ms log.flush.scheduler.interval.ms log.retention.check.interval.ms
    log.retention.minutes log.retention.ms log.roll.jitter.hours log.roll.jitter.ms log.roll.ms
    log.segment.delete.delay.ms max.connections.per.ip max.connections.per.ip.overrides num.io.threads
    num.network.threads num.recovery.threads.per.data.dir offset.metadata.max.bytes
    offsets.commit.required.acks offsets.commit.timeout.ms offsets.load.buffer.size
    offsets.retention.check.interval.ms offsets.retention.minutes offsets.topic.compression.codec
    offsets.topic.num.partitions offsets.topic.replication.factor offsets.topic.segment.bytes
    queued.max.requests producer.purgatory.purge.interval.requests replica.socket.receive.buffer.bytes
    socket.receive.buffer.bytes socket.request.max.bytes socket.send.buffer.bytes zookeeper.connect
  `),
  topic: words(`
    file.delete.delay.ms flush.ms segment.jitter.ms
  `),
  producer: words(`
    client.id metadata.broker.list send.buffer.bytes
  `),
  consumer: words(`
    client.id socket.receive.buffer.bytes zookeeper.connect zookeeper.connection.timeout.ms zookeeper.sync.time.ms
  `),
}
