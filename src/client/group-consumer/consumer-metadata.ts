/**
 * What a consumer knows of brokers, topics and leaders (`Metadata.java`, `ConsumerNetworkClient.awaitMetadataUpdate`): asked
 * of any broker when somebody needs it, not more often than every `retry.backoff.ms`, and anew after
 * `metadata.max.age.ms`.
 */
import type { Digest, Host, Micros, Task } from '../../host/index.ts'
import {
  type BrokerEndpoint,
  ErrorCode,
  isInternalTopic,
  type MetadataResponse,
  NO_LEADER,
  type PartitionMetadata,
  type RpcResult,
  type TopicPartition,
  topicPartition,
} from '../../protocol/index.ts'
import type { ClientEvent } from '../events.ts'
import { leadersOf } from '../topic-metadata.ts'
import type { ConsumerNetwork, DelayedTask } from './consumer-network.ts'

export interface ConsumerMetadataOptions {
  readonly client: string
  readonly bootstrap: readonly BrokerEndpoint[]
  readonly retryBackoffUs: Micros
  readonly maxAgeUs: Micros
  /** Ask again at once for a topic that has no leaders yet (0.10.1). */
  readonly asksForNewTopics: boolean
  /** It believes no leader of an older epoch than it knows, and tells the epoch in its requests (KIP-320, 2.3). */
  readonly leaderEpochs: boolean
}

interface Leader {
  readonly leader: number
  readonly leaderEpoch?: number
}

export class ConsumerMetadata {
  /** Rises with each answer. */
  version = 0
  private readonly host: Host
  private readonly network: ConsumerNetwork
  private readonly options: ConsumerMetadataOptions
  private brokers: readonly BrokerEndpoint[]
  /** Leaders by partition; a topic that is not here does not exist, or nobody has asked for it. */
  private readonly topics = new Map<string, readonly Leader[]>()
  /** The latest epoch of each partition that anybody told of: what is older is not believed (KIP-320). */
  private readonly epochs = new Map<TopicPartition, Leader & { readonly leaderEpoch: number }>()
  private wanted: readonly string[] = []
  private all = false
  private needUpdate = false
  private asking = false
  private lastAskedUs = Number.MIN_SAFE_INTEGER
  private correlationId = 0
  private readonly refresh: DelayedTask
  private readonly age: DelayedTask
  /** Told of each answer. */
  onUpdate: () => void = () => {}

  constructor(host: Host, network: ConsumerNetwork, options: ConsumerMetadataOptions) {
    this.host = host
    this.network = network
    this.options = options
    this.brokers = options.bootstrap
    this.refresh = { name: `${options.client} metadata refresh`, run: () => this.ask() }
    this.age = { name: `${options.client} metadata age`, run: () => this.requestUpdate() }
  }

  get nodes(): readonly BrokerEndpoint[] {
    return this.brokers
  }

  /** Topics that exist, but for internal ones, in order. */
  get topicNames(): readonly string[] {
    return [...this.topics.keys()].filter((topic) => !isInternalTopic(topic)).sort()
  }

  partitionCount(topic: string): number | undefined {
    return this.topics.get(topic)?.length
  }

  /** The broker that leads a partition; undefined if nobody does, or that is not known. */
  leaderOf(topic: string, partition: number): BrokerEndpoint | undefined {
    const leader = this.topics.get(topic)?.[partition]?.leader ?? NO_LEADER
    return this.brokers.find(({ id }) => id === leader)
  }

  /** Leader epoch that requests about a partition name, in releases that do. */
  epochOf(topic: string, partition: number): { readonly currentLeaderEpoch?: number } {
    const { leaderEpoch } = this.topics.get(topic)?.[partition] ?? {}
    return leaderEpoch === undefined ? {} : { currentLeaderEpoch: leaderEpoch }
  }

  /** Asks for these topics from now on. */
  setTopics(topics: readonly string[]): void {
    if (topics.some((topic) => !this.wanted.includes(topic))) this.requestUpdate()
    this.wanted = [...topics]
  }

  /** Asks for all topics: a pattern is to be matched. */
  wantAll(): void {
    this.all = true
  }

  get updateRequested(): boolean {
    return this.needUpdate
  }

  /** Asks as soon as that is allowed again. */
  requestUpdate(): void {
    if (this.needUpdate) return
    this.needUpdate = true
    this.askSoon()
  }

  private askSoon(): void {
    const waitUs = this.lastAskedUs + this.options.retryBackoffUs - this.host.now()
    if (!this.asking) this.network.schedule(this.refresh, waitUs)
  }

  /** Waits for an answer that is newer than what is known. */
  *awaitUpdate(): Task<void> {
    const { version } = this
    this.requestUpdate()
    while (this.version === version) yield* this.network.poll()
  }

  /** Waits for an answer only if one is asked for. */
  *ensureFresh(): Task<void> {
    if (this.needUpdate) yield* this.awaitUpdate()
  }

  private ask(): void {
    this.lastAskedUs = this.host.now()
    const node = this.network.leastLoaded(this.brokers)
    if (node === undefined) return this.askSoon()
    this.asking = true
    const { client } = this.options
    const topics = this.all ? [] : this.wanted
    const request = { api: 'Metadata', correlationId: this.correlationId++, clientId: client, topics } as const
    this.network.send(node, request, (result) => this.answered(node, result))
  }

  private answered(node: BrokerEndpoint, result: RpcResult<MetadataResponse>): void {
    this.asking = false
    const { client } = this.options
    if (!result.ok) {
      this.trace({ kind: 'MetadataRefreshFailed', client, broker: node.host, failure: result.failure })
      return this.askSoon()
    }
    const { response } = result
    // An answer without brokers says nothing.
    if (response.brokers.length === 0) return this.askSoon()
    this.brokers = response.brokers
    let incomplete = false
    this.topics.clear()
    for (const { topic, partitions, errorCode } of response.topics) {
      if (errorCode === ErrorCode.LeaderNotAvailable) incomplete = true
      if (partitions.length === 0) continue
      const leaders: Leader[] = []
      for (const one of partitions) leaders[one.partition] = this.latest(topic, one)
      this.topics.set(topic, leaders)
    }
    this.needUpdate = false
    this.version++
    if (this.host.tracing) {
      const from = response.brokers.find((one) => one.host === node.host && one.port === node.port)?.id ?? node.id
      const reason = this.version === 1 ? 'bootstrap' : 'consumer'
      this.trace({ kind: 'MetadataRefreshed', client, from, reason, leaders: leadersOf(response) })
    }
    this.network.schedule(this.age, this.options.maxAgeUs)
    if (incomplete && this.options.asksForNewTopics) this.requestUpdate()
    this.onUpdate()
  }

  private latest(topic: string, { partition, leader, leaderEpoch }: PartitionMetadata): Leader {
    if (!this.options.leaderEpochs || leaderEpoch === undefined) return { leader }
    const tp = topicPartition(topic, partition)
    const known = this.epochs.get(tp)
    if (known !== undefined && known.leaderEpoch > leaderEpoch) return known
    const told = { leader, leaderEpoch }
    this.epochs.set(tp, told)
    return told
  }

  private trace(event: ClientEvent): void {
    if (this.host.tracing) this.host.trace(event)
  }

  digest(digest: Digest): void {
    digest.int(this.version).boolean(this.needUpdate).boolean(this.asking).int(this.correlationId)
    for (const [topic, leaders] of this.topics) {
      digest.string(topic)
      for (const { leader, leaderEpoch = -1 } of leaders) digest.int(leader).int(leaderEpoch)
    }
  }
}
