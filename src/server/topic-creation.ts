/**
 * Topics that come into being because somebody asked for their metadata: those that the configuration allows, and the
 * offsets topic and the transaction log always (`KafkaApis.getTopicMetadata`, 0.8.2.2; `createGroupMetadataTopic`, `createInternalTopic` later).
 */
import { traceBroker } from '../broker/events.ts'
import type { BrokerConfig } from '../config/index.ts'
import {
  AdminOperationError,
  assignReplicasToBrokers,
  createTopic,
  Refusal,
  readBrokerIds,
  topicErrorCode,
  validateTopicName,
} from '../controller/index.ts'
import type { Host, Task } from '../host/index.ts'
import { ErrorCode, OFFSETS_TOPIC, randomUuid, TRANSACTION_LOG_TOPIC } from '../protocol/index.ts'
import type { ProtocolVersions } from '../versions.ts'
import type { ZkClient } from '../zookeeper/index.ts'

export interface TopicCreation {
  readonly host: Host
  readonly zk: ZkClient
  readonly config: BrokerConfig
  readonly versions: ProtocolVersions
  /** Brokers alive by this one's metadata cache. */
  liveBrokers(): number
}

interface NewTopic {
  readonly partitions: number
  readonly factor: number
  readonly config: Readonly<Record<string, string>>
}

/**
 * @returns `LeaderNotAvailable`: it exists now, ask again; `UnknownTopicOrPartition`: this broker creates none; anything
 * else: it could not be created
 */
export function* createMissingTopic(creation: TopicCreation, topic: string): Task<ErrorCode> {
  const { config, versions, zk, host } = creation
  const isOffsetsTopic = topic === OFFSETS_TOPIC && versions.groupCoordinator !== 'none'
  const isTransactionLog = topic === TRANSACTION_LOG_TOPIC && versions.transactions !== 'none'
  const isOwn = isOffsetsTopic || isTransactionLog
  if (!isOwn && !config['auto.create.topics.enable']) return ErrorCode.UnknownTopicOrPartition
  const wanted = isOffsetsTopic
    ? offsetsTopic(creation)
    : isTransactionLog
      ? transactionLog(creation)
      : ordinaryTopic(config)
  if (wanted === undefined) return ErrorCode.ConsumerCoordinatorNotAvailable
  try {
    const ids = yield* readBrokerIds(zk)
    const random = host.random('auto-create-topic')
    const start = random.intBelow(Math.max(1, ids.length), 'first broker')
    const shift = random.intBelow(Math.max(1, ids.length), 'shift')
    const assignment = assignReplicasToBrokers(ids, wanted.partitions, wanted.factor, start, shift)
    validateTopicName(topic)
    const id = versions.topicIds === 'kept' ? randomUuid(host.random('topic-id')) : undefined
    const error = yield* createTopic(zk, topic, assignment, wanted.config, id)
    return error === 'OK' || error === 'NodeExists' ? ErrorCode.LeaderNotAvailable : ErrorCode.Unknown
  } catch (error) {
    if (error instanceof Refusal) return ErrorCode.Unknown
    if (!(error instanceof AdminOperationError)) throw error
    const errorCode = topicErrorCode(error, versions)
    if (host.tracing) traceBroker(host, { kind: 'TopicNotCreated', topic, errorCode, reason: error.message })
    return errorCode
  }
}

const ordinaryTopic = (config: BrokerConfig): NewTopic => ({
  partitions: config['num.partitions'],
  factor: config['default.replication.factor'],
  config: {},
})

/** Undefined where brokers are missing that the replication factor needs (KIP-115); before, it has fewer replicas. */
function offsetsTopic({ config, versions, liveBrokers }: TopicCreation): NewTopic | undefined {
  const asked = config['offsets.topic.replication.factor']
  const alive = liveBrokers()
  if (versions.offsetsTopicReplicas === 'enforced' && alive < asked) return undefined
  return {
    partitions: config['offsets.topic.num.partitions'],
    factor: alive > 0 ? Math.min(asked, alive) : asked,
    config: { 'segment.bytes': String(config['offsets.topic.segment.bytes']), 'cleanup.policy': 'compact' },
  }
}

/** Undefined where brokers are missing that the replication factor needs. */
function transactionLog({ config, liveBrokers }: TopicCreation): NewTopic | undefined {
  const factor = config['transaction.state.log.replication.factor']
  if (liveBrokers() < factor) return undefined
  return {
    partitions: config['transaction.state.log.num.partitions'],
    factor,
    config: {
      'segment.bytes': String(config['transaction.state.log.segment.bytes']),
      'cleanup.policy': 'compact',
      'min.insync.replicas': String(config['transaction.state.log.min.isr']),
      'unclean.leader.election.enable': 'false',
      'compression.type': 'uncompressed',
    },
  }
}
