/**
 * Writes of the controller to a partition's state that are no election but raise the leader epoch all the same: taking
 * a replica out of the ISR, and announcing a new set of replicas. `removeReplicaFromIsr` and `updateLeaderEpoch` in
 * `core/src/main/scala/kafka/controller/KafkaController.scala`, release 0.8.2.2.
 */
import type { Task } from '../host/index.ts'
import {
  type LeaderAndIsr,
  type LeaderIsrAndControllerEpoch,
  NO_LEADER,
  type TopicPartition,
} from '../protocol/index.ts'
import type { ControllerContext } from './controller-context.ts'
import { uncleanElectionAllowed } from './leader-selectors.ts'
import { readPartitionState, writePartitionState } from './partition-state-store.ts'
import { Refusal } from './refusal.ts'

/** Aborts a change of a partition that a controller elected later has written already. */
export function refuseIfWrittenByLaterController(
  context: ControllerContext,
  tp: TopicPartition,
  stored: LeaderIsrAndControllerEpoch,
): void {
  if (stored.controllerEpoch <= context.epoch) return
  throw new Refusal(
    'state-change-failed',
    `${tp} was written by the controller of epoch ${stored.controllerEpoch}, and this one has ${context.epoch}`,
  )
}

/**
 * Takes a replica out of the ISR; if it led, nobody leads. The last member leaves only where unclean election is
 * allowed (the ISR is empty then, and who was in it forgotten).
 * @returns the state to send to the others, or undefined if the partition never had one
 */
export function* removeReplicaFromIsr(
  context: ControllerContext,
  tp: TopicPartition,
  replica: number,
): Task<LeaderIsrAndControllerEpoch | undefined> {
  const { host, zk, versions } = context.environment
  let latest: LeaderIsrAndControllerEpoch | undefined
  for (;;) {
    const stored = yield* readPartitionState(zk, tp)
    if (stored === undefined) return latest
    refuseIfWrittenByLaterController(context, tp, stored)
    const current = stored.leaderAndIsr
    if (!current.isr.includes(replica)) {
      latest = { leaderAndIsr: current, controllerEpoch: context.epoch }
      context.leadership.set(tp, latest)
      return latest
    }
    const leader = current.leader === replica ? NO_LEADER : current.leader
    let isr = current.isr.filter((id) => id !== replica)
    const mayBeEmptied = versions.lastIsrMember === 'may-leave'
    if (isr.length === 0 && !(mayBeEmptied && (yield* uncleanElectionAllowed(context, tp)))) isr = [...current.isr]
    const next = { leader, leaderEpoch: current.leaderEpoch + 1, isr, zkVersion: current.zkVersion }
    const version = yield* writePartitionState(context, tp, next, current.zkVersion)
    // As in Kafka the cache takes the value even when the write failed; the next turn of the loop mends it.
    latest = { leaderAndIsr: { ...next, zkVersion: version ?? -1 }, controllerEpoch: context.epoch }
    context.leadership.set(tp, latest)
    if (version === undefined) continue
    if (host.tracing) host.trace({ kind: 'ReplicaLeftIsr', tp, replica, isr, leader, leaderEpoch: next.leaderEpoch })
    return latest
  }
}

/** Raises the leader epoch, so that brokers take a LeaderAndIsr request that only changes the replicas. */
export function* raiseLeaderEpoch(context: ControllerContext, tp: TopicPartition): Task<LeaderIsrAndControllerEpoch> {
  const { zk, versions } = context.environment
  for (;;) {
    const stored = yield* readPartitionState(zk, tp)
    if (stored === undefined)
      throw new Refusal('state-change-failed', `${tp} has no state to raise the leader epoch of`)
    refuseIfWrittenByLaterController(context, tp, stored)
    const current = stored.leaderAndIsr
    const next: LeaderAndIsr = { ...current, leaderEpoch: current.leaderEpoch + 1 }
    const version = yield* writePartitionState(context, tp, next, current.zkVersion)
    if (version === undefined) continue
    const raised = { leaderAndIsr: { ...next, zkVersion: version }, controllerEpoch: context.epoch }
    if (versions.raisedEpoch === 'remembered') context.leadership.set(tp, raised)
    return raised
  }
}
