/**
 * Deletion of topics, asked for through `/admin/delete_topics/T`: brokers are told to forget the topic, each replica
 * leaves the ISR and is deleted by StopReplica, and when all have said that they did, the topic's nodes go from
 * ZooKeeper. While a replica is down, or replicas of the topic move, or a preferred election of it runs, the deletion is
 * halted, and goes on afterwards. `core/src/main/scala/kafka/controller/TopicDeletionManager.scala` and
 * `DeleteTopicsListener` in `PartitionStateMachine.scala`, release 0.8.2.2.
 *
 * Kafka's thread for it is woken by signals that merge, and works under the controller's lock: here it is a listener on
 * that lock. An exception ends the thread for good, and with it deletions on this controller (before 1.1).
 */
import { runTask, type Task } from '../host/index.ts'
import {
  ErrorCode,
  type StopReplicaResponse,
  splitTopicPartition,
  type TopicPartition,
  topicPartition,
  zkPaths,
} from '../protocol/index.ts'
import { type PartitionAndReplica, replicaKey } from './controller-context.ts'
import type { ControllerCore } from './controller-core.ts'
import type { DeletionQueue } from './deletion-queue.ts'
import type { DeletionHalt } from './events.ts'
import { Refusal, refusalOf } from './refusal.ts'
import type { TopicChanges } from './topic-changes.ts'
import { deleteNode, deleteRecursively, readChildren } from './zk-data.ts'

export class TopicDeletion {
  private readonly core: ControllerCore
  private readonly topicChanges: TopicChanges
  private unsubscribe: (() => void) | undefined
  private readonly requested: (children: readonly string[]) => void
  private readonly wake: (nothing: null) => void
  /** `none`: this broker never was the controller, or did not get so far as to start it. */
  private thread: 'none' | 'running' | 'stopped' | 'died' = 'none'
  private loaded = false

  constructor(core: ControllerCore, topicChanges: TopicChanges) {
    this.core = core
    this.topicChanges = topicChanges
    this.requested = core.lock.listener('topics to delete', (children) => this.handleRequests(children))
    this.wake = core.lock.listener<null>('deletion of topics', () => this.work())
  }

  private get queue(): DeletionQueue {
    return this.core.context.deletion
  }

  register(): void {
    if (!this.queue.enabled) return
    this.unsubscribe ??= this.core.context.environment.zk.subscribeChildren(zkPaths.deleteTopics, (children) =>
      this.requested(children),
    )
  }

  deregister(): void {
    this.unsubscribe?.()
    this.unsubscribe = undefined
  }

  /**
   * On taking over: finds what is to be deleted, and what cannot be at the moment. (Where deletion is disabled 0.8.2
   * looks all the same, and has brokers forget topics that nobody deletes; that is not followed here.)
   */
  *load(): Task<void> {
    if (!this.queue.enabled) return
    const { context } = this.core
    const topics = yield* readChildren(context.environment.zk, zkPaths.deleteTopics)
    this.queue.clear()
    this.loaded = true
    this.thread = 'none'
    this.enqueue(topics)
    const moving = topicsOf(context.reassignments.keys())
    const electing = topicsOf(context.preferredElections)
    for (const topic of topics) {
      const partitions = context.partitionsOfTopic(topic)
      const dead = partitions.some((tp) => context.replicasOf(tp).some((id) => !context.isLive(id)))
      if (dead) this.halt(topic, 'dead-replicas')
      else if (moving.has(topic)) this.halt(topic, 'reassignment')
      else if (electing.has(topic)) this.halt(topic, 'preferred-election')
    }
  }

  /** On taking over, at the very end. */
  start(): void {
    if (!this.loaded) return
    this.thread = 'running'
    if (this.queue.topics.size > 0) this.wake(null)
  }

  /**
   * On resigning.
   * @returns false if it throws, as it does in Kafka where the thread was never started
   */
  shutdown(): boolean {
    if (!this.loaded || this.thread === 'stopped') return true
    if (this.thread === 'none') return false
    this.thread = 'stopped'
    this.queue.clear()
    return true
  }

