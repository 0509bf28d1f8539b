/**
 * A partition on a broker: the local replica, its role, the leader's memory of its followers, and the ISR
 * (`kafka/cluster/Partition.scala`, 0.8.2.2; replication.md 2.2 to 2.6).
 *
 * What holds: a leader never cuts its log; its high watermark never falls while it leads one epoch; the cached ISR holds
 * the leader itself; a follower's cached ISR is empty. `leaderEpoch` only rises.
 */
import { type Digest, type Host, invariant, type Micros } from '../host/index.ts'
import {
  ErrorCode,
  type LeaderAndIsr,
  type PartitionState,
  type TopicPartition,
  topicPartition,
} from '../protocol/index.ts'
import type { AppendInfo } from '../storage/index.ts'
import type { ProtocolVersions } from '../versions.ts'
import type { ZkClient } from '../zookeeper/index.ts'
import type { AlterPartitionOutcome } from './alter-partition-manager.ts'
import { traceBroker } from './events.ts'
import { caughtUpEndOffset, isrEndOffset } from './high-watermark.ts'
import { type LagLimits, laggards, mayJoinIsr, recordFetch } from './in-sync-replicas.ts'
import { InSyncSet } from './in-sync-set.ts'
import { IsrChanges } from './isr-changes.ts'
import { PartitionLock } from './partition-lock.ts'
import { DEBUGGING_REPLICA_ID, type LocalReplica, RemoteReplica, UNKNOWN_OFFSET } from './replica.ts'
import { tracedMarkers, tracedMessages } from './traced-messages.ts'
import { type VerificationGuard, Verifications } from './verifications.ts'

/** What a partition asks of the broker that it is on. */
export interface PartitionContext {
  readonly host: Host
  readonly brokerId: number
  readonly versions: ProtocolVersions
  readonly zk: ZkClient
  /** `replica.lag.time.max.ms`. */
  readonly lagTimeMaxUs: Micros
  /** Epoch of the controller that this broker obeys. */
  readonly obeyedEpoch: number
  /** The ISR was written to ZooKeeper by this broker. */
  isrChanged(tp: TopicPartition): void
  /** Has the controller write a new ISR (KIP-497); its version is the one that the leader knows. */
  alterPartition(tp: TopicPartition, state: LeaderAndIsr, done: (outcome: AlterPartitionOutcome) => void): void
  /** Whether the controller has told of a broker as alive. */
  isAlive(broker: number): boolean
  /** Somebody may read further now. */
  unblockFetches(tp: TopicPartition): void
  /** Somebody's acknowledgement may be due now. */
  unblockProduces(tp: TopicPartition): void
}

export type AppendResult =
  | { readonly errorCode: typeof ErrorCode.NoError; readonly info: AppendInfo }
  | { readonly errorCode: Exclude<ErrorCode, typeof ErrorCode.NoError> }

export class Partition {
  readonly topic: string
  readonly partition: number
  readonly tp: TopicPartition
  readonly lock = new PartitionLock()
  /** The broker's own replica, once it has been set up. */
  local: LocalReplica | undefined
  /** Broker id of the leader as far as known. */
  leaderId: number | undefined
  leaderEpoch = -1
  /** The leader's LEO when its present epoch began. */
  epochStartOffset = 0
  private assigned: readonly number[] = []
  private readonly remotes = new Map<number, RemoteReplica>()
  private readonly inSync: InSyncSet
  private readonly isrChanges: IsrChanges
  private readonly verifications = new Verifications()
  /** Version of the state in ZooKeeper, as far as known. */
  zkVersion = 0
  /** Of the controller that made the last decision about this partition. */
  controllerEpoch = -1
  private readonly context: PartitionContext

  constructor(context: PartitionContext, topic: string, partition: number) {
    this.context = context
    this.topic = topic
    this.partition = partition
    this.tp = topicPartition(topic, partition)
    const { host, brokerId } = context
    this.inSync = new InSyncSet(brokerId, (id) => this.remotes.get(id) ?? new RemoteReplica(id, host.now()))
    this.isrChanges = new IsrChanges(context, this, this.inSync)
  }

  get isr(): readonly number[] {
    return this.inSync.committed
  }

  get isLeader(): boolean {
    return this.leaderId === this.context.brokerId && this.local !== undefined
  }

  /** The local replica if this broker leads, as far as it knows. */
  leaderReplica(): LocalReplica | undefined {
    return this.leaderId === this.context.brokerId ? this.local : undefined
  }

  /**
   * The local replica that a fetch is answered from: followers are answered by the leader, debugging tools by anybody,
   * consumers by the leader or (F22) by anybody.
   * @param replicaId of the request
   */
  replicaFor(replicaId: number): LocalReplica | undefined {
    const fromAny =
      replicaId === DEBUGGING_REPLICA_ID || (replicaId < 0 && this.context.versions.followerReads !== 'leader-only')
    return fromAny ? this.local : this.leaderReplica()
  }

