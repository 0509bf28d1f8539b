/**
 * Keys of `server.properties` that the simulator models, with the defaults of 0.8.2.2
 * (`core/src/main/scala/kafka/server/KafkaConfig.scala`; formats.md section 10).
 */
import { cleanupPolicies } from './cleanup-policy.ts'
import { type ConfigValues, double, flag, int, text } from './config-def.ts'

export const brokerConfigTable = {
  port: int(9092, 'port that the broker listens on', 1, 65_535),
  'num.partitions': int(1, 'partitions of an auto-created topic', 1),
  'default.replication.factor': int(1, 'replicas of an auto-created topic', 1),
  'auto.create.topics.enable': flag(true, 'create a topic when its metadata is asked for'),
  'message.max.bytes': int(1_000_012, 'largest message', 0),
  'log.segment.bytes': int(1_073_741_824, 'segment size that makes a new one begin', 14),
  'log.roll.hours': int(168, 'age of a segment that makes a new one begin', 1),
  'log.retention.hours': int(168, 'how long closed segments are kept', 1),
  'log.retention.bytes': int(-1, 'size of a partition that makes old segments go (-1: no limit)'),
  'log.index.size.max.bytes': int(10_485_760, 'size an offset index is allocated with', 8),
  'log.index.interval.bytes': int(4096, 'bytes of log between two index entries', 0),
  'log.flush.interval.messages': int(Number.MAX_SAFE_INTEGER, 'messages appended to a log before it is flushed', 1),
  'log.cleanup.policy': text('delete', 'what happens to old segments', cleanupPolicies),
  'log.cleaner.enable': flag(false, 'compact the logs of topics whose cleanup.policy says so'),
  'log.cleaner.threads': int(1, 'logs compacted at a time', 1),
  'log.cleaner.min.cleanable.ratio': double(0.5, 'share of bytes not yet compacted that makes a log be taken', 0, 1),
  'log.cleaner.delete.retention.ms': int(86_400_000, 'how long a compacted log keeps tombstones', 0),
  'log.cleaner.min.compaction.lag.ms': int(0, 'age below which a record is not compacted, from 0.10.1', 0),
  'log.cleaner.max.compaction.lag.ms': int(Number.MAX_SAFE_INTEGER, 'age that makes compaction due, from 2.3', 1),
  'log.cleaner.dedupe.buffer.size': int(
    524_288_000,
    'bytes of the maps from keys to offsets, all threads together',
    24,
  ),
  'log.cleaner.io.buffer.size': int(524_288, 'bytes of the buffers to read and write, all threads together', 2),
  'log.cleaner.io.buffer.load.factor': double(0.9, 'how full a map from keys to offsets gets', 0, 1),
  'log.cleaner.io.max.bytes.per.second': double(Number.MAX_VALUE, 'what compaction reads and writes at most', 0),
  'log.cleaner.backoff.ms': int(15_000, 'rest of the cleaner when nothing is to be done', 0),
  'log.flush.offset.checkpoint.interval.ms': int(60_000, 'time between two recovery point checkpoints', 1),
  'unclean.leader.election.enable': flag(true, 'a replica outside the ISR may lead when no member of it is alive'),
  'min.insync.replicas': int(1, 'ISR size below which acks=-1 writes are refused; 0.8.2 honours it per topic only', 1),
  'replica.lag.time.max.ms': int(10_000, 'a follower that did not fetch for so long leaves the ISR', 1),
  'replica.lag.max.messages': int(4000, 'a follower so many messages behind leaves the ISR', 1),
  'replica.socket.timeout.ms': int(30_000, 'a fetch unanswered for so long is given up', 1),
  'replica.fetch.max.bytes': int(1_048_576, 'bytes a follower fetches of a partition at a time', 1),
  'replica.fetch.wait.max.ms': int(500, 'longest wait of a follower fetch for data', 0),
  'replica.fetch.min.bytes': int(1, 'bytes that end the wait of a follower fetch', 0),
  'replica.fetch.backoff.ms': int(1000, 'rest of a follower after a failed fetch, from 0.9', 0),
  'num.replica.fetchers': int(1, 'fetchers a source broker', 1),
  'replica.high.watermark.checkpoint.interval.ms': int(5000, 'time between two high watermark checkpoints', 1),
  'zookeeper.session.timeout.ms': int(6000, 'ZooKeeper session timeout', 1),
  'zookeeper.connection.timeout.ms': int(6000, 'longest wait for the first ZooKeeper connection', 1),
  'zookeeper.sync.time.ms': int(2000, 'how far a ZooKeeper follower may be behind', 1),
  'controller.socket.timeout.ms': int(30_000, 'a controller request unanswered for so long is sent again', 1),
  'controlled.shutdown.enable': flag(true, 'hand leadership over before stopping'),
  'controlled.shutdown.max.retries': int(3, 'attempts at a controlled shutdown', 0),
  'controlled.shutdown.retry.backoff.ms': int(5000, 'pause between two attempts', 0),
  'auto.leader.rebalance.enable': flag(true, 'give leadership back to preferred replicas'),
  'leader.imbalance.check.interval.seconds': int(300, 'time between two looks at leader imbalance', 1),
  'leader.imbalance.per.broker.percentage': int(10, 'imbalance that sets off a preferred election', 0),
  'delete.topic.enable': flag(false, 'topics may be deleted'),
} as const

export type BrokerConfig = ConfigValues<typeof brokerConfigTable>
