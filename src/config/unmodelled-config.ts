/**
 * Keys of `server.properties` that 0.8.2.2 knows and that change nothing in a simulation, with its types, bounds and
 * defaults (`core/src/main/scala/kafka/server/KafkaConfig.scala`, `ZKConfig` of `kafka/utils/ZkUtils.scala`). A key that
 * `brokerConfigTable` has is modelled, whether it stands here or not.
 */
import { type ConfigTable, flag, int, text } from './config-def.ts'

const INT_MAX = 2_147_483_647
const KIB = 1024

export const unmodelledConfigTable: ConfigTable = {
  'broker.id': int(-1, 'the brokers are numbered b1, b2 … by the scenario', 0),
  'zookeeper.connect': text('', 'the brokers find the ensemble of the scenario'),
  'host.name': text('', "a machine's name is its host name"),
  'advertised.host.name': text('', "a machine's name is its host name"),
  'advertised.port': int(9092, 'a broker is found at the port it listens on', 0, 65_535),
  'log.dir': text('/tmp/kafka-logs', "a broker has one directory, the root of its machine's disk"),
  'log.dirs': text('/tmp/kafka-logs', "a broker has one directory, the root of its machine's disk"),
  'num.network.threads': int(3, 'requests take no time of a thread', 1),
  'num.io.threads': int(8, 'requests take no time of a thread', 1),
  'background.threads': int(10, 'background work takes no time of a thread', 1),
  'num.recovery.threads.per.data.dir': int(1, 'logs are loaded one after another', 1),
  'queued.max.requests': int(500, 'requests do not queue', 1),
  'socket.send.buffer.bytes': int(100 * KIB, 'connections have no buffers of their own'),
  'socket.receive.buffer.bytes': int(100 * KIB, 'connections have no buffers of their own'),
  'replica.socket.receive.buffer.bytes': int(64 * KIB, 'connections have no buffers of their own'),
  'socket.request.max.bytes': int(100 * KIB * KIB, 'requests of any size are taken', 1),
  'max.connections.per.ip': int(INT_MAX, 'connections are not counted', 1),
  'max.connections.per.ip.overrides': text('', 'connections are not counted'),
  'connections.max.idle.ms': int(600_000, 'idle connections stay open'),
  'controller.message.queue.size': int(INT_MAX, 'requests of the controller do not fill a queue'),
  'fetch.purgatory.purge.interval.requests': int(1000, 'what is done leaves the purgatory at once'),
  'producer.purgatory.purge.interval.requests': int(1000, 'what is done leaves the purgatory at once'),
  'offsets.topic.compression.codec': text('0', 'the topic of offsets is written uncompressed', [
    ...['0', '1', '2', '3'],
    ...['none', 'gzip', 'snappy', 'lz4'],
  ]),
  'kafka.metrics.polling.interval.secs': int(10, 'there are no metrics reporters', 0),
  'kafka.metrics.reporters': text('', 'there are no metrics reporters'),
  'kafka.csv.metrics.reporter.enabled': flag(false, 'there are no metrics reporters'),
  'kafka.csv.metrics.dir': text('', 'there are no metrics reporters'),
}

/** Keys whose values are 64-bit numbers; other whole numbers have 32 bits. */
export const longConfigKeys: ReadonlySet<string> = new Set([
  'connections.max.idle.ms',
  'log.retention.bytes',
  'log.retention.ms',
  'log.retention.check.interval.ms',
  'log.cleaner.dedupe.buffer.size',
  'log.cleaner.backoff.ms',
  'log.cleaner.delete.retention.ms',
  'log.cleaner.min.compaction.lag.ms',
  'log.cleaner.max.compaction.lag.ms',
  'log.message.timestamp.difference.max.ms',
  'log.message.timestamp.before.max.ms',
  'log.message.timestamp.after.max.ms',
  'log.flush.interval.messages',
  'log.flush.interval.ms',
  'log.flush.scheduler.interval.ms',
  'log.segment.delete.delay.ms',
  'replica.lag.time.max.ms',
  'replica.lag.max.messages',
  'replica.high.watermark.checkpoint.interval.ms',
  'offsets.retention.check.interval.ms',
])
