/**
 * Collects what a round of state changes has to tell each broker and sends it at once, LeaderAndIsr to all of them
 * first, then UpdateMetadata, then StopReplica. `ControllerBrokerRequestBatch` in
 * `core/src/main/scala/kafka/controller/ControllerChannelManager.scala`, release 0.8.2.2.
 */
import type { Digest } from '../host/index.ts'
import {
  LEADER_DURING_DELETE,
  type LeaderIsrAndControllerEpoch,
  type PartitionState,
  type StopReplicaResponse,
  splitTopicPartition,
  type TopicPartition,
} from '../protocol/index.ts'
import type { ControllerContext } from './controller-context.ts'
import { Refusal } from './refusal.ts'

/** Told what a broker answered to the request to delete a replica; the broker's next request waits for `done`. */
export type DeletionAnswered = (broker: number, response: StopReplicaResponse, done: () => void) => void

interface StopReplica {
  readonly tp: TopicPartition
  readonly deletePartition: boolean
  readonly answered: DeletionAnswered | undefined
}

export class ControllerRequestBatch {
  private readonly context: ControllerContext
  private readonly leaderAndIsr = new Map<number, Map<TopicPartition, PartitionState>>()
  private readonly updateMetadata = new Map<number, Map<TopicPartition, PartitionState>>()
  private readonly stopReplica = new Map<number, StopReplica[]>()

  constructor(context: ControllerContext) {
    this.context = context
  }

  /** Refuses if a former batch was filled and, because a step failed, never sent: Kafka is stuck then, too. */
  begin(): void {
    if (this.leaderAndIsr.size + this.updateMetadata.size + this.stopReplica.size > 0) {
      throw new Refusal('state-change-failed', 'the batch of controller requests before was never sent')
    }
  }

  /** Tells these brokers about the leadership of a partition, and everybody's metadata cache with them. */
  addLeaderAndIsr(
    brokers: readonly number[],
    tp: TopicPartition,
    state: LeaderIsrAndControllerEpoch,
    replicas: readonly number[],
  ): void {
    const topicId = this.context.topicIds.get(splitTopicPartition(tp).topic)
    for (const broker of brokers)
      put(this.leaderAndIsr, broker, tp, withId(partitionState(tp, state, replicas), topicId))
    this.addUpdateMetadata(this.context.liveOrShuttingDownBrokerIds(), [tp])
  }

  /** Partitions that never had a leader are left out. Those to be deleted are told of each time, as such. */
  addUpdateMetadata(brokers: readonly number[], partitions: Iterable<TopicPartition>): void {
    const { deletion, environment } = this.context
    // KAFKA-972: who is alive is news by itself.
    if (environment.versions.brokerNews === 'all-brokers')
      for (const broker of brokers) entriesOf(this.updateMetadata, broker)
    for (const tp of partitions) {
      const state = this.context.leadership.get(tp)
      if (state !== undefined && !deletion.partitions.has(tp)) this.addMetadata(brokers, tp, state)
    }
    for (const tp of deletion.partitions) {
      const state = this.context.leadership.get(tp)
      if (state !== undefined) this.addMetadata(brokers, tp, duringDelete(state))
    }
  }

  private addMetadata(brokers: readonly number[], tp: TopicPartition, state: LeaderIsrAndControllerEpoch): void {
    const info = partitionState(tp, state, this.context.replicasOf(tp))
    for (const broker of brokers) put(this.updateMetadata, broker, tp, info)
  }

  addStopReplica(broker: number, tp: TopicPartition, deletePartition: boolean, answered?: DeletionAnswered): void {
    if (broker < 0) return
    const request = { tp, deletePartition, answered }
    const requests = this.stopReplica.get(broker)
    if (requests === undefined) this.stopReplica.set(broker, [request])
    else requests.push(request)
  }

  /** Forgets what was collected. */
  clear(): void {
    this.leaderAndIsr.clear()
    this.updateMetadata.clear()
    this.stopReplica.clear()
  }

  digest(digest: Digest): void {
    digest.int(this.leaderAndIsr.size).int(this.updateMetadata.size).int(this.stopReplica.size)
  }

