/**
 * Where Kafka 0.8 keeps what in ZooKeeper, and how the content reads: `core/src/main/scala/kafka/utils/ZkUtils.scala`,
 * release 0.8.2.2 (formats.md section 7).
 */
import type { LeaderAndIsr } from './control.ts'
import type { BrokerEndpoint } from './metadata.ts'

export const zkPaths = {
  brokerIds: '/brokers/ids',
  brokerId: (id: number): string => `/brokers/ids/${id}`,
  brokerTopics: '/brokers/topics',
  topic: (topic: string): string => `/brokers/topics/${topic}`,
  partitions: (topic: string): string => `/brokers/topics/${topic}/partitions`,
  partition: (topic: string, partition: number): string => `/brokers/topics/${topic}/partitions/${partition}`,
  partitionState: (topic: string, partition: number): string =>
    `/brokers/topics/${topic}/partitions/${partition}/state`,
  controller: '/controller',
  controllerEpoch: '/controller_epoch',
  consumers: '/consumers',
  consumerIds: (group: string): string => `/consumers/${group}/ids`,
  consumerId: (group: string, consumer: string): string => `/consumers/${group}/ids/${consumer}`,
  consumerOwner: (group: string, topic: string, partition: number): string =>
    `/consumers/${group}/owners/${topic}/${partition}`,
  consumerOffsets: (group: string, topic: string): string => `/consumers/${group}/offsets/${topic}`,
  consumerOffset: (group: string, topic: string, partition: number): string =>
    `/consumers/${group}/offsets/${topic}/${partition}`,
  configTopics: '/config/topics',
  configTopic: (topic: string): string => `/config/topics/${topic}`,
  configChanges: '/config/changes',
  reassignPartitions: '/admin/reassign_partitions',
  preferredReplicaElection: '/admin/preferred_replica_election',
  deleteTopics: '/admin/delete_topics',
  /** From 0.10.1. */
  clusterId: '/cluster/id',
  /** From 0.11. */
  latestProducerIdBlock: '/latest_producer_id_block',
  /** From 0.9. */
  isrChangeNotification: '/isr_change_notification',
  deleteTopic: (topic: string): string => `/admin/delete_topics/${topic}`,
} as const

/** Created by every broker at its start, if missing (`ZkUtils.setupCommonPaths`). */
export const commonPaths = [
  zkPaths.consumers,
  zkPaths.brokerIds,
  zkPaths.brokerTopics,
  zkPaths.configChanges,
  zkPaths.configTopics,
  zkPaths.deleteTopics,
] as const

/** `/brokers/ids/N` */
export const encodeBroker = (broker: BrokerEndpoint, timestampMs: number): string =>
  JSON.stringify({ jmx_port: -1, timestamp: String(timestampMs), host: broker.host, version: 1, port: broker.port })

export function decodeBroker(id: number, data: string): BrokerEndpoint {
  const { host, port } = JSON.parse(data) as { host: string; port: number }
  return { id, host, port }
}

/** `/cluster/id` */
export const encodeClusterId = (id: string): string => JSON.stringify({ version: '1', id })

export const decodeClusterId = (data: string): string => (JSON.parse(data) as { id: string }).id

/** `/brokers/topics/T`: partition to assigned replicas, and since 2.8 the id of the topic. */
export function encodeAssignment(assignment: ReadonlyMap<number, readonly number[]>, topicId?: string): string {
  const partitions: Record<string, readonly number[]> = {}
  for (const [partition, replicas] of assignment) partitions[String(partition)] = replicas
  if (topicId === undefined) return JSON.stringify({ version: 1, partitions })
  const moves = { adding_replicas: {}, removing_replicas: {} }
  return JSON.stringify({ version: 3, topic_id: topicId, partitions, ...moves })
}

/** The topic's id in `/brokers/topics/T`; undefined before 2.8. */
export const decodeTopicId = (data: string): string | undefined => parsedObject<{ topic_id?: string }>(data)?.topic_id

