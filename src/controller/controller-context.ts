/**
 * What a controller knows: brokers, topics, assignments and the leadership it last read or wrote.
 * `ControllerContext` in `core/src/main/scala/kafka/controller/KafkaController.scala`, release 0.8.2.2.
 *
 * Kafka walks hash sets and hash maps of partitions, replicas and brokers; the order there is that of the hashes.
 * Here it is ascending everywhere: topic by code units, then partition number, then broker id. Where it matters
 * (several ISR members that die in one event leave one by one) the broker with the highest id comes last.
 */
import type { BrokerConfig } from '../config/index.ts'
import { type Digest, type Host, invariant } from '../host/index.ts'
import {
  type BrokerEndpoint,
  type LeaderIsrAndControllerEpoch,
  splitTopicPartition,
  type TopicPartition,
} from '../protocol/index.ts'
import type { ProtocolVersions } from '../versions.ts'
import type { ZkClient } from '../zookeeper/index.ts'
import type { ControllerChannelManager } from './controller-channel-manager.ts'
import { DeletionQueue } from './deletion-queue.ts'
import { FencedWrites, type ZkWriter } from './fenced-writes.ts'
import { Refusal } from './refusal.ts'

export interface PartitionAndReplica {
  readonly tp: TopicPartition
  readonly replica: number
}

/** A broker as `/brokers/ids/N` has it. */
export interface RegisteredBroker {
  readonly endpoint: BrokerEndpoint
  /** czxid of the node. */
  readonly epoch: number
}

export interface Reassignment {
  readonly newReplicas: readonly number[]
  /** Stops watching the ISR of the partition; undefined while it is not watched. */
  unwatchIsr: (() => void) | undefined
}

export interface KafkaControllerOptions {
  readonly brokerId: number
  readonly endpoint: BrokerEndpoint
  readonly config: BrokerConfig
  readonly versions: ProtocolVersions
  /** Connected when the controller is started. */
  readonly zk: ZkClient
}

export interface ControllerEnvironment extends KafkaControllerOptions {
  readonly host: Host
}

export class ControllerContext {
  readonly environment: ControllerEnvironment
  /** 0 while this broker never was, or no longer is, the controller. */
  epoch = 0
  epochZkVersion = 0
  /** Undefined while this broker is not the controller: that is how Kafka tells. */
  channels: ControllerChannelManager | undefined
  correlationId = 0
  topics: ReadonlySet<string> = new Set()
  readonly assignment = new Map<TopicPartition, readonly number[]>()
  /** Ids of topics, since 2.8. */
  readonly topicIds = new Map<string, string>()
  readonly leadership = new Map<TopicPartition, LeaderIsrAndControllerEpoch>()
  readonly reassignments = new Map<TopicPartition, Reassignment>()
  readonly preferredElections = new Set<TopicPartition>()
  readonly shuttingDownBrokers = new Set<number>()
  readonly deletion: DeletionQueue
  /** What this controller writes goes through here. */
  readonly writes: ZkWriter
  private registered = new Map<number, BrokerEndpoint>()
  /** czxid of each registered broker's node; empty where brokers have no epochs (before KIP-380). */
  private brokerEpochs: ReadonlyMap<number, number> = new Map()

  constructor(environment: ControllerEnvironment) {
    this.environment = environment
    this.deletion = new DeletionQueue(environment.config['delete.topic.enable'])
    const { zk, versions } = environment
    const fenced = versions.controllerWrites === 'fenced-by-epoch'
    this.writes = fenced ? new FencedWrites(zk, () => this.epochZkVersion) : zk
  }

  setBrokers(brokers: readonly RegisteredBroker[]): void {
    const sorted = [...brokers].sort((a, b) => a.endpoint.id - b.endpoint.id)
    this.registered = new Map(sorted.map(({ endpoint }) => [endpoint.id, endpoint]))
    if (this.environment.versions.brokerEpoch === 'registration') {
      this.brokerEpochs = new Map(sorted.map(({ endpoint, epoch }) => [endpoint.id, epoch]))
    }
  }

  registrations(): RegisteredBroker[] {
    return [...this.registered.values()].map((endpoint) => ({
      endpoint,
      epoch: this.brokerEpochs.get(endpoint.id) ?? 0,
    }))
  }

  /** Of a registered broker, where brokers have epochs. */
  brokerEpoch(broker: number): number | undefined {
    return this.brokerEpochs.get(broker)
  }

  /** Registered and not on its way down. */
  isLive(broker: number): boolean {
    return this.registered.has(broker) && !this.shuttingDownBrokers.has(broker)
  }

  isLiveOrShuttingDown(broker: number): boolean {
    return this.registered.has(broker)
  }

  liveBrokers(): BrokerEndpoint[] {
    return [...this.registered.values()].filter((broker) => !this.shuttingDownBrokers.has(broker.id))
  }

  liveBrokerIds(): number[] {
    return this.liveBrokers().map((broker) => broker.id)
  }

  liveOrShuttingDownBrokers(): BrokerEndpoint[] {
    return [...this.registered.values()]
  }

