/**
 * The consumer of 0.9 and later, as its application sees it: subscribe, poll, commit, close (`KafkaConsumer.java`, 0.9.0.1
 * and 1.1.1). It has no thread of its own but, since 0.10.1, the one that sends heartbeats: whatever else it does it does
 * while the application is inside of one of these calls.
 */
import type { GroupConsumerConfig } from '../../config/index.ts'
import { type Digest, fromMs, type Host, type Micros, type Task } from '../../host/index.ts'
import { type AssignedPartition, type BrokerEndpoint, topicPartition } from '../../protocol/index.ts'
import type { ProtocolVersions } from '../../versions.ts'
import type { ClientEvent } from '../events.ts'
import { CommittedOffsets, type Offsets } from './committed-offsets.ts'
import { ConsumerError } from './consumer-error.ts'
import { ConsumerMetadata } from './consumer-metadata.ts'
import { ConsumerNetwork, type DelayedTask } from './consumer-network.ts'
import { CoordinatorLookup } from './coordinator-lookup.ts'
import { type ConsumerRecord, Fetcher } from './fetcher.ts'
import { GroupMember, type JoinedAs } from './group-member.ts'
import { Heartbeats } from './heartbeats.ts'
import { type Subscribes, SubscriptionState } from './subscription-state.ts'

export interface KafkaConsumerOptions {
  readonly name: string
  readonly bootstrap: readonly BrokerEndpoint[]
  readonly config: GroupConsumerConfig
  readonly versions: ProtocolVersions
  readonly subscribes: Subscribes
}

/** How much longer than the rebalance a JoinGroup may take (`JOIN_GROUP_TIMEOUT_LAPSE` of 2.0). */
const JOIN_LAPSE_MS = 5000

export class KafkaConsumer {
  private readonly host: Host
  private readonly options: KafkaConsumerOptions
  private readonly network: ConsumerNetwork
  private readonly metadata: ConsumerMetadata
  private readonly subscriptions: SubscriptionState
  private readonly lookup: CoordinatorLookup
  private readonly member: GroupMember
  private readonly heartbeats: Heartbeats
  private readonly commits: CommittedOffsets
  private readonly fetcher: Fetcher
  private readonly autoCommit: DelayedTask
  private readonly inBackground: boolean
  /** When offsets are next committed automatically (0.10). */
  private nextAutoCommitUs: Micros = Number.MAX_SAFE_INTEGER

  constructor(host: Host, options: KafkaConsumerOptions) {
    const { name, config, versions, bootstrap } = options
    this.host = host
    this.options = options
    this.inBackground = versions.consumerLiveness === 'background-heartbeats'
    const { inBackground } = this
    const group = config['group.id']
    const retryBackoffUs = fromMs(config['retry.backoff.ms'])
    const times = {
      requestTimeoutUs: fromMs(config['request.timeout.ms']),
      reconnectBackoffUs: fromMs(config['reconnect.backoff.ms']),
    }
    this.network = new ConsumerNetwork(host, name, times)
    const { network } = this
    const metadataTimes = { retryBackoffUs, maxAgeUs: fromMs(config['metadata.max.age.ms']) }
    const asksForNewTopics = inBackground
    const leaderEpochs = versions.consumerEpochs === 'validated'
    const metadataOptions = { client: name, bootstrap, asksForNewTopics, leaderEpochs, ...metadataTimes }
    this.metadata = new ConsumerMetadata(host, network, metadataOptions)
    const { metadata } = this
    this.subscriptions = new SubscriptionState(options.subscribes, !inBackground)
    const { subscriptions } = this
    this.lookup = new CoordinatorLookup(host, network, metadata, { client: name, group, retryBackoffUs })
    const { lookup } = this
    const sessionTimeoutMs = config['session.timeout.ms']
    const rebalanceTimeoutMs = inBackground ? config['max.poll.interval.ms'] : sessionTimeoutMs
    this.member = new GroupMember(
      host,
      { network, metadata, lookup, subscriptions },
      {
        client: name,
        group,
        sessionTimeoutMs,
        rebalanceTimeoutMs,
        retryBackoffUs,
        joinTimeoutUs: Math.max(
          times.requestTimeoutUs,
          fromMs(rebalanceTimeoutMs + (inBackground ? JOIN_LAPSE_MS : 0)),
        ),
        joinVersion: !inBackground ? 0 : versions.memberIds === 'asked-for-first' ? 4 : 1,
        strategies: [config['partition.assignment.strategy']],
        inBackground,
        tellsGeneration: versions.stickyClaims === 'by-generation',
        noUserData: versions.stickyClaims === 'by-generation' ? null : new Uint8Array(0),
      },
    )
    const { member } = this
    this.heartbeats = new Heartbeats(
      host,
      { network, lookup, member },
      {
        client: name,
        group,
        inBackground,
        sessionTimeoutUs: fromMs(sessionTimeoutMs),
        intervalUs: fromMs(config['heartbeat.interval.ms']),
        maxPollIntervalUs: fromMs(config['max.poll.interval.ms']),
        retryBackoffUs,
      },
    )
    const isCommitted = config['isolation.level'] === 'read_committed' && versions.transactions !== 'none'
    this.commits = new CommittedOffsets(
      host,
      { network, lookup, member },
      {
        client: name,
        group,
        retryBackoffUs,
        commitVersion: versions.offsetsExpiry === 'by-age' ? 2 : 5,
        fetchVersion: inBackground ? 2 : 1,
        requireStable: isCommitted && versions.transactionalOffsets === 'fenced-by-group',
        onlyWhenStable: inBackground,
        rejoinsAsItIs: versions.memberIds === 'asked-for-first',
      },
    )
    this.fetcher = new Fetcher(
      host,
      { network, metadata, subscriptions },
      {
        client: name,
        maxWaitMs: config['fetch.max.wait.ms'],
        minBytes: config['fetch.min.bytes'],
        maxPartitionBytes: config['max.partition.fetch.bytes'],
        maxPollRecords: config['max.poll.records'],
        isolationLevel: isCommitted ? 'read_committed' : 'read_uncommitted',
        reset: config['auto.offset.reset'] as 'earliest' | 'latest' | 'none',
        retryBackoffUs,
      },
    )
    this.autoCommit = { name: `${name} auto commit`, run: () => this.commitAutomatically() }
    this.wire()
  }

