/**
 * What admin tools and auto-creation write into ZooKeeper: topics, more partitions, topic settings, and requests to the
 * controller. `core/src/main/scala/kafka/admin/`, release 0.8.2.2. Every function is a task over a connected client.
 */
import { type Task, until } from '../host/index.ts'
import {
  decodeAssignment,
  decodePartitionList,
  decodeTopicId,
  encodeAssignment,
  encodePartitionList,
  encodeTopicConfig,
  type PartitionList,
  zkPaths,
} from '../protocol/index.ts'
import type { ProtocolVersions } from '../versions.ts'
import type { ZkClient, ZkError, ZkResult } from '../zookeeper/index.ts'
import { AdminOperationError } from './admin-operation-error.ts'
import { assignReplicasToBrokers } from './assignment.ts'
import { createPersistent, readChildren, readNode, updatePersistent } from './zk-data.ts'

const LEGAL_TOPIC = /^[a-zA-Z0-9._-]{1,255}$/

/** @throws AdminOperationError if no topic may have this name */
export function validateTopicName(topic: string): void {
  if (!LEGAL_TOPIC.test(topic) || topic === '.' || topic === '..') {
    throw new AdminOperationError(`'${topic}' is no legal name of a topic`, 'topic-name')
  }
}

/** Ids of the registered brokers, in ascending order. */
export function* readBrokerIds(zk: ZkClient): Task<number[]> {
  return (yield* readChildren(zk, zkPaths.brokerIds)).map(Number).sort((a, b) => a - b)
}

/** Partition to replicas of a topic, or undefined if there is no such topic. */
export function* readAssignment(zk: ZkClient, topic: string): Task<Map<number, readonly number[]> | undefined> {
  const node = yield* readNode(zk, zkPaths.topic(topic))
  return node === undefined ? undefined : decodeAssignment(node.data)
}

/**
 * Creates a topic; the controller sees it and makes its partitions.
 * The settings are written first, and stay if somebody else creates the topic in between.
 * @param topicId from 2.8 on (KIP-516)
 * @returns `NodeExists` if there is such a topic
 * @throws AdminOperationError for a bad name or a bad assignment
 */
export function* createTopic(
  zk: ZkClient,
  topic: string,
  assignment: ReadonlyMap<number, readonly number[]>,
  config: Readonly<Record<string, string>>,
  topicId?: string,
): Task<ZkError> {
  validateTopicName(topic)
  validateAssignment(assignment)
  if ((yield* readAssignment(zk, topic)) !== undefined) return 'NodeExists'
  yield* updatePersistent(zk, zkPaths.configTopic(topic), encodeTopicConfig(config))
  return yield* createPersistent(zk, zkPaths.topic(topic), encodeAssignment(assignment, topicId))
}

/**
 * Gives a topic more partitions. Where the first new one goes follows from the broker *id* of partition 0's preferred
 * replica, taken as an index: so does 0.8.2.
 * @param partitions how many it shall have in all
 * @param assignment replicas of the new partitions; without it, Kafka's formula
 * @returns `NoNode` if there is no such topic
 * @throws AdminOperationError if it has that many already, or the replicas are not as many as it has elsewhere, or (3.0)
 * they are moving
 */
export function* addPartitions(
  zk: ZkClient,
  versions: ProtocolVersions,
  topic: string,
  partitions: number,
  assignment?: ReadonlyMap<number, readonly number[]>,
): Task<ZkError> {
  const node = yield* readNode(zk, zkPaths.topic(topic))
  const existing = node === undefined ? undefined : decodeAssignment(node.data)
  const first = existing?.get(0)
  if (existing === undefined || first === undefined) return 'NoNode'
  if (versions.expansionDuringMove === 'refused' && (yield* isMoving(zk, topic))) {
    throw new AdminOperationError(`partitions of ${topic} are moving`, 'move-in-progress')
  }
  const missing = partitions - existing.size
  if (missing <= 0) throw new AdminOperationError('the number of partitions can only be increased')
  const brokers = yield* readBrokerIds(zk)
  const start = first[0]!
  const added = assignment ?? assignReplicasToBrokers(brokers, missing, first.length, start, start, existing.size)
  const all = new Map([...existing, ...added])
  validateAssignment(all)
  yield* updatePersistent(zk, zkPaths.topic(topic), encodeAssignment(all, decodeTopicId(node!.data)))
  return 'OK'
}

