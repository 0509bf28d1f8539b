/**
 * All partitions of a broker, and what the controller makes of them: LeaderAndIsr, StopReplica, UpdateMetadata
 * (`kafka/server/ReplicaManager.scala`, 0.8.2.2; replication.md 2.6 to 2.8). Role changes run one after another, as
 * Kafka's `replicaStateChangeLock` has it.
 */

import type { BrokerConfig } from '../config/index.ts'
import { type Digest, FileError, fromMs, type Host, type Task, TaskQueue, until } from '../host/index.ts'
import {
  ErrorCode,
  type FetchPartitionResult,
  type LeaderAndIsrRequest,
  type PartitionErrors,
  type PartitionState,
  type StopReplicaRequest,
  type TopicPartition,
  topicPartition,
  type UpdateMetadataRequest,
} from '../protocol/index.ts'
import { AppendError, type LogManager, OffsetCheckpoint, readMessageSet } from '../storage/index.ts'
import type { ProtocolVersions } from '../versions.ts'
import type { ZkClient } from '../zookeeper/index.ts'
import { traceBroker } from './events.ts'
import { followerHighWatermark } from './high-watermark.ts'
import type { MetadataCache } from './metadata-cache.ts'
import { Partition, type PartitionContext } from './partition.ts'
import { Purgatory } from './purgatory.ts'
import { LocalReplica } from './replica.ts'
import type { FetcherTarget } from './replica-fetcher.ts'
import { ReplicaFetcherManager } from './replica-fetcher-manager.ts'
import type { TopicConfigs } from './topic-configs.ts'

export const HIGH_WATERMARK_FILE = 'replication-offset-checkpoint'

export interface ReplicaManagerOptions {
  readonly brokerId: number
  readonly config: BrokerConfig
  readonly versions: ProtocolVersions
  readonly zk: ZkClient
  readonly logs: LogManager
  readonly metadataCache: MetadataCache
  readonly topicConfigs: TopicConfigs
}

export class ReplicaManager implements PartitionContext, FetcherTarget {
  readonly host: Host
  readonly brokerId: number
  readonly versions: ProtocolVersions
  readonly zk: ZkClient
  readonly fetchPurgatory: Purgatory
  readonly producePurgatory: Purgatory
  readonly fetchers: ReplicaFetcherManager
  private readonly options: ReplicaManagerOptions
  private readonly partitions = new Map<TopicPartition, Partition>()
  private readonly stateChanges = new TaskQueue()
  private readonly highWatermarks: OffsetCheckpoint
  private checkpointing = false
  private shuttingDown = false
  /** Highest epoch of a controller that was obeyed. */
  private controllerEpoch = 0

  constructor(host: Host, options: ReplicaManagerOptions) {
    this.host = host
    this.options = options
    this.brokerId = options.brokerId
    this.versions = options.versions
    this.zk = options.zk
    this.fetchPurgatory = new Purgatory(host, 'fetch')
    this.producePurgatory = new Purgatory(host, 'produce')
    this.highWatermarks = new OffsetCheckpoint(host.files, HIGH_WATERMARK_FILE)
    const { config } = options
    this.fetchers = new ReplicaFetcherManager(
      host,
      config['num.replica.fetchers'],
      {
        brokerId: options.brokerId,
        socketTimeoutMs: config['replica.socket.timeout.ms'],
        maxWaitMs: config['replica.fetch.wait.max.ms'],
        minBytes: config['replica.fetch.min.bytes'],
        maxBytes: config['replica.fetch.max.bytes'],
      },
      this,
    )
  }

  /** Starts the periodic look at lagging followers. */
  startup(): void {
    this.every(this.options.config['replica.lag.time.max.ms'], 'isr-expiration', (again) => this.shrinkIsrs(again))
    this.every(this.options.config['log.flush.offset.checkpoint.interval.ms'], 'recovery-point-checkpoint', (again) => {
      this.withDisk(() => this.options.logs.checkpointRecoveryPoints())
      again()
    })
  }

  partition(tp: TopicPartition): Partition | undefined {
    return this.partitions.get(tp)
  }

  get all(): Iterable<Partition> {
    return this.partitions.values()
  }

  unblockFetches(tp: TopicPartition): void {
    this.fetchPurgatory.update(tp)
  }

