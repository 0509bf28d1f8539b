/**
 * OffsetCommit and OffsetFetch at a broker (`KafkaApis.scala`, 0.8.2.2 and 0.9.0.1; `GroupCoordinator.handleCommitOffsets`).
 */
import type { BrokerConfig } from '../config/index.ts'
import { type Host, runTask, type Task } from '../host/index.ts'
import {
  BROKER_DECIDES,
  type CommittedPartition,
  ErrorCode,
  type FetchedOffset,
  NO_MEMBER_ID,
  noOffset,
  type OffsetAndMetadata,
  type OffsetCommitRequest,
  type OffsetCommitResponse,
  type OffsetFetchRequest,
  splitTopicPartition,
  type TopicPartition,
  type TxnOffsetCommitRequest,
  topicPartition,
} from '../protocol/index.ts'
import type { ProtocolVersions } from '../versions.ts'
import type { BrokerAccess } from './broker-access.ts'
import { traceCoordinator } from './events.ts'
import { Group } from './group.ts'
import type { GroupCoordinator } from './group-coordinator.ts'
import { commitError } from './group-errors.ts'
import type { GroupMetadataManager } from './group-metadata-manager.ts'
import { traceTransaction } from './transaction-events.ts'
import type { ZooKeeperOffsets } from './zookeeper-offsets.ts'

export interface OffsetRequestsOptions {
  readonly broker: BrokerAccess
  readonly config: BrokerConfig
  readonly versions: ProtocolVersions
  readonly manager: GroupMetadataManager
  readonly coordinator: GroupCoordinator
  readonly zookeeper: ZooKeeperOffsets
}

type CommitDone = (partitions: OffsetCommitResponse['partitions']) => void
type FetchDone = (errorCode: ErrorCode, partitions: readonly FetchedOffset[]) => void

export class OffsetRequests {
  private readonly host: Host
  private readonly options: OffsetRequestsOptions

  constructor(host: Host, options: OffsetRequestsOptions) {
    this.host = host
    this.options = options
  }

  private get isOffsetManager(): boolean {
    return this.options.versions.groupCoordinator === 'offset-manager'
  }

  // ---- commit ----

  commit(request: OffsetCommitRequest, done: CommitDone): void {
    if (request.version === 0) return runTask(this.commitToZooKeeper(request), done)
    const { broker } = this.options
    const known = this.isOffsetManager ? request.partitions : request.partitions.filter((p) => broker.hasTopic(p.topic))
    const finish = (errorOf: (one: CommittedPartition) => ErrorCode): void => {
      done(
        request.partitions.map((one) => {
          const { topic, partition } = one
          const errorCode = known.includes(one) ? errorOf(one) : ErrorCode.UnknownTopicOrPartition
          return { topic, partition, errorCode }
        }),
      )
    }
    if (known.length === 0 && !this.isOffsetManager) return finish(() => ErrorCode.NoError)
    const refusal = this.commitRefusal(request)
    if (refusal !== undefined) {
      this.traceRefused('OffsetCommit', request, refusal)
      return finish(() => refusal)
    }
    this.store(request, known, finish)
  }

  /** Why nothing of a commit is written. 0.8.2 asks only the log. */
  private commitRefusal({ groupId, memberId, generationId }: OffsetCommitRequest): ErrorCode | undefined {
    const { coordinator, manager, versions } = this.options
    if (this.isOffsetManager) return undefined
    const refusal = coordinator.refusal(groupId)
    if (refusal !== undefined) return refusal
    let group = manager.group(groupId)
    if (group === undefined) {
      // Not coordinated, or of a generation that this coordinator knows nothing of.
      if (generationId >= 0) return ErrorCode.IllegalGeneration
      if (versions.emptyGroups === 'removed') return undefined
      group = manager.addGroup(new Group(groupId, 'Empty'))
    }
    if (group.is('Dead')) return ErrorCode.UnknownMemberId
    if (generationId < 0 && group.is('Empty')) return undefined
    if (group.is('AwaitingSync')) return ErrorCode.RebalanceInProgress
    if (!group.has(memberId)) return ErrorCode.UnknownMemberId
    if (generationId !== group.generationId) return ErrorCode.IllegalGeneration
    if (versions.consumerLiveness === 'background-heartbeats') coordinator.committed(group, memberId)
    return undefined
  }

  private store(
    request: OffsetCommitRequest,
    partitions: readonly CommittedPartition[],
    finish: (errorOf: (one: CommittedPartition) => ErrorCode) => void,
  ): void {
    const { manager, versions } = this.options
    const written = new Map<TopicPartition, OffsetAndMetadata>()
    const all = new Map<TopicPartition, OffsetAndMetadata>()
    for (const one of partitions) {
      const tp = topicPartition(one.topic, one.partition)
      const offset = this.timed(one, request)
      all.set(tp, offset)
      if (this.fits(one)) written.set(tp, offset)
    }
    // 0.8.2 keeps also what it did not write, in memory.
    manager.storeOffsets(request.groupId, written, this.isOffsetManager ? all : written, (logError) => {
      const errorCode = commitError(logError, versions)
      if (errorCode !== ErrorCode.NoError) this.traceRefused('OffsetCommit', request, errorCode)
      else this.traceCommitted(request, 'kafka', partitions.filter(this.fits))
      finish((one) => (this.fits(one) ? errorCode : ErrorCode.OffsetMetadataTooLarge))
    })
  }

