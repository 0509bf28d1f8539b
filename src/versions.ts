/**
 * Every protocol switch that is modelled so far, and the presets: which release behaved how (replication.md section 3,
 * and section 2.0 for the releases of 0.8). Code asks for a behaviour (`versions.truncation === 'high-watermark'`),
 * never for a release number. Presets and switches that later parts need join this table then. Where only the default
 * of a setting changed, see `src/server/release-defaults.ts`.
 */
import type { ProtocolVersions } from './protocol-versions.ts'

export type { ProtocolVersions }

const v082: ProtocolVersions = {
  raisedEpoch: 'forgotten',
  isrLag: 'time-or-messages',
  isrTick: 'lag-time',
  uncleanElection: 'configurable',
  lastIsrMember: 'may-leave',
  minIsr: 'topic',
  acksRange: 'any',
  ackRule: 'high-watermark',
  demotedPurgatory: 'kept',
  isrConflict: 'same-content-succeeds',
  followerSkip: 'same-leader',
  truncation: 'high-watermark',
  epochStart: 'first-record',
  truncationAtEnd: 'keeps-epochs',
  lateAnswer: 'by-offset',
  damagedFetch: 'skipped',
  fetcherFailure: 'thread-dies',
  divergingAnswer: 'high-watermark-first',
  highWatermarkBounds: 'none',
  outOfRange: 'halt-or-wipe',
  isrExpand: 'high-watermark',
  highWatermarkRule: 'isr',
  fetchFencing: 'none',
  messageFormat: 'v0',
  indexEntries: 'first-offset',
  codecs: 'with-lz4',
  isrUpdate: 'zookeeper',
  followerReads: 'leader-only',
  consumerEpochs: 'none',
  isrPropagation: 'none',
  controllerWrites: 'node-version',
  brokerEpoch: 'none',
  latestOffset: 'high-watermark',
  readAboveHighWatermark: 'unknown-error',
  followerPosition: 'after-read',
  followerReset: 'each-epoch',
  electionPick: 'assignment-order',
  produceRecheck: 'fetch-and-high-watermark',
  fetchBackoff: 'none',
  brokerNews: 'new-brokers',
  brokerListing: 'ids-then-nodes',
  unsentBatch: 'blocks',
  resignation: 'may-stop-half-way',
  sessionExpiry: 'operations-go-on',
  electedBeforeNewSession: 'resigns',
  lostEpochRace: 'goes-on',
  preferredElections: 'remembered',
  preferredRequests: 'as-asked',
  deadNewReplicas: 'refused',
  unneededElection: 'counts-as-done',
  unassignedFollower: 'whole-fetch-fails',
  movesOfDeletedTopics: 'go-on',
  replacedController: 'works-on',
  staleRegistration: 'waited-out',
  topicDeletion: 'thread-dies',
  leaderlessReplicas: 'stay-online',
  partitionsGo: 'when-asked',
  deadReplicas: 'left-alone',
  groupCoordinator: 'offset-manager',
  offsetsLoad: 'to-high-watermark',
  loadingCoordinator: 'says-so',
  offsetsTopicReplicas: 'as-many-as-live-brokers',
  offsetsExpiry: 'by-age',
  offsetsTopicLayout: 'offset-0',
  emptyGroups: 'removed',
  consumerLiveness: 'poll',
  firstRebalance: 'at-once',
  memberIds: 'given-on-joining',
  cleanupPolicies: 'delete-or-compact',
  keylessRecords: 'stop-the-cleaner',
  cleanerWrappers: 'unpacked',
  cleanerMap: 'segments-overfilled',
  cleanerGroups: 'below-limit',
  cleanerCheckpoint: 'trusted',
  cleanerBuffer: 'broker-limit',
  cleanerFailure: 'ends-thread',
  compactionLag: 'none',
  logFiles: 'offset-index',
  segmentLimit: 'before-append',
  logUpkeep: 'broken-index-is-fatal',
  producerMemory: 'none',
}

const v081: ProtocolVersions = {
  ...v082,
  groupCoordinator: 'none',
  uncleanElection: 'always',
  minIsr: 'none',
  ackRule: 'isr-end-offsets',
  isrConflict: 'fail',
  followerSkip: 'never',
  followerPosition: 'before-read',
  electionPick: 'isr-order',
  produceRecheck: 'follower-fetch',
  codecs: 'gzip-snappy',
  segmentLimit: 'after-append',
}

const v09: ProtocolVersions = {
  ...v082,
  groupCoordinator: 'group-membership',
  loadingCoordinator: 'is-none',
  offsetsTopicLayout: 'offset-1-group-0',
  isrLag: 'since-reached-end',
  minIsr: 'topic-and-broker',
  acksRange: 'minus-one-to-one',
  outOfRange: 'halt',
  isrPropagation: 'notification',
  followerReset: 'new-leader',
  fetchBackoff: 'after-error',
  brokerNews: 'all-brokers',
  unsentBatch: 'dropped',
  resignation: 'complete',
  replacedController: 'resigns',
  staleRegistration: 'fatal',
  keylessRecords: 'refused',
  cleanerWrappers: 'repacked',
  cleanerMap: 'segments-that-fit',
  cleanerGroups: 'up-to-limit',
  cleanerCheckpoint: 'not-below-start',
  logUpkeep: 'broken-index-is-rebuilt',
}