  unblockProduces(tp: TopicPartition): void {
    this.producePurgatory.update(tp)
  }

  /** Runs something that writes to disk; a failing disk ends the broker, as `KafkaStorageException` does. */
  withDisk<T>(body: () => T): T {
    try {
      return body()
    } catch (error) {
      if (error instanceof FileError) this.host.halt(`unrecoverable I/O error: ${error.message}`)
      throw error
    }
  }

  // ---- what the controller sends ----

  becomeLeaderOrFollower(
    request: LeaderAndIsrRequest,
    done: (errorCode: ErrorCode, partitions: readonly PartitionErrors[]) => void,
  ): void {
    const self = this
    this.stateChanges.add('LeaderAndIsr', function* () {
      if (!self.obey(request.controllerEpoch)) {
        self.traceRefused(null, ErrorCode.StaleControllerEpoch)
        return done(ErrorCode.StaleControllerEpoch, [])
      }
      const errors: PartitionErrors[] = []
      const leaders: PartitionState[] = []
      const followers: PartitionState[] = []
      for (const state of request.partitionStates) {
        const { topic, partition: number } = state
        const partition = self.getOrCreatePartition(topic, number)
        if (state.leaderAndIsr.leaderEpoch <= partition.leaderEpoch) {
          self.traceRefused(partition.tp, ErrorCode.StaleLeaderEpoch)
          errors.push({ topic, partition: number, errorCode: ErrorCode.StaleLeaderEpoch })
        } else if (state.replicas.includes(self.brokerId)) {
          errors.push({ topic, partition: number, errorCode: ErrorCode.NoError })
          if (state.leaderAndIsr.leader === self.brokerId) leaders.push(state)
          else followers.push(state)
        }
      }
      yield* self.makeLeaders(leaders)
      yield* self.makeFollowers(followers, request)
      self.startCheckpointing()
      self.fetchers.shutdownIdle()
      done(ErrorCode.NoError, errors)
    })
  }

  private *makeLeaders(states: readonly PartitionState[]): Task<void> {
    yield* this.fetchers.removePartitions(states.map((s) => topicPartition(s.topic, s.partition)))
    for (const state of states) {
      const partition = this.getOrCreatePartition(state.topic, state.partition)
      const local = yield* this.localReplica(partition)
      yield* until<void>((resume) =>
        partition.lock.whenFree(() => {
          partition.makeLeader(state, local)
          resume()
        }),
      )
    }
  }

  private *makeFollowers(states: readonly PartitionState[], request: LeaderAndIsrRequest): Task<void> {
    const changed: Partition[] = []
    for (const state of states) {
      const partition = this.getOrCreatePartition(state.topic, state.partition)
      // Also when the leader is not available, so that the checkpoint file keeps the partition (KAFKA-1647).
      const local = yield* this.localReplica(partition)
      if (!request.liveLeaders.some((broker) => broker.id === state.leaderAndIsr.leader)) continue
      const moved = yield* until<boolean>((resume) =>
        partition.lock.whenFree(() => resume(partition.makeFollower(state, local))),
      )
      if (moved) changed.push(partition)
      else this.traceBecameFollower(partition, local)
    }
    yield* this.fetchers.removePartitions(changed.map((partition) => partition.tp))
    for (const partition of changed) {
      const local = partition.local!
      const from = local.logEndOffset
      this.withDisk(() => this.options.logs.truncateTo(partition.tp, local.highWatermark))
      this.traceBecameFollower(partition, local)
      if (local.logEndOffset < from) this.traceTruncated(partition.tp, from, 'became-follower')
    }
    if (this.shuttingDown) return
    for (const partition of changed) {
      const leader = request.liveLeaders.find((broker) => broker.id === partition.leaderId)!
      this.fetchers.addPartition(partition.tp, leader, partition.local!.logEndOffset)
    }
  }

  /** The broker's own replica: set up on first use, with the checkpointed high watermark, as far as the log reaches. */
  private *localReplica(partition: Partition): Task<LocalReplica> {
    if (partition.local !== undefined) return partition.local
    yield* this.options.topicConfigs.read(partition.topic)
    const local = this.withDisk(() => {
      const log = this.options.logs.getOrCreate(partition.tp)
      const checkpointed = this.highWatermarks.read().get(partition.tp) ?? 0
      return new LocalReplica(this.brokerId, log, Math.min(checkpointed, log.logEndOffset))
    })
    partition.local = local
    if (this.host.tracing) {
      const { logEndOffset, highWatermark } = local
      traceBroker(this.host, { kind: 'ReplicaCreated', tp: partition.tp, logEndOffset, highWatermark })
    }
    return local
  }

