/** `trial versions`: the presets, and what each switch of the protocol is set to in them. */
import type { Command } from 'commander'
import { defaultPreset, type PresetName, type ProtocolVersions, presets } from '../src/versions.ts'
import { painterFor } from './output/colour.ts'

const about: Readonly<Record<keyof ProtocolVersions, string>> = {
  isrLag: 'what makes a follower leave the ISR (F01)',
  isrTick: 'how often a leader looks for lagging followers (F02)',
  uncleanElection: 'whether unclean election can be switched off (F03)',
  lastIsrMember: 'whether the last member may leave the ISR (F04)',
  minIsr: 'where min.insync.replicas is honoured (F05)',
  acksRange: 'values of request.required.acks that are taken (F06)',
  ackRule: 'when a produce with acks -1 is done (F07)',
  demotedPurgatory: 'what a demotion does to waiting produce requests (F08)',
  isrConflict: 'an ISR write that finds its own content under another version (F09)',
  followerSkip: 'when a follower told of the leader it already has does nothing (F10)',
  truncation: 'what a new follower cuts its log back to (F11)',
  epochStart: 'when a leader notes its epoch',
  truncationAtEnd: "what a truncation to the log's very end does to epochs that began there",
  lateAnswer: 'an answer to a fetch from before the partition was given back',
  damagedFetch: 'a fetch whose messages are damaged',
  fetcherFailure: 'an error of a fetcher with one partition',
  divergingAnswer: 'what a follower does first that is told where the logs part',
  highWatermarkBounds: 'a high watermark beyond the log',
  messageFormat: 'format that producers and leaders write',
  brokerCompression: 'whether brokers and topics have a compression.type',
  formatSetting: 'what becomes of message.format.version',
  downConversion: 'what becomes of fetches that know no newer message format',
  timestampSettings: 'settings of how far timestamps may be from the clock',
  rollJitter: 'whether segments may be rolled earlier by chance',
  preallocation: 'whether segments may get their full size when they begin',
  indexEntries: 'which offset an index entry holds',
  codecs: 'compression codecs that are known',
  outOfRange: 'a follower whose fetch offset is out of range (F12)',
  isrExpand: 'what a follower must have reached to join the ISR (F13)',
  highWatermarkRule: 'over which replicas the high watermark is the smallest LEO (F14)',
  fetchFencing: 'whether followers name the leader epoch that they follow (F15)',
  isrUpdate: 'who writes a new ISR (F16)',
  followerReads: 'whether consumers may read from followers (F22)',
  consumerEpochs: 'whether consumers check their position against leader epochs (F15)',
  logFiles: 'files of a partition beside .log and .index',
  segmentLimit: 'whether an append may overshoot segment.bytes',
  logUpkeep: 'what becomes of an index that cannot be right',
  interruptedSwap: 'which segments go when a start finishes an interrupted swap',
  producerMemory: 'what a log remembers of idempotent producers (F25)',
  isrPropagation: 'whether leaders tell the controller of ISR changes (F17)',
  controllerWrites: "what guards a controller's writes to ZooKeeper (F18)",
  transactions: 'what keeps writes of one transaction out of another (F26)',
  fencedProducer: 'what a coordinator tells a producer of an older epoch',
  transactionBlocking: 'which calls about transactions give up after max.block.ms',
  transactionalOffsets: 'whether offsets in a transaction name the member that they come from (F29)',
  topicIds: 'whether topics have ids, beside their names',
  shutdownMark: 'when a broker that starts takes the mark of a clean shutdown away',
  deletedReplica: 'whether a deleted replica is gone for good when a power loss follows',
  brokerMetadata: 'what a broker writes down of itself and its cluster',
  brokerEpoch: 'whether control requests name the incarnation of a broker (F19)',
  latestOffset: 'the latest offset of a new leader whose high watermark lags (F23)',
  readAboveHighWatermark: "a consumer's fetch between high watermark and log end (F24)",
  followerPosition: "when a follower's position is recorded",
  followerReset: 'when a leader forgets the positions of its followers',
  electionPick: 'which live ISR member an election picks',
  shutdownPick: 'which ISR member leads after one that is about to stop',
  produceRecheck: 'what makes waiting produce requests be looked at again',
  fetchBackoff: 'whether a follower rests after a failed fetch',
  brokerNews: 'who hears of brokers that come and go',
  brokerListing: 'how a controller reads which brokers there are',
  unsentBatch: 'control requests that a deposed controller could not send',
  resignation: 'resigning where the automatic rebalance does not run',
  sessionExpiry: 'operations on ZooKeeper whose session expires',
  electedBeforeNewSession: 'a controller that is told of its new session after it was elected in it',
  lostEpochRace: 'a new controller that finds its epoch raised by another',
  topicWatch: 'when a controller begins to watch a topic for new partitions',
  preferredElections: 'whether a controller remembers the preferred elections under way',
  preferredRequests: 'preferred elections that are asked for where there is nothing to elect',
  deadNewReplicas: 'moving a partition to brokers that are not there',
  moveTool: 'what the tool that moves partitions does about those, and brokers, that are not there',
  expansionDuringMove: 'more partitions for a topic whose replicas are moving',
  topicNotCreated: 'asking for metadata of a topic that cannot be created',
  movesOfDeletedTopics: 'what a new controller does about a move whose topic is to be deleted',
  unfinishedMoves: 'how a new controller knows whether a move of a partition is over',
  unneededElection: 'a preferred election of a partition that the preferred replica leads',
  unassignedFollower: 'a follower that fetches a partition which is not assigned to it',
  replacedController: 'a controller that sees another one in /controller',
  staleRegistration: 'a broker that finds its own node of an older session',
  raisedEpoch: 'whether a controller remembers the leader epoch that it raised for a move',
  topicDeletion: 'an exception on the thread that deletes topics',
  leaderlessReplicas: 'whether a partition that never had a leader can be deleted',
  partitionsGo: 'from when on brokers are told that the partitions of a topic go',
  deadReplicas: 'what a new controller does about replicas on dead brokers',
  groupCoordinator: 'what brokers do for consumer groups (F29)',
  offsetsLoad: 'how far a new coordinator reads the offsets topic (F27)',
  loadingCoordinator: 'what a coordinator answers that still reads its offsets',
  offsetsTopicReplicas: 'replicas of the offsets topic where brokers are missing (F28)',
  offsetsExpiry: 'which committed offsets expire (F28)',
  offsetsTopicLayout: 'versions of the values in the offsets topic',
  emptyGroups: 'a group whose last member has gone',
  consumerLiveness: 'how a consumer shows that it lives',
  firstRebalance: 'the first rebalance of an empty group',
  memberIds: 'when a consumer gets its member id',
  positionResets: 'a consumer that asks where a partition begins',
  stickyClaims: 'a partition that two members of a sticky group say they had',
  javaProducer: 'whether there is a Java producer',
  batchExpiry: 'when the Java producer fails a batch that it cannot get rid of',
  sendBlocking: 'what limits how long send of the Java producer blocks',
  unknownPartition: 'a partition that the topic of a Java producer does not have',
  connectTimeout: 'how long the Java producer waits for a connection',
  oneInFlight: 'what one request in flight means to the Java producer',
  batchBackoff: 'a batch that backs off, where its broker gets others',
  keylessPartition: 'partition of a message without key, of the Java producer',
  idempotence: 'sequence numbers of the Java producer (F25)',
  oversizedBatches: 'a batch that the broker finds too large',
  retryPause: 'the pause of the Java producer before a retry',
  cleanupPolicies: 'values of cleanup.policy that there are',
  keylessRecords: 'a record without key on a compacted topic',
  cleanerWrappers: 'compressed batches in a log that is compacted',
  cleanerMap: 'how much of a log one round of compaction covers',
  cleanerGroups: 'how large segments become that compaction merges',
  cleanerCheckpoint: "the cleaner's checkpoint after a truncation",
  cleanerBuffer: "how far the cleaner's buffers grow for a large entry",
  cleanerFailure: 'what an unexpected error of the cleaner ends',
  compactionLag: 'limits to the age at which records are compacted',
}

