/**
 * Who leads a partition next, with which ISR, and who is told: one selector an occasion.
 * `core/src/main/scala/kafka/controller/PartitionLeaderSelector.scala`, release 0.8.2.2 (replication.md 2.9).
 */
import type { Task } from '../host/index.ts'
import {
  decodeTopicConfig,
  type LeaderAndIsr,
  splitTopicPartition,
  type TopicPartition,
  zkPaths,
} from '../protocol/index.ts'
import type { ControllerContext } from './controller-context.ts'
import type { ElectionKind } from './events.ts'
import { immediately } from './immediately.ts'
import { Refusal } from './refusal.ts'
import { readNode } from './zk-data.ts'

export interface Selection {
  /** The znode version in it is that of the state it was made from. */
  readonly leaderAndIsr: LeaderAndIsr
  /** Brokers that get a LeaderAndIsr request. */
  readonly receivers: readonly number[]
  readonly election: ElectionKind
}

/** Chooses from the state that ZooKeeper holds, or refuses. */
export type LeaderSelector = (context: ControllerContext, tp: TopicPartition, current: LeaderAndIsr) => Task<Selection>

/**
 * Whether a replica outside the ISR may lead: the topic's own setting as `/config/topics/T` has it at this moment, else
 * the broker's.
 */
export function* uncleanElectionAllowed(context: ControllerContext, tp: TopicPartition): Task<boolean> {
  const { zk, versions, config } = context.environment
  if (versions.uncleanElection === 'always') return true
  const node = yield* readNode(zk, zkPaths.configTopic(splitTopicPartition(tp).topic))
  const own = node === undefined ? undefined : decodeTopicConfig(node.data)['unclean.leader.election.enable']
  return own === undefined ? config['unclean.leader.election.enable'] : own === 'true'
}

const elected = (
  current: LeaderAndIsr,
  leader: number,
  isr: readonly number[],
  receivers: readonly number[],
  election: ElectionKind,
): Selection => ({
  leaderAndIsr: { leader, leaderEpoch: current.leaderEpoch + 1, isr, zkVersion: current.zkVersion },
  receivers,
  election,
})

/** The leader is gone: a live member of the ISR, or, if that is allowed, any live replica. */
export const offlineSelector: LeaderSelector = function* (context, tp, current) {
  const assigned = context.assignment.get(tp)
  if (assigned === undefined) throw new Refusal('no-replica-online', `${tp} has no replicas`)
  const liveAssigned = assigned.filter((id) => context.isLive(id))
  const liveIsr = current.isr.filter((id) => context.isLive(id))
  if (liveIsr.length === 0) {
    if (!(yield* uncleanElectionAllowed(context, tp))) {
      throw new Refusal('no-replica-online', `no member of the ISR [${current.isr}] is alive`)
    }
    const leader = liveAssigned[0]
    if (leader === undefined) throw new Refusal('no-replica-online', `no replica of [${assigned}] is alive`)
    return elected(current, leader, [leader], liveAssigned, 'offline-unclean')
  }
  const { electionPick } = context.environment.versions
  const leader = electionPick === 'isr-order' ? liveIsr[0] : liveAssigned.find((id) => liveIsr.includes(id))
  if (leader === undefined) {
    throw new Refusal('state-change-failed', `no live member of the ISR [${current.isr}] is among [${assigned}]`)
  }
  return elected(current, leader, liveIsr, liveAssigned, 'offline')
}

/** Replicas move: a live new replica that is in the ISR. */
export const reassignmentSelector: LeaderSelector = (context, tp, current) =>
  immediately(() => {
    const replicas = context.reassignments.get(tp)?.newReplicas
    if (replicas === undefined) throw new Refusal('state-change-failed', `${tp} is not being reassigned`)
    const leader = replicas.find((id) => context.isLive(id) && current.isr.includes(id))
    if (leader === undefined) {
      throw new Refusal(
        'state-change-failed',
        `none of the new replicas [${replicas}] is both alive and in the ISR [${current.isr}]`,
      )
    }
    return elected(current, leader, current.isr, replicas, 'reassignment')
  })

/** Leadership goes back to the first replica. Whether it leads already is judged by the cache, the rest by ZooKeeper. */
export const preferredSelector: LeaderSelector = (context, tp, current) =>
  immediately(() => {
    const replicas = context.replicasOf(tp)
    const preferred = context.preferredReplicaOf(tp)
    if (context.leadershipOf(tp).leaderAndIsr.leader === preferred) {
      throw new Refusal('election-not-needed', `preferred replica ${preferred} leads ${tp}`)
    }
    if (!context.isLive(preferred) || !current.isr.includes(preferred)) {
      throw new Refusal(
        'state-change-failed',
        `preferred replica ${preferred} is dead or not in the ISR [${current.isr}]`,
      )
    }
    return elected(current, preferred, current.isr, replicas, 'preferred')
  })

/** A broker is about to stop: an ISR member that is not. Before KAFKA-3670 (0.10) nobody asks whether it is alive. */
export const controlledShutdownSelector: LeaderSelector = (context, tp, current) =>
  immediately(() => {
    const receivers = context.replicasOf(tp).filter((id) => context.isLiveOrShuttingDown(id))
    const isr = current.isr.filter((id) => !context.shuttingDownBrokers.has(id))
    const { shutdownPick } = context.environment.versions
    const leader = shutdownPick === 'isr-order' ? isr[0] : receivers.find((id) => isr.includes(id))
    if (leader === undefined) {
      const leaving = [...context.shuttingDownBrokers]
      throw new Refusal(
        'state-change-failed',
        `the ISR [${current.isr}] has nobody besides [${leaving}], shutting down`,
      )
    }
    return elected(current, leader, isr, receivers, 'controlled-shutdown')
  })