  stopReplicas(
    request: StopReplicaRequest,
    done: (errorCode: ErrorCode, partitions: readonly PartitionErrors[]) => void,
  ): void {
    const self = this
    this.stateChanges.add('StopReplica', function* () {
      if (!self.obey(request.controllerEpoch)) return done(ErrorCode.StaleControllerEpoch, [])
      const tps = request.partitions.map((p) => topicPartition(p.topic, p.partition))
      yield* self.fetchers.removePartitions(tps)
      // Without deletion the cached role and ISR stay as they are.
      if (request.deletePartitions) for (const tp of tps) yield* self.deletePartition(tp)
      self.fetchers.shutdownIdle()
      done(
        ErrorCode.NoError,
        request.partitions.map((p) => ({ ...p, errorCode: ErrorCode.NoError })),
      )
    })
  }

  private *deletePartition(tp: TopicPartition): Task<void> {
    const partition = this.partitions.get(tp)
    if (partition !== undefined) {
      this.partitions.delete(tp)
      yield* until<void>((resume) =>
        partition.lock.whenFree(() => {
          partition.clear()
          resume()
        }),
      )
    }
    if (this.options.logs.log(tp) !== undefined) this.withDisk(() => this.options.logs.delete(tp))
    if (this.host.tracing) traceBroker(this.host, { kind: 'ReplicaDeleted', tp })
  }

  updateMetadata(request: UpdateMetadataRequest, done: (errorCode: ErrorCode) => void): void {
    const self = this
    this.stateChanges.add('UpdateMetadata', function* () {
      if (!self.obey(request.controllerEpoch)) return done(ErrorCode.StaleControllerEpoch)
      self.options.metadataCache.update(request)
      if (self.host.tracing) {
        const brokers = request.liveBrokers.map((broker) => broker.id)
        const event = { kind: 'MetadataUpdated', brokers, partitions: request.partitionStates.length } as const
        traceBroker(self.host, event)
      }
      done(ErrorCode.NoError)
    })
  }

  private obey(controllerEpoch: number): boolean {
    if (controllerEpoch < this.controllerEpoch) return false
    this.controllerEpoch = controllerEpoch
    return true
  }

  private getOrCreatePartition(topic: string, number: number): Partition {
    const tp = topicPartition(topic, number)
    let partition = this.partitions.get(tp)
    if (partition === undefined) {
      partition = new Partition(this, topic, number)
      this.partitions.set(tp, partition)
    }
    return partition
  }

  // ---- what the fetchers bring ----

  logEndOffset(tp: TopicPartition): number {
    return this.partitions.get(tp)?.local?.logEndOffset ?? 0
  }

  nextOffset(records: Uint8Array): number | undefined {
    const last = readMessageSet(records).at(-1)
    return last === undefined ? undefined : last.offset + 1
  }

  processPartitionData(tp: TopicPartition, fetchOffset: number, data: FetchPartitionResult): 'ok' | 'invalid' | 'died' {
    const partition = this.partitions.get(tp)
    const local = partition?.local
    // The replica must exist and end where the fetch began; else Kafka's fetcher thread dies of the exception.
    if (partition === undefined || local === undefined || local.logEndOffset !== fetchOffset) return 'died'
    try {
      if (data.records.length > 0) {
        this.withDisk(() => local.log.append(data.records, { assignOffsets: false }))
        if (local.logEndOffset > fetchOffset) partition.traceAppend(local, 'follower', fetchOffset)
      }
    } catch (error) {
      if (error instanceof AppendError) return 'invalid'
      throw error
    }
    const from = local.highWatermark
    const to = followerHighWatermark(local.logEndOffset, data.highWatermark)
    local.highWatermark = to
    if (from !== to && this.host.tracing) {
      const { leaderEpoch } = partition
      traceBroker(this.host, { kind: 'HighWatermark', tp, role: 'follower', leaderEpoch, from, to })
    }
    return 'ok'
  }