const v0102: ProtocolVersions = {
  ...v09,
  offsetsTopicLayout: 'offset-1-group-1',
  emptyGroups: 'kept',
  consumerLiveness: 'background-heartbeats',
  isrLag: 'since-reached-end-of-last-fetch',
  isrTick: 'half-lag-time',
  brokerListing: 'nodes',
  deadNewReplicas: 'waited-for',
  electedBeforeNewSession: 'goes-on',
  demotedPurgatory: 'completed',
  highWatermarkRule: 'isr-and-caught-up',
  readAboveHighWatermark: 'empty',
  messageFormat: 'v1',
  cleanupPolicies: 'delete-and-compact',
  cleanerMap: 'records',
  cleanerCheckpoint: 'cut-with-log',
  cleanerBuffer: 'topic-limit',
  compactionLag: 'min',
  logFiles: 'time-index',
}

const v011: ProtocolVersions = {
  ...v0102,
  preferredElections: 'not-remembered',
  truncation: 'epoch-end',
  damagedFetch: 'fetched-again',
  messageFormat: 'v2',
  offsetsLoad: 'to-log-end',
  offsetsTopicReplicas: 'enforced',
  firstRebalance: 'delayed',
  cleanerMap: 'batches',
  logFiles: 'producer-state',
  producerMemory: 'one-batch',
}

const v11: ProtocolVersions = {
  ...v011,
  lastIsrMember: 'stays',
  topicDeletion: 'goes-on',
  sessionExpiry: 'operations-fail',
  lostEpochRace: 'gives-up',
  unneededElection: 'changes-nothing',
  unassignedFollower: 'gets-nothing',
  movesOfDeletedTopics: 'given-up',
  lateAnswer: 'only-while-fetching',
  producerMemory: 'five-batches',
}

const v20: ProtocolVersions = {
  ...v11,
  leaderlessReplicas: 'go-offline',
  truncation: 'epoch-and-end',
  indexEntries: 'last-offset',
  loadingCoordinator: 'says-so',
  producerMemory: 'marker-hides-sequence',
}

const v21: ProtocolVersions = {
  ...v20,
  offsetsExpiry: 'when-group-is-empty',
  offsetsTopicLayout: 'offset-3-group-2',
  isrLag: 'since-reached-end-of-last-fetch-or-at-end',
  followerSkip: 'same-leader-and-epoch',
  outOfRange: 'never-halt',
  isrExpand: 'high-watermark-and-epoch-start',
  fetchFencing: 'current-leader-epoch',
  controllerWrites: 'fenced-by-epoch',
  partitionsGo: 'when-begun',
  cleanerBuffer: 'as-needed',
  cleanerFailure: 'rules-out-partition',
  epochStart: 'election',
  codecs: 'with-zstd',
}

const v24: ProtocolVersions = {
  ...v21,
  raisedEpoch: 'remembered',
  preferredRequests: 'checked',
  staleRegistration: 'fatal-unless-own',
  offsetsTopicLayout: 'offset-3-group-3',
  memberIds: 'asked-for-first',
  demotedPurgatory: 'completed-also-when-stopped',
  brokerEpoch: 'registration',
  deadReplicas: 'go-offline',
  movesOfDeletedTopics: 'given-up-for-deletion',
  latestOffset: 'waits-for-epoch-start',
  cleanerMap: 'batches-and-gaps',
  cleanerCheckpoint: 'kept-within-log',
  compactionLag: 'min-and-max',
  fetcherFailure: 'partition-fails',
  highWatermarkBounds: 'log',
  followerReads: 'allowed',
  followerPosition: 'after-good-read',
  consumerEpochs: 'validated',
  logUpkeep: 'indexes-are-trusted',
  producerMemory: 'outlives-records',
}

const v27: ProtocolVersions = {
  ...v24,
  isrUpdate: 'controller',
  isrPropagation: 'none',
  truncationAtEnd: 'cuts-epochs',
}

const v28: ProtocolVersions = { ...v27, truncation: 'on-fetch' }

const v33: ProtocolVersions = {
  ...v28,
  isrUpdate: 'controller-and-recheck',
  isrExpand: 'high-watermark-and-epoch-start-if-alive',
}

const v35: ProtocolVersions = { ...v33, divergingAnswer: 'truncate-first', followerReads: 'allowed-and-woken' }

const v37: ProtocolVersions = { ...v35, highWatermarkRule: 'enough-isr' }

const v41: ProtocolVersions = { ...v37 }

/** Presets by name, oldest first. */
export const presets = {
  '0.8.0': { ...v081, isrLag: 'time-while-behind-or-messages', cleanupPolicies: 'delete' },
  '0.8.1': v081,
  '0.8.2': v082,
  '0.9': v09,
  '0.10.2': v0102,
  '0.11': v011,
  '1.1': v11,
  '2.0': v20,
  '2.1': v21,
  '2.4': v24,
  '2.7': v27,
  '2.8': v28,
  '3.3': v33,
  '3.5': v35,
  '3.7': v37,
  '4.1': v41,
} as const satisfies Record<string, ProtocolVersions>

export type PresetName = keyof typeof presets

export const defaultPreset: PresetName = '0.8.2'
