/**
 * What the fetchers do to a broker's follower replicas: append, take the high watermark over, cut back
 * (`kafka/server/ReplicaFetcherThread.scala`, 0.8.2.2; replication.md 2.3 and 2.7).
 */
import type { Host } from '../host/index.ts'
import { ErrorCode, type FetchPartitionResult, type TopicPartition } from '../protocol/index.ts'
import { LogError, type LogManager, readMessageSet } from '../storage/index.ts'
import type { ProtocolVersions } from '../versions.ts'
import { isDiskFailure, withDisk } from './disk-failure.ts'
import { traceBroker } from './events.ts'
import { followerHighWatermark } from './high-watermark.ts'
import type { Partition } from './partition.ts'
import type { LocalReplica } from './replica.ts'
import type { FetcherTarget } from './replica-fetcher.ts'
import type { TopicConfigs } from './topic-configs.ts'
import { tracedMessages } from './traced-messages.ts'

export interface FollowerReplicasOptions {
  readonly versions: ProtocolVersions
  readonly logs: LogManager
  readonly topicConfigs: TopicConfigs
  readonly find: (tp: TopicPartition) => Partition | undefined
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

  processPartitionData(tp: TopicPartition, fetchOffset: number, data: FetchPartitionResult): number | 'died' {
    const partition = this.options.find(tp)
    const local = partition?.local
    // The replica must exist and end where the fetch began; else Kafka's fetcher thread dies of the exception.
    if (partition === undefined || local === undefined || local.logEndOffset !== fetchOffset) return 'died'
    const { records } = data
    if (records.length > 0) {
      try {
        const { count } = withDisk(this.host, () => local.log.append(records, { assignOffsets: false }))
        if (count > 0 && this.host.tracing)
          partition.traceAppend(local, 'follower', tracedMessages(partition.topic, records))
      } catch (error) {
        if (!(error instanceof LogError)) throw error
        // Of all errors only a bad message is forgiven, and the fetch position moves on all the same: the next data
        // will not fit the log, and the thread dies then.
        return error.errorCode === ErrorCode.InvalidMessage ? nextOffset(records, fetchOffset) : 'died'
      }
    }
    this.takeHighWatermark(partition, local, data.highWatermark)
    return local.logEndOffset
  }

  private takeHighWatermark(partition: Partition, local: LocalReplica, leaders: number): void {
    const from = local.highWatermark
    const to = followerHighWatermark(local.logEndOffset, leaders)
    if (from === to) return
    local.highWatermark = to
    if (!this.host.tracing) return
    const { tp, leaderEpoch } = partition
    traceBroker(this.host, { kind: 'HighWatermark', tp, role: 'follower', leaderEpoch, from, to })
  }

  uncleanElectionEnabled(topic: string, done: (enabled: boolean) => void): void {
    const { versions, topicConfigs } = this.options
    if (versions.uncleanElection === 'always') return done(true)
    topicConfigs.readThen(topic, () => done(topicConfigs.config(topic)['unclean.leader.election.enable']))
  }

  truncate(tp: TopicPartition, offset: number): boolean {
    return this.cut(tp, () => this.options.logs.truncateTo(tp, offset))
  }

  truncateFullyAndStartAt(tp: TopicPartition, offset: number): boolean {
    return this.cut(tp, () => this.options.logs.truncateFullyAndStartAt(tp, offset))
  }

  haltBroker(reason: string): never {
    return this.host.halt(reason)
  }

  /** The high watermark stays as it is, and may lie outside of the log until the next fetch has been answered. */
  private cut(tp: TopicPartition, body: () => void): boolean {
    const from = this.logEndOffset(tp)
    try {
      body()
      return true
    } catch (error) {
      // The thread logs the failure and fetches again from where it was.
      if (!isDiskFailure(error)) throw error
      return false
    } finally {
      const local = this.options.find(tp)?.local
      if (local !== undefined && this.host.tracing) {
        const { logEndOffset: to, highWatermark } = local
        traceBroker(this.host, { kind: 'Truncated', tp, from, to, reason: 'out-of-range', highWatermark })
      }
    }
  }
}

/** Offset after the last whole message in what was fetched. */
function nextOffset(records: Uint8Array, fetchOffset: number): number {
  const last = readMessageSet(records).at(-1)
  return last === undefined ? fetchOffset : last.offset + 1
}
