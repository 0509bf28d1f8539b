/**
 * What a coordinator knows of the groups whose partition of the offsets topic its broker leads: offsets and membership, in
 * memory and in the topic (`kafka/server/OffsetManager.scala` at 0.8.2.2; `GroupMetadataManager.scala` from 0.9 to 2.4).
 */
import type { BrokerConfig } from '../config/index.ts'
import { type Digest, type Host, runTask, sleep, type Task, TaskQueue } from '../host/index.ts'
import {
  decodeGroupValue,
  decodeOffsetsTopicKey,
  decodeOffsetValue,
  ErrorCode,
  encodeGroupKey,
  encodeGroupValue,
  encodeOffsetKey,
  encodeOffsetValue,
  OFFSETS_TOPIC,
  type OffsetAndMetadata,
  offsetsPartitionOf,
  type StoredGroup,
  splitTopicPartition,
  type TopicPartition,
  topicPartition,
} from '../protocol/index.ts'
import { type Batch, type LogRecord, readControlRecord } from '../storage/index.ts'
import type { ProtocolVersions } from '../versions.ts'
import type { BrokerAccess } from './broker-access.ts'
import { traceCoordinator } from './events.ts'
import { Group } from './group.ts'
import { InternalLog, type RecordsOrigin } from './internal-log.ts'
import { offsetsTopicLayouts } from './layouts.ts'
import { OffsetsCache } from './offsets-cache.ts'
import { expiredOffsets } from './offsets-expiry.ts'
import { traceTransaction } from './transaction-events.ts'
import { TransactionalOffsets } from './transactional-offsets.ts'

const MINUTE_MS = 60_000

/** What is loaded of a partition until it is complete. */
interface Loaded {
  readonly partition: number
  readonly groups: Map<string, StoredGroup>
}

export class GroupMetadataManager {
  /** Partitions of the offsets topic: as configured, or as many as the topic has at the start. */
  partitionCount: number
  private readonly host: Host
  private readonly broker: BrokerAccess
  private readonly config: BrokerConfig
  private readonly versions: ProtocolVersions
  private readonly log: InternalLog
  private readonly loading = new Set<number>()
  /** Loaded, and led since; not asked in 0.8.2, where who leads is the coordinator. */
  private readonly owned = new Set<number>()
  private readonly offsets = new OffsetsCache()
  private readonly groups = new Map<string, Group>()
  /** Commits under way, by group and partition: these do not expire. */
  private readonly pending = new Map<string, Map<TopicPartition, OffsetAndMetadata>>()
  /** Offsets of transactions that are open still. */
  private readonly transactional = new TransactionalOffsets()
  /** From 0.9 one thread loads and unloads. */
  private readonly background = new TaskQueue()

  constructor(host: Host, broker: BrokerAccess, config: BrokerConfig, versions: ProtocolVersions) {
    this.host = host
    this.broker = broker
    this.config = config
    this.versions = versions
    this.partitionCount = config['offsets.topic.num.partitions']
    this.log = new InternalLog(host, broker, {
      topic: OFFSETS_TOPIC,
      requiredAcks: config['offsets.commit.required.acks'],
      timeoutMs: config['offsets.commit.timeout.ms'],
      loadBufferBytes: config['offsets.load.buffer.size'],
      readTo: versions.offsetsLoad === 'to-log-end' ? 'log-end' : 'high-watermark',
    })
  }

  get nowMs(): number {
    return Math.floor(this.host.now() / 1000)
  }

  get retentionMs(): number {
    return this.config['offsets.retention.minutes'] * MINUTE_MS
  }

  private get layout() {
    return offsetsTopicLayouts[this.versions.offsetsTopicLayout]
  }

  partitionFor(groupId: string): number {
    return offsetsPartitionOf(groupId, this.partitionCount)
  }

  /** Whether this broker is the group's coordinator. */
  isGroupLocal(groupId: string): boolean {
    const partition = this.partitionFor(groupId)
    return this.versions.groupCoordinator === 'offset-manager'
      ? this.broker.highWatermark(OFFSETS_TOPIC, partition) !== -1
      : this.owned.has(partition)
  }

  isGroupLoading(groupId: string): boolean {
    return this.loading.has(this.partitionFor(groupId))
  }

  group(groupId: string): Group | undefined {
    return this.groups.get(groupId)
  }

  addGroup(group: Group): Group {
    this.groups.set(group.groupId, group)
    return group
  }

