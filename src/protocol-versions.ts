/**
 * The switches of the protocol: what a release of Kafka does, where releases differ. Which release has which is in
 * `versions.ts`; `F..` are the rows of the fact sheet on replication.
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
  /**
   * F11: what a new follower cuts its log back to: its high watermark; KIP-101 (0.11): where its latest epoch ends in the
   * leader's log; KIP-279 (2.0): the same, but the leader says which epoch its answer is for, and is asked again where the
   * follower does not have that one; KIP-595 (2.8): nothing at first, but each fetch names the epoch that it goes on from,
   * and the leader answers where the logs part.
   */
  readonly truncation: 'high-watermark' | 'epoch-end' | 'epoch-and-end' | 'on-fetch'
  /** KAFKA-7415 (2.1): whether a leader notes its epoch when it is elected, or with its first record. */
  readonly epochStart: 'first-record' | 'election'
  /** KAFKA-10706 (2.7): a truncation to the log's very end leaves epochs that began there, or not (M43). */
  readonly truncationAtEnd: 'keeps-epochs' | 'cuts-epochs'
  /**
   * An answer to a fetch of a partition that was taken away and given back meanwhile: it counts if the offset is the same;
   * or (1.1) only if the partition is not to be truncated first.
   */
  readonly lateAnswer: 'by-offset' | 'only-while-fetching'
  /** A fetch whose messages are damaged: it goes on behind them (and dies of the gap), or (0.10.1.1) fetches them again. */
  readonly damagedFetch: 'skipped' | 'fetched-again'
  /** KIP-461 (2.3): an error with one partition ends the fetcher, or only leaves that partition out. */
  readonly fetcherFailure: 'thread-dies' | 'partition-fails'
  /** KAFKA-14704 (3.5): whether a follower takes the leader's high watermark over before it cuts off what diverges (M41). */
  readonly divergingAnswer: 'high-watermark-first' | 'truncate-first'
  /** A high watermark beyond the log, as after a truncation: kept; or (2.4) never beyond it. */
  readonly highWatermarkBounds: 'none' | 'log'
  /**
   * F12, KAFKA-2143 (0.9.0.1), KAFKA-7414 (2.1): a follower whose fetch offset is out of the leader's range. Its log is
   * longer than the leader's: it cuts back, or, without unclean election, halts. Otherwise it begins anew; since 0.9.0.1
   * only if it ends before the leader's log begins. Since 2.1 it never halts.
   */
  readonly outOfRange: 'halt-or-wipe' | 'halt' | 'never-halt'
  /**
   * F13: what a follower must have reached to join the ISR: KAFKA-7128 (2.1) also what the leader had when its epoch began;
   * and KAFKA-14140 (3.3) it must be alive, as far as the leader and the controller know.
   */
  readonly isrExpand: 'high-watermark' | 'high-watermark-and-epoch-start' | 'high-watermark-and-epoch-start-if-alive'
  /**
   * F14: over which replicas the high watermark is the smallest LEO: KAFKA-4485 (0.10.2) also those that were caught up of
   * late; KAFKA-15021 (3.6) of these only who may join the ISR, and KAFKA-15583 (3.7) it stands still while the ISR is
   * smaller than `min.insync.replicas`.
   */
  readonly highWatermarkRule: 'isr' | 'isr-and-caught-up' | 'enough-isr'
  /** F15, KIP-320 (2.1): whether followers name the leader epoch that they follow when they fetch (errors 74, 75). */
  readonly fetchFencing: 'none' | 'current-leader-epoch'
  /** Format that producers and leaders write: formats.md 1.1. */
  readonly messageFormat: 'v0' | 'v1' | 'v2'
  /** `compression.type` of brokers and topics: since 0.9 (KAFKA-1499). */
  readonly brokerCompression: 'none' | 'compression.type'
  /** `message.format.version` (KIP-31): since 0.10.0; from 3.0 on (KIP-724) all write format 2, whatever it says. */
  readonly formatSetting: 'none' | 'honoured' | 'ignored'
  /**
   * Settings of timestamps: their type and how far they may be from the broker's clock (KIP-32, 0.10.0); before it and
   * after it apart, where the old one stands for those not set (KIP-937, 3.6); these alone (4.0).
   */
  readonly timestampSettings: 'none' | 'difference' | 'difference-or-before-and-after' | 'before-and-after'
  /**
   * Whether messages are written in an older format for consumers that know no newer one (KIP-31, 0.10.0); since 2.0
   * `message.downconversion.enable` may switch it off (KIP-283); 4.0 knows no such requests any more (KIP-896).
   */
  readonly downConversion: 'none' | 'always' | 'unless-disabled' | 'gone'
  /** `segment.jitter.ms` and `log.roll.jitter.*`: since 0.8.2 (KAFKA-979). */
  readonly rollJitter: 'none' | 'configurable'
  /** `preallocate` (KAFKA-1646, 0.9): whether a segment may get its full size when it begins. */
  readonly preallocation: 'none' | 'configurable'
  /** Which offset an index entry holds (2.0). */
  readonly indexEntries: 'first-offset' | 'last-offset'
  /** Compression: lz4 came with 0.8.2, zstd with 2.1 (KIP-110). */
  readonly codecs: 'gzip-snappy' | 'with-lz4' | 'with-zstd'
  /**
   * F16, KIP-497 (2.7): whether a leader writes its ISR to ZooKeeper itself, or asks the controller and goes on meanwhile.
   * KAFKA-13091 (3.1): and looks at the high watermark again when it is answered.
   */
  readonly isrUpdate: 'zookeeper' | 'controller' | 'controller-and-recheck'
  /**
   * F22, KIP-392 (2.4): whether consumers may read from followers, up to the follower's own high watermark; and (3.5) whether
   * those that wait there are answered when it moves.
   */
  readonly followerReads: 'leader-only' | 'allowed' | 'allowed-and-woken'
  /** F15, KIP-320 (2.3): whether consumers name the leader epoch, and look after a new one whether their position stands. */
  readonly consumerEpochs: 'none' | 'validated'
  /**
   * Files of a partition beside `.log` and `.index`: `.timeindex` (0.10.1; roll, retention and lookup by timestamp come
   * with it), `.txnindex`, `.snapshot` and the offset that a log begins at (0.11). KIP-33, KIP-98, KIP-107.
   */
  readonly logFiles: 'offset-index' | 'time-index' | 'producer-state'
  /** Whether a segment must have room for an append (KAFKA-1670, 0.8.2), or may be overshot by one. */
  readonly segmentLimit: 'after-append' | 'before-append'
  /**
   * An index that cannot be right keeps the broker from starting, is made anew (0.9, as KAFKA-2118 finishes swaps), or is
   * only looked at where its segment is scanned (KAFKA-7283, 2.3); one that is missing is not missed (1.1 to 2.2). What
   * else differs in keeping house: see `LogFormat`.
   */
  readonly logUpkeep:
    | 'broken-index-is-fatal'
    | 'broken-index-is-rebuilt'
    | 'missing-index-is-made-empty'
    | 'indexes-are-trusted'
  /** KAFKA-2118 (0.9), corrected with KAFKA-6264 (2.0): which segments go when a start finishes an interrupted swap. */
  readonly interruptedSwap: 'takes-one-before' | 'takes-its-own'
  /** F25, KIP-98 (0.11), KAFKA-5494 (1.0), KAFKA-7190 (2.4): what a log remembers of idempotent producers. */
  readonly producerMemory:
    | 'none'
    | 'one-batch'
    | 'five-batches'
    | 'marker-hides-sequence'
    | 'outlives-records'
    | 'snapshot-per-segment'
  /** The producer of kafka-clients, written in Java: for use since 0.8.2. */
  readonly javaProducer: 'none' | 'there'
  /**
   * When the Java producer fails a batch that it cannot get rid of: never, for nothing has a time limit; KIP-19 (0.9):
   * when it has waited in the producer for `request.timeout.ms`; KAFKA-3388 (0.10): the same, but counted from the last
   * attempt, and only behind those before it; KIP-91 (2.1): `delivery.timeout.ms` after it was begun, wherever it is.
   */
  readonly batchExpiry: 'never' | 'by-request-timeout' | 'by-request-timeout-in-order' | 'by-delivery-timeout'
  /**
   * What limits how long `send` of the Java producer blocks: settings of their own for metadata and for memory; KIP-19
   * (0.9): `max.block.ms` for both; and (2.7) lack of memory is not told as a mere timeout any more.
   */
  readonly sendBlocking: 'apart' | 'together' | 'together-with-own-exception'
  /** A partition that the topic does not have, as far as the Java producer knows: refused, or (0.10) may come yet. */
  readonly unknownPartition: 'refused' | 'waited-for'
  /** KIP-601 (2.7): how long the Java producer waits for a connection: as the kernel does, or as a setting says. */
  readonly connectTimeout: 'kernel' | 'setting'
  /**
   * KAFKA-3197 (0.10): with one request in flight, whether the next batch of a partition may leave for a new leader while
   * the old one has not answered for the one before.
   */
  readonly oneInFlight: 'per-connection' | 'per-partition'
  /** Whether a batch that backs off goes along with others for its broker all the same (up to 0.8.2). */
  readonly batchBackoff: 'broken-by-others' | 'kept'
  /** Partition of a message without key: in turn; KIP-480 (2.4): one a batch; KIP-794 (3.3): one for so many bytes. */
  readonly keylessPartition: 'round-robin' | 'sticky' | 'uniform-sticky'
  /**
   * F25, KIP-98 (0.11): sequence numbers of producers with `enable.idempotence`: with one request in flight; KAFKA-5494
   * (1.0): with up to five, in the order of their numbers; KIP-360 (2.5): where an outcome stays unknown, the producer goes
   * on with its next epoch instead of a new id; KIP-679 (3.0): they are on unless something else that is set forbids it.
   */
  readonly idempotence: 'none' | 'one-in-flight' | 'five-in-flight' | 'epoch-bump' | 'by-default'
  /** KIP-126 (0.11): a batch that the broker finds too large: fails, or is split. */
  readonly oversizedBatches: 'fail' | 'split'
  /** KIP-580 (3.7): whether the pause of the Java producer before a retry grows. */
  readonly retryPause: 'fixed' | 'exponential'
  /** F17, KAFKA-1367 (0.9): whether leaders tell the controller of ISR changes; not needed where it writes them (2.7). */
  readonly isrPropagation: 'none' | 'notification'
  /** KIP-516 (2.8): whether a topic has an id, in ZooKeeper and in the directories of its partitions. */
  readonly topicIds: 'none' | 'kept'
  /** KAFKA-10471 (2.8): whether the mark of a clean shutdown goes once all logs are open, or before the first one is. */
  readonly shutdownMark: 'removed-last' | 'removed-first'
  /**
   * KAFKA-3968 (3.0): whether a broker waits until the deletion of a replica's directory is durable. If not, a power loss
   * within seconds brings the directory back, with its log and its topic id.
   */
  readonly deletedReplica: 'left-to-kernel' | 'synced'
  /** F18, KAFKA-6082 (2.1): what guards the writes of a controller to ZooKeeper. */
  readonly controllerWrites: 'node-version' | 'fenced-by-epoch'
  /**
   * What a broker writes down of itself in `meta.properties` (0.9): its id; also the id of the cluster (KAFKA-7335, 2.4),
   * which ZooKeeper has since 0.10.1 (KIP-78).
   */
  readonly brokerMetadata: 'none' | 'broker-id' | 'broker-id-in-cluster' | 'broker-and-cluster-id'
  /** F19, KIP-380 (2.2): whether control requests name the registration of the broker that they are meant for. */
  readonly brokerEpoch: 'none' | 'registration'
  /** F23, KIP-207 (2.2): the latest offset, while a new leader's high watermark lags behind the start of its epoch. */
  readonly latestOffset: 'high-watermark' | 'waits-for-epoch-start'
  /** F24 (0.10.0): a consumer's fetch between the high watermark and the LEO. */
  readonly readAboveHighWatermark: 'unknown-error' | 'empty'
  /** When a follower's position is recorded (replication.md 2.0); after a failed read (up to 2.3) it counts as unknown. */
  readonly followerPosition: 'before-read' | 'after-read' | 'after-good-read'
  /** When a leader forgets the positions of its followers: with each new epoch, or (0.9) only as a new leader. */
  readonly followerReset: 'each-epoch' | 'new-leader'
  /** Which live ISR member an election picks (replication.md 2.0). */
  readonly electionPick: 'isr-order' | 'assignment-order'
  /** The same where a leader is about to stop: KAFKA-3670 (0.10). Before, whether that member is alive is not asked. */
  readonly shutdownPick: 'isr-order' | 'live-in-assignment-order'
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
   * When a controller begins to watch a topic's node: after it has read the topic's partitions, so that those which are
   * added in between stay unknown to it; or (KAFKA-5642, 1.1) with that read.
   */
  readonly topicWatch: 'after-read' | 'with-read'
  /**
   * KAFKA-5028 (0.11): whether a controller remembers which partitions are being given back to their preferred replicas.
   * Then it deletes none of their topics meanwhile, nor rebalances by itself, and cannot take over while one of them
   * never had a leader.
   */
  readonly preferredElections: 'remembered' | 'not-remembered'
  /**
   * KIP-183 (2.2): a preferred election that an administrator asks for is tried for every partition that is named, unless
   * its topic is to be deleted; or first freed of partitions that are not there or that their preferred replica leads.
   */
  readonly preferredRequests: 'as-asked' | 'checked'
  /** KAFKA-4214 (0.10.2): a partition that shall move to brokers which are not there: refused, or waits for them. */
  readonly deadNewReplicas: 'refused' | 'waited-for'
  /**
   * What the tool that moves partitions does about some that are not there: leaves them out; (0.9) asks for nothing if
   * none is left; (0.10.1) refuses; (0.11) and refuses brokers that are not registered.
   */
  readonly moveTool: 'leaves-unknown-out' | 'some-must-exist' | 'partitions-must-exist' | 'brokers-must-exist'
  /**
   * Whether a topic gets more partitions while others of it move. The tool that writes into ZooKeeper does not look; it
   * went with 3.0, and brokers, which could be asked before, refuse (KIP-195). They do not lock anything either.
   */
  readonly expansionDuringMove: 'goes-on' | 'refused'
  /**
   * A topic that cannot be created as its metadata are asked for spoils the whole answer; or (0.10.1, KIP-4) only its own
   * part, and too few brokers for its replicas have an error of their own (38).
   */
  readonly topicNotCreated: 'fails-request' | 'fails-topic'
  /**
   * A new controller that finds a move of a partition under way whose topic is to be deleted: goes on with it; or (1.1)
   * gives it up, but the deletion waits for it; or (KIP-455, 2.4) gives it up, and the deletion goes on.
   */
  readonly movesOfDeletedTopics: 'go-on' | 'given-up' | 'given-up-for-deletion'
  /**
   * A new controller that finds a partition on the very replicas that it shall move to: takes the move for done; or
   * (KIP-455, 2.4) knows which of them are being added still, and tells the leader of them.
   */
  readonly unfinishedMoves: 'told-by-replicas' | 'told-by-adding-replicas'
  /**
   * A preferred election of a partition whose leader is the preferred replica: counts as done, even if that broker is
   * dead, and the partition for online; or (1.1) changes nothing.
   */
  readonly unneededElection: 'counts-as-done' | 'changes-nothing'
  /** KAFKA-5758 (1.0): a follower that fetches a partition which is not assigned to it (any more), among others. */
  readonly unassignedFollower: 'whole-fetch-fails' | 'gets-nothing'
  /** What a controller does that sees another one in `/controller` (0.9). */
  readonly replacedController: 'works-on' | 'resigns'
  /**
   * What a broker does that finds its own node of an older session in ZooKeeper, as one does that is started again before
   * the session timed out: it waits, or (0.9) it fails to start, and in a new session it stays unregistered; or (KAFKA-7165,
   * 2.2) the same, but a node that this very process made in the session before is replaced.
   */
  readonly staleRegistration: 'waited-out' | 'fatal' | 'fatal-unless-own'
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
  /**
   * F29: what brokers do for consumers: nothing but read and write offsets in ZooKeeper; (0.8.2) keep offsets in a topic,
   * of whoever sends them; or (0.9) lead groups, whose members alone may commit, and only in the present generation.
   */
  readonly groupCoordinator: 'none' | 'offset-manager' | 'group-membership'
  /** F27 (0.11): how far a new coordinator reads its partition of the offsets topic. */
  readonly offsetsLoad: 'to-high-watermark' | 'to-log-end'
  /**
   * What a coordinator answers that has not read its partition of the offsets topic yet: that it is none (error 16), or
   * (in 0.8.2 to fetches, and since 2.0) that it is loading (14).
   */
  readonly loadingCoordinator: 'is-none' | 'says-so'
  /** F28, KIP-115 (0.11): `offsets.topic.replication.factor`, where fewer brokers are alive when the topic is created. */
  readonly offsetsTopicReplicas: 'as-many-as-live-brokers' | 'enforced'
  /** F28, KIP-211 (2.1): which offsets expire: those of an age, or only those of groups without members. */
  readonly offsetsExpiry: 'by-age' | 'when-group-is-empty'
  /** What is written into the offsets topic: versions of an offset's value and of a group's. */
  readonly offsetsTopicLayout:
    | 'offset-0'
    | 'offset-1-group-0'
    | 'offset-1-group-1'
    | 'offset-3-group-2'
    | 'offset-3-group-3'
  /** KAFKA-2720 (0.10.1): whether a group whose last member has gone is forgotten at once, or when its offsets are. */
  readonly emptyGroups: 'removed' | 'kept'
  /**
   * KIP-62 (0.10.1): how a consumer shows that it lives: by calling `poll`, which sends the heartbeats, so that a slow
   * application loses its session; or by heartbeats in the background, with `max.poll.interval.ms` for the application.
   */
  readonly consumerLiveness: 'poll' | 'background-heartbeats'
  /** KIP-134 (0.11): whether the first rebalance of an empty group waits for more members. */
  readonly firstRebalance: 'at-once' | 'delayed'
  /** KIP-394 (2.2): whether a consumer is a member as soon as it asks, or only when it knows the id that it was given. */
  readonly memberIds: 'given-on-joining' | 'asked-for-first'
  /**
   * KIP-341 (KAFKA-7026, 2.3): what the sticky assignor makes of two members that both say they had a partition: each
   * keeps it, or the one who had it in the later generation.
   */
  readonly stickyClaims: 'believed' | 'by-generation'
  /**
   * KAFKA-6397 (1.1): a consumer that has to ask where a partition begins waits for the answer, and reads nothing else
   * meanwhile; or it reads on.
   */
  readonly positionResets: 'wait' | 'in-background'
  /** Values of `cleanup.policy`: compaction since 0.8.1, both at once since 0.10.1 (KIP-71). */
  readonly cleanupPolicies: 'delete' | 'delete-or-compact' | 'delete-and-compact'
  /**
   * A record without key on a compacted topic: up to 0.8.2 it is appended and then stops the cleaner (KAFKA-1755, 0.9:
   * it is refused; one that is there already is dropped).
   */
  readonly keylessRecords: 'stop-the-cleaner' | 'refused'
  /**
   * Compressed wrappers: up to 0.8.2 their messages are copied out, uncompressed, and the cleaner loses its place in the
   * file by the difference in size (KAFKA-1374, 0.9: what is left of a wrapper is compressed again).
   */
  readonly cleanerWrappers: 'unpacked' | 'repacked'
  /**
   * How much a round takes on: whole segments, until the map is full to the load factor or beyond (0.8); whole segments
   * that fit (KAFKA-2235, 0.9); records, until the map is full (KAFKA-3587, 0.10); since 0.11 the round also covers
   * what follows the last key in its batch, since 2.4 (KAFKA-8764) gaps at the end of segments.
   */
  readonly cleanerMap: 'segments-overfilled' | 'segments-that-fit' | 'records' | 'batches' | 'batches-and-gaps'
  /** Segments are merged while their sum stays below `segment.bytes`, or (KAFKA-2024, 0.9) does not exceed it. */
  readonly cleanerGroups: 'below-limit' | 'up-to-limit'
  /**
   * What becomes of a first dirty offset outside of the log: up to 0.8.2 the cleaner stops; later one below the log's
   * start counts as the start (KAFKA-1641, 0.9), truncation lowers the checkpoint (KAFKA-3330, 0.10), and one past the
   * end counts as the start too (2.3).
   */
  readonly cleanerCheckpoint: 'trusted' | 'not-below-start' | 'cut-with-log' | 'kept-within-log'
  /**
   * How far the cleaner's buffers grow for a large entry: to the broker's `message.max.bytes`, (0.10) the topic's too, or
   * (2.1) to the entry's size. An entry that does not fit is an unexpected error.
   */
  readonly cleanerBuffer: 'broker-limit' | 'topic-limit' | 'as-needed'
  /** An unexpected error: ends the thread that cleaned, or (KAFKA-7215, 2.1) rules out the partition. */
  readonly cleanerFailure: 'ends-thread' | 'rules-out-partition'
  /** Records too young to be compacted (KIP-58, 0.10.1), and how long compaction may be put off (KIP-354, 2.3). */
  readonly compactionLag: 'none' | 'min' | 'min-and-max'
  /**
   * Whether a controller that raises a leader epoch for a move takes the new state into its cache (2.4). Without it the
   * ISR changes that a leader asks the controller for (KIP-497) would find an older state there.
   */
  readonly raisedEpoch: 'forgotten' | 'remembered'
  /**
   * F26: transactions. None; (KIP-98, 0.11) a leader takes whatever a producer writes, known to the coordinator or not
   * (M36); (KIP-890, 3.6) it asks the coordinator first; (4.0) and each transaction has an epoch of its own, so that
   * nothing of an earlier one can reach it (M37).
   */
  readonly transactions: 'none' | 'unverified' | 'verified' | 'epoch-per-transaction'
  /** KIP-588 (2.7): what a coordinator tells a producer of an older epoch: error 47, or 90. */
  readonly fencedProducer: 'invalid-epoch' | 'own-error'
  /** KAFKA-6446 (2.0: initTransactions; 2.4: the others): which calls about transactions give up after `max.block.ms`. */
  readonly transactionBlocking: 'for-ever' | 'init-limited' | 'limited'
  /**
   * KIP-447 (2.5): whether offsets in a transaction name the member and generation that they come from. Without that
   * nobody but the transactional id tells one instance of an application from its predecessor (M40).
   */
  readonly transactionalOffsets: 'unfenced' | 'fenced-by-group'
}
