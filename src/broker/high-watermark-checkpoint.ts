/**
 * The file `replication-offset-checkpoint`: the high watermark of every replica on a broker, as it was at the last
 * checkpoint (`ReplicaManager.checkpointHighWatermarks` and `Partition.getOrCreateReplica`, 0.8.2.2).
 */
import type { Host } from '../host/index.ts'
import type { TopicPartition } from '../protocol/index.ts'
import { OffsetCheckpoint } from '../storage/index.ts'
import { traceBroker } from './events.ts'
import type { Partition } from './partition.ts'

export const HIGH_WATERMARK_FILE = 'replication-offset-checkpoint'

export class HighWatermarkCheckpoint {
  private readonly host: Host
  private readonly file: OffsetCheckpoint

  constructor(host: Host) {
    this.host = host
    this.file = new OffsetCheckpoint(host.files, HIGH_WATERMARK_FILE)
  }

  /**
   * The high watermark of a partition, 0 if the file has none.
   * @throws FileError, CorruptLogError
   */
  read(tp: TopicPartition): number {
    return this.file.read().get(tp) ?? 0
  }

  /**
   * Writes the high watermarks of all replicas that have been set up; without any the file stays as it is.
   * @throws FileError
   */
  write(partitions: Iterable<Partition>): void {
    const entries = new Map<TopicPartition, number>()
    for (const { tp, local } of partitions) {
      // Kafka writes -1 for a leader that does not know its own.
      if (local !== undefined) entries.set(tp, Math.max(0, local.highWatermark))
    }
    if (entries.size === 0) return
    this.file.write(entries)
    if (this.host.tracing) {
      traceBroker(this.host, { kind: 'HighWatermarksCheckpointed', entries: Object.fromEntries(entries) })
    }
  }
}