  /** Forgets a group without members, and says so in the topic (0.9). */
  removeGroup(group: Group): void {
    if (this.groups.get(group.groupId) !== group) return
    this.groups.delete(group.groupId)
    const partition = this.partitionFor(group.groupId)
    this.log.writeLazily(partition, [{ key: encodeGroupKey(group.groupId), value: null }])
  }

  /** Writes a group down with its assignments. Errors as the log has them. */
  storeGroup(group: Group, assignments: ReadonlyMap<string, Uint8Array>, done: (errorCode: ErrorCode) => void): void {
    const value = encodeGroupValue(group.store(assignments), this.layout)
    this.log.write(this.partitionFor(group.groupId), [{ key: encodeGroupKey(group.groupId), value }], done)
  }

  /**
   * Writes offsets down; once acknowledged they are what a fetch gets. Errors as the log has them.
   * @param cached what is kept in memory then: in 0.8.2 more than what was written
   */
  storeOffsets(
    groupId: string,
    written: ReadonlyMap<TopicPartition, OffsetAndMetadata>,
    cached: ReadonlyMap<TopicPartition, OffsetAndMetadata>,
    done: (errorCode: ErrorCode) => void,
  ): void {
    const entries = [...written].map(([tp, offset]) => ({
      key: encodeOffsetKey({ groupId, ...splitTopicPartition(tp) }, this.layout),
      value: encodeOffsetValue(offset, this.layout),
    }))
    const group = this.groups.get(groupId)
    this.setPending(groupId, written)
    this.log.write(this.partitionFor(groupId), entries, (errorCode, baseOffset) => {
      this.clearPending(groupId, written)
      // Where groups are kept (0.10.1), one that this coordinator has lost meanwhile keeps nothing here.
      const isLost = this.versions.emptyGroups === 'kept' && group?.is('Dead') === true
      if (errorCode === ErrorCode.NoError && !isLost) {
        const logOffset = baseOffset + written.size - 1
        for (const [tp, offset] of cached) this.offsets.put(groupId, tp, { ...offset, logOffset })
      }
      done(errorCode)
    })
  }

  // ---- offsets in transactions ----

  /** Writes offsets down as part of a transaction: they count when it is committed. */
  storeTransactionalOffsets(
    groupId: string,
    offsets: ReadonlyMap<TopicPartition, OffsetAndMetadata>,
    origin: RecordsOrigin,
    done: (errorCode: ErrorCode) => void,
  ): void {
    const entries = [...offsets].map(([tp, offset]) => ({
      key: encodeOffsetKey({ groupId, ...splitTopicPartition(tp) }, this.layout),
      value: encodeOffsetValue(offset, this.layout),
    }))
    const { producerId } = origin
    const group = this.groups.get(groupId)
    const written = (errorCode: ErrorCode, baseOffset: number): void => {
      if (errorCode !== ErrorCode.NoError) this.transactional.failed(producerId, groupId, offsets)
      else if (group?.is('Dead') !== true) this.transactional.written(producerId, groupId, offsets, baseOffset)
      done(errorCode)
    }
    const onAgreed = (): void => this.transactional.prepare(producerId, groupId, offsets)
    this.log.write(this.partitionFor(groupId), entries, written, { origin, onAgreed })
  }

  /** Somebody has an offset of this partition in a transaction that is open still. */
  isTransactional(groupId: string, tp: TopicPartition): boolean {
    return this.transactional.isPending(groupId, tp)
  }

  /** A marker stands in partitions of the offsets topic: what the producer has brought there counts, or never will. */
  transactionDecided(producerId: number, committed: boolean, partitions: readonly number[]): void {
    const self = this
    // One thread of the coordinator sees to it, behind what it has to load.
    this.background.add(`transaction of ${producerId}`, function* () {
      yield* sleep(self.host, 0, `offsets of producer ${producerId}`)
      self.decide(producerId, committed, (groupId) => partitions.includes(self.partitionFor(groupId)))
    })
  }

  private decide(
    producerId: number,
    committed: boolean,
    isMeant: (groupId: string) => boolean,
    isLoading = false,
  ): void {
    for (const { groupId, offsets } of this.transactional.take(producerId, isMeant)) {
      if (committed) {
        for (const [tp, offset] of offsets) {
          const known = this.offsets.get(groupId, tp)?.logOffset
          if (known === undefined || known < offset.logOffset) this.offsets.put(groupId, tp, offset)
        }
      }
      if (!this.host.tracing || isLoading || offsets.size === 0) continue
      const told = Object.fromEntries([...offsets].map(([tp, { offset }]) => [tp, offset]))
      if (!committed) {
        traceTransaction(this.host, { kind: 'TxnOffsetsDropped', group: groupId, producerId, offsets: told })
        continue
      }
      const who = { client: `producer ${producerId}`, generation: -1, member: '' }
      traceCoordinator(this.host, { kind: 'OffsetsCommitted', group: groupId, storage: 'kafka', ...who, offsets: told })
    }
  }