/**
 * In partition order. A node that holds something else has no partitions (`ZkUtils.getReplicaAssignmentForTopics`): a
 * deposed controller leaves an empty one, as the parent of a state that it writes, where the topic was deleted meanwhile.
 */
export function decodeAssignment(data: string): Map<number, readonly number[]> {
  const { partitions } = parsedObject<{ partitions: Record<string, number[]> }>(data) ?? {}
  if (partitions === undefined) return new Map()
  const numbers = Object.keys(partitions).map(Number)
  numbers.sort((a, b) => a - b)
  return new Map(numbers.map((partition) => [partition, partitions[String(partition)]!]))
}

/** Content of a partition's state znode, with the epoch of the controller that wrote or last blessed it. */
export interface LeaderIsrAndControllerEpoch {
  readonly leaderAndIsr: LeaderAndIsr
  readonly controllerEpoch: number
}

/** `/brokers/topics/T/partitions/P/state` */
export const encodePartitionState = (state: LeaderAndIsr, controllerEpoch: number): string =>
  JSON.stringify({
    controller_epoch: controllerEpoch,
    leader: state.leader,
    version: 1,
    leader_epoch: state.leaderEpoch,
    isr: state.isr,
  })

export function decodePartitionState(data: string, zkVersion: number): LeaderIsrAndControllerEpoch {
  const state = JSON.parse(data) as { controller_epoch: number; leader: number; leader_epoch: number; isr: number[] }
  return {
    leaderAndIsr: { leader: state.leader, leaderEpoch: state.leader_epoch, isr: state.isr, zkVersion },
    controllerEpoch: state.controller_epoch,
  }
}

/** `/controller` */
export const encodeController = (brokerId: number, timestampMs: number): string =>
  JSON.stringify({ version: 1, brokerid: brokerId, timestamp: String(timestampMs) })

export const decodeController = (data: string): number => (JSON.parse(data) as { brokerid: number }).brokerid

/** `/latest_producer_id_block`: the last ids that a broker has taken, both included; they are texts there. */
export interface ProducerIdBlock {
  readonly broker: number
  readonly start: number
  readonly end: number
}

export const encodeProducerIdBlock = ({ broker, start, end }: ProducerIdBlock): string =>
  JSON.stringify({ version: 1, broker, block_start: String(start), block_end: String(end) })

export function decodeProducerIdBlock(data: string): ProducerIdBlock {
  const block = JSON.parse(data) as { broker: number; block_start: string; block_end: string }
  return { broker: block.broker, start: Number(block.block_start), end: Number(block.block_end) }
}

/** `/config/topics/T`; values are texts there. */
export const encodeTopicConfig = (config: Readonly<Record<string, string>>): string =>
  JSON.stringify({ version: 1, config })

export const decodeTopicConfig = (data: string): Readonly<Record<string, string>> =>
  (JSON.parse(data) as { config: Record<string, string> }).config

/** `/admin/preferred_replica_election` and, with replicas, `/admin/reassign_partitions`. */
export interface PartitionList {
  readonly partitions: ReadonlyArray<{
    readonly topic: string
    readonly partition: number
    readonly replicas?: readonly number[]
  }>
}

export const encodePartitionList = (list: PartitionList): string =>
  JSON.stringify({ version: 1, partitions: list.partitions })

export const decodePartitionList = (data: string): PartitionList['partitions'] =>
  (JSON.parse(data) as PartitionList).partitions

/** Topic and partition of a state znode's path, or undefined for other paths. */
export function partitionOfStatePath(path: string): { readonly topic: string; readonly partition: number } | undefined {
  const match = /^\/brokers\/topics\/([^/]+)\/partitions\/(\d+)\/state$/.exec(path)
  return match === null ? undefined : { topic: match[1]!, partition: Number(match[2]) }
}

/** A JSON object; undefined where the text is none. */
function parsedObject<T>(text: string): Partial<T> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Partial<T>) : undefined
  } catch {
    return undefined
  }
}
