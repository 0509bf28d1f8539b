/** What a fetcher is told, and what it does to the replicas of its broker. */
import type { FetchPartitionResult, TopicPartition } from '../protocol/index.ts'
import type { EpochEndOffset } from '../storage/index.ts'
import type { ProtocolVersions } from '../versions.ts'

export interface FetcherSettings {
  readonly brokerId: number
  readonly socketTimeoutMs: number
  readonly maxWaitMs: number
  readonly minBytes: number
  readonly maxBytes: number
  /** `replica.fetch.backoff.ms`: rest after a failed fetch, and of a partition after an error; none before 0.9. */
  readonly backoffMs: number
  readonly versions: ProtocolVersions
}

/** What the fetcher does to the broker's replicas. */
export interface FetcherTarget {
  logEndOffset(tp: TopicPartition): number
  /** The high watermark, or the LEO if it is not known. */
  highWatermark(tp: TopicPartition): number
  /** Undefined if no record in the log has one. */
  latestEpoch(tp: TopicPartition): number | undefined
  endOffsetForEpoch(tp: TopicPartition, epoch: number): EpochEndOffset
  /**
   * Appends what was fetched and takes over the high watermark.
   * @returns the offset to fetch next; `damaged`: the same is fetched again; `failed`: this partition cannot go on
   */
  processPartitionData(
    tp: TopicPartition,
    fetchOffset: number,
    data: FetchPartitionResult,
  ): number | 'damaged' | 'failed'
  /** Whether the topic allows unclean election, read from ZooKeeper as Kafka does at this point. */
  uncleanElectionEnabled(topic: string, done: (enabled: boolean) => void): void
  /** False if the disk failed on the way. */
  truncate(tp: TopicPartition, offset: number, reason: 'out-of-range' | 'leader-epoch' | 'high-watermark'): boolean
  /** False if the disk failed on the way. */
  truncateFullyAndStartAt(tp: TopicPartition, offset: number): boolean
  /** Ends the broker process. */
  haltBroker(reason: string): never
}