  private setPending(groupId: string, offsets: ReadonlyMap<TopicPartition, OffsetAndMetadata>): void {
    let pending = this.pending.get(groupId)
    if (pending === undefined) this.pending.set(groupId, (pending = new Map()))
    for (const [tp, offset] of offsets) pending.set(tp, offset)
  }

  private clearPending(groupId: string, offsets: ReadonlyMap<TopicPartition, OffsetAndMetadata>): void {
    const pending = this.pending.get(groupId)
    if (pending === undefined) return
    for (const [tp, offset] of offsets) if (pending.get(tp) === offset) pending.delete(tp)
    if (pending.size === 0) this.pending.delete(groupId)
  }

  offset(groupId: string, tp: TopicPartition): OffsetAndMetadata | undefined {
    return this.offsets.get(groupId, tp)
  }

  offsetsOf(groupId: string): ReadonlyMap<TopicPartition, OffsetAndMetadata> {
    return this.offsets.of(groupId)
  }

  // ---- load and unload ----

  /** The broker leads the partition now. @param onGroup for each group with its members that was found */
  load(partition: number, onGroup: (group: Group) => void): void {
    const { groupCoordinator, loadingCoordinator } = this.versions
    if (loadingCoordinator === 'says-so') {
      if (this.loading.has(partition)) return
      this.loading.add(partition)
    }
    const task = (): Task<void> => this.loadPartition(partition, onGroup)
    if (groupCoordinator === 'offset-manager') runTask(task())
    else this.background.add(`load ${partition}`, task)
  }

  private *loadPartition(partition: number, onGroup: (group: Group) => void): Task<void> {
    yield* sleep(this.host, 0, `load offsets partition ${partition}`)
    this.loading.add(partition)
    const loaded: Loaded = { partition, groups: new Map() }
    const tp = topicPartition(OFFSETS_TOPIC, partition)
    const from = this.broker.log(OFFSETS_TOPIC, partition)?.logStartOffset ?? 0
    const end = this.log.end(partition)
    if (this.host.tracing && end > from) traceCoordinator(this.host, { kind: 'CoordinatorLoading', tp, from, to: end })
    const to = yield* this.log.readAll(partition, (record, batch) => this.take(record, batch, loaded))
    for (const [groupId, stored] of loaded.groups) {
      // One that was formed meanwhile stays.
      if (!this.groups.has(groupId)) onGroup(this.addGroup(Group.restore(groupId, stored)))
    }
    if (this.versions.emptyGroups === 'kept') this.addGroupsOfOffsets(partition)
    this.owned.add(partition)
    this.loading.delete(partition)
    if (to === from || !this.host.tracing) return
    traceCoordinator(this.host, { kind: 'CoordinatorLoaded', tp, to, ...this.countsOf(partition) })
  }

  private take(record: LogRecord, batch: Batch, loaded: Loaded): void {
    const { key, value, offset: logOffset } = record
    if (batch.isControl) {
      const { type } = readControlRecord(record)
      const isMeant = (groupId: string): boolean => this.partitionFor(groupId) === loaded.partition
      if (type === 'commit' || type === 'abort') this.decide(batch.producerId, type === 'commit', isMeant, true)
      return
    }
    if (key === null) return
    const decoded = decodeOffsetsTopicKey(key)
    const { groupId } = decoded
    if (decoded.kind === 'offset') {
      const tp = topicPartition(decoded.topic, decoded.partition)
      if (value === null) return this.offsets.remove(groupId, tp)
      const offset = this.withExpiry(decodeOffsetValue(value))
      if (batch.isTransactional) this.transactional.load(batch.producerId, groupId, tp, offset, logOffset)
      else this.offsets.put(groupId, tp, { ...offset, logOffset })
    } else if (value === null) loaded.groups.delete(groupId)
    else loaded.groups.set(groupId, decodeGroupValue(value))
  }

  /** From 0.9 to 2.0 each offset has its time to go; those of 0.8.2 get one when they are read. */
  private withExpiry(offset: OffsetAndMetadata): OffsetAndMetadata {
    const timed = this.layout.offsetValue === 1
    if (!timed || offset.expireTimestamp !== undefined) return offset
    return { ...offset, expireTimestamp: offset.commitTimestamp + this.retentionMs }
  }

