/**
 * Keys of the old producer (`kafka/producer/ProducerConfig.scala`, `async/AsyncProducerConfig.scala`, 0.8.2.2) and of the
 * simple consumer, as far as they are modelled.
 */
import { type ConfigValues, flag, int, text } from './config-def.ts'

export const producerConfigTable = {
  'request.required.acks': int(0, '0: no answer, 1: the leader has written, -1: the whole ISR has', -1),
  'request.timeout.ms': int(
    10_000,
    'how long the broker may wait for acknowledgements, and the client for an answer',
    1,
  ),
  'message.send.max.retries': int(3, 'attempts after the first', 0),
  'retry.backoff.ms': int(100, 'pause before a retry, in which metadata is refreshed', 0),
  'topic.metadata.refresh.interval.ms': int(
    600_000,
    'time between two refreshes of metadata (negative: on failure only)',
  ),
  'producer.type': text('sync', 'sync: send waits for the outcome; async: messages wait in a queue', ['sync', 'async']),
  'queue.buffering.max.ms': int(5000, 'async: how long messages are collected for a batch', 0),
  'queue.buffering.max.messages': int(10_000, 'async: messages that the queue holds', 1),
  'queue.enqueue.timeout.ms': int(
    -1,
    'async, with a full queue: how long send waits for room (negative: for ever) before it drops the message (0: at once)',
  ),
  'batch.num.messages': int(200, 'async: messages that make a batch full', 1),
  'compression.codec': text('none', 'how message sets are compressed', ['none', 'gzip', 'snappy', 'lz4']),
  'compressed.topics': text('', 'topics whose messages are compressed, separated by commas (none: all)'),
  'partitioner.class': text(
    'kafka.producer.DefaultPartitioner',
    'which partition a keyed message goes to: a class, or a JavaScript module beside the scenario (./my-partitioner.js)',
  ),
  'serializer.class': text('kafka.serializer.StringEncoder', 'how values become bytes', [
    'kafka.serializer.StringEncoder',
    'kafka.serializer.DefaultEncoder',
  ]),
  'key.serializer.class': text(
    '',
    'how keys become bytes (as values, if not set); the DefaultEncoder takes byte arrays, whose Java hash is arbitrary',
    ['', 'kafka.serializer.StringEncoder', 'kafka.serializer.DefaultEncoder', 'kafka.serializer.NullEncoder'],
  ),
} as const

export type ProducerConfig = ConfigValues<typeof producerConfigTable>

export const simpleConsumerConfigTable = {
  'fetch.message.max.bytes': int(1_048_576, 'bytes fetched of a partition at a time', 1),
  'fetch.wait.max.ms': int(100, 'longest wait of a fetch for data', 0),
  'fetch.min.bytes': int(1, 'bytes that end the wait of a fetch', 0),
  'refresh.leader.backoff.ms': int(200, 'pause before the leader is looked for again', 0),
  'socket.timeout.ms': int(30_000, 'a request unanswered for so long is given up', 1),
} as const

/** The simple consumer of scenarios also reads as one of kafka-clients does to which a partition is assigned. */
export const partitionConsumerConfigTable = {
  ...simpleConsumerConfigTable,
  'isolation.level': text('read_uncommitted', 'from 0.11: whether records of open and aborted transactions are read', [
    'read_uncommitted',
    'read_committed',
  ]),
} as const