  private wire(): void {
    const { network, metadata, lookup, member, heartbeats, subscriptions } = this
    network.onDisconnect = () => metadata.requestUpdate()
    lookup.onFound = () => heartbeats.found()
    member.onJoined = () => {
      heartbeats.reset()
      if (this.inBackground) network.startBackground()
      this.armAutoCommit()
    }
    metadata.onUpdate = () => {
      if (!subscriptions.match(metadata.topicNames)) return
      metadata.setTopics(subscriptions.topics)
      // Later releases look whether they have joined with other topics: with none, if these are the old ones again.
      if (!this.inBackground) member.rejoin()
    }
    if (subscriptions.pattern !== undefined) metadata.wantAll()
    metadata.setTopics(subscriptions.topics)
    metadata.requestUpdate()
  }

  private get config(): GroupConsumerConfig {
    return this.options.config
  }

  // ---- poll ----

  /**
   * Messages, as soon as there are any; none if the time is over.
   * @throws ConsumerError
   */
  *poll(timeoutUs: Micros): Task<ConsumerRecord[]> {
    const endUs = this.host.now() + timeoutUs
    for (;;) {
      const records = yield* this.pollOnce(endUs)
      if (records.length > 0) {
        // The next fetches are on their way while the application is busy.
        this.fetcher.sendFetches()
        return records
      }
      if (this.host.now() >= endUs) return []
    }
  }

  private *pollOnce(endUs: Micros): Task<ConsumerRecord[]> {
    yield* this.lookup.find()
    if (this.subscriptions.pattern !== undefined && this.member.needsRejoin) yield* this.metadata.ensureFresh()
    if (this.isSubscribed) yield* this.member.ensureActive(() => this.beforeLeaving())
    if (this.inBackground) {
      this.heartbeats.polled()
      this.maybeAutoCommit()
    }
    yield* this.updatePositions()
    const ready = this.takeRecords()
    if (ready.length > 0) return ready
    this.fetcher.sendFetches()
    const now = this.host.now()
    // What could not be asked for, or was not told, is asked for again soon.
    const resetUs = this.subscriptions.awaitingReset.length > 0 ? now + fromMs(this.config['retry.backoff.ms']) : endUs
    yield* this.network.poll(Math.max(0, Math.min(endUs, this.nextAutoCommitUs, resetUs) - now))
    return this.inBackground && this.member.needsRejoin ? [] : this.takeRecords()
  }

  /** A pattern that nothing matches yet is no subscription. */
  private get isSubscribed(): boolean {
    return this.subscriptions.topics.length > 0
  }

  /** Nothing is handed out of partitions that may be somebody else's by now. */
  private takeRecords(): ConsumerRecord[] {
    return !this.inBackground && this.member.needsRejoin ? [] : this.fetcher.takeRecords()
  }