  private get at(): string {
    return `${this.tp} on broker ${this.context.brokerId}`
  }

  /**
   * Becomes leader. The log is kept whole; what followers had is forgotten, so the high watermark stays until every ISR
   * member has fetched once (or jumps to the LEO if there is no other member). A high watermark that the log does not
   * reach (it was cut below, or began anew above) is forgotten as well.
   */
  makeLeader(state: PartitionState, local: LocalReplica): void {
    const { leaderAndIsr } = state
    const { host, brokerId, versions } = this.context
    this.takeState(state, local)
    this.inSync.commit(leaderAndIsr.isr)
    const isNew = this.leaderId !== brokerId || versions.followerReset === 'each-epoch'
    this.leaderId = brokerId
    this.epochStartOffset = local.logEndOffset
    // Followers may ask about epochs in which this log has no record.
    if (versions.epochStart === 'election') local.log.leaderEpochCache?.assign(this.leaderEpoch, local.logEndOffset)
    this.startFollowers(local.logEndOffset, isNew)
    // The lookup in the log (`convertHWToLocalOffsetMetadata`) came with KAFKA-1430, as did this rule for acks.
    const looksUp = isNew && versions.ackRule === 'high-watermark'
    if (looksUp && !local.reachesHighWatermark) local.highWatermark = UNKNOWN_OFFSET
    if (host.tracing) {
      traceBroker(host, {
        kind: 'BecameLeader',
        tp: this.tp,
        leaderEpoch: this.leaderEpoch,
        controllerEpoch: this.context.obeyedEpoch,
        isr: this.isr,
        zkVersion: this.zkVersion,
        logEndOffset: local.logEndOffset,
        highWatermark: local.highWatermark,
      })
    }
    this.maybeAdvanceHighWatermark(local)
  }

  /** What a leader remembers of its followers when an epoch begins (0.9 and 0.10.2 each have a rule of their own). */
  private startFollowers(endOffset: number, forget: boolean): void {
    const { host, versions } = this.context
    const now = host.now()
    const restarts = versions.isrLag !== 'since-reached-end'
    for (const remote of this.remotes.values()) {
      if (restarts) remote.restart(now, endOffset, this.isr.includes(remote.brokerId))
      if (forget) remote.reset(now)
    }
  }

  /**
   * Becomes follower, as far as memory goes; the replica manager cuts the log.
   * @returns whether there is more to do: not if the leader stays the same one (F10)
   */
  makeFollower(state: PartitionState, local: LocalReplica): boolean {
    const before = this.leaderEpoch
    this.takeState(state, local)
    this.inSync.commit([])
    const leader = state.leaderAndIsr.leader
    const sameLeader = this.leaderId === leader
    this.leaderId = leader
    switch (this.context.versions.followerSkip) {
      case 'never':
        return true
      case 'same-leader':
        return !sameLeader
      case 'same-leader-no-epoch-missed':
        return !sameLeader || this.leaderEpoch > before + 1
      case 'same-leader-and-epoch':
        return !sameLeader || this.leaderEpoch !== before
    }
  }

  private takeState(state: PartitionState, local: LocalReplica): void {
    const { leaderEpoch } = state.leaderAndIsr
    invariant(leaderEpoch > this.leaderEpoch, () => `${this.at}: leader epoch ${this.leaderEpoch} → ${leaderEpoch}`)
    if (state.topicId !== undefined) local.log.assignTopicId(state.topicId)
    this.controllerEpoch = state.controllerEpoch
    this.local = local
    this.assigned = state.replicas
    const { host, brokerId } = this.context
    for (const id of state.replicas) {
      if (id !== brokerId && !this.remotes.has(id)) this.remotes.set(id, new RemoteReplica(id, host.now()))
    }
    for (const id of this.remotes.keys()) if (!state.replicas.includes(id)) this.remotes.delete(id)
    this.leaderEpoch = leaderEpoch
    this.zkVersion = state.leaderAndIsr.zkVersion
  }

  /** The partition is deleted here. */
  clear(): void {
    this.local = undefined
    this.leaderId = undefined
    this.inSync.commit([])
    this.remotes.clear()
  }

  /** Whether a follower with this broker id is known here; any other may not fetch (`NotAssignedReplicaException`). */
  knowsFollower(id: number): boolean {
    return this.remotes.has(id)
  }

