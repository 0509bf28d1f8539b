/**
 * What a producer knows of its topics and brokers: `kafka/producer/BrokerPartitionInfo.scala` and
 * `kafka/producer/ProducerPool.scala`, release 0.8.2.2. Each refresh replaces what it brings news of, and opens new
 * connections to the leaders that it names.
 */
import type { Digest, Host, Micros } from '../host/index.ts'
import { type BrokerEndpoint, ErrorCode, type MetadataResponse, NO_LEADER } from '../protocol/index.ts'
import { SyncChannel } from './sync-channel.ts'
import { brokerOf } from './topic-metadata.ts'

export interface Route {
  readonly partition: number
  /** Broker id, or `NO_LEADER`. */
  readonly leader: number
}

export class TopicRoutes {
  private readonly host: Host
  private readonly client: string
  private readonly timeoutUs: Micros
  private readonly topics = new Map<string, readonly Route[]>()
  private readonly channels = new Map<number, SyncChannel>()

  constructor(host: Host, client: string, timeoutUs: Micros) {
    this.host = host
    this.client = client
    this.timeoutUs = timeoutUs
  }

  /** Partitions of a topic in order, or undefined where no broker has told of it yet. */
  of(topic: string): readonly Route[] | undefined {
    return this.topics.get(topic)
  }

  /** The connection to a broker, if a refresh ever named it as a leader. */
  channel(brokerId: number): SyncChannel | undefined {
    return this.channels.get(brokerId)
  }

  /** Takes over an answer. A topic that comes with an error keeps what was known of it. */
  update(response: MetadataResponse): void {
    const leaders = new Map<number, BrokerEndpoint>()
    for (const topic of response.topics) {
      const routes: Route[] = []
      for (const { partition, leader } of topic.partitions) {
        const endpoint = leader === NO_LEADER ? undefined : brokerOf(response, leader)
        if (endpoint !== undefined) leaders.set(endpoint.id, endpoint)
        routes.push({ partition, leader: endpoint === undefined ? NO_LEADER : leader })
      }
      routes.sort((a, b) => a.partition - b.partition)
      if (topic.errorCode === ErrorCode.NoError) this.topics.set(topic.topic, routes)
    }
    for (const [id, endpoint] of leaders) {
      this.channels.get(id)?.close()
      this.channels.set(id, this.open(endpoint))
    }
  }

  /** A connection of its own, outside the pool. */
  open(endpoint: BrokerEndpoint): SyncChannel {
    const address = { machine: endpoint.host, port: endpoint.port }
    return new SyncChannel(this.host, address, this.timeoutUs, `${this.client}→${endpoint.host}`)
  }

  digest(digest: Digest): void {
    digest.int(this.topics.size)
    for (const [topic, routes] of this.topics) {
      digest.string(topic).int(routes.length)
      for (const route of routes) digest.int(route.partition).int(route.leader)
    }
    digest.int(this.channels.size)
    for (const [id, channel] of this.channels) {
      digest.int(id)
      channel.digest(digest)
    }
  }
}