export function register(program: Command): void {
  program
    .command('versions')
    .description('lists the protocol presets and the switches that make them up')
    .option('--json', 'print one JSON object')
    .addHelpText(
      'after',
      '\nExamples:\n  trial versions\n  trial run scenarios/teach/three-message-loss.yaml --protocol 0.8.1\n',
    )
    .action((options: { json?: boolean }) => {
      process.stdout.write(
        options.json === true ? `${JSON.stringify({ default: defaultPreset, presets }, null, 2)}\n` : table(),
      )
    })
}

function table(): string {
  const painter = painterFor(process.stdout, process.env)
  const names = Object.keys(presets) as PresetName[]
  const lines = [`Presets: ${names.map((name) => (name === defaultPreset ? `${name} (default)` : name)).join(', ')}`]
  lines.push('')
  for (const key of Object.keys(about) as Array<keyof ProtocolVersions>) {
    lines.push(`${painter.paint('caption', key)}: ${about[key]}`)
    const values = new Map<string, PresetName[]>()
    for (const name of names) {
      const value: string = presets[name][key]
      values.set(value, [...(values.get(value) ?? []), name])
    }
    for (const [value, where] of values)
      lines.push(
        `  ${value.padEnd(32)} ${painter.paint('quiet', values.size === 1 ? 'all presets' : where.join(', '))}`,
      )
  }
  return `${lines.join('\n')}\n`
}