  private readonly fits = ({ metadata }: CommittedPartition): boolean =>
    metadata === null || metadata.length <= this.options.config['offset.metadata.max.bytes']

  /** When an offset was committed, and when it may go. */
  private timed({ offset, timestamp = BROKER_DECIDES, metadata }: CommittedPartition, request: OffsetCommitRequest) {
    const { nowMs, retentionMs } = this.options.manager
    const text = metadata ?? ''
    if (this.isOffsetManager) {
      const commitTimestamp = timestamp === BROKER_DECIDES ? nowMs : timestamp
      return { offset, metadata: text, commitTimestamp, expireTimestamp: undefined }
    }
    const asked = request.retentionMs ?? BROKER_DECIDES
    const base = timestamp === BROKER_DECIDES ? nowMs : timestamp
    // Since KIP-211 only an older client's own wish counts.
    const isOwnWish = asked !== BROKER_DECIDES
    const expires = this.options.versions.offsetsExpiry === 'by-age' || isOwnWish
    const expireTimestamp = expires ? base + (isOwnWish ? asked : retentionMs) : undefined
    return { offset, metadata: text, commitTimestamp: nowMs, expireTimestamp }
  }

  private *commitToZooKeeper(request: OffsetCommitRequest): Task<OffsetCommitResponse['partitions']> {
    const { broker, zookeeper } = this.options
    const results: Array<OffsetCommitResponse['partitions'][number]> = []
    const committed: CommittedPartition[] = []
    for (const one of request.partitions) {
      const { topic, partition, offset } = one
      let errorCode: ErrorCode
      if (!broker.hasTopic(topic)) errorCode = ErrorCode.UnknownTopicOrPartition
      else if (!this.fits(one)) errorCode = ErrorCode.OffsetMetadataTooLarge
      else errorCode = yield* zookeeper.write(request.groupId, topic, partition, offset)
      if (errorCode === ErrorCode.NoError) committed.push(one)
      else this.traceRefused('OffsetCommit', request, errorCode)
      results.push({ topic, partition, errorCode })
    }
    if (committed.length > 0) this.traceCommitted(request, 'zookeeper', committed)
    return results
  }

  // ---- commit in a transaction ----

  /** `GroupCoordinator.handleTxnCommitOffsets`, 0.11.0.2 to 2.8. */
  commitInTransaction(request: TxnOffsetCommitRequest, done: CommitDone): void {
    const { broker, manager, versions } = this.options
    const { groupId, transactionalId, producerId, producerEpoch, clientId: client } = request
    const known = request.partitions.filter((p) => broker.hasTopic(p.topic))
    const finish = (errorCode: ErrorCode): void => {
      if (errorCode !== ErrorCode.NoError && this.host.tracing) {
        const { memberId: member } = request
        traceCoordinator(this.host, {
          kind: 'GroupRequestRefused',
          api: 'TxnOffsetCommit',
          group: groupId,
          client,
          member,
          errorCode,
        })
      }
      done(
        request.partitions.map((one) => ({
          topic: one.topic,
          partition: one.partition,
          errorCode: !known.includes(one)
            ? ErrorCode.UnknownTopicOrPartition
            : this.fits(one)
              ? errorCode
              : ErrorCode.OffsetMetadataTooLarge,
        })),
      )
    }
    const refusal = this.transactionRefusal(request)
    if (refusal !== undefined) return finish(refusal)
    const offsets = new Map<TopicPartition, OffsetAndMetadata>()
    for (const one of known.filter(this.fits)) {
      const expires = versions.offsetsExpiry === 'by-age'
      const { nowMs, retentionMs } = manager
      offsets.set(topicPartition(one.topic, one.partition), {
        offset: one.offset,
        metadata: one.metadata ?? '',
        commitTimestamp: nowMs,
        expireTimestamp: expires ? nowMs + retentionMs : undefined,
      })
    }
    if (offsets.size === 0) return finish(ErrorCode.NoError)
    const origin = { transactionalId, producerId, producerEpoch }
    manager.storeTransactionalOffsets(groupId, offsets, origin, (logError) => {
      const errorCode = commitError(logError, versions)
      if (errorCode === ErrorCode.NoError && this.host.tracing) {
        const told = Object.fromEntries([...offsets].map(([tp, { offset }]) => [tp, offset]))
        traceTransaction(this.host, { kind: 'TxnOffsetsPending', group: groupId, client, producerId, offsets: told })
      }
      finish(errorCode)
    })
  }

