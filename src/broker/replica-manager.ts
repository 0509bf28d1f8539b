/**
 * All partitions of a broker, and what the controller makes of them: LeaderAndIsr, StopReplica, UpdateMetadata
 * (`kafka/server/ReplicaManager.scala`, 0.8.2.2; replication.md 2.6 to 2.8). Role changes run one after another, as
 * Kafka's `replicaStateChangeLock` has it.
 */
import type { BrokerConfig } from '../config/index.ts'
import { type Digest, fromMs, type Host, type Micros, type Task, TaskQueue } from '../host/index.ts'
import {
  ErrorCode,
  type LeaderAndIsr,
  type LeaderAndIsrRequest,
  type PartitionErrors,
  type PartitionState,
  type StopReplicaRequest,
  type TopicPartition,
  topicPartition,
  type UpdateMetadataRequest,
} from '../protocol/index.ts'
import type { LogManager } from '../storage/index.ts'
import type { ProtocolVersions } from '../versions.ts'
import type { ZkClient } from '../zookeeper/index.ts'
import { AlterPartitionManager, type AlterPartitionOutcome } from './alter-partition-manager.ts'
import { ControlFence } from './control-fence.ts'
import { isDiskFailure, withDisk } from './disk-failure.ts'
import { traceBroker } from './events.ts'
import { initialFetchState } from './fetch-state.ts'
import { FixedRateTask } from './fixed-rate-task.ts'
import { FollowerReplicas } from './follower-replicas.ts'
import { HighWatermarkCheckpoint } from './high-watermark-checkpoint.ts'
import { NegativeTruncation, truncateToHighWatermarks } from './high-watermark-truncation.ts'
import { ISR_PROPAGATION_CHECK_MS, IsrChangePropagation } from './isr-change-propagation.ts'
import { shrinkIsrs } from './isr-expiration.ts'
import type { LeadershipListener } from './leadership-listener.ts'
import { logTasks } from './log-tasks.ts'
import type { MetadataCache } from './metadata-cache.ts'
import { Partition, type PartitionContext } from './partition.ts'
import { PartitionTable } from './partition-table.ts'
import { Purgatory } from './purgatory.ts'
import { LocalReplica } from './replica.ts'
import { ReplicaFetcherManager } from './replica-fetcher-manager.ts'
import type { TopicConfigs } from './topic-configs.ts'

export interface ReplicaManagerOptions {
  readonly brokerId: number
  readonly config: BrokerConfig
  readonly versions: ProtocolVersions
  readonly zk: ZkClient
  readonly logs: LogManager
  readonly metadataCache: MetadataCache
  readonly topicConfigs: TopicConfigs
  readonly leadership?: LeadershipListener
}

type PartitionsDone = (errorCode: ErrorCode, partitions: readonly PartitionErrors[]) => void

export class ReplicaManager implements PartitionContext {
  readonly host: Host
  readonly brokerId: number
  readonly versions: ProtocolVersions
  readonly zk: ZkClient
  readonly lagTimeMaxUs: Micros
  readonly fence = new ControlFence()
  readonly fetchPurgatory: Purgatory
  readonly producePurgatory: Purgatory
  private readonly fetchers: ReplicaFetcherManager
  private readonly options: ReplicaManagerOptions
  private readonly partitions = new PartitionTable()
  private readonly stateChanges = new TaskQueue()
  private readonly checkpoint: HighWatermarkCheckpoint
  private readonly isrChanges: IsrChangePropagation
  private readonly alterations: AlterPartitionManager
  private tasks: FixedRateTask[] = []
  private checkpointing = false
  private shuttingDown = false

  constructor(host: Host, options: ReplicaManagerOptions) {
    this.host = host
    this.options = options
    this.brokerId = options.brokerId
    this.versions = options.versions
    this.zk = options.zk
    this.fetchPurgatory = new Purgatory(host, 'fetch')
    this.producePurgatory = new Purgatory(host, 'produce')
    this.checkpoint = new HighWatermarkCheckpoint(host)
    this.isrChanges = new IsrChangePropagation(host, options.zk)
    this.alterations = new AlterPartitionManager(host, {
      brokerId: options.brokerId,
      timeoutMs: options.config['controller.socket.timeout.ms'],
      brokerEpoch: () => this.fence.brokerEpoch,
      controller: () => options.metadataCache.controller,
    })
    this.lagTimeMaxUs = fromMs(options.config['replica.lag.time.max.ms'])
    const { config, versions, logs, topicConfigs } = options
    const find = (tp: TopicPartition): Partition | undefined => this.partitions.get(tp)
    this.fetchers = new ReplicaFetcherManager(
      host,
      config['num.replica.fetchers'],
      {
        brokerId: options.brokerId,
        socketTimeoutMs: config['replica.socket.timeout.ms'],
        maxWaitMs: config['replica.fetch.wait.max.ms'],
        minBytes: config['replica.fetch.min.bytes'],
        maxBytes: config['replica.fetch.max.bytes'],
        backoffMs: config['replica.fetch.backoff.ms'],
        versions,
      },
      new FollowerReplicas(host, {
        versions,
        logs,
        topicConfigs,
        find,
        unblockFetches: (tp) => this.unblockFetches(tp),
      }),
    )
  }

