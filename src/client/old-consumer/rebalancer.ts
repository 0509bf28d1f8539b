/**
 * How an old consumer takes its share of the partitions: `ZKRebalancerListener` of
 * `kafka/consumer/ZookeeperConsumerConnector.scala`, release 0.8.2.2. Nobody leads: every member rebalances for itself when
 * it hears of a change, computes the whole plan from what it reads, and claims its share by creating owner nodes. Only
 * those nodes keep two members apart. Members with different views want the same partition; one of them then fails, gives
 * back what it got, and tries again after `rebalance.backoff.ms`.
 */
import type { OldConsumerConfig } from '../../config/index.ts'
import { type Digest, fromMs, type Host, runTask, sleep, type Task, until } from '../../host/index.ts'
import { topicPartition, zkPaths } from '../../protocol/index.ts'
import type { ZkClient, ZkResult } from '../../zookeeper/index.ts'
import { Mutex } from '../mutex.ts'
import { type AssignmentStrategy, assignPartitions, type OwnedPartition } from './assignment.ts'
import { createEphemeral } from './ephemeral-node.ts'
import type { OldConsumerEvent, RebalanceCause } from './events.ts'
import type { FetcherManager } from './fetcher-manager.ts'
import { type GroupReader, threadId } from './group-topics.ts'
import type { MessageStream } from './message-stream.ts'
import type { OffsetStore } from './offset-store.ts'
import { PartitionTopicInfo } from './partition-topic-info.ts'

export interface RebalancerOptions {
  readonly client: string
  readonly group: string
  readonly consumerId: string
  readonly config: OldConsumerConfig
  readonly zk: ZkClient
  readonly reader: GroupReader
  readonly offsets: OffsetStore
  readonly fetchers: FetcherManager
  /** The stream that a partition of a topic goes to, by the thread that owns it. */
  readonly streamOf: (topic: string, thread: string) => MessageStream
  readonly streams: () => Iterable<MessageStream>
}

export class Rebalancer {
  private readonly host: Host
  private readonly options: RebalancerOptions
  /** `topicRegistry`: what it owns, by `topic-partition`. */
  private registry = new Map<string, PartitionTopicInfo>()
  private readonly lock = new Mutex()
  /** Something changed that the watcher thread has not looked at yet. */
  private triggered: RebalanceCause | undefined
  private watching = false
  private watchesBrokers = false
  private closed = false

  constructor(host: Host, options: RebalancerOptions) {
    this.host = host
    this.options = options
  }

  get owned(): Iterable<PartitionTopicInfo> {
    return this.registry.values()
  }

  /** A watch fired: changes that come while a rebalance runs become one rebalance after it. */
  trigger(cause: RebalanceCause): void {
    this.triggered = cause
    if (this.watching) return
    this.watching = true
    runTask(this.watch())
  }

  /** The session that its nodes belonged to is over: it owns nothing, though it still reads. */
  forget(): void {
    this.registry.clear()
  }

  /** Rebalances, now or after the one under way. False: all attempts failed. */
  *rebalance(cause: RebalanceCause): Task<boolean> {
    const { config } = this.options
    yield* this.lock.acquire()
    let done = false
    const attempts = config['rebalance.max.retries']
    for (let attempt = 1; attempt <= attempts && !done && !this.closed; attempt++) {
      this.trace({ kind: 'RebalanceBegan', ...this.who, attempt, cause })
      const failure = yield* this.attempt()
      done = failure === undefined
      if (failure === undefined || this.closed) break
      this.trace({ kind: 'RebalanceFailed', ...this.who, attempt, reason: failure, final: attempt === attempts })
      yield* this.stopReading()
      yield* sleep(this.host, fromMs(config['rebalance.backoff.ms']), 'rebalance back-off')
    }
    this.lock.release()
    return done || this.closed
  }

  /** Stops reading for good, and keeps other rebalances from beginning. */
  *close(): Task<void> {
    this.closed = true
    yield* this.lock.acquire()
    this.options.fetchers.stop()
  }

  digest(digest: Digest): void {
    this.lock.digest(digest)
    digest
      .string(this.triggered ?? '')
      .boolean(this.watching)
      .boolean(this.watchesBrokers)
      .boolean(this.closed)
    digest.int(this.registry.size)
    for (const info of this.registry.values()) info.digest(digest)
  }

  private get who(): { readonly client: string; readonly group: string } {
    const { client, group } = this.options
    return { client, group }
  }