  /** Who does not say where the offsets come from is let in, whatever the group has come to. */
  private transactionRefusal({ groupId, generationId, memberId }: TxnOffsetCommitRequest): ErrorCode | undefined {
    const { coordinator, manager } = this.options
    const refusal = coordinator.refusal(groupId)
    if (refusal !== undefined) return refusal
    const group = manager.group(groupId) ?? manager.addGroup(new Group(groupId, 'Empty'))
    if (group.is('Dead')) return ErrorCode.UnknownMemberId
    if (memberId !== NO_MEMBER_ID && !group.has(memberId)) return ErrorCode.UnknownMemberId
    if (generationId >= 0 && generationId !== group.generationId) return ErrorCode.IllegalGeneration
    return undefined
  }

  // ---- fetch ----

  fetch(request: OffsetFetchRequest, done: FetchDone): void {
    if (request.version === 0) {
      return runTask(this.fetchFromZooKeeper(request), (partitions) => {
        this.traceFetched(request, 'zookeeper', partitions)
        done(ErrorCode.NoError, partitions)
      })
    }
    const { broker, coordinator } = this.options
    const { groupId, version } = request
    const asked = request.partitions ?? []
    const refusal = coordinator.refusal(groupId)
    if (refusal !== undefined && !(this.isOffsetManager && asked.length === 0)) {
      this.traceRefused('OffsetFetch', request, refusal)
      // Before 0.10.2 an answer has no error code of its own.
      const each = asked.map(({ topic, partition }) => noOffset(topic, partition, refusal))
      return done(version >= 2 ? refusal : ErrorCode.NoError, each)
    }
    const all = !this.isOffsetManager && (version === 1 ? asked.length === 0 : request.partitions === null)
    const names = all ? [...this.options.manager.offsetsOf(groupId).keys()].map(splitTopicPartition) : asked
    const partitions = names.map(({ topic, partition }): FetchedOffset => {
      if (this.isOffsetManager && !broker.hasPartition(topic, partition)) {
        return noOffset(topic, partition, ErrorCode.UnknownTopicOrPartition)
      }
      const tp = topicPartition(topic, partition)
      // KIP-447: the partition's former owner may have it in a transaction still.
      if (request.requireStable === true && this.options.manager.isTransactional(groupId, tp)) {
        return noOffset(topic, partition, ErrorCode.UnstableOffsetCommit)
      }
      const found = this.options.manager.offset(groupId, tp)
      if (found === undefined) return noOffset(topic, partition)
      const { offset, metadata } = found
      return { topic, partition, offset, metadata, errorCode: ErrorCode.NoError }
    })
    this.traceFetched(request, 'kafka', partitions)
    done(ErrorCode.NoError, partitions)
  }

  private *fetchFromZooKeeper({ groupId, partitions }: OffsetFetchRequest): Task<FetchedOffset[]> {
    const { broker, zookeeper } = this.options
    const results: FetchedOffset[] = []
    for (const { topic, partition } of partitions ?? []) {
      const offset = broker.hasTopic(topic) ? yield* zookeeper.read(groupId, topic, partition) : undefined
      // There is no code for "none committed".
      if (offset === undefined) results.push(noOffset(topic, partition, ErrorCode.UnknownTopicOrPartition))
      else results.push({ topic, partition, offset, metadata: '', errorCode: ErrorCode.NoError })
    }
    return results
  }

  // ---- trace ----

  private traceCommitted(
    request: OffsetCommitRequest,
    storage: 'zookeeper' | 'kafka',
    partitions: readonly CommittedPartition[],
  ): void {
    if (!this.host.tracing) return
    const { groupId: group, clientId: client, generationId: generation, memberId: member } = request
    const offsets = Object.fromEntries(partitions.map((p) => [topicPartition(p.topic, p.partition), p.offset]))
    traceCoordinator(this.host, { kind: 'OffsetsCommitted', group, storage, client, generation, member, offsets })
  }

  private traceFetched(
    { groupId: group, clientId: client }: OffsetFetchRequest,
    storage: 'zookeeper' | 'kafka',
    partitions: readonly FetchedOffset[],
  ): void {
    if (!this.host.tracing) return
    const offsets = Object.fromEntries(partitions.map((p) => [topicPartition(p.topic, p.partition), p.offset]))
    traceCoordinator(this.host, { kind: 'OffsetsFetched', group, storage, client, offsets })
  }

  private traceRefused(
    api: 'OffsetCommit' | 'OffsetFetch',
    request: OffsetCommitRequest | OffsetFetchRequest,
    errorCode: ErrorCode,
  ): void {
    if (!this.host.tracing) return
    const { groupId: group, clientId: client } = request
    const member = request.api === 'OffsetCommit' ? request.memberId : ''
    traceCoordinator(this.host, { kind: 'GroupRequestRefused', api, group, client, member, errorCode })
  }
}
