/**
 * What the fetchers do to a broker's follower replicas: append, take the high watermark over, cut back
 * (`kafka/server/ReplicaFetcherThread.scala`, 0.8.2.2; replication.md 2.3 and 2.7).
 */
import type { Host } from '../host/index.ts'
import { ErrorCode, type FetchPartitionResult, type TopicPartition } from '../protocol/index.ts'
import { batchesOf, type EpochEndOffset, LogError, type LogManager, UNDEFINED_EPOCH_END } from '../storage/index.ts'
import type { ProtocolVersions } from '../versions.ts'
import { isDiskFailure, withDisk } from './disk-failure.ts'
import { traceBroker } from './events.ts'
import type { FetcherTarget } from './fetcher-target.ts'
import { followerHighWatermark } from './high-watermark.ts'
import type { Partition } from './partition.ts'
import type { LocalReplica } from './replica.ts'
import type { TopicConfigs } from './topic-configs.ts'

type TruncationReason = Parameters<FetcherTarget['truncate']>[2]

export interface FollowerReplicasOptions {
  readonly versions: ProtocolVersions
  readonly logs: LogManager
  readonly topicConfigs: TopicConfigs
  readonly find: (tp: TopicPartition) => Partition | undefined
  /** Somebody may read further now. */
  readonly unblockFetches: (tp: TopicPartition) => void
}

export class FollowerReplicas implements FetcherTarget {
  private readonly host: Host
  private readonly options: FollowerReplicasOptions

  constructor(host: Host, options: FollowerReplicasOptions) {
    this.host = host
    this.options = options
  }

  logEndOffset(tp: TopicPartition): number {
    return this.options.find(tp)?.local?.logEndOffset ?? 0
  }

  highWatermark(tp: TopicPartition): number {
    const local = this.options.find(tp)?.local
    return local === undefined ? 0 : local.knownHighWatermark
  }

  latestEpoch(tp: TopicPartition): number | undefined {
    return this.options.find(tp)?.local?.log.leaderEpochCache?.latestEpoch
  }

  endOffsetForEpoch(tp: TopicPartition, epoch: number): EpochEndOffset {
    const log = this.options.find(tp)?.local?.log
    return log?.leaderEpochCache?.endOffsetFor(epoch, log.logEndOffset) ?? UNDEFINED_EPOCH_END
  }

  processPartitionData(
    tp: TopicPartition,
    fetchOffset: number,
    data: FetchPartitionResult,
  ): number | 'damaged' | 'failed' {
    const partition = this.options.find(tp)
    const local = partition?.local
    // The replica must exist and end where the fetch began; anything else is an exception.
    if (partition === undefined || local === undefined || local.logEndOffset !== fetchOffset) return 'failed'
    const { records } = data
    if (records.length > 0) {
      try {
        const { count } = withDisk(this.host, () => local.log.append(records, { assignOffsets: false }))
        if (count > 0 && this.host.tracing) partition.traceRecords(local, 'follower', records)
      } catch (error) {
        if (!(error instanceof LogError)) throw error
        const isDamaged = error.errorCode === ErrorCode.InvalidMessage || error.errorCode === ErrorCode.InvalidRecord
        if (!isDamaged) return 'failed'
        // Up to 0.10.1.0 the fetch position moves on all the same: the next data will not fit the log, and the thread dies then.
        return this.options.versions.damagedFetch === 'skipped' ? nextOffset(records, fetchOffset) : 'damaged'
      }
    }
    this.takeHighWatermark(partition, local, data.highWatermark)
    return local.logEndOffset
  }

  private takeHighWatermark(partition: Partition, local: LocalReplica, leaders: number): void {
    const from = local.highWatermark
    const own = followerHighWatermark(local.logEndOffset, leaders)
    const to = this.options.versions.highWatermarkBounds === 'log' ? Math.max(own, local.log.logStartOffset) : own
    if (from === to) return
    local.highWatermark = to
    const { tp, leaderEpoch } = partition
    if (this.host.tracing)
      traceBroker(this.host, { kind: 'HighWatermark', tp, role: 'follower', leaderEpoch, from, to })
    if (this.options.versions.followerReads === 'allowed-and-woken') this.options.unblockFetches(tp)
  }

  uncleanElectionEnabled(topic: string, done: (enabled: boolean) => void): void {
    const { versions, topicConfigs } = this.options
    if (versions.uncleanElection === 'always') return done(true)
    topicConfigs.readThen(topic, () => done(topicConfigs.config(topic)['unclean.leader.election.enable']))
  }

  truncate(tp: TopicPartition, offset: number, reason: TruncationReason): boolean {
    return this.cut(tp, reason, () => this.options.logs.truncateTo(tp, offset))
  }

  truncateFullyAndStartAt(tp: TopicPartition, offset: number): boolean {
    return this.cut(tp, 'out-of-range', () => this.options.logs.truncateFullyAndStartAt(tp, offset))
  }

  haltBroker(reason: string): never {
    return this.host.halt(reason)
  }

  /** Up to 2.3 the high watermark stays as it is, and may lie outside of the log until the next fetch has been answered. */
  private cut(tp: TopicPartition, reason: TruncationReason, body: () => void): boolean {
    const from = this.logEndOffset(tp)
    try {
      body()
      return true
    } catch (error) {
      // The thread logs the failure, and fetches again from where it was or leaves the partition out.
      if (!isDiskFailure(error)) throw error
      return false
    } finally {
      const partition = this.options.find(tp)
      const local = partition?.local
      if (partition !== undefined && local !== undefined) this.wasCut(partition, local, from, reason)
    }
  }

  private wasCut(partition: Partition, local: LocalReplica, from: number, reason: TruncationReason): void {
    const { tp, leaderEpoch } = partition
    const before = local.highWatermark
    if (this.options.versions.highWatermarkBounds === 'log') local.boundHighWatermark()
    if (!this.host.tracing) return
    const { logEndOffset: to, highWatermark } = local
    if (from !== to || reason === 'out-of-range') {
      traceBroker(this.host, { kind: 'Truncated', tp, from, to, reason, highWatermark })
    }
    if (before !== highWatermark) {
      const change = { from: before, to: highWatermark, leaderEpoch }
      traceBroker(this.host, { kind: 'HighWatermark', tp, role: 'follower', ...change })
    }
  }
}

/** Offset after the last whole message in what was fetched. */
function nextOffset(records: Uint8Array, fetchOffset: number): number {
  let next = fetchOffset
  for (const { lastOffset } of batchesOf(records)) next = lastOffset + 1
  return next
}
