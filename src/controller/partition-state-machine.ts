/**
 * The states of partitions: NonExistent → New → Online ⇄ Offline → NonExistent.
 * `core/src/main/scala/kafka/controller/PartitionStateMachine.scala`, release 0.8.2.2.
 *
 * A transition from a wrong state is refused and reported, as Kafka throws and logs: it is no bug of ours, for it can
 * be asked for from outside (a preferred election of a partition that is not there, a topic node removed by hand).
 */
import type { Digest, Task } from '../host/index.ts'
import {
  decodeAssignment,
  encodePartitionState,
  type LeaderAndIsr,
  splitTopicPartition,
  type TopicPartition,
  zkPaths,
} from '../protocol/index.ts'
import { type ControllerContext, sortPartitions } from './controller-context.ts'
import { ControllerRequestBatch } from './controller-request-batch.ts'
import type { ElectionKind } from './events.ts'
import { refuseIfWrittenByLaterController } from './leader-epoch-writes.ts'
import { type LeaderSelector, offlineSelector, type Selection } from './leader-selectors.ts'
import { partitionStatePath, readPartitionState, writePartitionState } from './partition-state-store.ts'
import { Refusal, refusalOf } from './refusal.ts'
import { createPersistent, readNode } from './zk-data.ts'

export type PartitionStateName = 'NonExistentPartition' | 'NewPartition' | 'OnlinePartition' | 'OfflinePartition'

/** From which states each one may be entered. */
const predecessors: Readonly<Record<PartitionStateName, readonly PartitionStateName[]>> = {
  NewPartition: ['NonExistentPartition'],
  OnlinePartition: ['NewPartition', 'OnlinePartition', 'OfflinePartition'],
  OfflinePartition: ['NewPartition', 'OnlinePartition', 'OfflinePartition'],
  NonExistentPartition: ['OfflinePartition'],
}

export class PartitionStateMachine {
  private readonly context: ControllerContext
  private readonly states = new Map<TopicPartition, PartitionStateName>()
  private readonly batch: ControllerRequestBatch
  private started = false

  constructor(context: ControllerContext) {
    this.context = context
    this.batch = new ControllerRequestBatch(context)
  }

  get hasStarted(): boolean {
    return this.started
  }

  private stateOf(tp: TopicPartition): PartitionStateName {
    return this.states.get(tp) ?? 'NonExistentPartition'
  }

  /** On taking over: states follow from what was loaded, then whoever has no live leader gets an election. */
  *startup(): Task<void> {
    const { context } = this
    for (const tp of context.assignment.keys()) {
      const leadership = context.leadership.get(tp)
      if (leadership === undefined) this.states.set(tp, 'NewPartition')
      else this.states.set(tp, context.isLive(leadership.leaderAndIsr.leader) ? 'OnlinePartition' : 'OfflinePartition')
    }
    this.started = true
    yield* this.triggerOnlinePartitionStateChange()
  }

  shutdown(): void {
    this.started = false
    this.states.clear()
  }

  /** Tries to bring every new or offline partition online, but for those to be deleted. */
  *triggerOnlinePartitionStateChange(): Task<void> {
    const waiting: TopicPartition[] = []
    for (const [tp, state] of this.states) {
      const leaderless = state === 'OfflinePartition' || state === 'NewPartition'
      if (leaderless && !this.context.deletion.isQueued(splitTopicPartition(tp).topic)) waiting.push(tp)
    }
    yield* this.handleStateChanges(waiting, 'OnlinePartition', offlineSelector)
  }

  /** One batch of requests for all of them; a partition whose change is refused stays as it was. */
  *handleStateChanges(
    partitions: Iterable<TopicPartition>,
    target: PartitionStateName,
    selector: LeaderSelector = offlineSelector,
  ): Task<void> {
    try {
      this.batch.begin()
      for (const tp of sortPartitions([...partitions])) yield* this.handleStateChange(tp, target, selector)
      this.batch.send()
    } catch (error) {
      const refusal = refusalOf(error)
      if (refusal.kind === 'controller-moved') {
        // Later releases write the states of a whole round first: a round that is refused leaves nothing to send.
        this.batch.clear()
        throw refusal
      }
      this.context.report(`moving partitions to ${target}`, refusal)
    }
  }

  digest(digest: Digest): void {
    digest.boolean(this.started)
    for (const [tp, state] of this.states) digest.string(tp).string(state)
    this.batch.digest(digest)
  }

