/**
 * The old high-level consumer: `kafka/consumer/ZookeeperConsumerConnector.scala`, release 0.8.2.2. It registers in its
 * group, watches the group and the topics in ZooKeeper, rebalances with the others (`rebalancer.ts`), fetches what it owns
 * (`fetcher-manager.ts`), hands it out through streams (`message-stream.ts`) and keeps offsets (`offset-store.ts`).
 * Brokers know nothing of groups: they serve whoever asks.
 */
import type { OldConsumerConfig } from '../../config/index.ts'
import {
  type Address,
  type Digest,
  fromMs,
  type Host,
  MILLISECOND,
  type Process,
  runTask,
  sleep,
  type Task,
} from '../../host/index.ts'
import { type ConsumerRegistration, encodeConsumerRegistration, zkPaths } from '../../protocol/index.ts'
import { ZkClient } from '../../zookeeper/index.ts'
import { Processing as Books, type ProcessingOptions, type Work } from '../application.ts'
import type { ClientEvent } from '../events.ts'
import { createEphemeral } from './ephemeral-node.ts'
import { FetcherManager } from './fetcher-manager.ts'
import { GroupReader } from './group-topics.ts'
import { MessageStream } from './message-stream.ts'
import { OffsetStore } from './offset-store.ts'
import { OffsetsChannel } from './offsets-channel.ts'
import { Rebalancer } from './rebalancer.ts'
import { allowedTopics, type TopicFilter } from './topic-filter.ts'

/** Streams for each topic, or as many for all topics that a filter lets through. */
export type Subscription =
  | { readonly topics: ReadonlyMap<string, number> }
  | { readonly filter: TopicFilter; readonly streams: number }

export interface OldConsumerOptions {
  readonly name: string
  readonly group: string
  readonly zookeeper: readonly Address[]
  readonly config: OldConsumerConfig
  readonly subscription: Subscription
  /** What the application around it does, for each of its streams. */
  readonly processing: ProcessingOptions
  /** Version of the fetches that it sends. */
  readonly fetchVersion?: number
}

export class OldConsumerProcess implements Process {
  private readonly host: Host
  private readonly options: OldConsumerOptions
  private readonly consumerId: string
  private readonly zk: ZkClient
  private readonly reader: GroupReader
  private readonly offsetsChannel: OffsetsChannel
  private readonly offsets: OffsetStore
  private readonly fetchers: FetcherManager
  private readonly rebalancer: Rebalancer
  private readonly books: Books
  /** By `topic stream`, or by `stream` where all topics share them. */
  private readonly streams = new Map<string, MessageStream>()
  /** Topics whose partitions it watches. */
  private readonly watched = new Set<string>()
  /** Topics that the filter let through last time. */
  private filtered: readonly string[] = []
  private closing = false

  constructor(host: Host, options: OldConsumerOptions) {
    const { name: client, group, config, zookeeper, fetchVersion, processing } = options
    this.host = host
    this.options = options
    this.consumerId = `${group}_${config['consumer.id'] || this.generateId()}`
    this.zk = new ZkClient(host, { servers: zookeeper, sessionTimeoutMs: config['zookeeper.session.timeout.ms'] })
    this.reader = new GroupReader(this.zk, group, config['exclude.internal.topics'])
    const brokers = () => this.reader.brokers()
    this.offsetsChannel = new OffsetsChannel(host, { client, group, config, brokers })
    this.offsets = new OffsetStore(host, { client, group, config }, this.zk, this.offsetsChannel)
    this.fetchers = new FetcherManager(host, {
      client,
      config,
      brokers,
      ...(fetchVersion === undefined ? {} : { fetchVersion }),
    })
    this.books = new Books(host, client, group, processing.eachUs)
    this.createStreams()
    this.rebalancer = new Rebalancer(host, {
      client,
      group,
      consumerId: this.consumerId,
      config,
      zk: this.zk,
      reader: this.reader,
      offsets: this.offsets,
      fetchers: this.fetchers,
      streamOf: (topic, thread) => this.streamOf(topic, Number(thread.slice(thread.lastIndexOf('-') + 1))),
      streams: () => this.streams.values(),
    })
  }

  start(): void {
    this.zk.start(() => runTask(this.connect()))
    for (const stream of this.streams.values()) {
      runTask(stream.iterate(), (end) => {
        // An application whose iterator timed out closes the consumer; one whose iterator threw loses that thread.
        if (end === 'timeout') this.shutdown()
      })
    }
  }

  /** `ConsumerConnector.commitOffsets` */
  commitOffsets(): void {
    runTask(this.commitAll())
  }

  /** `ConsumerConnector.shutdown` */
  shutdown(): void {
    if (this.closing) return
    this.closing = true
    runTask(this.close())
  }

  digest(digest: Digest): void {
    digest.string(this.consumerId).boolean(this.closing)
    this.zk.digest(digest)
    this.rebalancer.digest(digest)
    this.offsets.digest(digest)
    this.offsetsChannel.digest(digest)
    this.fetchers.digest(digest)
    this.books.digest(digest)
    for (const [name, stream] of this.streams) {
      digest.string(name)
      stream.digest(digest)
    }
    for (const topic of [...this.watched, ...this.filtered]) digest.string(topic)
  }

  private generateId(): string {
    const random = this.host.random('consumer id')
    const hex = (label: string): string => random.intBelow(0x1_0000, label).toString(16).padStart(4, '0')
    return `${this.host.machine}-${this.nowMs()}-${hex('first half')}${hex('second half')}`
  }

