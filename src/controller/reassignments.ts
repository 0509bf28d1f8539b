/**
 * Moving partitions to other replicas, asked for through `/admin/reassign_partitions`. With OAR the old replicas and
 * RAR the new ones, a partition's replicas become OAR + RAR until all of RAR are in the ISR, and then RAR.
 * `onPartitionReassignment` and its neighbours in `core/src/main/scala/kafka/controller/KafkaController.scala`, release
 * 0.8.2.2.
 */
import type { Task } from '../host/index.ts'
import {
  decodePartitionList,
  encodeAssignment,
  encodePartitionList,
  splitTopicPartition,
  type TopicPartition,
  topicPartition,
  zkPaths,
} from '../protocol/index.ts'
import { type PartitionAndReplica, type Reassignment, sortPartitions } from './controller-context.ts'
import type { ControllerCore } from './controller-core.ts'
import { raiseLeaderEpoch } from './leader-epoch-writes.ts'
import { reassignmentSelector } from './leader-selectors.ts'
import { partitionStatePath, readPartitionState } from './partition-state-store.ts'
import { parsed, Refusal, refusalOf } from './refusal.ts'
import type { TopicDeletion } from './topic-deletion.ts'
import { deleteNode, readNode, updatePersistent } from './zk-data.ts'

export class Reassignments {
  private readonly core: ControllerCore
  private readonly deletion: TopicDeletion
  private unsubscribe: (() => void) | undefined
  private readonly requested: (data: string) => void

  constructor(core: ControllerCore, deletion: TopicDeletion) {
    this.core = core
    this.deletion = deletion
    this.requested = core.lock.listener('reassignment of partitions', (data) => this.handle(data))
  }

  register(): void {
    this.unsubscribe ??= this.core.context.environment.zk.subscribeData(zkPaths.reassignPartitions, {
      changed: (data) => this.requested(data),
      deleted: () => {},
    })
  }

  deregister(): void {
    this.unsubscribe?.()
    this.unsubscribe = undefined
  }

  /** On resigning. What is under way stays known, as in Kafka; the next controller reads it from ZooKeeper. */
  unwatchAll(): void {
    for (const reassignment of this.core.context.reassignments.values()) unwatch(reassignment)
  }

  /** On taking over: finds what a controller before left undone, and crosses out what is done. */
  *load(): Task<void> {
    const { context } = this.core
    const requests = yield* this.readRequests()
    for (const [tp, newReplicas] of requests) {
      const replicas = context.assignment.get(tp)
      if (replicas === undefined || (yield* this.isDone(tp, replicas, newReplicas))) yield* this.crossOut(tp)
      else context.reassignments.set(tp, { newReplicas, unwatchIsr: undefined })
    }
  }

  /** On taking over: goes on with them. */
  *resume(): Task<void> {
    const { reassignments, deletion, environment } = this.core.context
    const { movesOfDeletedTopics } = environment.versions
    for (const tp of sortPartitions([...reassignments.keys()])) {
      const { topic } = splitTopicPartition(tp)
      if (movesOfDeletedTopics === 'go-on' || !deletion.isQueued(topic)) {
        yield* this.initiate(tp, reassignments.get(tp)!, true)
      } else {
        yield* this.crossOut(tp)
        if (movesOfDeletedTopics === 'given-up-for-deletion') this.deletion.resume([topic])
      }
    }
  }

  /** Goes on with those that wait for one of these brokers, which have just started. */
  *resumeOn(brokers: readonly number[]): Task<void> {
    for (const [tp, reassignment] of [...this.core.context.reassignments]) {
      if (reassignment.newReplicas.some((id) => brokers.includes(id))) yield* this.advance(tp, reassignment)
    }
  }

  /** A partition of a topic that is to be deleted is crossed out. */
  private *handle(data: string): Task<void> {
    const { reassignments, deletion } = this.core.context
    const requests = requestsIn(data)
    for (const tp of sortPartitions([...requests.keys()])) {
      if (reassignments.has(tp)) continue
      if (deletion.isQueued(splitTopicPartition(tp).topic)) yield* this.crossOut(tp)
      else yield* this.initiate(tp, { newReplicas: requests.get(tp)!, unwatchIsr: undefined })
    }
  }

