/**
 * Where an old consumer keeps its offsets: `commitOffsets` and `fetchOffsets` of
 * `kafka/consumer/ZookeeperConsumerConnector.scala`, release 0.8.2.2. In ZooKeeper each is a plain number, set without a
 * question and only where it changed. In Kafka the coordinator keeps them; while a group moves there
 * (`dual.commit.enabled`) both are written, and the larger one counts.
 */
import type { OldConsumerConfig } from '../../config/index.ts'
import { type Digest, fromMs, type Host, sleep, type Task, until } from '../../host/index.ts'
import {
  BROKER_DECIDES,
  ErrorCode,
  errorName,
  NO_GENERATION,
  NO_MEMBER_ID,
  NO_OFFSET,
  type OffsetCommitRequest,
  type OffsetFetchRequest,
  topicPartition,
  zkPaths,
} from '../../protocol/index.ts'
import type { ZkClient, ZkResult, ZkStat } from '../../zookeeper/index.ts'
import { Mutex } from '../mutex.ts'
import type { CommitCause, OldConsumerEvent } from './events.ts'
import type { OffsetsChannel } from './offsets-channel.ts'
import type { PartitionTopicInfo } from './partition-topic-info.ts'

export interface OffsetStoreOptions {
  readonly client: string
  readonly group: string
  readonly config: OldConsumerConfig
}

interface TopicAndPartition {
  readonly topic: string
  readonly partition: number
}

export class OffsetStore {
  private readonly host: Host
  private readonly options: OffsetStoreOptions
  private readonly zk: ZkClient
  private readonly channel: OffsetsChannel
  /** What ZooKeeper has, as far as this consumer wrote or read it. */
  private readonly checkpointed = new Map<string, number>()
  private readonly lock = new Mutex()

  constructor(host: Host, options: OffsetStoreOptions, zk: ZkClient, channel: OffsetsChannel) {
    this.host = host
    this.options = options
    this.zk = zk
    this.channel = channel
  }

  /**
   * Commits what was handed out. A failed commit is left to the next one; only at the end of the consumer it is tried
   * again, `offsets.commit.max.retries` times.
   */
  *commit(owned: () => Iterable<PartitionTopicInfo>, why: CommitCause): Task<void> {
    const { config } = this.options
    for (let left = why === 'shutdown' ? config['offsets.commit.max.retries'] : 0; ; left--) {
      yield* this.lock.acquire()
      const offsets = [...owned()].map(({ topic, partition, tp, consumedOffset }) => ({
        topic,
        partition,
        tp,
        offset: consumedOffset,
      }))
      const done = offsets.length === 0 || (yield* this.write(offsets, why))
      this.lock.release()
      if (done || left === 0) return
      yield* sleep(this.host, fromMs(config['offsets.channel.backoff.ms']), 'commit back-off')
    }
  }

  /** Where to begin, by `topic-partition`; -1 where nothing is kept. Asks until there is an answer. */
  *fetch(partitions: readonly TopicAndPartition[]): Task<ReadonlyMap<string, number>> {
    const { config } = this.options
    if (partitions.length === 0) return new Map()
    if (config['offsets.storage'] === 'zookeeper') return yield* this.fromZooKeeper(partitions)
    for (;;) {
      yield* this.lock.acquire()
      const offsets = yield* this.fromKafka(partitions)
      this.lock.release()
      if (offsets !== undefined) return offsets
      yield* sleep(this.host, fromMs(config['offsets.channel.backoff.ms']), 'offset fetch back-off')
    }
  }

  /** The consumer begins with this offset: nothing to write as long as it stays there. */
  begins(tp: string, offset: number): void {
    this.checkpointed.set(tp, offset)
  }

  digest(digest: Digest): void {
    this.lock.digest(digest)
    digest.int(this.checkpointed.size)
    for (const [tp, offset] of this.checkpointed) digest.string(tp).int(offset)
  }