  private *updatePositions(): Task<void> {
    const missing = this.subscriptions.withoutPosition
    if (missing.length === 0) return
    const fresh = missing.filter((one) => !this.subscriptions.awaitsReset(nameOf(one)))
    const committed = fresh.length === 0 ? new Map<string, number>() : yield* this.commits.fetch(fresh)
    for (const partition of missing) {
      const tp = nameOf(partition)
      if (!this.subscriptions.isAssigned(tp)) continue
      const offset = committed.get(tp)
      if (offset !== undefined) this.goTo(tp, offset, 'committed')
      else if (this.resetsInBackground) this.subscriptions.needReset(tp)
      else {
        const end = yield* this.fetcher.resetPosition(partition)
        this.goTo(tp, end.offset, end.from)
      }
    }
    if (this.resetsInBackground) this.fetcher.requestResets((tp, offset, from) => this.goTo(tp, offset, from))
  }

  private get resetsInBackground(): boolean {
    return this.options.versions.positionResets === 'in-background'
  }

  private goTo(tp: string, offset: number, from: 'committed' | 'earliest' | 'latest'): void {
    this.subscriptions.seek(tp, offset)
    if (!this.host.tracing) return
    const { name: client, config } = this.options
    const event: ClientEvent = { kind: 'PositionSet', client, group: config['group.id'], tp, offset, from }
    this.host.trace(event)
  }

  // ---- commit ----

  /** Next offsets to read: what has been handed out counts as done, whatever the application did with it. */
  get consumed(): Offsets {
    return this.subscriptions.allConsumed
  }

  /** As whom this last joined its group, for offsets that go with a transaction (KIP-447). */
  get groupMetadata(): JoinedAs {
    return this.member.joinedAs
  }

  /** Goes back to what the group has committed: the application has undone what it did since. */
  rewind(): void {
    this.subscriptions.forgetPositions()
  }

  /** @throws ConsumerError CommitFailedException: the group has gone on without this member */
  *commitSync(offsets: Offsets = this.consumed): Task<void> {
    yield* this.commits.commitSync(offsets, 'sync')
  }

  commitAsync(offsets: Offsets = this.consumed): void {
    this.commits.commitAsync(offsets, 'async')
  }

  private armAutoCommit(): void {
    if (!this.config['enable.auto.commit']) return
    const intervalUs = fromMs(this.config['auto.commit.interval.ms'])
    if (this.inBackground) this.nextAutoCommitUs = this.host.now() + intervalUs
    else this.network.schedule(this.autoCommit, intervalUs)
  }

  /** 0.9: a task that comes due, and runs when the application is in here. */
  private commitAutomatically(): void {
    if (this.lookup.coordinator === undefined) {
      this.network.schedule(this.autoCommit, fromMs(this.config['retry.backoff.ms']))
      return
    }
    this.commits.commitAsync(this.consumed, 'auto', () => {
      if (!this.member.needsRejoin) this.armAutoCommit()
    })
  }

  /** Since 0.10: `poll` looks at the clock. */
  private maybeAutoCommit(): void {
    const now = this.host.now()
    if (now < this.nextAutoCommitUs) return
    this.nextAutoCommitUs = now + fromMs(this.config['auto.commit.interval.ms'])
    this.commits.commitAsync(this.consumed, 'auto', (retriable) => {
      if (retriable !== true) return
      const soon = this.host.now() + fromMs(this.config['retry.backoff.ms'])
      this.nextAutoCommitUs = Math.min(soon, this.nextAutoCommitUs)
    })
  }

  /** Before a rebalance, and at the end: what was handed out is committed, if that is done automatically. */
  private *beforeLeaving(): Task<void> {
    if (!this.config['enable.auto.commit']) return
    this.network.unschedule(this.autoCommit)
    this.nextAutoCommitUs = Number.MAX_SAFE_INTEGER
    try {
      const limitUs = this.inBackground ? fromMs(this.config['max.poll.interval.ms']) : undefined
      yield* this.commits.commitSync(this.consumed, 'auto', limitUs)
    } catch (error) {
      // Nobody hears of it: the consumer writes it to its log.
      if (!(error instanceof ConsumerError)) throw error
    }
  }

  /** Commits, if that is done automatically, leaves the group, closes the connections. */
  *close(): Task<void> {
    yield* this.beforeLeaving()
    this.heartbeats.stop()
    const { coordinator } = this.lookup
    this.member.leave('closed')
    if (coordinator !== undefined) yield* this.network.awaitPending(coordinator)
    this.network.close()
  }

  digest(digest: Digest): void {
    digest.int(this.nextAutoCommitUs)
    this.network.digest(digest)
    this.metadata.digest(digest)
    this.subscriptions.digest(digest)
    this.lookup.digest(digest)
    this.member.digest(digest)
    this.heartbeats.digest(digest)
    this.commits.digest(digest)
    this.fetcher.digest(digest)
  }
}

const nameOf = ({ topic, partition }: AssignedPartition): string => topicPartition(topic, partition)
