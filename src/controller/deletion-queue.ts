/**
 * Topics that are to be deleted, as everybody in the controller asks about them. The work itself is done in
 * `topic-deletion.ts`. State of `TopicDeletionManager` in
 * `core/src/main/scala/kafka/controller/TopicDeletionManager.scala`, release 0.8.2.2.
 */
import type { Digest } from '../host/index.ts'
import { splitTopicPartition, type TopicPartition } from '../protocol/index.ts'

export class DeletionQueue {
  /** `delete.topic.enable`: without it nothing is ever queued. */
  readonly enabled: boolean
  readonly topics = new Set<string>()
  /**
   * Their partitions, as far as they were known when the topic was queued, or, from 2.1, when its deletion began.
   * Brokers are told to forget these.
   */
  readonly partitions = new Set<TopicPartition>()
  /** Topics whose deletion is halted: a replica is down, or something else is being done to them. */
  readonly ineligible = new Set<string>()

  /** Topics whose deletion has begun, where that matters (from 2.1). */
  readonly begun = new Set<string>()

  constructor(enabled: boolean) {
    this.enabled = enabled
  }

  isQueued(topic: string): boolean {
    return this.topics.has(topic)
  }

  add(topics: Iterable<string>): void {
    for (const topic of topics) this.topics.add(topic)
  }

  addPartitions(partitions: Iterable<TopicPartition>): void {
    for (const tp of partitions) this.partitions.add(tp)
  }

  remove(topic: string): void {
    this.topics.delete(topic)
    this.begun.delete(topic)
    for (const tp of this.partitions) if (splitTopicPartition(tp).topic === topic) this.partitions.delete(tp)
  }

  clear(): void {
    this.topics.clear()
    this.partitions.clear()
    this.ineligible.clear()
    this.begun.clear()
  }

  digest(digest: Digest): void {
    for (const topic of this.topics)
      digest.string(topic).boolean(this.ineligible.has(topic)).boolean(this.begun.has(topic))
    digest.int(this.partitions.size).int(this.ineligible.size)
  }
}
