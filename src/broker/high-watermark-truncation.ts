/**
 * What new followers do with their logs up to 0.10 (F11): each is cut back to its own high watermark, all of a request
 * before any fetches (`ReplicaManager.makeFollowers`, 0.8.2.2; replication.md 2.6).
 */
import type { Host } from '../host/index.ts'
import type { TopicPartition } from '../protocol/index.ts'
import type { LogManager } from '../storage/index.ts'
import { traceBroker } from './events.ts'
import type { Partition } from './partition.ts'

/**
 * A new follower whose high watermark is unknown cannot be cut back to it: in Kafka, `Log.truncateTo` throws and all
 * follower changes of the request stop half-way, without a fetcher.
 */
export class NegativeTruncation extends Error {}

/**
 * @param becameFollower told of each partition when the logs have been cut, also if that failed half-way
 * @throws NegativeTruncation, FileError, LogError
 */
export function truncateToHighWatermarks(
  host: Host,
  logs: LogManager,
  partitions: readonly Partition[],
  becameFollower: (partition: Partition) => void,
): void {
  if (partitions.length === 0) return
  const offsets = new Map<TopicPartition, number>()
  const ends = partitions.map(({ local }) => local!.logEndOffset)
  for (const { tp, local } of partitions) {
    if (local!.highWatermark < 0) throw new NegativeTruncation()
    offsets.set(tp, local!.highWatermark)
  }
  try {
    logs.truncateAll(offsets)
  } finally {
    for (let i = 0; i < partitions.length; i++) {
      const partition = partitions[i]!
      const { tp, local } = partition
      const from = ends[i]!
      const { logEndOffset: to, highWatermark } = local!
      becameFollower(partition)
      if (to < from && host.tracing) {
        traceBroker(host, { kind: 'Truncated', tp, from, to, reason: 'became-follower', highWatermark })
      }
    }
  }
}
