/**
 * Elections that give leadership back to the preferred replica, asked for through `/admin/preferred_replica_election`.
 * `core/src/main/scala/kafka/controller/KafkaController.scala`, release 0.8.2.2.
 */
import type { Task } from '../host/index.ts'
import {
  decodePartitionList,
  splitTopicPartition,
  type TopicPartition,
  topicPartition,
  zkPaths,
} from '../protocol/index.ts'
import type { ControllerCore } from './controller-core.ts'
import { preferredSelector } from './leader-selectors.ts'
import { parsed } from './refusal.ts'
import type { TopicDeletion } from './topic-deletion.ts'
import { deleteNode, readNode } from './zk-data.ts'

export class PreferredElections {
  private readonly core: ControllerCore
  private readonly deletion: TopicDeletion
  private unsubscribe: (() => void) | undefined
  private readonly requested: (data: string) => void

  constructor(core: ControllerCore, deletion: TopicDeletion) {
    this.core = core
    this.deletion = deletion
    this.requested = core.lock.listener('preferred replica election', (data) => this.handle(data))
  }

  register(): void {
    this.unsubscribe ??= this.core.context.environment.zk.subscribeData(zkPaths.preferredReplicaElection, {
      changed: (data) => this.requested(data),
      deleted: () => {},
    })
  }

  deregister(): void {
    this.unsubscribe?.()
    this.unsubscribe = undefined
  }

  /** On taking over: finds what a controller before left undone. Refuses if a partition has no leadership yet. */
  *load(): Task<void> {
    if (!this.remembered) return
    for (const tp of yield* this.readPending()) this.core.context.preferredElections.add(tp)
  }

  /** On taking over: finishes them, and removes the request even if there was none. */
  *resume(): Task<void> {
    if (this.remembered) return yield* this.elect([...this.core.context.preferredElections], false)
    const { deletion } = this.core.context
    const pending = yield* this.readPending()
    yield* this.elect(
      pending.filter((tp) => !deletion.isQueued(topicOf(tp))),
      false,
    )
  }

  private get remembered(): boolean {
    return this.core.context.environment.versions.preferredElections === 'remembered'
  }

  private *readPending(): Task<TopicPartition[]> {
    const { context } = this.core
    const node = yield* readNode(context.environment.zk, zkPaths.preferredReplicaElection)
    if (node === undefined) return []
    return partitionsIn(node.data).filter((tp) => {
      if (!context.assignment.has(tp)) return false
      return context.leadershipOf(tp).leaderAndIsr.leader !== context.preferredReplicaOf(tp)
    })
  }

  /**
   * Elects, and forgets the partitions again. As in Kafka a partition without leadership stops that half-way: the request
   * stays, and up to 0.10 the partition counts as being elected from then on, which keeps the automatic rebalance from
   * ever running again.
   * @param automatic true if no admin request stands behind it
   */
  *elect(partitions: readonly TopicPartition[], automatic: boolean): Task<void> {
    const { context } = this.core
    const topics = new Set(partitions.map(topicOf))
    if (this.remembered) {
      for (const tp of partitions) context.preferredElections.add(tp)
      this.deletion.markIneligible(topics, 'preferred-election')
    }
    yield* this.core.partitions.handleStateChanges(partitions, 'OnlinePartition', preferredSelector)
    for (const tp of partitions) {
      context.leadershipOf(tp)
      context.preferredReplicaOf(tp)
    }
    if (!automatic) yield* deleteNode(context.writes, zkPaths.preferredReplicaElection)
    for (const tp of partitions) context.preferredElections.delete(tp)
    this.deletion.resume(topics)
  }

  private *handle(data: string): Task<void> {
    const { preferredElections, deletion } = this.core.context
    const partitions = partitionsIn(data).filter((tp) => !preferredElections.has(tp) && !deletion.isQueued(topicOf(tp)))
    yield* this.elect(
      partitions.filter((tp) => this.isElectable(tp)),
      false,
    )
  }

  /** @throws Refusal (from 2.2 on, as in Kafka) a partition that is there never had a leader */
  private isElectable(tp: TopicPartition): boolean {
    const { context } = this.core
    if (context.environment.versions.preferredRequests === 'as-asked') return true
    if (!context.assignment.has(tp)) return false
    return context.leadershipOf(tp).leaderAndIsr.leader !== context.preferredReplicaOf(tp)
  }
}

const topicOf = (tp: TopicPartition): string => splitTopicPartition(tp).topic

const partitionsIn = (data: string): TopicPartition[] =>
  parsed('the preferred replica election', () => {
    const partitions = decodePartitionList(data).map(({ topic, partition }) => topicPartition(topic, partition))
    return [...new Set(partitions)]
  })