  liveOrShuttingDownBrokerIds(): number[] {
    return [...this.registered.keys()]
  }

  /** AR of a partition; a refusal where Kafka's map says "key not found". */
  replicasOf(tp: TopicPartition): readonly number[] {
    const replicas = this.assignment.get(tp)
    if (replicas === undefined) throw new Refusal('state-change-failed', `no replicas are known for ${tp}`)
    return replicas
  }

  /** Cached leadership of a partition; a refusal where Kafka's map says "key not found". */
  leadershipOf(tp: TopicPartition): LeaderIsrAndControllerEpoch {
    const state = this.leadership.get(tp)
    if (state === undefined) throw new Refusal('state-change-failed', `no leadership is known for ${tp}`)
    return state
  }

  preferredReplicaOf(tp: TopicPartition): number {
    const preferred = this.replicasOf(tp)[0]
    if (preferred === undefined) throw new Refusal('state-change-failed', `${tp} has no replicas`)
    return preferred
  }

  partitionsOnBroker(broker: number): TopicPartition[] {
    const found: TopicPartition[] = []
    for (const [tp, replicas] of this.assignment) if (replicas.includes(broker)) found.push(tp)
    return sortPartitions(found)
  }

  partitionsOfTopic(topic: string): TopicPartition[] {
    const found: TopicPartition[] = []
    for (const tp of this.assignment.keys()) if (splitTopicPartition(tp).topic === topic) found.push(tp)
    return sortPartitions(found)
  }

  /** A topic is gone: nothing of it is remembered. */
  removeTopic(topic: string): void {
    for (const tp of this.partitionsOfTopic(topic)) this.assignment.delete(tp)
    for (const tp of [...this.leadership.keys()]) {
      if (splitTopicPartition(tp).topic === topic) this.leadership.delete(tp)
    }
    this.topics = new Set([...this.topics].filter((other) => other !== topic))
  }

  replicasOnBrokers(brokers: readonly number[]): PartitionAndReplica[] {
    const found: PartitionAndReplica[] = []
    for (const replica of brokers) for (const tp of this.partitionsOnBroker(replica)) found.push({ tp, replica })
    return sortReplicas(found)
  }

  replicasForPartitions(partitions: Iterable<TopicPartition>): PartitionAndReplica[] {
    const found: PartitionAndReplica[] = []
    for (const tp of partitions) for (const replica of this.replicasOf(tp)) found.push({ tp, replica })
    return sortReplicas(found)
  }

  /** Says that a step was given up, where Kafka writes an exception to its log. */
  report(subject: string, refusal: Refusal): void {
    const { host } = this.environment
    if (host.tracing) host.trace({ kind: 'StateChangeFailed', subject, reason: refusal.message })
  }

  digest(digest: Digest): void {
    digest.int(this.epoch).int(this.epochZkVersion).int(this.correlationId)
    for (const topic of this.topics) digest.string(topic)
    for (const [tp, replicas] of this.assignment) digestIds(digest.string(tp), replicas)
    for (const [tp, { leaderAndIsr, controllerEpoch }] of this.leadership) {
      digest.string(tp).int(controllerEpoch).int(leaderAndIsr.leader).int(leaderAndIsr.leaderEpoch)
      digestIds(digest.int(leaderAndIsr.zkVersion), leaderAndIsr.isr)
    }
    for (const [tp, reassignment] of this.reassignments) {
      digestIds(digest.string(tp).boolean(reassignment.unwatchIsr !== undefined), reassignment.newReplicas)
    }
    for (const tp of this.preferredElections) digest.string(tp)
    digestIds(digest, [...this.shuttingDownBrokers])
    for (const broker of this.registered.values()) {
      digest
        .int(broker.id)
        .string(broker.host)
        .int(broker.port)
        .int(this.brokerEpochs.get(broker.id) ?? -1)
    }
    this.deletion.digest(digest)
    digest.boolean(this.channels !== undefined)
    this.channels?.digest(digest)
  }
}

function digestIds(digest: Digest, ids: readonly number[]): void {
  digest.int(ids.length)
  for (const id of ids) digest.int(id)
}

function comparePartitions(a: TopicPartition, b: TopicPartition): number {
  const x = splitTopicPartition(a)
  const y = splitTopicPartition(b)
  if (x.topic !== y.topic) return x.topic < y.topic ? -1 : 1
  return x.partition - y.partition
}

/** By topic, then partition; the array itself is sorted and given back. */
export const sortPartitions = (partitions: TopicPartition[]): TopicPartition[] => partitions.sort(comparePartitions)

/** By topic, partition, broker id; the array itself is sorted and given back. */
export const sortReplicas = (replicas: PartitionAndReplica[]): PartitionAndReplica[] =>
  replicas.sort((a, b) => comparePartitions(a.tp, b.tp) || a.replica - b.replica)

/** `orders-0/2` */
export const replicaKey = ({ tp, replica }: PartitionAndReplica): string => `${tp}/${replica}`

/** The channels of an active controller. */
export function activeChannels(context: ControllerContext): ControllerChannelManager {
  invariant(context.channels !== undefined, 'channels of a broker that is not the controller')
  return context.channels
}
