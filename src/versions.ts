/**
 * Every protocol switch that is modelled so far, and the presets: which release behaved how (replication.md section 3,
 * and section 2.0 for the releases of 0.8). Code asks for a behaviour (`versions.truncation === 'high-watermark'`),
 * never for a release number. Presets and switches that later parts need join this table then. Where only the default
 * of a setting changed, see `src/server/release-defaults.ts`.
 */
export interface ProtocolVersions {
  /**
   * F01, KIP-16: what makes a follower leave the ISR. Up to 0.8.2 silence or a lag in messages (in 0.8.0 silence only
   * while its LEO is behind). From 0.9 only the time since it was caught up: since a fetch reached the leader's LEO
   * (0.9), or the LEO that the leader had at the fetch before (KAFKA-4485, 0.10.2), or, from 2.1, while its LEO equals
   * the leader's.
   */
  readonly isrLag:
    | 'time-while-behind-or-messages'
    | 'time-or-messages'
    | 'since-reached-end'
    | 'since-reached-end-of-last-fetch'
    | 'since-reached-end-of-last-fetch-or-at-end'
  /** F02 (0.10.2): how often a leader looks for lagging followers. */
  readonly isrTick: 'lag-time' | 'half-lag-time'
  /** F03, KAFKA-1028 (0.8.2): may unclean election be switched off at all? (Off by default since KIP-106, 0.11.) */
  readonly uncleanElection: 'always' | 'configurable'
  /** F04 (1.1): whether the last member may leave the ISR when unclean election is on. */
  readonly lastIsrMember: 'may-leave' | 'stays'
  /** F05, KAFKA-1555 (0.8.2), KAFKA-2114 (0.9): where `min.insync.replicas` is honoured. */
  readonly minIsr: 'none' | 'topic' | 'topic-and-broker'
  /** F06 (0.9): values of `request.required.acks`. */
  readonly acksRange: 'any' | 'minus-one-to-one'
  /** F07, KAFKA-1430 (0.8.2): when an acks=-1 produce is done. */
  readonly ackRule: 'isr-end-offsets' | 'high-watermark'
  /** F08, KAFKA-2960 (0.10.0), KAFKA-9198 (2.4): what a demotion, or StopReplica, does to waiting produce requests. */
  readonly demotedPurgatory: 'kept' | 'completed' | 'completed-also-when-stopped'
  /** F09, KAFKA-1382 (0.8.2): an ISR write that finds its own content under another version counts as done. */
  readonly isrConflict: 'fail' | 'same-content-succeeds'
  /**
   * F10, KAFKA-1188 (0.8.2), KAFKA-7164 (2.0.1), KIP-320 (2.1): when a follower told of the leader that it already has
   * does nothing: never; always; if it missed no epoch; only if the epoch is the one it has.
   */
  readonly followerSkip: 'never' | 'same-leader' | 'same-leader-no-epoch-missed' | 'same-leader-and-epoch'
  /** F11, before KIP-101: what a new follower cuts its log back to. */
  readonly truncation: 'high-watermark'
  /**
   * F12, KAFKA-2143 (0.9.0.1), KAFKA-7414 (2.1): a follower whose fetch offset is out of the leader's range. Its log is
   * longer than the leader's: it cuts back, or, without unclean election, halts. Otherwise it begins anew; since 0.9.0.1
   * only if it ends before the leader's log begins. Since 2.1 it never halts.
   */
  readonly outOfRange: 'halt-or-wipe' | 'halt' | 'never-halt'
  /** F13, KAFKA-7128 (2.1): what a follower must have reached to join the ISR. */
  readonly isrExpand: 'high-watermark' | 'high-watermark-and-epoch-start'
  /** F14a, KAFKA-4485 (0.10.2): over which replicas the high watermark is the smallest LEO. */
  readonly highWatermarkRule: 'isr' | 'isr-and-caught-up'
  /** F15, KIP-320 (2.1): whether followers name the leader epoch that they follow when they fetch (errors 74, 75). */
  readonly fetchFencing: 'none' | 'current-leader-epoch'
  /** F17, KAFKA-1367 (0.9): whether leaders tell the controller of ISR changes. */
  readonly isrPropagation: 'none' | 'notification'
  /** F18, KAFKA-6082 (2.1): what guards the writes of a controller to ZooKeeper. */
  readonly controllerWrites: 'node-version' | 'fenced-by-epoch'
  /** F19, KIP-380 (2.2): whether control requests name the registration of the broker that they are meant for. */
  readonly brokerEpoch: 'none' | 'registration'
  /** F23, KIP-207 (2.2): the latest offset, while a new leader's high watermark lags behind the start of its epoch. */
  readonly latestOffset: 'high-watermark' | 'waits-for-epoch-start'
  /** F24 (0.10.0): a consumer's fetch between the high watermark and the LEO. */
  readonly readAboveHighWatermark: 'unknown-error' | 'empty'
  /** When a follower's position is recorded (replication.md 2.0). */
  readonly followerPosition: 'before-read' | 'after-read'
  /** When a leader forgets the positions of its followers: with each new epoch, or (0.9) only as a new leader. */
  readonly followerReset: 'each-epoch' | 'new-leader'
  /** Which live ISR member an election picks (replication.md 2.0). */
  readonly electionPick: 'isr-order' | 'assignment-order'
  /** Whether ISR shrinks re-check waiting produce requests (replication.md 2.0). */
  readonly produceRecheck: 'follower-fetch' | 'fetch-and-high-watermark'
  /** Whether a follower rests for `replica.fetch.backoff.ms` after a failed fetch (0.9). */
  readonly fetchBackoff: 'none' | 'after-error'
  /** Who hears of brokers that come and go: KAFKA-972 (0.9). Before, others learn of it with a change of a partition. */
  readonly brokerNews: 'new-brokers' | 'all-brokers'
  /**
   * How a controller reads which brokers there are: by the list of their ids, and then their nodes (a broker that leaves
   * in between is dropped without having failed), or (0.10) by the nodes alone.
   */
  readonly brokerListing: 'ids-then-nodes' | 'nodes'
  /** What becomes of control requests that a controller collected and, no longer being it, could not send (0.9). */
  readonly unsentBatch: 'blocks' | 'dropped'
  /** Resigning where the scheduler of the automatic rebalance does not run: up to 0.8.2 an exception stops it. */
  readonly resignation: 'may-stop-half-way' | 'complete'
  /**
   * KAFKA-5642 (1.1): what becomes of operations on ZooKeeper when the session expires that they were asked under. They
   * are asked again under the next one; or they fail, and the next one is opened when the controller has resigned.
   */
  readonly sessionExpiry: 'operations-go-on' | 'operations-fail'
  /**
   * KAFKA-4229 (0.10.2): a broker that was made the controller in its new session by an event of the old one, and then
   * is told of the new session. It resigns, and nobody acts, for `/controller` names it; or it goes on.
   */
  readonly electedBeforeNewSession: 'resigns' | 'goes-on'
  /** A new controller that finds that another one raised `/controller_epoch` first: works with the old one, or (1.1) not. */
  readonly lostEpochRace: 'goes-on' | 'gives-up'
  /**
   * KAFKA-5028 (0.11): whether a controller remembers which partitions are being given back to their preferred replicas.
   * Then it deletes none of their topics meanwhile, nor rebalances by itself, and cannot take over while one of them
   * never had a leader.
   */
  readonly preferredElections: 'remembered' | 'not-remembered'
  /** KAFKA-4214 (0.10.2): a partition that shall move to brokers which are not there: refused, or waits for them. */
  readonly deadNewReplicas: 'refused' | 'waited-for'
  /**
   * A new controller that finds a move of a partition under way whose topic is to be deleted: goes on with it; or (1.1)
   * gives it up, but the deletion waits for it; or (KIP-455, 2.4) gives it up, and the deletion goes on.
   */
  readonly movesOfDeletedTopics: 'go-on' | 'given-up' | 'given-up-for-deletion'
  /** What a controller does that sees another one in `/controller` (0.9). */
  readonly replacedController: 'works-on' | 'resigns'
  /**
   * What a broker does that finds its own node of an older session in ZooKeeper, as one does that is started again before
   * the session timed out: it waits, or (0.9) it fails to start.
   */
  readonly staleRegistration: 'waited-out' | 'fatal'
  /**
   * An exception on the thread that deletes topics: before 1.1 it ends the thread. It comes where a topic to be deleted
   * is not there any more (a controller crashed as it removed the topic's nodes).
   */
  readonly topicDeletion: 'thread-dies' | 'goes-on'
  /**
   * Deletion of a partition that never had a leader: its replicas cannot go offline, so the topic stays for ever, or
   * (KAFKA-6650, 2.0) they can.
   */
  readonly leaderlessReplicas: 'stay-online' | 'go-offline'
  /** KAFKA-6753 (2.1): from when on brokers are told that the partitions of a topic go: since it is asked, or begun. */
  readonly partitionsGo: 'when-asked' | 'when-begun'
  /**
   * KAFKA-3143, KAFKA-8237 (2.3): a new controller leaves replicas on dead brokers in the ISR, and takes them for
   * undeletable; or it takes them offline, as if their brokers had just failed.
   */
  readonly deadReplicas: 'left-alone' | 'go-offline'
}