  /** Starts the periodic look at lagging followers, and the recovery point checkpoints. */
  startup(): void {
    const { config, logs } = this.options
    const { versions, lagTimeMaxUs } = this
    const lagMs = config['replica.lag.time.max.ms']
    const tickMs = versions.isrTick === 'lag-time' ? lagMs : Math.max(1, Math.floor(lagMs / 2))
    const limits = { lagTimeMaxUs, lagMaxMessages: config['replica.lag.max.messages'] }
    this.schedule('isr-expiration', 0, tickMs, (done) => shrinkIsrs([...this.partitions], limits, done))
    if (versions.isrPropagation === 'notification') {
      this.schedule('isr-change-propagation', 0, ISR_PROPAGATION_CHECK_MS, (done) => this.isrChanges.check(done))
    }
    for (const { tag, firstMs, periodMs, run } of logTasks(logs, config, versions)) {
      this.schedule(tag, firstMs, periodMs, (done) => {
        try {
          run()
        } catch (error) {
          // The scheduler logs what a task throws, and runs it again next time.
          if (!isDiskFailure(error)) throw error
        }
        done()
      })
    }
  }

  get obeyedEpoch(): number {
    return this.fence.controllerEpoch
  }

  find(topic: string, partition: number): Partition | undefined {
    return this.partitions.find(topic, partition)
  }

  isrChanged(tp: TopicPartition): void {
    if (this.versions.isrPropagation === 'notification') this.isrChanges.record(tp)
  }

  alterPartition(tp: TopicPartition, state: LeaderAndIsr, done: (outcome: AlterPartitionOutcome) => void): void {
    this.alterations.submit(tp, state, done)
  }

  isAlive(broker: number): boolean {
    return this.options.metadataCache.isAlive(broker)
  }

  unblockFetches(tp: TopicPartition): void {
    this.fetchPurgatory.update(tp)
  }

  unblockProduces(tp: TopicPartition): void {
    this.producePurgatory.update(tp)
  }

  // ---- what the controller sends ----

  becomeLeaderOrFollower(request: LeaderAndIsrRequest, done: PartitionsDone): void {
    this.stateChanges.add('LeaderAndIsr', () => this.changeRoles(request, done))
  }

  private *changeRoles(request: LeaderAndIsrRequest, done: PartitionsDone): Task<void> {
    const refused = this.fence.refusal(request)
    if (refused !== ErrorCode.NoError) {
      this.traceRefused(null, refused)
      return done(refused, [])
    }
    const errors: PartitionErrors[] = []
    const leaders: PartitionState[] = []
    const followers: PartitionState[] = []
    for (const state of request.partitionStates) {
      const { topic, partition: number } = state
      const partition = this.getOrCreatePartition(topic, number)
      if (!this.isOfTopic(partition.tp, state.topicId)) {
        this.traceRefused(partition.tp, ErrorCode.InconsistentTopicId)
        errors.push({ topic, partition: number, errorCode: ErrorCode.InconsistentTopicId })
      } else if (state.leaderAndIsr.leaderEpoch <= partition.leaderEpoch) {
        this.traceRefused(partition.tp, ErrorCode.StaleLeaderEpoch)
        errors.push({ topic, partition: number, errorCode: ErrorCode.StaleLeaderEpoch })
      } else if (state.replicas.includes(this.brokerId)) {
        errors.push({ topic, partition: number, errorCode: ErrorCode.NoError })
        if (state.leaderAndIsr.leader === this.brokerId) leaders.push(state)
        else followers.push(state)
      }
    }
    try {
      yield* this.makeLeaders(leaders)
      const changed = yield* this.makeFollowers(followers, request)
      this.options.leadership?.changed(
        leaders.map(({ topic, partition, leaderAndIsr: { leaderEpoch } }) => ({ topic, partition, leaderEpoch })),
        changed,
      )
    } catch (error) {
      if (!isDiskFailure(error) && !(error instanceof NegativeTruncation)) throw error
      // Half of the change may stand: nobody undoes it, and the controller does not look at the answer.
      const errorCode = ErrorCode.Unknown
      const all = request.partitionStates.map(({ topic, partition }) => ({ topic, partition, errorCode }))
      this.traceRefused(null, errorCode)
      return done(ErrorCode.NoError, all)
    }
    this.startCheckpointing()
    this.fetchers.shutdownIdle()
    done(ErrorCode.NoError, errors)
  }