  /** Sends the batch and empties it. Refuses, and up to 0.8.2 keeps it, when this broker no longer is the controller. */
  send(): void {
    const { context } = this
    const { brokerId: controllerId, endpoint, versions } = context.environment
    const correlationId = context.correlationId++
    const headerFor = (broker: number) => {
      const brokerEpoch = context.brokerEpoch(broker)
      const header = { correlationId, controllerId, controllerEpoch: context.epoch }
      return brokerEpoch === undefined ? header : { ...header, brokerEpoch }
    }
    const clientId = `id_${controllerId}-host_${endpoint.host}-port_${endpoint.port}`
    const { channels } = context
    if (channels === undefined) {
      if (this.leaderAndIsr.size + this.updateMetadata.size + this.stopReplica.size === 0) return
      if (versions.unsentBatch === 'dropped') this.clear()
      throw new Refusal('state-change-failed', 'this broker is no longer the controller')
    }
    // Since KIP-380 one that has just failed gets nothing, though it may have registered again and have a channel.
    const gets = (broker: number): boolean => versions.brokerEpoch === 'none' || context.isLiveOrShuttingDown(broker)
    for (const [broker, states] of inOrder(this.leaderAndIsr)) {
      if (!gets(broker)) continue
      const partitionStates = [...states.values()]
      const leaders = new Set(partitionStates.map((p) => p.leaderAndIsr.leader))
      const liveLeaders = context.liveOrShuttingDownBrokers().filter((b) => leaders.has(b.id))
      channels.send(broker, { api: 'LeaderAndIsr', ...headerFor(broker), clientId, partitionStates, liveLeaders })
    }
    this.leaderAndIsr.clear()
    const liveBrokers = context.liveOrShuttingDownBrokers()
    for (const [broker, states] of inOrder(this.updateMetadata)) {
      if (!gets(broker)) continue
      const partitionStates = [...states.values()]
      channels.send(broker, { api: 'UpdateMetadata', ...headerFor(broker), clientId, partitionStates, liveBrokers })
    }
    this.updateMetadata.clear()
    for (const [broker, requests] of inOrder(this.stopReplica)) {
      if (!gets(broker)) continue
      // One request a replica, and without the client id that the others carry: so does 0.8.2.
      for (const { tp, deletePartition: deletePartitions, answered } of requests) {
        const partitions = [splitTopicPartition(tp)]
        const request = {
          api: 'StopReplica',
          ...headerFor(broker),
          clientId: '',
          deletePartitions,
          partitions,
        } as const
        if (answered === undefined) channels.send(broker, request)
        else channels.send(broker, request, (response, done) => answered(broker, response as StopReplicaResponse, done))
      }
    }
    this.stopReplica.clear()
  }
}

/** What brokers hear of a partition that is being deleted: they forget its metadata. */
const duringDelete = ({ leaderAndIsr, controllerEpoch }: LeaderIsrAndControllerEpoch): LeaderIsrAndControllerEpoch => ({
  leaderAndIsr: { leader: LEADER_DURING_DELETE, leaderEpoch: 0, isr: leaderAndIsr.isr, zkVersion: 0 },
  controllerEpoch,
})

const partitionState = (
  tp: TopicPartition,
  { leaderAndIsr, controllerEpoch }: LeaderIsrAndControllerEpoch,
  replicas: readonly number[],
): PartitionState => ({ ...splitTopicPartition(tp), leaderAndIsr, controllerEpoch, replicas })

const withId = (state: PartitionState, topicId: string | undefined): PartitionState =>
  topicId === undefined ? state : { ...state, topicId }

function put<V>(map: Map<number, Map<TopicPartition, V>>, broker: number, tp: TopicPartition, value: V): void {
  // Kafka drops negative ids (no leader) here.
  if (broker >= 0) entriesOf(map, broker).set(tp, value)
}

function entriesOf<V>(map: Map<number, Map<TopicPartition, V>>, broker: number): Map<TopicPartition, V> {
  let entries = map.get(broker)
  if (entries === undefined) map.set(broker, (entries = new Map()))
  return entries
}

const inOrder = <V>(map: Map<number, V>): Array<[number, V]> => [...map].sort((a, b) => a[0] - b[0])