const v082: ProtocolVersions = {
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
  outOfRange: 'halt-or-wipe',
  isrExpand: 'high-watermark',
  highWatermarkRule: 'isr',
  fetchFencing: 'none',
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
  deadNewReplicas: 'refused',
  movesOfDeletedTopics: 'go-on',
  replacedController: 'works-on',
  staleRegistration: 'waited-out',
  topicDeletion: 'thread-dies',
  leaderlessReplicas: 'stay-online',
  partitionsGo: 'when-asked',
  deadReplicas: 'left-alone',
}

const v081: ProtocolVersions = {
  ...v082,
  uncleanElection: 'always',
  minIsr: 'none',
  ackRule: 'isr-end-offsets',
  isrConflict: 'fail',
  followerSkip: 'never',
  followerPosition: 'before-read',
  electionPick: 'isr-order',
  produceRecheck: 'follower-fetch',
}

const v09: ProtocolVersions = {
  ...v082,
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
}

const v0102: ProtocolVersions = {
  ...v09,
  isrLag: 'since-reached-end-of-last-fetch',
  isrTick: 'half-lag-time',
  brokerListing: 'nodes',
  deadNewReplicas: 'waited-for',
  electedBeforeNewSession: 'goes-on',
  demotedPurgatory: 'completed',
  highWatermarkRule: 'isr-and-caught-up',
  readAboveHighWatermark: 'empty',
}

