/**
 * A fetch that waits for data (`kafka/server/DelayedFetch.scala`, 0.8.2.2; replication.md 2.3). When the wait ends data
 * and high watermark are read again.
 */
import type { Digest } from '../host/index.ts'
import {
  ErrorCode,
  type FetchPartition,
  type FetchRequest,
  type TopicPartition,
  topicPartition,
} from '../protocol/index.ts'
import type { Log } from '../storage/index.ts'
import { isDiskFailure } from './disk-failure.ts'
import type { Partition } from './partition.ts'
import type { DelayedOperation } from './purgatory.ts'
import type { LocalReplica } from './replica.ts'

export class DelayedFetch implements DelayedOperation {
  readonly partitions: readonly TopicPartition[]
  private readonly request: FetchRequest
  private readonly find: (topic: string, partition: number) => Partition | undefined
  private readonly answer: () => void
  /** Base offset of the segment that each fetch offset lay in when the wait began. */
  private readonly segments: ReadonlyArray<number | undefined>

  constructor(
    request: FetchRequest,
    find: (topic: string, partition: number) => Partition | undefined,
    answer: () => void,
  ) {
    this.request = request
    this.find = find
    this.answer = answer
    this.partitions = request.partitions.map(
      (p) => find(p.topic, p.partition)?.tp ?? topicPartition(p.topic, p.partition),
    )
    this.segments = request.partitions.map((p) => {
      const log = find(p.topic, p.partition)?.local?.log
      return log === undefined ? undefined : segmentOf(log, p.fetchOffset)
    })
  }

  isSatisfied(): boolean {
    const { partitions, minBytes } = this.request
    let bytes = 0
    for (let i = 0; i < partitions.length; i++) {
      const wanted = partitions[i]!
      const partition = this.find(wanted.topic, wanted.partition)
      const leader = partition?.replicaFor(this.request.replicaId)
      // Leader no more, or of another epoch, or partition gone: answer with what there is.
      if (partition === undefined || leader === undefined) return true
      if (partition.checkEpoch(wanted.currentLeaderEpoch) !== ErrorCode.NoError) return true
      const end = this.endFor(leader)
      const before = this.segments[i] ?? -1
      const now = segmentOf(leader.log, end)
      if (wanted.fetchOffset >= end) {
        // The log was cut meanwhile, to an older segment.
        if (now < before) return true
        continue
      }
      // There is more, in a newer segment: the rest of the older one is the answer.
      if (now !== before) return true
      if (minBytes <= 1) return true
      bytes += readable(leader, wanted, end)
    }
    return bytes >= minBytes
  }

  /** How far the reader may read. */
  private endFor(replica: LocalReplica): number {
    const { replicaId, isolationLevel } = this.request
    if (replicaId >= 0) return replica.logEndOffset
    return isolationLevel === 'read_committed' ? replica.lastStableOffset : replica.highWatermark
  }

  complete(): void {
    this.answer()
  }

  digest(digest: Digest): void {
    digest.int(this.request.correlationId).string(this.request.clientId).int(this.request.replicaId)
    for (const p of this.request.partitions) digest.string(p.topic).int(p.partition).int(p.fetchOffset)
  }
}

/** Base offset of the segment that holds an offset: of the active one for the log end offset and all beyond. */
function segmentOf({ segments }: Log, offset: number): number {
  let slot = segments.length - 1
  while (slot > 0 && segments[slot]!.baseOffset > offset) slot--
  return segments[slot]!.baseOffset
}

/** Bytes between the fetch offset and the end; if they cannot be read, as many as end the wait: the answer tells why. */
function readable({ log }: LocalReplica, { fetchOffset }: FetchPartition, end: number): number {
  try {
    return log.read(fetchOffset, Number.MAX_SAFE_INTEGER, end).records.length
  } catch (error) {
    if (isDiskFailure(error)) return Number.MAX_SAFE_INTEGER
    throw error
  }
}
