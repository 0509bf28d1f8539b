/**
 * New topics and new partitions of known ones, seen through watches on `/brokers/topics` and on each topic's node.
 * `TopicChangeListener` and `AddPartitionsListener` in
 * `core/src/main/scala/kafka/controller/PartitionStateMachine.scala`, release 0.8.2.2.
 */
import type { Task } from '../host/index.ts'
import {
  decodeAssignment,
  decodeTopicId,
  splitTopicPartition,
  type TopicPartition,
  topicPartition,
  zkPaths,
} from '../protocol/index.ts'
import type { ControllerCore } from './controller-core.ts'
import { offlineSelector } from './leader-selectors.ts'
import { Refusal } from './refusal.ts'
import { readNode } from './zk-data.ts'

export class TopicChanges {
  private readonly core: ControllerCore
  private unsubscribeTopics: (() => void) | undefined
  private readonly unsubscribePartitions = new Map<string, () => void>()
  private readonly topicsChanged: (children: readonly string[]) => void

  constructor(core: ControllerCore) {
    this.core = core
    this.topicsChanged = core.lock.listener('change of the topics', (children) => this.handleTopics(children))
  }

  register(): void {
    this.unsubscribeTopics ??= this.core.context.environment.zk.subscribeChildren(zkPaths.brokerTopics, (children) =>
      this.topicsChanged(children),
    )
  }

  /**
   * Watches topics for new partitions. From 1.1 on a controller asks for that before it reads what they have now: the
   * watch is set with the read.
   */
  registerPartitions(topics: Iterable<string>): void {
    for (const topic of topics) this.registerPartitionsOf(topic)
  }

  private registerPartitionsOf(topic: string): void {
    if (this.unsubscribePartitions.has(topic)) return
    const changed = this.core.lock.listener<null>(`change of topic ${topic}`, () => this.handlePartitions(topic))
    const unsubscribe = this.core.context.environment.zk.subscribeData(zkPaths.topic(topic), {
      changed: () => changed(null),
      deleted: () => {},
    })
    this.unsubscribePartitions.set(topic, unsubscribe)
  }

  /** Returns whether the partitions of this topic were watched. */
  deregisterPartitions(topic: string): boolean {
    const unsubscribe = this.unsubscribePartitions.get(topic)
    unsubscribe?.()
    return this.unsubscribePartitions.delete(topic)
  }

  deregister(): void {
    this.unsubscribeTopics?.()
    this.unsubscribeTopics = undefined
    for (const unsubscribe of this.unsubscribePartitions.values()) unsubscribe()
    this.unsubscribePartitions.clear()
  }

  /** Partition to replicas for all partitions of some topics; a topic without a node has none. */
  *readAssignments(topics: readonly string[]): Task<Map<TopicPartition, readonly number[]>> {
    const found = new Map<TopicPartition, readonly number[]>()
    const { context } = this.core
    for (const topic of topics) {
      const node = yield* readNode(context.environment.zk, zkPaths.topic(topic))
      const id = node && decodeTopicId(node.data)
      if (id === undefined) context.topicIds.delete(topic)
      else context.topicIds.set(topic, id)
      if (node === undefined) continue
      for (const [partition, replicas] of decodeAssignment(node.data))
        found.set(topicPartition(topic, partition), replicas)
    }
    return found
  }

  private *handleTopics(children: readonly string[]): Task<void> {
    const { context, partitions } = this.core
    if (!partitions.hasStarted) return
    const sorted = [...children].sort()
    const newTopics = sorted.filter((topic) => !context.topics.has(topic))
    const current = new Set(sorted)
    const deleted = [...context.topics].filter((topic) => !current.has(topic))
    context.topics = current
    for (const topic of deleted) context.topicIds.delete(topic)
    const watchFirst = context.environment.versions.topicWatch === 'with-read'
    if (watchFirst) this.registerPartitions(newTopics)
    const added = yield* this.readAssignments(newTopics)
    for (const tp of [...context.assignment.keys()]) {
      if (deleted.includes(splitTopicPartition(tp).topic)) context.assignment.delete(tp)
    }
    for (const [tp, replicas] of added) context.assignment.set(tp, replicas)
    if (newTopics.length === 0) return
    for (const topic of newTopics) this.traceCreated(topic, added)
    if (!watchFirst) this.registerPartitions(newTopics)
    yield* this.onNewPartitions([...added.keys()])
  }

  private *handlePartitions(topic: string): Task<void> {
    const { assignment, deletion } = this.core.context
    const added = [...(yield* this.readAssignments([topic])).keys()].filter((tp) => !assignment.has(tp))
    if (deletion.isQueued(topic)) throw new Refusal('state-change-failed', `${topic} is to be deleted`)
    if (added.length > 0) yield* this.onNewPartitions(added)
  }

  private *onNewPartitions(added: readonly TopicPartition[]): Task<void> {
    const { context, partitions, replicas } = this.core
    yield* partitions.handleStateChanges(added, 'NewPartition')
    yield* replicas.handleStateChanges(context.replicasForPartitions(added), 'NewReplica')
    yield* partitions.handleStateChanges(added, 'OnlinePartition', offlineSelector)
    yield* replicas.handleStateChanges(context.replicasForPartitions(added), 'OnlineReplica')
  }

  private traceCreated(topic: string, added: ReadonlyMap<TopicPartition, readonly number[]>): void {
    const { host } = this.core.context.environment
    if (!host.tracing) return
    const assignment: Record<string, readonly number[]> = {}
    for (const [tp, replicas] of added) {
      const { topic: owner, partition } = splitTopicPartition(tp)
      if (owner === topic) assignment[String(partition)] = replicas
    }
    host.trace({ kind: 'TopicCreated', topic, assignment })
  }
}