  uncleanElectionEnabled(topic: string, done: (enabled: boolean) => void): void {
    if (this.versions.uncleanElection === 'always') return done(true)
    this.options.topicConfigs.readThen(topic, () =>
      done(this.options.topicConfigs.config(topic)['unclean.leader.election.enable']),
    )
  }

  truncate(tp: TopicPartition, offset: number): void {
    const from = this.logEndOffset(tp)
    this.withDisk(() => this.options.logs.truncateTo(tp, offset))
    this.traceTruncated(tp, from, 'out-of-range')
  }

  truncateFullyAndStartAt(tp: TopicPartition, offset: number): void {
    const from = this.logEndOffset(tp)
    this.withDisk(() => this.options.logs.truncateFullyAndStartAt(tp, offset))
    this.traceTruncated(tp, from, 'out-of-range')
  }

  haltBroker(reason: string): never {
    return this.host.halt(reason)
  }

  // ---- periodic work ----

  private shrinkIsrs(done: () => void): void {
    const limits = {
      lagTimeMaxUs: fromMs(this.options.config['replica.lag.time.max.ms']),
      lagMaxMessages: this.options.config['replica.lag.max.messages'],
    }
    // One thread looks at one partition after another, waiting for each one's ZooKeeper write.
    const partitions = [...this.partitions.values()]
    const next = (index: number): void => {
      for (let i = index; i < partitions.length; i++) {
        let inline = true
        let finished = false
        partitions[i]!.maybeShrinkIsr(limits, () => {
          finished = true
          if (!inline) next(i + 1)
        })
        inline = false
        if (!finished) return
      }
      done()
    }
    next(0)
  }

  /** The checkpoint thread starts with the first LeaderAndIsr, when all partitions are known. */
  private startCheckpointing(): void {
    if (this.checkpointing) return
    this.checkpointing = true
    this.checkpointHighWatermarks()
    this.every(
      this.options.config['replica.high.watermark.checkpoint.interval.ms'],
      'highwatermark-checkpoint',
      (again) => {
        this.checkpointHighWatermarks()
        again()
      },
    )
  }

  private checkpointHighWatermarks(): void {
    const entries = new Map<TopicPartition, number>()
    for (const [tp, partition] of this.partitions) {
      if (partition.local !== undefined) entries.set(tp, partition.local.highWatermark)
    }
    this.withDisk(() => this.highWatermarks.write(entries))
    if (this.host.tracing) {
      traceBroker(this.host, { kind: 'HighWatermarksCheckpointed', entries: Object.fromEntries(entries) })
    }
  }

  private every(periodMs: number, tag: string, body: (again: () => void) => void): void {
    const arm = (): void => {
      this.host.setTimer(fromMs(periodMs), tag, () => {
        if (!this.shuttingDown) body(arm)
      })
    }
    arm()
  }

  /** Stops fetching; checkpoints the high watermarks. */
  shutdown(): void {
    this.shuttingDown = true
    this.fetchers.shutdown()
    this.checkpointHighWatermarks()
  }

  private traceBecameFollower(partition: Partition, local: LocalReplica): void {
    if (!this.host.tracing) return
    traceBroker(this.host, {
      kind: 'BecameFollower',
      tp: partition.tp,
      leader: partition.leaderId ?? -1,
      leaderEpoch: partition.leaderEpoch,
      logEndOffset: local.logEndOffset,
      highWatermark: local.highWatermark,
    })
  }

  private traceTruncated(tp: TopicPartition, from: number, reason: 'became-follower' | 'out-of-range'): void {
    const local = this.partitions.get(tp)?.local
    if (!this.host.tracing || local === undefined) return
    const { logEndOffset: to, highWatermark } = local
    traceBroker(this.host, { kind: 'Truncated', tp, from, to, reason, highWatermark })
  }

  private traceRefused(tp: TopicPartition | null, errorCode: ErrorCode): void {
    if (this.host.tracing) traceBroker(this.host, { kind: 'LeaderAndIsrRefused', tp, errorCode })
  }

  digest(digest: Digest): void {
    digest
      .int(this.controllerEpoch)
      .boolean(this.checkpointing)
      .string(this.stateChanges.current ?? '')
    digest.int(this.stateChanges.length)
    for (const partition of this.partitions.values()) partition.digest(digest)
    this.fetchers.digest(digest)
    this.fetchPurgatory.digest(digest)
    this.producePurgatory.digest(digest)
  }
}
