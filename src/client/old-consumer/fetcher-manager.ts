/**
 * Who fetches what: `kafka/consumer/ConsumerFetcherManager.scala` and `kafka/server/AbstractFetcherManager.scala`, release
 * 0.8.2.2. Partitions without a known leader wait for the leader finder, which asks any broker for metadata and hands them
 * to the fetchers of their leaders; after each round it rests for `refresh.leader.backoff.ms`.
 */
import type { OldConsumerConfig } from '../../config/index.ts'
import { type Digest, fromMs, type Host, runTask, sleep, type Task, until } from '../../host/index.ts'
import { type BrokerEndpoint, javaAbs, javaStringHash, type MetadataResponse, NO_LEADER } from '../../protocol/index.ts'
import type { ClientEvent } from '../events.ts'
import { brokerOf, leadersOf, MetadataSource } from '../topic-metadata.ts'
import { ConsumerFetcher } from './consumer-fetcher.ts'
import type { PartitionTopicInfo } from './partition-topic-info.ts'

export interface FetcherManagerOptions {
  readonly client: string
  readonly config: OldConsumerConfig
  /** Version of the fetches that are sent. */
  readonly fetchVersion?: number
  /** Brokers as ZooKeeper has them now. */
  readonly brokers: () => Task<readonly BrokerEndpoint[]>
}

export class FetcherManager {
  private readonly host: Host
  private readonly options: FetcherManagerOptions
  private readonly fetchers = new Map<string, ConsumerFetcher>()
  private finder: LeaderFinder | undefined

  constructor(host: Host, options: FetcherManagerOptions) {
    this.host = host
    this.options = options
  }

  start(partitions: readonly PartitionTopicInfo[]): void {
    this.finder = new LeaderFinder(this.host, this.options, this.fetchers, partitions)
    runTask(this.finder.run())
  }

  /** The leader finder first: it would start fetchers anew. */
  stop(): void {
    this.finder?.stop()
    this.finder = undefined
    for (const fetcher of this.fetchers.values()) fetcher.stop()
    this.fetchers.clear()
  }

  digest(digest: Digest): void {
    digest.int(this.fetchers.size)
    for (const fetcher of this.fetchers.values()) fetcher.digest(digest)
    digest.boolean(this.finder !== undefined)
    this.finder?.digest(digest)
  }
}

class LeaderFinder {
  private readonly host: Host
  private readonly options: FetcherManagerOptions
  private readonly fetchers: Map<string, ConsumerFetcher>
  private readonly leaderless = new Map<string, PartitionTopicInfo>()
  private running = true
  private wake: (() => void) | undefined
  private metadata: MetadataSource | undefined
  private nextCorrelationId = 0

  constructor(
    host: Host,
    options: FetcherManagerOptions,
    fetchers: Map<string, ConsumerFetcher>,
    partitions: readonly PartitionTopicInfo[],
  ) {
    this.host = host
    this.options = options
    this.fetchers = fetchers
    for (const info of partitions) this.leaderless.set(info.tp, info)
  }

  *run(): Task<void> {
    for (;;) {
      if (this.leaderless.size === 0) yield* until<void>((resume) => (this.wake = () => resume()))
      this.wake = undefined
      const found = yield* this.findLeaders()
      if (!this.running) return
      if (!(yield* this.addFetchers(found))) {
        for (const { info } of found) this.leaderless.set(info.tp, info)
      }
      if (!this.running) return
      for (const [key, fetcher] of this.fetchers) {
        if (fetcher.partitionCount > 0) continue
        fetcher.stop()
        this.fetchers.delete(key)
      }
      yield* sleep(this.host, fromMs(this.options.config['refresh.leader.backoff.ms']), 'refresh leader back-off')
      if (!this.running) return
    }
  }

  stop(): void {
    this.running = false
    this.metadata?.close()
  }

  digest(digest: Digest): void {
    digest
      .boolean(this.wake !== undefined)
      .int(this.nextCorrelationId)
      .int(this.leaderless.size)
    for (const tp of this.leaderless.keys()) digest.string(tp)
    this.metadata?.digest(digest)
  }

  private add(partitions: readonly PartitionTopicInfo[]): void {
    if (!this.running) return
    for (const info of partitions) this.leaderless.set(info.tp, info)
    this.wake?.()
  }

  private *findLeaders(): Task<ReadonlyArray<{ readonly info: PartitionTopicInfo; readonly leader: BrokerEndpoint }>> {
    const { client, config } = this.options
    const brokers = yield* this.options.brokers()
    if (!this.running) return []
    this.metadata = new MetadataSource(this.host, client, brokers, fromMs(config['socket.timeout.ms']))
    const topics = [...new Set([...this.leaderless.values()].map(({ topic }) => topic))]
    const answer = yield* this.metadata.fetch(topics, this.nextCorrelationId++)
    this.metadata = undefined
    if (answer === undefined || !this.running) return []
    const { response, from } = answer
    if (this.host.tracing) {
      this.trace({ kind: 'MetadataRefreshed', client, from: from.id, reason: 'consumer', leaders: leadersOf(response) })
    }
    const found: Array<{ readonly info: PartitionTopicInfo; readonly leader: BrokerEndpoint }> = []
    for (const info of [...this.leaderless.values()]) {
      const leader = leaderIn(response, info)
      if (leader === undefined) continue
      found.push({ info, leader })
      this.leaderless.delete(info.tp)
    }
    return found
  }

  /** False: at one of them something went wrong; all are looked for again. */
  private *addFetchers(
    found: ReadonlyArray<{ readonly info: PartitionTopicInfo; readonly leader: BrokerEndpoint }>,
  ): Task<boolean> {
    const shares = new Map<string, { readonly leader: BrokerEndpoint; readonly infos: PartitionTopicInfo[] }>()
    for (const { info, leader } of found) {
      const key = `${leader.host}:${leader.port} ${this.fetcherOf(info)}`
      const share = shares.get(key)
      if (share === undefined) shares.set(key, { leader, infos: [info] })
      else share.infos.push(info)
    }
    for (const [key, { leader, infos }] of shares) {
      let fetcher = this.fetchers.get(key)
      if (fetcher === undefined) {
        const { client, config, fetchVersion: version } = this.options
        const onErrors = (partitions: readonly PartitionTopicInfo[]): void => this.add(partitions)
        fetcher = new ConsumerFetcher(this.host, leader, {
          client,
          config,
          onErrors,
          ...(version === undefined ? {} : { version }),
        })
        this.fetchers.set(key, fetcher)
      }
      if (!(yield* fetcher.add(infos))) return false
    }
    return true
  }

  /** Which of the fetchers of a broker. */
  private fetcherOf({ topic, partition }: PartitionTopicInfo): number {
    const hash = (Math.imul(31, javaStringHash(topic)) + partition) | 0
    return javaAbs(hash) % this.options.config['num.consumer.fetchers']
  }

  private trace(event: ClientEvent): void {
    this.host.trace(event)
  }
}

function leaderIn(response: MetadataResponse, { topic, partition }: PartitionTopicInfo): BrokerEndpoint | undefined {
  const leader = response.topics
    .find((one) => one.topic === topic)
    ?.partitions.find((one) => one.partition === partition)?.leader
  return leader === undefined || leader === NO_LEADER ? undefined : brokerOf(response, leader)
}