  private *watch(): Task<void> {
    while (this.triggered !== undefined && !this.closed) {
      const cause = this.triggered
      this.triggered = undefined
      // What fails for good here is only logged: it owns nothing until the next change.
      yield* this.rebalance(cause)
    }
    this.watching = false
  }

  /** One attempt; why it failed, or undefined. */
  private *attempt(): Task<string | undefined> {
    const { consumerId, config, reader, offsets, fetchers, streamOf } = this.options
    if ((yield* reader.subscription(consumerId)) === undefined) return 'its own node is not in the registry'
    if ((yield* reader.brokers()).length === 0) {
      this.watchBrokers()
      return undefined
    }
    yield* this.stopReading()
    yield* this.release()
    const topics = yield* reader.topicsOf(consumerId)
    if (topics === undefined) return 'a member left while the group was read'
    const strategy = config['partition.assignment.strategy'] as AssignmentStrategy
    const plan = assignPartitions(strategy, topics)
    if (typeof plan === 'string') return plan
    const own = plan.filter(({ thread }) => this.isOwn(thread))
    if (this.host.tracing) {
      const threads = new Set([...topics.threads.values()].flat()).size
      this.trace({
        kind: 'PartitionsChosen',
        ...this.who,
        strategy,
        threads,
        partitions: plan.length,
        own: own.map(({ topic, partition, thread }) => ({ tp: topicPartition(topic, partition), thread })),
      })
    }
    const from = yield* offsets.fetch(own)
    if (this.closed) return 'it closes'
    const infos = own.map(({ topic, partition, thread }) => {
      const tp = topicPartition(topic, partition)
      const offset = from.get(tp)!
      offsets.begins(tp, offset)
      return new PartitionTopicInfo(topic, partition, streamOf(topic, thread), offset)
    })
    const refused = yield* this.claim(own)
    if (refused !== undefined) return refused
    this.registry = new Map(infos.map((info) => [info.tp, info]))
    fetchers.start(infos)
    this.trace({ kind: 'ConsumerRebalanced', ...this.who, offsets: Object.fromEntries(from) })
    return undefined
  }

  private isOwn(thread: string): boolean {
    const stream = thread.slice(thread.lastIndexOf('-') + 1)
    return thread === threadId(this.options.consumerId, Number(stream))
  }

  /** Stops the fetchers, drops what was fetched and not handed out, and commits what was, while it still owns it. */
  private *stopReading(): Task<void> {
    const { config, offsets, fetchers, streams } = this.options
    fetchers.stop()
    for (const stream of streams()) stream.clear()
    if (config['auto.commit.enable']) yield* offsets.commit(() => this.owned, 'rebalance')
  }

  private *release(): Task<void> {
    const partitions = [...this.registry.values()]
    for (const info of partitions) {
      yield* this.deleteOwner(info)
      this.registry.delete(info.tp)
    }
    if (partitions.length === 0) return
    this.trace({ kind: 'PartitionsReleased', ...this.who, partitions: partitions.map(({ tp }) => tp) })
  }

  /** Creates the owner nodes; if one is another's, gives back those that it could create. Why not, or undefined. */
  private *claim(own: readonly OwnedPartition[]): Task<string | undefined> {
    const { group, zk } = this.options
    const claimed: OwnedPartition[] = []
    const refused: string[] = []
    for (const one of own) {
      const { topic, partition, thread } = one
      const conflict = yield* createEphemeral(zk, zkPaths.consumerOwner(group, topic, partition), thread)
      if (conflict === undefined) {
        claimed.push(one)
        continue
      }
      const tp = topicPartition(topic, partition)
      refused.push(tp)
      this.trace({ kind: 'ClaimRefused', ...this.who, tp, owner: conflict })
    }
    if (refused.length === 0) return undefined
    for (const one of claimed) yield* this.deleteOwner(one)
    return `${refused.join(', ')} ${refused.length === 1 ? 'has' : 'have'} another owner`
  }

  private *deleteOwner({ topic, partition }: { readonly topic: string; readonly partition: number }): Task<void> {
    const path = zkPaths.consumerOwner(this.options.group, topic, partition)
    yield* until<ZkResult<undefined>>((resume) => this.options.zk.delete(path, -1, resume))
  }

  private watchBrokers(): void {
    if (this.watchesBrokers) return
    this.watchesBrokers = true
    this.options.zk.subscribeChildren(zkPaths.brokerIds, () => this.trigger('brokers'))
  }

  private trace(event: OldConsumerEvent): void {
    if (this.host.tracing) this.host.trace(event)
  }
}