  /** Halts the deletion of those topics that are to be deleted. */
  markIneligible(topics: Iterable<string>, reason: DeletionHalt): void {
    for (const topic of topics) if (this.queue.isQueued(topic)) this.halt(topic, reason)
  }

  /** Something that may have held these topics up is over. */
  resume(topics: Iterable<string>): void {
    let some = false
    for (const topic of topics) {
      if (!this.queue.isQueued(topic)) continue
      this.queue.ineligible.delete(topic)
      some = true
    }
    if (some) this.signal()
  }

  /** Replicas that could not be deleted: their broker died, or refused. */
  *fail(replicas: readonly PartitionAndReplica[]): Task<void> {
    const failed = replicas.filter(({ tp }) => this.queue.isQueued(topicOf(tp)))
    if (failed.length === 0) return
    yield* this.core.replicas.handleStateChanges(failed, 'ReplicaDeletionIneligible')
    this.markIneligible(topicsOf(failed.map(({ tp }) => tp)), 'replica-not-deleted')
    this.signal()
  }

  private halt(topic: string, reason: DeletionHalt): void {
    const { host } = this.core.context.environment
    if (host.tracing && !this.queue.ineligible.has(topic)) host.trace({ kind: 'TopicDeletionHalted', topic, reason })
    this.queue.ineligible.add(topic)
  }

  private signal(): void {
    if (this.thread === 'running') this.wake(null)
  }

  /** A topic that does not exist is crossed out; the others are queued. */
  private *handleRequests(children: readonly string[]): Task<void> {
    const { context } = this.core
    const topics: string[] = []
    for (const topic of [...children].sort()) {
      if (context.topics.has(topic)) topics.push(topic)
      else yield* deleteRecursively(context.environment.zk, context.writes, zkPaths.deleteTopic(topic))
    }
    if (topics.length === 0) return
    const moving = topicsOf(context.reassignments.keys())
    const electing = topicsOf(context.preferredElections)
    // Kafka marks before it queues, so a mark takes only if the topic is queued already.
    this.markIneligible(
      topics.filter((topic) => electing.has(topic)),
      'preferred-election',
    )
    this.markIneligible(
      topics.filter((topic) => moving.has(topic)),
      'reassignment',
    )
    this.enqueue(topics)
    this.signal()
  }

  private enqueue(topics: readonly string[]): void {
    const { context } = this.core
    this.queue.add(topics)
    if (context.environment.versions.partitionsGo === 'when-begun') return
    for (const topic of topics) this.queue.addPartitions(context.partitionsOfTopic(topic))
  }

  /** The round of the thread: every queued topic gets a look. */
  private *work(): Task<void> {
    if (this.thread !== 'running') return
    try {
      for (const topic of [...this.queue.topics]) yield* this.advance(topic)
    } catch (error) {
      const refusal = refusalOf(error)
      const { host, versions } = this.core.context.environment
      if (versions.topicDeletion === 'thread-dies') {
        this.thread = 'died'
        if (host.tracing) host.trace({ kind: 'TopicDeletionDied', reason: refusal.message })
      }
      throw refusal
    }
  }

  private *advance(topic: string): Task<void> {
    const { replicas } = this.core
    if (replicas.allInState(topic, 'ReplicaDeletionSuccessful')) {
      yield* this.complete(topic)
    } else if (!replicas.anyAssignedInState(topic, 'ReplicaDeletionStarted')) {
      const failed = replicas.inState(topic, 'ReplicaDeletionIneligible')
      if (failed.length > 0) yield* replicas.handleStateChanges(failed, 'OfflineReplica')
    }
    const eligible = this.queue.isQueued(topic) && !this.queue.ineligible.has(topic)
    if (eligible && !replicas.anyAssignedInState(topic, 'ReplicaDeletionStarted')) yield* this.begin(topic)
  }