/**
 * Replaces the settings of a topic and tells the brokers.
 * @returns `NoNode` if there is no such topic
 */
export function* changeTopicConfig(
  zk: ZkClient,
  topic: string,
  config: Readonly<Record<string, string>>,
): Task<ZkError> {
  if ((yield* readAssignment(zk, topic)) === undefined) return 'NoNode'
  yield* updatePersistent(zk, zkPaths.configTopic(topic), encodeTopicConfig(config))
  const path = `${zkPaths.configChanges}/config_change_`
  const notified = yield* until<ZkResult<string>>((resume) =>
    zk.create(path, JSON.stringify(topic), 'persistent-sequential', resume),
  )
  return notified.error
}

/**
 * Asks the controller to give leadership of these partitions to their preferred replicas; those that do not exist are
 * left out.
 * @returns `NodeExists` if such a request is under way
 */
export function* requestPreferredElection(zk: ZkClient, partitions: PartitionList['partitions']): Task<ZkError> {
  const known: Array<{ topic: string; partition: number }> = []
  for (const { topic, partition } of partitions) {
    if ((yield* readAssignment(zk, topic))?.has(partition)) known.push({ topic, partition })
  }
  return yield* createPersistent(zk, zkPaths.preferredReplicaElection, encodePartitionList({ partitions: known }))
}

interface Move {
  readonly topic: string
  readonly partition: number
  /** Ids of brokers, the preferred leader first. */
  readonly replicas: readonly number[]
}

/**
 * Asks the controller to move partitions to other replicas (`ReassignPartitionsCommand`). What the tool does about
 * partitions and brokers that are not there differs: `moveTool`.
 * @returns `NodeExists` if such a request is under way
 * @throws AdminOperationError if a release that looks finds something unknown
 */
export function* requestReassignment(
  zk: ZkClient,
  { moveTool }: ProtocolVersions,
  partitions: readonly Move[],
): Task<ZkError> {
  const known: Move[] = []
  const unknown: string[] = []
  for (const move of partitions) {
    if ((yield* readAssignment(zk, move.topic))?.has(move.partition)) known.push(move)
    else unknown.push(`${move.topic}-${move.partition}`)
  }
  const strict = moveTool === 'partitions-must-exist' || moveTool === 'brokers-must-exist'
  if (unknown.length > 0 && (strict || (moveTool === 'some-must-exist' && known.length === 0)))
    throw new AdminOperationError(`no such partition: ${unknown.join(' ')}`, 'unknown-in-move')
  if (moveTool === 'brokers-must-exist') {
    const live = yield* readBrokerIds(zk)
    const dead = [...new Set(known.flatMap(({ replicas }) => replicas))].filter((id) => !live.includes(id))
    if (dead.length > 0) throw new AdminOperationError(`no such broker: ${dead.join(' ')}`, 'unknown-in-move')
  }
  return yield* createPersistent(zk, zkPaths.reassignPartitions, encodePartitionList({ partitions: known }))
}

function* isMoving(zk: ZkClient, topic: string): Task<boolean> {
  const node = yield* readNode(zk, zkPaths.reassignPartitions)
  return node !== undefined && decodePartitionList(node.data).some((move) => move.topic === topic)
}

/**
 * Asks the controller to delete a topic; nothing happens unless `delete.topic.enable` is set on it. The tool looks for the
 * topic first (`TopicCommand.deleteTopic`).
 * @returns `NoNode` if there is no such topic, `NodeExists` if it is to be deleted already
 */
export function* requestTopicDeletion(zk: ZkClient, topic: string): Task<ZkError> {
  if (!(yield* readChildren(zk, zkPaths.brokerTopics)).includes(topic)) return 'NoNode'
  return yield* createPersistent(zk, zkPaths.deleteTopic(topic), '')
}

function validateAssignment(assignment: ReadonlyMap<number, readonly number[]>): void {
  const replicaCounts = new Set<number>()
  for (const [partition, replicas] of assignment) {
    replicaCounts.add(replicas.length)
    if (new Set(replicas).size !== replicas.length) {
      throw new AdminOperationError(`partition ${partition} has a broker twice among its replicas [${replicas}]`)
    }
  }
  if (replicaCounts.size !== 1) throw new AdminOperationError('all partitions must have the same number of replicas')
}
