/**
 * What a Java producer knows of brokers, topics and leaders (`Metadata.java`): refreshed when somebody needs it, but not
 * more often than every `retry.backoff.ms`, and when it is older than `metadata.max.age.ms`.
 */
import type { Digest, Host, Micros } from '../../host/index.ts'
import { type BrokerEndpoint, ErrorCode, type MetadataResponse, NO_LEADER } from '../../protocol/index.ts'

/** A broker as the producer connects to it: those that it began with are not yet known by their ids. */
export interface ProducerNode extends BrokerEndpoint {
  readonly isBootstrap: boolean
}

export interface MetadataTimes {
  readonly retryBackoffUs: Micros
  readonly maxAgeUs: Micros
}

export class ProducerMetadata {
  /** Rises with each answer. */
  version = 0
  private readonly host: Host
  private readonly times: MetadataTimes
  private brokers: readonly ProducerNode[]
  /** Leaders by partition; a topic that is not here does not exist, as far as anybody has said. */
  private readonly leaders = new Map<string, readonly number[]>()
  private readonly wanted = new Set<string>()
  private needsUpdate = true
  private lastRefreshUs = Number.NEGATIVE_INFINITY
  private lastSuccessUs = Number.NEGATIVE_INFINITY
  /** Told of each answer. */
  onUpdate: () => void = () => {}

  constructor(host: Host, bootstrap: readonly BrokerEndpoint[], times: MetadataTimes) {
    this.host = host
    this.times = times
    this.brokers = bootstrap.map((broker) => ({ ...broker, isBootstrap: true }))
    // Nobody needs anything yet.
    this.needsUpdate = false
    this.lastSuccessUs = host.now()
  }

  get nodes(): readonly ProducerNode[] {
    return this.brokers
  }

  get topics(): readonly string[] {
    return [...this.wanted]
  }

  /** Number of partitions; undefined where the topic is not known. */
  partitionCount(topic: string): number | undefined {
    return this.leaders.get(topic)?.length
  }

  /** Partitions that have a leader, as far as is known, in order. */
  availablePartitions(topic: string): number[] {
    const available: number[] = []
    for (const [partition, leader] of (this.leaders.get(topic) ?? []).entries())
      if (this.nodeOf(leader) !== undefined) available.push(partition)
    return available
  }

  leaderOf(topic: string, partition: number): ProducerNode | undefined {
    return this.nodeOf(this.leaders.get(topic)?.[partition] ?? NO_LEADER)
  }

  private nodeOf(id: number): ProducerNode | undefined {
    return id === NO_LEADER ? undefined : this.brokers.find((broker) => broker.id === id)
  }

  /** Partitions that a broker leads, topics in the order in which they came. */
  partitionsOf(node: ProducerNode): ReadonlyArray<{ readonly topic: string; readonly partition: number }> {
    const led: Array<{ readonly topic: string; readonly partition: number }> = []
    for (const [topic, leaders] of this.leaders)
      for (const [partition, leader] of leaders.entries()) if (leader === node.id) led.push({ topic, partition })
    return led
  }

  /** Asks for this topic too from now on. */
  add(topic: string): void {
    if (this.wanted.has(topic)) return
    this.wanted.add(topic)
    this.needsUpdate = true
  }

  requestUpdate(): void {
    this.needsUpdate = true
  }

  /** 0: a request is due now. */
  get timeToNextUpdateUs(): Micros {
    const now = this.host.now()
    const { maxAgeUs, retryBackoffUs } = this.times
    const untilExpired = this.needsUpdate ? 0 : Math.max(this.lastSuccessUs + maxAgeUs - now, 0)
    return Math.max(untilExpired, this.lastRefreshUs + retryBackoffUs - now, 0)
  }

  /** False where the answer says nothing, for it knows no broker. */
  update({ brokers, topics }: MetadataResponse): boolean {
    this.lastRefreshUs = this.host.now()
    if (brokers.length === 0) return false
    this.lastSuccessUs = this.lastRefreshUs
    this.needsUpdate = false
    this.version++
    this.brokers = brokers.map((broker) => ({ ...broker, isBootstrap: false }))
    this.leaders.clear()
    for (const { topic, partitions, errorCode } of topics) {
      if (partitions.length === 0 || errorCode === ErrorCode.UnknownTopicOrPartition) continue
      const leaders: number[] = []
      for (const { partition, leader } of partitions) leaders[partition] = leader
      this.leaders.set(topic, leaders)
    }
    this.onUpdate()
    return true
  }

  /** No answer came; the next request has to wait its time. */
  failed(): void {
    this.lastRefreshUs = this.host.now()
  }

  digest(digest: Digest): void {
    digest.int(this.version).boolean(this.needsUpdate).int(Math.max(-1, this.lastRefreshUs)).int(this.lastSuccessUs)
    for (const topic of this.wanted) digest.string(topic)
    for (const [topic, leaders] of this.leaders) digest.string(topic).string(leaders.join())
  }
}
