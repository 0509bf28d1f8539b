/**
 * What the names in a log directory say (formats.md 2.1, 2.6, 2.7): files of segments with their base offsets, checkpoints,
 * markers, and what an unfinished roll, compaction or deletion left behind.
 */
import { splitTopicPartition, type TopicPartition, topicPartition } from '../../protocol/index.ts'

export type SegmentFileKind = 'log' | 'index' | 'timeindex' | 'txnindex' | 'snapshot'

/** On its way: given up, output of a compaction, or such output being put in its place. */
export type LifeCycleSuffix = '.deleted' | '.cleaned' | '.swap'

export interface SegmentFile {
  readonly kind: SegmentFileKind
  readonly name: string
  readonly baseOffset: number
  readonly suffix?: LifeCycleSuffix
}

/** Text files with an offset a partition, in the log directory. */
export const OFFSET_CHECKPOINTS = [
  'recovery-point-offset-checkpoint',
  'replication-offset-checkpoint',
  'log-start-offset-checkpoint',
  'cleaner-offset-checkpoint',
] as const

export type OffsetCheckpointName = (typeof OFFSET_CHECKPOINTS)[number]

export const EPOCH_CHECKPOINT = 'leader-epoch-checkpoint'
export const PARTITION_METADATA = 'partition.metadata'
export const META_PROPERTIES = 'meta.properties'
export const CLEAN_SHUTDOWN = '.kafka_cleanshutdown'

/** All kinds of files that can be shown. */
export type FileKind =
  | SegmentFileKind
  | 'leader-epochs'
  | 'partition-metadata'
  | 'offset-checkpoint'
  | 'meta-properties'
  | 'clean-shutdown'

/** The segment file of this name; undefined for any other name, and for offsets that cannot be counted here. */
export function segmentFileOf(name: string): SegmentFile | undefined {
  const match = /^(\d{20})\.(log|index|timeindex|txnindex|snapshot)(\.deleted|\.cleaned|\.swap)?$/.exec(name)
  const baseOffset = Number(match?.[1])
  if (match === null || !Number.isSafeInteger(baseOffset)) return undefined
  const kind = match[2] as SegmentFileKind
  return match[3] === undefined
    ? { kind, name, baseOffset }
    : { kind, name, baseOffset, suffix: match[3] as LifeCycleSuffix }
}

/** What a file of this name is; undefined where the name says nothing. */
export function fileKindOf(name: string): FileKind | undefined {
  if (name === EPOCH_CHECKPOINT) return 'leader-epochs'
  if (name === PARTITION_METADATA) return 'partition-metadata'
  if (name === META_PROPERTIES) return 'meta-properties'
  if (name === CLEAN_SHUTDOWN) return 'clean-shutdown'
  if (OFFSET_CHECKPOINTS.some((checkpoint) => checkpoint === name)) return 'offset-checkpoint'
  return segmentFileOf(name)?.kind
}

/** The partition that a directory of this name belongs to; undefined for any other directory. */
export function partitionOf(directoryName: string): TopicPartition | undefined {
  const name = directoryName.replace(/\.[0-9a-f]{32}-(delete|future|stray)$/, '')
  const { topic, partition } = splitTopicPartition(name)
  if (topic === '' || !Number.isSafeInteger(partition)) return undefined
  return topicPartition(topic, partition) === name ? name : undefined
}

/** Partitions of the topics that every broker compacts. */
export const isCompactedTopic = (partition: TopicPartition): boolean =>
  /^__(consumer_offsets|transaction_state)-\d+$/.test(partition)

/** `00000000000000001000.log` for 1000. */
export const segmentFileName = (baseOffset: number, kind: SegmentFileKind): string =>
  `${String(baseOffset).padStart(20, '0')}.${kind}`