  private *handleStateChange(tp: TopicPartition, target: PartitionStateName, selector: LeaderSelector): Task<void> {
    if (!this.started) throw new Refusal('state-change-failed', 'the partition state machine has not started')
    const current = this.stateOf(tp)
    this.states.set(tp, current)
    try {
      if (!predecessors[target].includes(current)) {
        throw new Refusal('state-change-failed', `${current} cannot become ${target}`)
      }
      if (target === 'NewPartition') {
        yield* this.loadAssignment(tp)
      } else if (target === 'OnlinePartition') {
        if (current === 'NewPartition') yield* this.initializeLeaderAndIsr(tp)
        else if (!(yield* this.electLeader(tp, selector, current))) return
      }
      this.states.set(tp, target)
    } catch (error) {
      const refusal = refusalOf(error)
      if (refusal.kind === 'controller-moved') throw refusal
      if (refusal.kind !== 'no-replica-online') this.context.report(tp, refusal)
    }
  }

  private *loadAssignment(tp: TopicPartition): Task<void> {
    const { topic, partition } = splitTopicPartition(tp)
    const node = yield* readNode(this.context.environment.zk, zkPaths.topic(topic))
    const replicas = node === undefined ? undefined : decodeAssignment(node.data).get(partition)
    this.context.assignment.set(tp, replicas ?? [])
  }

  /** The first leader of a new partition: the first live replica, with all live ones in sync. */
  private *initializeLeaderAndIsr(tp: TopicPartition): Task<void> {
    const { context } = this
    const { zk } = context.environment
    const replicas = context.replicasOf(tp)
    const live = replicas.filter((id) => context.isLive(id))
    const leader = live[0]
    if (leader === undefined) {
      // Kafka has another exception here than for a failed election, to the same effect.
      const reason = `no replica of [${replicas}] is alive for the first election`
      this.traceOffline(tp, [], reason)
      throw new Refusal('no-replica-online', reason)
    }
    const leaderAndIsr: LeaderAndIsr = { leader, leaderEpoch: 0, isr: live, zkVersion: 0 }
    const data = encodePartitionState(leaderAndIsr, context.epoch)
    if ((yield* createPersistent(context.writes, partitionStatePath(tp), data)) === 'NodeExists') {
      const found = yield* readPartitionState(zk, tp)
      throw new Refusal(
        'state-change-failed',
        `the state of new partition ${tp} exists already, from controller epoch ${found?.controllerEpoch}`,
      )
    }
    const state = { leaderAndIsr, controllerEpoch: context.epoch }
    context.leadership.set(tp, state)
    this.traceElected(tp, leaderAndIsr, 'new-partition')
    this.batch.addLeaderAndIsr(live, tp, state, replicas)
  }

  /** Whether the partition has a leader now, as far as this release looks. */
  private *electLeader(tp: TopicPartition, selector: LeaderSelector, before: PartitionStateName): Task<boolean> {
    const { context } = this
    const { zk } = context.environment
    for (;;) {
      const stored = yield* readPartitionState(zk, tp)
      if (stored === undefined) throw new Refusal('state-change-failed', `${tp} has no state to elect a leader from`)
      refuseIfWrittenByLaterController(context, tp, stored)
      const current = stored.leaderAndIsr
      let selection: Selection
      try {
        selection = yield* selector(context, tp, current)
      } catch (error) {
        const refusal = refusalOf(error)
        if (refusal.kind === 'election-not-needed') {
          if (context.environment.versions.unneededElection === 'changes-nothing') return false
          // It counts as done, even where the leader that makes it needless is dead.
          if (before === 'OfflinePartition') context.report(tp, refusal)
          return true
        }
        if (refusal.kind === 'no-replica-online') this.traceOffline(tp, current.isr, refusal.message)
        throw refusal
      }
      const { leaderAndIsr, receivers, election } = selection
      const version = yield* writePartitionState(context, tp, leaderAndIsr, current.zkVersion)
      if (version === undefined) continue
      const state = { leaderAndIsr: { ...leaderAndIsr, zkVersion: version }, controllerEpoch: context.epoch }
      context.leadership.set(tp, state)
      this.traceElected(tp, leaderAndIsr, election)
      this.batch.addLeaderAndIsr(receivers, tp, state, context.replicasOf(tp))
      return true
    }
  }

  private traceElected(tp: TopicPartition, { leader, leaderEpoch, isr }: LeaderAndIsr, election: ElectionKind): void {
    const { host } = this.context.environment
    if (host.tracing) host.trace({ kind: 'PartitionElected', tp, leader, leaderEpoch, isr, election })
  }

  private traceOffline(tp: TopicPartition, isr: readonly number[], reason: string): void {
    const { host } = this.context.environment
    if (host.tracing) host.trace({ kind: 'PartitionOffline', tp, isr, reason })
  }
}