  /** False: to be tried again. */
  private *write(
    offsets: ReadonlyArray<TopicAndPartition & { readonly tp: string; readonly offset: number }>,
    why: CommitCause,
  ): Task<boolean> {
    const { group, config } = this.options
    if (config['offsets.storage'] === 'zookeeper') {
      const written: Record<string, number> = {}
      for (const one of offsets) if (yield* this.toZooKeeper(one)) written[one.tp] = one.offset
      this.traceCommitted('zookeeper', why, written)
      return true
    }
    const response = yield* this.channel.call<OffsetCommitRequest>((correlationId) => ({
      api: 'OffsetCommit',
      version: 1,
      correlationId,
      clientId: this.options.client,
      groupId: group,
      generationId: NO_GENERATION,
      memberId: NO_MEMBER_ID,
      partitions: offsets.map(({ topic, partition, offset }) => ({
        topic,
        partition,
        offset,
        timestamp: BROKER_DECIDES,
        metadata: '',
      })),
    }))
    if (typeof response === 'string') {
      this.traceFailed(why, response)
      return false
    }
    const accepted: Record<string, number> = {}
    const both: Record<string, number> = {}
    let retry = false
    for (const { topic, partition, errorCode } of response.partitions) {
      const one = offsets.find((offset) => offset.topic === topic && offset.partition === partition)!
      if (errorCode === ErrorCode.NoError) {
        accepted[one.tp] = one.offset
        if (config['dual.commit.enabled'] && (yield* this.toZooKeeper(one))) both[one.tp] = one.offset
        continue
      }
      if (errorCode !== ErrorCode.OffsetMetadataTooLarge) retry = true
      if (coordinatorMoved(errorCode)) this.channel.disconnect()
      this.traceFailed(why, `${one.tp}: ${errorName(errorCode)}`)
    }
    this.traceCommitted('kafka', why, accepted)
    this.traceCommitted('zookeeper', why, both)
    return !retry
  }

  /** False: it had been written already. */
  private *toZooKeeper({ topic, partition, offset }: TopicAndPartition & { readonly offset: number }): Task<boolean> {
    const tp = topicPartition(topic, partition)
    if (this.checkpointed.get(tp) === offset) return false
    const path = zkPaths.consumerOffset(this.options.group, topic, partition)
    const set = () => until<ZkResult<ZkStat>>((resume) => this.zk.setData(path, String(offset), -1, resume))
    if ((yield* set()).error === 'NoNode') {
      const parent = zkPaths.consumerOffsets(this.options.group, topic)
      yield* until<ZkResult<string>>((resume) => this.zk.createRecursive(parent, resume))
      const created = yield* until<ZkResult<string>>((resume) =>
        this.zk.create(path, String(offset), 'persistent', resume),
      )
      if (created.error === 'NodeExists') yield* set()
    }
    this.checkpointed.set(tp, offset)
    return true
  }

  private *fromZooKeeper(partitions: readonly TopicAndPartition[]): Task<ReadonlyMap<string, number>> {
    const offsets = new Map<string, number>()
    for (const { topic, partition } of partitions) {
      const path = zkPaths.consumerOffset(this.options.group, topic, partition)
      const { error, value } = yield* until<ZkResult<{ data: string }>>((resume) => this.zk.getData(path, resume))
      offsets.set(topicPartition(topic, partition), error === 'OK' ? Number(value!.data) : NO_OFFSET)
    }
    return offsets
  }

  /** Undefined: not now. */
  private *fromKafka(partitions: readonly TopicAndPartition[]): Task<ReadonlyMap<string, number> | undefined> {
    const { client, group, config } = this.options
    const response = yield* this.channel.call<OffsetFetchRequest>((correlationId) => ({
      api: 'OffsetFetch',
      version: 1,
      correlationId,
      clientId: client,
      groupId: group,
      partitions,
    }))
    if (typeof response === 'string') return undefined
    if (response.partitions.some(({ errorCode }) => errorCode === ErrorCode.NotCoordinatorForConsumer)) {
      this.channel.disconnect()
      return undefined
    }
    if (response.partitions.some(({ errorCode }) => errorCode === ErrorCode.OffsetsLoadInProgress)) return undefined
    const offsets = new Map(
      response.partitions.map(({ topic, partition, offset }) => [topicPartition(topic, partition), offset]),
    )
    if (!config['dual.commit.enabled']) return offsets
    for (const [tp, offset] of yield* this.fromZooKeeper(partitions)) {
      offsets.set(tp, Math.max(offset, offsets.get(tp) ?? NO_OFFSET))
    }
    return offsets
  }

  private traceCommitted(
    storage: 'zookeeper' | 'kafka',
    why: CommitCause,
    offsets: Readonly<Record<string, number>>,
  ): void {
    if (!this.host.tracing || Object.keys(offsets).length === 0) return
    const { client, group } = this.options
    this.trace({ kind: 'ConsumerCommitted', client, group, storage, why, offsets })
  }

  private traceFailed(why: CommitCause, error: string): void {
    if (!this.host.tracing) return
    const { client, group } = this.options
    this.trace({ kind: 'ConsumerCommitFailed', client, group, why, error })
  }

  private trace(event: OldConsumerEvent): void {
    this.host.trace(event)
  }
}

const coordinatorMoved = (errorCode: ErrorCode): boolean =>
  errorCode === ErrorCode.NotCoordinatorForConsumer || errorCode === ErrorCode.ConsumerCoordinatorNotAvailable