  /**
   * Whether the leader has to ask the transaction coordinator before it takes these records, of a producer that has no
   * transaction open here: then what stands for the question, to be shown with the append.
   */
  startVerification(records: Uint8Array): VerificationGuard | undefined {
    const log = this.leaderReplica()?.log
    return log === undefined ? undefined : this.verifications.start(log, records)
  }

  /**
   * Appends messages of a client or a coordinator. Throws what the log throws (`AppendError`, `FileError`).
   * @param guard what `startVerification` gave, if the coordinator has agreed
   */
  append(
    records: Uint8Array,
    requiredAcks: number,
    origin: 'client' | 'coordinator' = 'client',
    guard?: VerificationGuard,
  ): AppendResult {
    const leader = this.leaderReplica()
    if (leader === undefined) return { errorCode: ErrorCode.NotLeaderForPartition }
    if (requiredAcks === -1 && this.isr.length < this.minInSyncReplicas) {
      return { errorCode: ErrorCode.NotEnoughReplicas }
    }
    const isVerified =
      this.context.versions.transactions === 'verified' ||
      this.context.versions.transactions === 'epoch-per-transaction'
    if (isVerified && this.verifications.isMissing(leader.log, records, guard)) {
      return { errorCode: ErrorCode.InvalidTxnState }
    }
    const info = leader.log.append(records, { assignOffsets: true, partitionLeaderEpoch: this.leaderEpoch, origin })
    if (isVerified) this.verifications.appended(records)
    // An idempotent producer sent it again: it stands there already.
    if (info.isDuplicate === true) return { errorCode: ErrorCode.NoError, info }
    if (this.context.host.tracing) this.traceRecords(leader, 'leader', records, info.firstOffset)
    this.context.unblockFetches(this.tp)
    this.maybeAdvanceHighWatermark(leader)
    return { errorCode: ErrorCode.NoError, info }
  }

  /** Tells the trace of an append; ask `host.tracing` first. @param firstOffset as in `tracedMessages` */
  traceRecords(replica: LocalReplica, role: 'leader' | 'follower', records: Uint8Array, firstOffset?: number): void {
    const { tp, leaderEpoch } = this
    const { logEndOffset } = replica
    const place = { tp, role, leaderEpoch, logEndOffset }
    const messages = tracedMessages(this.topic, records, firstOffset)
    if (messages.length > 0) traceBroker(this.context.host, { kind: 'Appended', ...place, messages })
    const markers = tracedMarkers(records, firstOffset)
    if (markers.length > 0) traceBroker(this.context.host, { kind: 'MarkersAppended', ...place, markers })
  }

  /** The topic's `min.insync.replicas`; 1 where the protocol has none (F05). From 3.7 no more than there are replicas. */
  private get minInSyncReplicas(): number {
    const { minIsr, highWatermarkRule } = this.context.versions
    const configured = minIsr === 'none' ? 1 : (this.local?.log.config['min.insync.replicas'] ?? 1)
    return highWatermarkRule === 'enough-isr' ? Math.min(configured, this.remotes.size + 1) : configured
  }

  /**
   * Whether a produce request that must reach `requiredOffset` is done (`checkEnoughReplicasReachOffset`; F07).
   * It compares offsets only, not epochs, which is what M13 is about.
   */
  acknowledgement(requiredOffset: number, requiredAcks: number): ErrorCode | 'pending' {
    const leader = this.leaderReplica()
    if (leader === undefined) return ErrorCode.NotLeaderForPartition
    if (requiredAcks < 0) {
      const committed =
        this.context.versions.ackRule === 'high-watermark'
          ? leader.highWatermark >= requiredOffset
          : isrEndOffset(requiredOffset, this.inSync.remotes) >= requiredOffset
      if (!committed) return 'pending'
      const { length } = this.inSync.maximal
      return this.minInSyncReplicas <= length ? ErrorCode.NoError : ErrorCode.NotEnoughReplicasAfterAppend
    }
    // The leader counts as one, whatever it has.
    const { remotes, committed } = this.inSync
    let acks = committed.length - remotes.length
    for (const remote of remotes) if (remote.logEndOffset >= requiredOffset) acks++
    return acks >= requiredAcks ? ErrorCode.NoError : 'pending'
  }

  /**
   * A follower's fetch says how far it has got (`UNKNOWN_OFFSET` if the read failed): remember it, let it join the ISR,
   * move the high watermark. `done` is called when an ISR write that this set off has ended.
   */
  recordFollowerFetch(follower: number, offset: number, done: () => void): void {
    const remote = this.remotes.get(follower)
    if (remote === undefined) return done()
    const { host } = this.context
    if (host.tracing && remote.logEndOffset !== offset && offset >= 0) {
      traceBroker(host, { kind: 'FollowerPosition', tp: this.tp, follower, logEndOffset: offset })
    }
    const leaderEnd = this.leaderReplica()?.logEndOffset ?? UNKNOWN_OFFSET
    recordFetch(remote, offset, host.now(), leaderEnd, this.context.versions)
    if (this.lock.isHeld) this.lock.whenFree(() => this.followerMoved(remote, done))
    else this.followerMoved(remote, done)
  }