  /** As documented: register, watch, and force a rebalance of oneself. */
  private *connect(): Task<void> {
    const { config, group, subscription } = this.options
    if (config['offsets.storage'] === 'kafka') yield* this.offsetsChannel.connect()
    if (config['auto.commit.enable']) this.scheduleCommit()
    yield* this.register()
    this.zk.subscribeState({ newSession: () => this.sessionExpired() })
    this.zk.subscribeChildren(zkPaths.consumerIds(group), () => this.rebalancer.trigger('members'))
    const topics = [...(yield* this.reader.expand(this.registration())).keys()].sort()
    this.filtered = topics
    this.watchTopics(topics)
    if (!(yield* this.rebalancer.rebalance('start'))) this.host.halt('ConsumerRebalanceFailedException')
    if ('filter' in subscription) this.watchNewTopics(subscription.filter)
  }

  private *register(): Task<void> {
    const { name: client, group, config } = this.options
    const { consumerId } = this
    const registration = this.registration()
    const data = encodeConsumerRegistration(registration, this.nowMs())
    for (;;) {
      const conflict = yield* createEphemeral(this.zk, zkPaths.consumerId(group, consumerId), data)
      if (conflict === undefined) break
      if (this.host.tracing) this.trace({ kind: 'ConsumerRegistrationWaits', client, group, consumerId })
      yield* sleep(this.host, fromMs(config['zookeeper.session.timeout.ms']), 'registration back-off')
    }
    if (this.host.tracing) {
      const subscription = subscriptionText(registration)
      this.trace({ kind: 'ConsumerRegistered', client, group, consumerId, subscription })
    }
  }

  private registration(): ConsumerRegistration {
    const { subscription } = this.options
    if ('topics' in subscription) return { pattern: 'static', subscription: subscription.topics }
    const { filter, streams } = subscription
    return { pattern: filter.kind, subscription: new Map([[filter.regex, streams]]) }
  }

  private createStreams(): void {
    const { subscription } = this.options
    if ('filter' in subscription) {
      for (let stream = 0; stream < subscription.streams; stream++) this.addStream(String(stream))
      return
    }
    for (const [topic, streams] of subscription.topics) {
      for (let stream = 0; stream < streams; stream++) this.addStream(`${topic} ${stream}`)
    }
  }

  private addStream(key: string): void {
    const { name: client, group, config } = this.options
    const options = {
      client,
      group,
      stream: this.streams.size,
      chunks: config['queued.max.message.chunks'],
      timeoutMs: config['consumer.timeout.ms'],
      application: (work: Work) => this.application(work),
    }
    this.streams.set(key, new MessageStream(this.host, options))
  }

  /** One message in the hands of one thread. A commit covers what all threads were handed, not only this one. */
  private *application(work: Work): Task<void> {
    const { commits, handsOver } = this.options.processing
    if (commits === 'before') yield* this.commitAll()
    if (handsOver) {
      const thread = this.books.handOver([work])
      if (thread !== undefined) runTask(thread)
    } else yield* this.books.process(work)
    if (commits === 'after' || commits === 'after-each') yield* this.commitAll()
  }

  private *commitAll(): Task<void> {
    yield* this.offsets.commit(() => this.rebalancer.owned, 'application')
  }

  private streamOf(topic: string, stream: number): MessageStream {
    return this.streams.get('filter' in this.options.subscription ? String(stream) : `${topic} ${stream}`)!
  }

  private watchTopics(topics: readonly string[]): void {
    for (const topic of topics) {
      if (this.watched.has(topic)) continue
      this.watched.add(topic)
      this.zk.subscribeData(zkPaths.topic(topic), {
        changed: () => this.rebalancer.trigger('partitions'),
        deleted: () => {},
      })
    }
  }

  /** `ZookeeperTopicEventWatcher`: topics that the filter lets through come and go. */
  private watchNewTopics(filter: TopicFilter): void {
    const changed = (all: readonly string[]): void => {
      const topics = allowedTopics(filter, [...all].sort(), this.options.config['exclude.internal.topics'])
      const same = topics.length === this.filtered.length && topics.every((topic) => this.filtered.includes(topic))
      this.filtered = topics
      if (same || this.closing) return
      this.watchTopics(topics)
      runTask(this.rebalancer.rebalance('topics'))
    }
    this.zk.subscribeChildren(zkPaths.brokerTopics, changed)
    // What came between the first look and the watch.
    runTask(this.reader.topics(), changed)
  }

  /** All its nodes are gone. It reads on until the rebalance stops it. */
  private sessionExpired(): void {
    if (this.closing) return
    this.rebalancer.forget()
    runTask(this.rejoin())
  }

  private *rejoin(): Task<void> {
    yield* this.register()
    yield* this.rebalancer.rebalance('new session')
  }

  private scheduleCommit(): void {
    const { config } = this.options
    this.host.setTimer(fromMs(config['auto.commit.interval.ms']), 'auto.commit.interval.ms', () => {
      if (this.closing) return
      this.scheduleCommit()
      runTask(this.offsets.commit(() => this.rebalancer.owned, 'auto'))
    })
  }

  private *close(): Task<void> {
    yield* this.rebalancer.close()
    for (const stream of this.streams.values()) stream.shutdown()
    if (this.options.config['auto.commit.enable']) {
      yield* this.offsets.commit(() => this.rebalancer.owned, 'shutdown')
    }
    this.zk.close(() => this.host.halt('closed'))
  }

  private nowMs(): number {
    return Math.floor(this.host.now() / MILLISECOND)
  }

  private trace(event: ClientEvent): void {
    this.host.trace(event)
  }
}

/** `orders 2` or `white_list orders.* 1`. */
const subscriptionText = ({ pattern, subscription }: ConsumerRegistration): string =>
  `${pattern === 'static' ? '' : `${pattern} `}${[...subscription].map(([topic, streams]) => `${topic} ${streams}`).join(', ')}`