  /**
   * Whether a move that a controller before began is over. From 2.4 on the topic's node tells which replicas are being
   * added; here it is told by the ISR.
   */
  private *isDone(tp: TopicPartition, replicas: readonly number[], newReplicas: readonly number[]): Task<boolean> {
    if (!sameReplicas(replicas, newReplicas)) return false
    const { unfinishedMoves } = this.core.context.environment.versions
    return unfinishedMoves === 'told-by-replicas' || (yield* this.areInIsr(tp, newReplicas))
  }

  /** Begins one, or goes on with it after taking over, or crosses it out if it cannot be done. */
  private *initiate(tp: TopicPartition, reassignment: Reassignment, begun = false): Task<void> {
    const { context } = this.core
    const { newReplicas } = reassignment
    try {
      const replicas = context.assignment.get(tp)
      if (replicas === undefined) throw new Refusal('state-change-failed', `${tp} does not exist`)
      const done = begun ? yield* this.isDone(tp, replicas, newReplicas) : sameReplicas(replicas, newReplicas)
      if (done) {
        throw new Refusal('state-change-failed', `${tp} is on [${newReplicas}] already`)
      }
      const dead = newReplicas.filter((id) => !context.isLive(id))
      if (dead.length > 0 && context.environment.versions.deadNewReplicas === 'refused')
        throw new Refusal('state-change-failed', `new replicas [${dead}] of ${tp} are not alive`)
      this.watchIsr(tp, reassignment)
      context.reassignments.set(tp, reassignment)
      this.deletion.markIneligible([splitTopicPartition(tp).topic], 'reassignment')
      if (dead.length > 0) this.traceWaits(tp, dead)
      yield* this.advance(tp, reassignment)
    } catch (error) {
      const refusal = refusalOf(error)
      if (refusal.kind === 'controller-moved') throw refusal
      context.report(`reassignment of ${tp}`, refusal)
      yield* this.crossOut(tp)
    }
  }

  private traceWaits(tp: TopicPartition, dead: readonly number[]): void {
    const { host } = this.core.context.environment
    if (host.tracing) host.trace({ kind: 'ReassignmentWaits', tp, for: dead })
  }

  /** The ISR has to take in all the new replicas; the leader writes it. */
  private watchIsr(tp: TopicPartition, reassignment: Reassignment): void {
    const { context, lock } = this.core
    const changed = lock.listener<null>(`ISR of ${tp}, which is being reassigned`, () => this.isrChanged(tp))
    reassignment.unwatchIsr = context.environment.zk.subscribeData(partitionStatePath(tp), {
      changed: () => changed(null),
      deleted: () => {},
    })
  }

  private *isrChanged(tp: TopicPartition): Task<void> {
    const reassignment = this.core.context.reassignments.get(tp)
    if (reassignment !== undefined && (yield* this.areInIsr(tp, reassignment.newReplicas))) {
      yield* this.advance(tp, reassignment)
    }
  }

  private *areInIsr(tp: TopicPartition, replicas: readonly number[]): Task<boolean> {
    const state = yield* readPartitionState(this.core.context.environment.zk, tp)
    return state !== undefined && replicas.every((id) => state.leaderAndIsr.isr.includes(id))
  }

  /** The step that is due: adding the new replicas, or, once they are in sync, dropping the old ones. */
  private *advance(tp: TopicPartition, { newReplicas }: Reassignment): Task<void> {
    if (yield* this.areInIsr(tp, newReplicas)) yield* this.dropOldReplicas(tp, newReplicas)
    else yield* this.addNewReplicas(tp, newReplicas)
  }

  private *addNewReplicas(tp: TopicPartition, newReplicas: readonly number[]): Task<void> {
    const { context, replicas } = this.core
    const old = context.replicasOf(tp)
    // New ones first: Kafka joins sets, which keep this order up to four replicas.
    const all = [...new Set([...newReplicas, ...old])]
    yield* this.writeAssignment(tp, all)
    yield* this.announceReplicas(tp, all, all)
    for (const replica of newReplicas) {
      if (!old.includes(replica)) yield* replicas.handleStateChanges([{ tp, replica }], 'NewReplica')
    }
  }

