/**
 * What a broker answers to Metadata requests: the live brokers and every partition's leader and ISR, as the controller
 * last told it in UpdateMetadata (`kafka/server/MetadataCache.scala`, 0.8.2.2). It has no effect on roles.
 */
import type { Digest } from '../host/index.ts'
import {
  type BrokerEndpoint,
  ErrorCode,
  LEADER_DURING_DELETE,
  NO_LEADER,
  type PartitionMetadata,
  type PartitionState,
  type TopicMetadata,
  type UpdateMetadataRequest,
} from '../protocol/index.ts'

export class MetadataCache {
  private readonly topics = new Map<string, Map<number, PartitionState>>()
  private aliveBrokers: ReadonlyMap<number, BrokerEndpoint> = new Map()
  private controllerId: number | undefined
  private readonly leaderEpochs: boolean

  /** @param leaderEpochs whether clients are told the epochs of leaders (2.1) */
  constructor(leaderEpochs = false) {
    this.leaderEpochs = leaderEpochs
  }

  /** The broker whose UpdateMetadata came last, if it is alive. */
  get controller(): BrokerEndpoint | undefined {
    return this.controllerId === undefined ? undefined : this.aliveBrokers.get(this.controllerId)
  }

  isAlive(broker: number): boolean {
    return this.aliveBrokers.has(broker)
  }

  get brokers(): readonly BrokerEndpoint[] {
    return [...this.aliveBrokers.values()]
  }

  has(topic: string): boolean {
    return this.topics.has(topic)
  }

  hasPartition(topic: string, partition: number): boolean {
    return this.topics.get(topic)?.has(partition) === true
  }

  /** The leader of a partition, if it is alive. */
  leaderOf(topic: string, partition: number): BrokerEndpoint | undefined {
    const state = this.topics.get(topic)?.get(partition)
    return state === undefined ? undefined : this.aliveBrokers.get(state.leaderAndIsr.leader)
  }

  update(request: UpdateMetadataRequest): void {
    this.controllerId = request.controllerId
    this.aliveBrokers = new Map(request.liveBrokers.map((broker) => [broker.id, broker]))
    for (const state of request.partitionStates) {
      if (state.leaderAndIsr.leader === LEADER_DURING_DELETE) this.remove(state.topic, state.partition)
      else this.put(state)
    }
  }

  /** Metadata of the topics asked for that are known; of all topics if none is named. */
  metadata(topics: readonly string[]): TopicMetadata[] {
    const names = topics.length === 0 ? [...this.topics.keys()] : topics.filter((topic) => this.topics.has(topic))
    return names.map((topic) => ({
      errorCode: ErrorCode.NoError,
      topic,
      partitions: [...this.topics.get(topic)!.values()].map((state) => this.partition(state)),
    }))
  }

  private partition(state: PartitionState): PartitionMetadata {
    const alive = (id: number): boolean => this.aliveBrokers.has(id)
    const { leader, isr, leaderEpoch } = state.leaderAndIsr
    const epoch = this.leaderEpochs ? { leaderEpoch } : {}
    const replicas = state.replicas.filter(alive)
    if (!alive(leader)) {
      const errorCode = ErrorCode.LeaderNotAvailable
      return { errorCode, partition: state.partition, leader: NO_LEADER, replicas, isr: [], ...epoch }
    }
    const liveIsr = isr.filter(alive)
    const complete = replicas.length === state.replicas.length && liveIsr.length === isr.length
    return {
      // Some replica is dead; the leader can be used all the same.
      errorCode: complete ? ErrorCode.NoError : ErrorCode.ReplicaNotAvailable,
      partition: state.partition,
      leader,
      replicas,
      isr: liveIsr,
      ...epoch,
    }
  }

  private put(state: PartitionState): void {
    let partitions = this.topics.get(state.topic)
    if (partitions === undefined) {
      partitions = new Map()
      this.topics.set(state.topic, partitions)
    }
    partitions.set(state.partition, state)
  }

  private remove(topic: string, partition: number): void {
    const partitions = this.topics.get(topic)
    partitions?.delete(partition)
    if (partitions?.size === 0) this.topics.delete(topic)
  }

  digest(digest: Digest): void {
    for (const id of this.aliveBrokers.keys()) digest.int(id)
    for (const [topic, partitions] of this.topics) {
      digest.string(topic)
      for (const state of partitions.values()) {
        const { leader, leaderEpoch, isr, zkVersion } = state.leaderAndIsr
        digest.int(state.partition).int(leader).int(leaderEpoch).int(zkVersion).string(isr.join())
      }
    }
  }
}