  /** A log that is there may be that of a former topic of the name (`checkOrSetTopicId` of `Partition.scala`, 2.8). */
  private isOfTopic(tp: TopicPartition, topicId: string | undefined): boolean {
    const known = this.options.logs.log(tp)?.topicId
    return known === undefined || topicId === undefined || known === topicId
  }

  private *makeLeaders(states: readonly PartitionState[]): Task<void> {
    yield* this.fetchers.removePartitions(states.map((s) => topicPartition(s.topic, s.partition)))
    for (const state of states) {
      const partition = this.getOrCreatePartition(state.topic, state.partition)
      const local = yield* this.localReplica(partition)
      yield* partition.lock.free()
      partition.makeLeader(state, local)
      this.options.leadership?.becameLeader(state.topic, state.partition)
    }
  }

  /** Returns those that follow another leader than before. */
  private *makeFollowers(states: readonly PartitionState[], request: LeaderAndIsrRequest): Task<Partition[]> {
    const changed: Partition[] = []
    for (const state of states) {
      const partition = this.getOrCreatePartition(state.topic, state.partition)
      // Also when the leader is not available, so that the checkpoint file keeps the partition (KAFKA-1647).
      const local = yield* this.localReplica(partition)
      if (!request.liveLeaders.some((broker) => broker.id === state.leaderAndIsr.leader)) continue
      yield* partition.lock.free()
      const wasLeader = partition.isLeader
      const hasNewLeader = partition.makeFollower(state, local)
      this.options.leadership?.becameFollower(state.topic, state.partition, wasLeader)
      if (hasNewLeader) changed.push(partition)
      else this.traceBecameFollower(partition, local)
    }
    yield* this.fetchers.removePartitions(changed.map((partition) => partition.tp))
    if (this.versions.truncation === 'high-watermark')
      truncateToHighWatermarks(this.host, this.options.logs, changed, (partition) => {
        this.traceBecameFollower(partition, partition.local!)
      })
    else for (const partition of changed) this.traceBecameFollower(partition, partition.local!)
    if (this.versions.demotedPurgatory !== 'kept') for (const { tp } of changed) this.unblockAll(tp)
    if (this.shuttingDown) return changed
    for (const partition of changed) {
      const leader = request.liveLeaders.find((broker) => broker.id === partition.leaderId)!
      this.fetchers.addPartition(leader, initialFetchState(partition, partition.local!, this.versions))
    }
    return changed
  }

  /** The broker's own replica: set up on first use, with the checkpointed high watermark, as far as the log reaches. */
  private *localReplica(partition: Partition): Task<LocalReplica> {
    if (partition.local !== undefined) return partition.local
    const { topicConfigs, logs } = this.options
    yield* topicConfigs.read(partition.topic)
    const log = logs.getOrCreate(partition.tp)
    const local = new LocalReplica(this.brokerId, log, Math.min(this.checkpoint.read(partition.tp), log.logEndOffset))
    if (this.versions.highWatermarkBounds === 'log') local.boundHighWatermark()
    partition.local = local
    if (this.host.tracing) {
      const { logEndOffset, highWatermark } = local
      traceBroker(this.host, { kind: 'ReplicaCreated', tp: partition.tp, logEndOffset, highWatermark })
    }
    return local
  }

  stopReplicas(request: StopReplicaRequest, done: PartitionsDone): void {
    this.stateChanges.add('StopReplica', () => this.stop(request, done))
  }

  private *stop(request: StopReplicaRequest, done: PartitionsDone): Task<void> {
    const refused = this.fence.refusal(request)
    if (refused !== ErrorCode.NoError) return done(refused, [])
    const tps = request.partitions.map((p) => topicPartition(p.topic, p.partition))
    yield* this.fetchers.removePartitions(tps)
    // Without deletion the cached role and ISR stay as they are.
    if (request.deletePartitions) for (const tp of tps) yield* this.deletePartition(tp)
    if (this.versions.demotedPurgatory === 'completed-also-when-stopped') for (const tp of tps) this.unblockAll(tp)
    this.fetchers.shutdownIdle()
    done(
      ErrorCode.NoError,
      request.partitions.map((p) => ({ ...p, errorCode: ErrorCode.NoError })),
    )
  }