/** Keys of the consumer of 0.9 and later (`ConsumerConfig.java`), with the defaults of 0.9.0.1. */
export const groupConsumerConfigTable = {
  'group.id': text('', 'the group that the consumer belongs to'),
  'session.timeout.ms': int(30_000, 'a member that is silent for so long is struck off', 1),
  'heartbeat.interval.ms': int(3000, 'time between two heartbeats', 1),
  'max.poll.interval.ms': int(300_000, 'longest time between two calls of poll, from 0.10.1', 1),
  'max.poll.records': int(Number.MAX_SAFE_INTEGER, 'messages that one poll hands out, from 0.10', 1),
  'enable.auto.commit': flag(true, 'commit in the background what poll has handed out'),
  'auto.commit.interval.ms': int(5000, 'time between two automatic commits', 0),
  'auto.offset.reset': text('latest', 'where to begin where nothing is committed', ['earliest', 'latest', 'none']),
  'partition.assignment.strategy': text('range', 'the assignor', ['range', 'roundrobin', 'sticky']),
  'fetch.min.bytes': int(1, 'bytes that end the wait of a fetch', 0),
  'fetch.max.wait.ms': int(500, 'longest wait of a fetch for data', 0),
  'max.partition.fetch.bytes': int(1_048_576, 'bytes fetched of a partition at a time', 0),
  'request.timeout.ms': int(40_000, 'a request unanswered for so long is given up', 1),
  'retry.backoff.ms': int(100, 'pause before something is tried again', 0),
  'reconnect.backoff.ms': int(50, 'pause before a broker is connected to again', 0),
  'isolation.level': text('read_uncommitted', 'from 0.11: whether records of open and aborted transactions are read', [
    'read_uncommitted',
    'read_committed',
  ]),
  'metadata.max.age.ms': int(300_000, 'age at which metadata is refreshed', 0),
} as const

export type GroupConsumerConfig = ConfigValues<typeof groupConsumerConfigTable>

/** Keys of the old high-level consumer (`kafka/consumer/ConsumerConfig.scala`, 0.8.2.2). */
export const oldConsumerConfigTable = {
  ...simpleConsumerConfigTable,
  'group.id': text('', 'name of the group; the same as `group` of the client'),
  'consumer.id': text('', 'name among the members of the group, for tests; made of host, time and chance if not set'),
  'auto.commit.enable': flag(true, 'commit offsets from time to time'),
  'auto.commit.interval.ms': int(60_000, 'time between two commits', 1),
  'auto.offset.reset': text('largest', 'where to begin without an offset, or with one that is out of range', [
    'smallest',
    'largest',
  ]),
  'offsets.storage': text('zookeeper', 'where offsets are kept', ['zookeeper', 'kafka']),
  'dual.commit.enabled': flag(
    true,
    'with offsets in Kafka: write them to ZooKeeper too, and begin at the larger one (for migration)',
  ),
  'offsets.commit.max.retries': int(5, 'attempts at the last commit, when it closes', 0),
  'offsets.channel.backoff.ms': int(1000, 'pause before the coordinator is looked for or asked again', 0),
  'offsets.channel.socket.timeout.ms': int(
    10_000,
    'a request to the coordinator unanswered for so long is given up',
    1,
  ),
  'partition.assignment.strategy': text(
    'range',
    'who gets which partition; range-ceil is the formula of the early documentation, which no release had',
    ['range', 'roundrobin', 'range-ceil'],
  ),
  'rebalance.max.retries': int(4, 'attempts at a rebalance', 1),
  'rebalance.backoff.ms': int(2000, 'pause before the next attempt', 0),
  'queued.max.message.chunks': int(2, 'fetched chunks that wait for the application, a stream', 1),
  'consumer.timeout.ms': int(-1, 'how long an iterator waits for a message before it ends (negative: for ever)'),
  'num.consumer.fetchers': int(1, 'fetchers a broker', 1),
  'exclude.internal.topics': flag(true, 'white- and blacklists leave out __consumer_offsets'),
  'zookeeper.session.timeout.ms': int(6000, 'session timeout that it asks ZooKeeper for', 1),
} as const

export type OldConsumerConfig = ConfigValues<typeof oldConsumerConfigTable>

export type SimpleConsumerConfig = ConfigValues<typeof simpleConsumerConfigTable>

export type PartitionConsumerConfig = ConfigValues<typeof partitionConsumerConfigTable>
