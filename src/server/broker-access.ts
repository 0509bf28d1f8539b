/** The broker as its coordinators see it: replicas, metadata, and writes to internal topics. */
import type { MetadataCache, ProduceHandler, ReplicaManager } from '../broker/index.ts'
import type { BrokerAccess, InternalWrite } from '../coordinator/index.ts'
import type { ErrorCode, ProduceRequest } from '../protocol/index.ts'
import { topicPartition } from '../protocol/index.ts'
import type { LogManager } from '../storage/index.ts'

export interface BrokerAccessOptions {
  readonly brokerId: number
  readonly replicas: ReplicaManager
  readonly metadataCache: MetadataCache
  readonly logs: LogManager
  readonly produce: ProduceHandler
  createTopic(topic: string, done: (errorCode: ErrorCode) => void): void
}

type Done = Parameters<ProduceHandler['write']>[1]

export const brokerAccess = ({
  brokerId,
  replicas,
  metadataCache,
  logs,
  ...rest
}: BrokerAccessOptions): BrokerAccess => {
  const leaderReplica = (topic: string, partition: number) => replicas.find(topic, partition)?.leaderReplica()
  return {
    brokerId,
    hasTopic: (topic) => metadataCache.has(topic),
    hasPartition: (topic, partition) => metadataCache.hasPartition(topic, partition),
    leaderOf: (topic, partition) => metadataCache.leaderOf(topic, partition),
    highWatermark: (topic, partition) => leaderReplica(topic, partition)?.highWatermark ?? -1,
    logEndOffset: (topic, partition) => leaderReplica(topic, partition)?.logEndOffset ?? -1,
    log: (topic, partition) => logs.log(topicPartition(topic, partition)),
    append: (write, done) => {
      const answered: Done = ([result]) => done(result!.errorCode, result!.baseOffset)
      rest.produce.write(produceRequest(write), answered, write.onAgreed)
    },
    createTopic: (topic, done) => rest.createTopic(topic, done),
  }
}

const produceRequest = ({
  topic,
  partition,
  records,
  requiredAcks,
  timeoutMs,
  transactionalId,
}: InternalWrite): ProduceRequest => ({
  api: 'Produce',
  correlationId: -1,
  clientId: '',
  requiredAcks,
  ackTimeoutMs: timeoutMs,
  partitions: [{ topic, partition, records }],
  ...(transactionalId === undefined ? {} : { transactionalId }),
})