  /** All replicas are deleted: the topic goes from memory and from ZooKeeper. */
  private *complete(topic: string): Task<void> {
    const { context, replicas } = this.core
    const { host, zk, versions } = context.environment
    const watched = this.topicChanges.deregisterPartitions(topic)
    if (!watched && versions.topicDeletion === 'thread-dies') {
      throw new Refusal('state-change-failed', `the partitions of ${topic} are not watched: it did not exist`)
    }
    yield* replicas.handleStateChanges(replicas.inState(topic, 'ReplicaDeletionSuccessful'), 'NonExistentReplica')
    if (versions.partitionsGo === 'when-asked') yield* this.endPartitions(context.partitionsOfTopic(topic))
    this.queue.remove(topic)
    yield* deleteRecursively(zk, context.writes, zkPaths.topic(topic))
    yield* deleteRecursively(zk, context.writes, zkPaths.configTopic(topic))
    yield* deleteNode(context.writes, zkPaths.deleteTopic(topic))
    context.removeTopic(topic)
    if (host.tracing) host.trace({ kind: 'TopicDeleted', topic })
  }

  private *endPartitions(partitions: readonly TopicPartition[]): Task<void> {
    yield* this.core.partitions.handleStateChanges(partitions, 'OfflinePartition')
    yield* this.core.partitions.handleStateChanges(partitions, 'NonExistentPartition')
  }

  /** Brokers forget the topic, and live replicas that are not deleted yet are told to go. */
  private *begin(topic: string): Task<void> {
    const { context, replicas } = this.core
    const { host, versions } = context.environment
    if (host.tracing) host.trace({ kind: 'TopicDeletionStarted', topic })
    const all = context.partitionsOfTopic(topic)
    if (all.length === 0) throw new Refusal('state-change-failed', `${topic} has no partitions to delete`)
    if (versions.partitionsGo === 'when-begun' && !this.queue.begun.has(topic)) {
      yield* this.endPartitions(all)
      this.queue.begun.add(topic)
      this.queue.addPartitions(all)
    }
    this.core.sendUpdateMetadata(context.liveOrShuttingDownBrokerIds(), all)
    const assigned = context.replicasForPartitions(all)
    const dead = assigned.filter(({ replica }) => !context.isLive(replica))
    const deleted = new Set(replicas.inState(topic, 'ReplicaDeletionSuccessful').map(replicaKey))
    const left = assigned.filter((one) => context.isLive(one.replica) && !deleted.has(replicaKey(one)))
    yield* replicas.handleStateChanges(dead, 'ReplicaDeletionIneligible')
    yield* replicas.handleStateChanges(left, 'OfflineReplica')
    yield* replicas.handleStateChanges(left, 'ReplicaDeletionStarted', (broker, response, done) =>
      this.answered(broker, response, done),
    )
    if (dead.length > 0) this.markIneligible([topic], 'dead-replicas')
  }

  /** The send thread that got the answer waits for the controller's lock, and holds the next request back meanwhile. */
  private answered(broker: number, response: StopReplicaResponse, done: () => void): void {
    const { context, lock } = this.core
    const name = `answer of broker ${broker} to a deletion`
    runTask(
      lock.whileHeld(name, () => this.handleAnswer(broker, response)),
      (outcome) => {
        if (!outcome.ok) context.report(name, outcome.refusal)
        done()
      },
    )
  }

  private *handleAnswer(broker: number, response: StopReplicaResponse): Task<void> {
    const replica = ({ topic, partition }: { readonly topic: string; readonly partition: number }) => ({
      tp: topicPartition(topic, partition),
      replica: broker,
    })
    const whole = response.errorCode === ErrorCode.NoError
    const refused = response.partitions.filter((p) => !whole || p.errorCode !== ErrorCode.NoError)
    yield* this.fail(refused.map(replica))
    const deleted = response.partitions.filter((p) => !refused.includes(p)).map(replica)
    if (deleted.length === 0) return
    const queued = deleted.filter(({ tp }) => this.queue.isQueued(topicOf(tp)))
    yield* this.core.replicas.handleStateChanges(queued, 'ReplicaDeletionSuccessful')
    this.signal()
  }
}

const topicOf = (tp: TopicPartition): string => splitTopicPartition(tp).topic

const topicsOf = (partitions: Iterable<TopicPartition>): Set<string> => {
  const topics = new Set<string>()
  for (const tp of partitions) topics.add(topicOf(tp))
  return topics
}