  private *dropOldReplicas(tp: TopicPartition, newReplicas: readonly number[]): Task<void> {
    const { context, replicas } = this.core
    const leaving: PartitionAndReplica[] = []
    for (const replica of context.replicasOf(tp)) if (!newReplicas.includes(replica)) leaving.push({ tp, replica })
    for (const replica of newReplicas) yield* replicas.handleStateChanges([{ tp, replica }], 'OnlineReplica')
    yield* this.moveLeaderIfRequired(tp, newReplicas)
    yield* replicas.handleStateChanges(leaving, 'OfflineReplica')
    yield* replicas.handleStateChanges(leaving, 'ReplicaDeletionStarted')
    // Kafka does not wait for the answers here.
    yield* replicas.handleStateChanges(leaving, 'ReplicaDeletionSuccessful')
    yield* replicas.handleStateChanges(leaving, 'NonExistentReplica')
    yield* this.writeAssignment(tp, newReplicas)
    yield* this.crossOut(tp)
    this.core.sendUpdateMetadata(context.liveOrShuttingDownBrokerIds(), [tp])
    this.deletion.resume([splitTopicPartition(tp).topic])
  }

  /** From here on brokers are told of the new replicas only: the leader cannot take an old one into the ISR again. */
  private *moveLeaderIfRequired(tp: TopicPartition, newReplicas: readonly number[]): Task<void> {
    const { context, partitions } = this.core
    const { leader } = context.leadershipOf(tp).leaderAndIsr
    const receivers = context.replicasOf(tp)
    context.assignment.set(tp, newReplicas)
    if (newReplicas.includes(leader) && context.isLive(leader)) {
      yield* this.announceReplicas(tp, receivers, newReplicas)
    } else {
      yield* partitions.handleStateChanges([tp], 'OnlinePartition', reassignmentSelector)
    }
  }

  /** Tells brokers a new set of replicas, under a new leader epoch. */
  private *announceReplicas(tp: TopicPartition, receivers: readonly number[], replicas: readonly number[]): Task<void> {
    this.core.batch.begin()
    const state = yield* raiseLeaderEpoch(this.core.context, tp)
    this.core.batch.addLeaderAndIsr(receivers, tp, state, replicas)
    this.core.batch.send()
  }

  private *writeAssignment(tp: TopicPartition, replicas: readonly number[]): Task<void> {
    const { context } = this.core
    const { topic } = splitTopicPartition(tp)
    const partitions = new Map<number, readonly number[]>()
    for (const other of sortPartitions([...context.assignment.keys()])) {
      const { topic: owner, partition } = splitTopicPartition(other)
      if (owner === topic) partitions.set(partition, other === tp ? replicas : context.replicasOf(other))
    }
    yield* updatePersistent(
      context.writes,
      zkPaths.topic(topic),
      encodeAssignment(partitions, context.topicIds.get(topic)),
    )
    context.assignment.set(tp, replicas)
  }

  /** Takes a partition off the request, and the request away when it is empty. */
  private *crossOut(tp: TopicPartition): Task<void> {
    const { context } = this.core
    const reassignment = context.reassignments.get(tp)
    if (reassignment !== undefined) unwatch(reassignment)
    const requests = yield* this.readRequests()
    requests.delete(tp)
    if (requests.size === 0) {
      yield* deleteNode(context.writes, zkPaths.reassignPartitions)
    } else {
      const partitions = [...requests].map(([other, replicas]) => ({ ...splitTopicPartition(other), replicas }))
      yield* updatePersistent(context.writes, zkPaths.reassignPartitions, encodePartitionList({ partitions }))
    }
    context.reassignments.delete(tp)
  }

  private *readRequests(): Task<Map<TopicPartition, readonly number[]>> {
    const node = yield* readNode(this.core.context.environment.zk, zkPaths.reassignPartitions)
    return node === undefined ? new Map() : requestsIn(node.data)
  }
}

const requestsIn = (data: string): Map<TopicPartition, readonly number[]> =>
  parsed('the reassignment of partitions', () => {
    const partitions = decodePartitionList(data)
    return new Map(
      partitions.map(({ topic, partition, replicas }) => [topicPartition(topic, partition), replicas ?? []]),
    )
  })

const sameReplicas = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && a.every((id, i) => id === b[i])

function unwatch(reassignment: Reassignment): void {
  reassignment.unwatchIsr?.()
  reassignment.unwatchIsr = undefined
}