  /** `updateLeaderHWAndMaybeExpandIsr`, with the lock free. */
  private followerMoved(remote: RemoteReplica, done: () => void): void {
    const leader = this.leaderReplica()
    if (leader === undefined) return done()
    const follower = remote.brokerId
    const { highWatermark } = leader
    const { epochStartOffset, inSync, context } = this
    const joins =
      inSync.pending === undefined &&
      !this.isr.includes(follower) &&
      this.assigned.includes(follower) &&
      this.isEligible(remote) &&
      mayJoinIsr(remote, { highWatermark, epochStartOffset }, context.versions)
    if (!joins) {
      this.maybeAdvanceHighWatermark(leader)
      return done()
    }
    const reason = `LEO ${remote.logEndOffset} ≥ HW ${highWatermark}`
    this.isrChanges.change(
      { kind: 'IsrExpanded', isr: [...this.isr, follower], changed: [follower], reason },
      leader,
      done,
    )
  }

  /** From 3.3 a leader does not even ask for a replica that the controller has not told of as alive (KAFKA-14140). */
  private isEligible({ brokerId }: RemoteReplica): boolean {
    const { versions } = this.context
    return versions.isrExpand !== 'high-watermark-and-epoch-start-if-alive' || this.context.isAlive(brokerId)
  }

  /** The periodic look at who lags (`maybeShrinkIsr`). */
  maybeShrinkIsr(limits: LagLimits, done: () => void): void {
    this.lock.whenFree(() => {
      const leader = this.leaderReplica()
      if (leader === undefined || this.inSync.pending !== undefined) return done()
      const { host, versions, brokerId } = this.context
      const { leaving, reason } = laggards(this.inSync.remotes, leader.logEndOffset, host.now(), limits, versions)
      if (leaving.length === 0) return done()
      const isr = this.isr.filter((id) => !leaving.includes(id))
      invariant(isr.includes(brokerId), () => `${this.at}: the leader would leave its own ISR`)
      this.isrChanges.change({ kind: 'IsrShrunk', isr, changed: leaving, reason }, leader, done)
    })
  }

  maybeAdvanceHighWatermark(leader: LocalReplica): void {
    const { host, versions } = this.context
    // KAFKA-15583: nothing is committed while there are too few to keep it.
    if (versions.highWatermarkRule === 'enough-isr' && this.isr.length < this.minInSyncReplicas) return
    const to = this.smallestEndOffset(leader)
    const from = leader.highWatermark
    if (to <= from) return
    leader.highWatermark = to
    if (host.tracing) {
      traceBroker(host, { kind: 'HighWatermark', tp: this.tp, role: 'leader', leaderEpoch: this.leaderEpoch, from, to })
    }
    this.context.unblockFetches(this.tp)
    if (versions.produceRecheck === 'fetch-and-high-watermark') this.context.unblockProduces(this.tp)
  }

  private smallestEndOffset({ logEndOffset }: LocalReplica): number {
    const { host, versions, lagTimeMaxUs } = this.context
    const { remotes } = this.inSync
    if (versions.highWatermarkRule === 'isr') return isrEndOffset(logEndOffset, remotes)
    const since = host.now() - lagTimeMaxUs
    return versions.highWatermarkRule === 'isr-and-caught-up'
      ? caughtUpEndOffset(logEndOffset, remotes, this.remotes.values(), since)
      : caughtUpEndOffset(logEndOffset, remotes, this.remotes.values(), since, (remote) => this.isEligible(remote))
  }

  /**
   * What a request that names the leader epoch which its sender knows gets (F15): 74 if that one is over, 75 if this
   * broker has not heard of it yet.
   */
  checkEpoch(named: number | undefined): ErrorCode {
    if (named === undefined || named === this.leaderEpoch) return ErrorCode.NoError
    return named < this.leaderEpoch ? ErrorCode.FencedLeaderEpoch : ErrorCode.UnknownLeaderEpoch
  }

  digest(digest: Digest): void {
    digest
      .string(this.tp)
      .int(this.leaderEpoch)
      .int(this.epochStartOffset)
      .int(this.leaderId ?? -9)
      .int(this.zkVersion)
      .int(this.controllerEpoch)
    digest.string(this.assigned.join())
    this.inSync.digest(digest)
    digest.boolean(this.lock.isHeld).int(this.lock.queueLength)
    for (const remote of this.remotes.values()) remote.digest(digest)
    this.local?.digest(digest)
  }
}
