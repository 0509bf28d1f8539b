/**
 * A fetch that waits for data (`kafka/server/DelayedFetch.scala`, 0.8.2.2; replication.md 2.3). When the wait ends data
 * and high watermark are read again.
 */
import type { Digest } from '../host/index.ts'
import { type FetchRequest, type TopicPartition, topicPartition } from '../protocol/index.ts'
import type { Partition } from './partition.ts'
import type { DelayedOperation } from './purgatory.ts'

export class DelayedFetch implements DelayedOperation {
  readonly partitions: readonly TopicPartition[]
  private readonly request: FetchRequest
  private readonly find: (tp: TopicPartition) => Partition | undefined
  private readonly answer: () => void

  constructor(request: FetchRequest, find: (tp: TopicPartition) => Partition | undefined, answer: () => void) {
    this.request = request
    this.partitions = request.partitions.map((p) => topicPartition(p.topic, p.partition))
    this.find = find
    this.answer = answer
  }

  isSatisfied(): boolean {
    const fromFollower = this.request.replicaId >= 0
    let bytes = 0
    for (let i = 0; i < this.partitions.length; i++) {
      const leader = this.find(this.partitions[i]!)?.leaderReplica()
      // Leader no more, or partition gone: answer with what there is.
      if (leader === undefined) return true
      const { fetchOffset, maxBytes } = this.request.partitions[i]!
      const endOffset = fromFollower ? leader.logEndOffset : leader.highWatermark
      // On a leader that was cut back to an older segment.
      if (fetchOffset > leader.logEndOffset) return true
      if (fetchOffset >= endOffset) continue
      if (this.request.minBytes <= 1) return true
      bytes += leader.log.read(fetchOffset, maxBytes, endOffset).records.length
    }
    return bytes >= this.request.minBytes
  }

  complete(): void {
    this.answer()
  }

  digest(digest: Digest): void {
    digest.int(this.request.correlationId).string(this.request.clientId).int(this.request.replicaId)
    for (const p of this.request.partitions) digest.string(p.topic).int(p.partition).int(p.fetchOffset)
  }
}