const v011: ProtocolVersions = { ...v0102, preferredElections: 'not-remembered' }

const v11: ProtocolVersions = {
  ...v011,
  lastIsrMember: 'stays',
  topicDeletion: 'goes-on',
  sessionExpiry: 'operations-fail',
  lostEpochRace: 'gives-up',
  movesOfDeletedTopics: 'given-up',
}

const v20: ProtocolVersions = { ...v11, leaderlessReplicas: 'go-offline' }

const v21: ProtocolVersions = {
  ...v20,
  isrLag: 'since-reached-end-of-last-fetch-or-at-end',
  followerSkip: 'same-leader-and-epoch',
  outOfRange: 'never-halt',
  isrExpand: 'high-watermark-and-epoch-start',
  fetchFencing: 'current-leader-epoch',
  controllerWrites: 'fenced-by-epoch',
  partitionsGo: 'when-begun',
}

const v24: ProtocolVersions = {
  ...v21,
  demotedPurgatory: 'completed-also-when-stopped',
  brokerEpoch: 'registration',
  deadReplicas: 'go-offline',
  movesOfDeletedTopics: 'given-up-for-deletion',
  latestOffset: 'waits-for-epoch-start',
}

/** Presets by name, oldest first. */
export const presets = {
  '0.8.0': { ...v081, isrLag: 'time-while-behind-or-messages' },
  '0.8.1': v081,
  '0.8.2': v082,
  '0.9': v09,
  '0.10.2': v0102,
  '0.11': v011,
  '1.1': v11,
  '2.0': v20,
  '2.1': v21,
  '2.4': v24,
} as const satisfies Record<string, ProtocolVersions>

export type PresetName = keyof typeof presets

export const defaultPreset: PresetName = '0.8.2'

/**
 * Presets whose control plane is built and whose data plane is not: without leader epochs in the log (F11) they would lose
 * and mix up messages as these releases never did. Only the soak of the control plane uses them.
 */
export const controlPlanePresets: readonly PresetName[] = ['0.11', '1.1', '2.0', '2.1', '2.4']

/** Presets of the design that no part has built yet: named in a diagnostic rather than called unknown. */
export const plannedPresets = ['2.7', '3.3', '3.5', '3.7', '4.1']