  private *deletePartition(tp: TopicPartition): Task<void> {
    const { logs } = this.options
    const partition = this.partitions.get(tp)
    if (partition !== undefined) {
      this.partitions.delete(partition)
      yield* partition.lock.free()
      partition.clear()
    }
    if (logs.log(tp) !== undefined) withDisk(this.host, () => logs.delete(tp))
    if (this.host.tracing) traceBroker(this.host, { kind: 'ReplicaDeleted', tp })
  }

  updateMetadata(request: UpdateMetadataRequest, done: (errorCode: ErrorCode) => void): void {
    const self = this
    this.stateChanges.add('UpdateMetadata', function* () {
      const refused = self.fence.refusal(request)
      if (refused !== ErrorCode.NoError) return done(refused)
      self.options.metadataCache.update(request)
      if (self.host.tracing) {
        const brokers = request.liveBrokers.map((broker) => broker.id)
        const { partitionStates: states, controllerEpoch } = request
        const partitions = states.length
        traceBroker(self.host, { kind: 'MetadataUpdated', brokers, partitions, states, controllerEpoch })
      }
      done(ErrorCode.NoError)
    })
  }

  /** Who waits for this partition is answered with what it has come to. */
  private unblockAll(tp: TopicPartition): void {
    this.unblockProduces(tp)
    this.unblockFetches(tp)
  }

  private getOrCreatePartition(topic: string, number: number): Partition {
    return this.partitions.find(topic, number) ?? this.partitions.add(new Partition(this, topic, number))
  }

  // ---- periodic work ----

  /** The checkpoint thread starts with the first LeaderAndIsr, when all partitions are known. */
  private startCheckpointing(): void {
    if (this.checkpointing) return
    this.checkpointing = true
    const periodMs = this.options.config['replica.high.watermark.checkpoint.interval.ms']
    this.schedule('highwatermark-checkpoint', 0, periodMs, (done) => {
      this.checkpointHighWatermarks()
      done()
    })
  }

  private checkpointHighWatermarks(): void {
    withDisk(this.host, () => this.checkpoint.write(this.partitions))
  }

  private schedule(tag: string, firstMs: number, periodMs: number, body: (done: () => void) => void): void {
    this.tasks.push(new FixedRateTask(this.host, tag, { firstMs, periodMs }, body))
  }

  /** The broker is about to stop: new followers get no fetcher any more. */
  beginShutdown(): void {
    this.shuttingDown = true
  }

  /**
   * Stops periodic work and fetching, lets role changes under way come to their end (Kafka waits for its request
   * handlers), checkpoints the high watermarks and forgets all roles and waiting requests: the logs are about to close.
   */
  shutdown(done: () => void): void {
    this.beginShutdown()
    for (const task of this.tasks) task.stop()
    this.fetchers.shutdown()
    this.alterations.shutdown()
    this.stateChanges.add('shutdown', () => this.forgetRoles(done))
  }

  // biome-ignore lint/correctness/useYield: it only waits for its turn
  private *forgetRoles(done: () => void): Task<void> {
    this.checkpointHighWatermarks()
    this.fetchPurgatory.shutdown()
    this.producePurgatory.shutdown()
    for (const partition of this.partitions) partition.clear()
    done()
  }

  private traceBecameFollower(partition: Partition, local: LocalReplica): void {
    if (!this.host.tracing) return
    traceBroker(this.host, {
      kind: 'BecameFollower',
      tp: partition.tp,
      leader: partition.leaderId ?? -1,
      controllerEpoch: this.fence.controllerEpoch,
      leaderEpoch: partition.leaderEpoch,
      logEndOffset: local.logEndOffset,
      highWatermark: local.highWatermark,
    })
  }

  private traceRefused(tp: TopicPartition | null, errorCode: ErrorCode): void {
    if (this.host.tracing) traceBroker(this.host, { kind: 'LeaderAndIsrRefused', tp, errorCode })
  }

  digest(digest: Digest): void {
    this.fence.digest(digest)
    digest
      .boolean(this.checkpointing)
      .boolean(this.shuttingDown)
      .string(this.stateChanges.current ?? '')
    digest.int(this.stateChanges.length)
    this.isrChanges.digest(digest)
    this.alterations.digest(digest)
    for (const task of this.tasks) task.digest(digest)
    this.options.topicConfigs.digest(digest)
    for (const partition of this.partitions) partition.digest(digest)
    this.fetchers.digest(digest)
    this.fetchPurgatory.digest(digest)
    this.producePurgatory.digest(digest)
  }
}
