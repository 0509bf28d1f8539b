/** Topic-level keys (`/config/topics/T`), each falling back to the broker's key: `kafka/log/LogConfig.scala`, 0.8.2.2. */
import type { BrokerConfig } from './broker-config.ts'
import { cleanupPolicies } from './cleanup-policy.ts'
import { type ConfigValues, configValues, double, flag, int, text } from './config-def.ts'
import { messageSettings } from './message-settings.ts'

const HOUR_MS = 3_600_000

export const topicConfigTable = {
  'segment.bytes': int(1_073_741_824, 'segment size that makes a new one begin', 14),
  'segment.ms': int(168 * HOUR_MS, 'age of a segment that makes a new one begin', 0),
  'segment.jitter.ms': int(0, 'by how much at most a segment is rolled earlier, drawn for each', 0),
  preallocate: flag(false, 'a segment gets its full size on disk when it begins, from 0.9'),
  'segment.index.bytes': int(10_485_760, 'size an offset index is allocated with', 8),
  'index.interval.bytes': int(4096, 'bytes of log between two index entries', 0),
  'flush.messages': int(Number.MAX_SAFE_INTEGER, 'messages appended before the log is flushed', 1),
  'flush.ms': int(Number.MAX_SAFE_INTEGER, 'time that messages may be unflushed', 0),
  'retention.ms': int(168 * HOUR_MS, 'how long closed segments are kept'),
  'retention.bytes': int(-1, 'size that makes old segments go (-1: no limit)'),
  'file.delete.delay.ms': int(60_000, 'time between the renaming of a deleted file and its removal', 0),
  'max.message.bytes': int(1_000_012, 'largest message', 0),
  ...messageSettings,
  'cleanup.policy': text('delete', 'what happens to old segments', cleanupPolicies),
  'min.cleanable.dirty.ratio': double(0.5, 'share of bytes not yet compacted that makes the log be compacted', 0, 1),
  'delete.retention.ms': int(24 * HOUR_MS, 'how long a compacted log keeps tombstones', 0),
  'min.compaction.lag.ms': int(0, 'age below which a record is not compacted, from 0.10.1', 0),
  'max.compaction.lag.ms': int(Number.MAX_SAFE_INTEGER, 'age that makes compaction due, from 2.3', 1),
  'unclean.leader.election.enable': flag(true, 'a replica outside the ISR may lead when no member of it is alive'),
  'min.insync.replicas': int(1, 'ISR size below which acks=-1 writes are refused', 1),
} as const

export type TopicConfig = ConfigValues<typeof topicConfigTable>

/**
 * The configuration in force for a topic. `min.insync.replicas` of the broker is not a fallback in 0.8.2
 * (KAFKA-2114): pass `brokerMinIsr` for the releases that honour it.
 */
export function topicConfig(
  broker: BrokerConfig,
  overrides: Readonly<Record<string, unknown>>,
  options: { readonly brokerMinIsr: boolean },
): TopicConfig {
  const fallback: Record<string, unknown> = {
    'segment.bytes': broker['log.segment.bytes'],
    'segment.ms': broker['log.roll.ms'] ?? broker['log.roll.hours'] * HOUR_MS,
    'segment.jitter.ms': broker['log.roll.jitter.ms'] ?? broker['log.roll.jitter.hours'] * HOUR_MS,
    preallocate: broker['log.preallocate'],
    'segment.index.bytes': broker['log.index.size.max.bytes'],
    'index.interval.bytes': broker['log.index.interval.bytes'],
    'flush.messages': broker['log.flush.interval.messages'],
    'flush.ms': broker['log.flush.interval.ms'] ?? broker['log.flush.scheduler.interval.ms'],
    'retention.ms': retentionMs(broker),
    'retention.bytes': broker['log.retention.bytes'],
    'file.delete.delay.ms': broker['log.segment.delete.delay.ms'],
    'max.message.bytes': broker['message.max.bytes'],
    'compression.type': broker['compression.type'],
    'message.format.version': broker['log.message.format.version'],
    'message.downconversion.enable': broker['log.message.downconversion.enable'],
    'message.timestamp.type': broker['log.message.timestamp.type'],
    'message.timestamp.difference.max.ms': broker['log.message.timestamp.difference.max.ms'],
    'message.timestamp.before.max.ms': broker['log.message.timestamp.before.max.ms'],
    'message.timestamp.after.max.ms': broker['log.message.timestamp.after.max.ms'],
    'cleanup.policy': broker['log.cleanup.policy'],
    'min.cleanable.dirty.ratio': broker['log.cleaner.min.cleanable.ratio'],
    'delete.retention.ms': broker['log.cleaner.delete.retention.ms'],
    'min.compaction.lag.ms': broker['log.cleaner.min.compaction.lag.ms'],
    'max.compaction.lag.ms': broker['log.cleaner.max.compaction.lag.ms'],
    'unclean.leader.election.enable': broker['unclean.leader.election.enable'],
  }
  if (options.brokerMinIsr) fallback['min.insync.replicas'] = broker['min.insync.replicas']
  return configValues(topicConfigTable, fallback, overrides)
}

/** The first that is set counts; -1: no limit. */
function retentionMs(broker: BrokerConfig): number {
  const minutes = broker['log.retention.minutes'] ?? broker['log.retention.hours'] * 60
  return Math.max(-1, broker['log.retention.ms'] ?? minutes * 60_000)
}