  /** Offsets without a group: somebody only keeps offsets here. */
  private addGroupsOfOffsets(partition: number): void {
    for (const groupId of this.offsets.groupIds) {
      if (this.partitionFor(groupId) === partition && !this.groups.has(groupId)) {
        this.addGroup(new Group(groupId, 'Empty'))
      }
    }
  }

  /** The broker leads the partition no more. @param onGroup for each group that is forgotten */
  unload(partition: number, onGroup: (group: Group) => void): void {
    if (this.versions.groupCoordinator === 'offset-manager') return this.forget(partition, onGroup)
    const self = this
    this.background.add(`unload ${partition}`, function* () {
      yield* sleep(self.host, 0, `unload offsets partition ${partition}`)
      self.forget(partition, onGroup)
    })
  }

  private forget(partition: number, onGroup: (group: Group) => void): void {
    this.owned.delete(partition)
    const counts = this.countsOf(partition)
    for (const groupId of this.offsets.groupIds) {
      if (this.partitionFor(groupId) === partition) this.offsets.removeGroup(groupId)
    }
    this.transactional.removeGroups((groupId) => this.partitionFor(groupId) === partition)
    for (const [groupId, group] of [...this.groups]) {
      if (this.partitionFor(groupId) !== partition) continue
      onGroup(group)
      this.groups.delete(groupId)
    }
    if (counts.offsets + counts.groups === 0 || !this.host.tracing) return
    const tp = topicPartition(OFFSETS_TOPIC, partition)
    traceCoordinator(this.host, { kind: 'CoordinatorUnloaded', tp, ...counts })
  }

  private countsOf(partition: number): { readonly offsets: number; readonly groups: number } {
    let offsets = 0
    for (const groupId of this.offsets.groupIds) {
      if (this.partitionFor(groupId) === partition) offsets += this.offsets.of(groupId).size
    }
    let groups = 0
    for (const group of this.groups.values()) {
      if (this.partitionFor(group.groupId) === partition && group.size > 0) groups++
    }
    return { offsets, groups }
  }

  // ---- expiry ----

  /** Forgets offsets that are too old, and from 0.10.1 groups that have neither members nor offsets. */
  expire(): void {
    const groupIds = new Set([...this.offsets.groupIds, ...this.groups.keys()])
    for (const groupId of groupIds) this.expireGroup(groupId)
  }

  private expireGroup(groupId: string): void {
    const { nowMs, retentionMs } = this
    const group = this.groups.get(groupId)
    const pending = this.pending.get(groupId)
    const expired = expiredOffsets(this.offsets.of(groupId), group, {
      rule: this.versions.offsetsExpiry,
      timed: this.layout.offsetValue === 1,
      nowMs,
      retentionMs,
      isPending: (tp) =>
        this.versions.emptyGroups === 'kept' && (pending?.has(tp) === true || this.isTransactional(groupId, tp)),
    })
    const tombstones = expired.map(([tp]) => ({
      key: encodeOffsetKey({ groupId, ...splitTopicPartition(tp) }, this.layout),
      value: null,
    }))
    for (const [tp] of expired) this.offsets.remove(groupId, tp)
    if (expired.length > 0 && this.host.tracing) {
      const offsets = Object.fromEntries(expired.map(([tp, { offset }]) => [tp, offset]))
      traceCoordinator(this.host, { kind: 'OffsetsExpired', group: groupId, offsets })
    }
    const isIdle = pending === undefined && !this.transactional.hasPending(groupId)
    if (group?.is('Empty') === true && this.offsets.of(groupId).size === 0 && isIdle) {
      group.transitionTo('Dead', nowMs)
      this.groups.delete(groupId)
      // One that never had a generation was never written down.
      if (group.generationId > 0) tombstones.push({ key: encodeGroupKey(groupId), value: null })
    }
    this.log.writeLazily(this.partitionFor(groupId), tombstones)
  }

  digest(digest: Digest): void {
    digest.int(this.partitionCount)
    for (const partition of this.loading) digest.int(partition)
    digest.int(this.owned.size)
    for (const partition of this.owned) digest.int(partition)
    digest.string(this.background.current ?? '').int(this.background.length)
    this.offsets.digest(digest)
    for (const group of this.groups.values()) group.digest(digest)
    for (const [groupId, offsets] of this.pending) digest.string(groupId).int(offsets.size)
    this.transactional.digest(digest)
  }
}
