/**
 * The states of replicas: NonExistent → New → Online ⇄ Offline, and on the way to deletion Offline → DeletionStarted →
 * DeletionSuccessful → NonExistent. `core/src/main/scala/kafka/controller/ReplicaStateMachine.scala`, release 0.8.2.2.
 *
 * A transition from a wrong state is refused and reported, as Kafka's assertion fails and is logged: two controllers at
 * once (M23) can bring it about. The cached leadership of a dead replica's partition is what the step starts from.
 */
import { type Digest, type Task, unreachable } from '../host/index.ts'
import { splitTopicPartition } from '../protocol/index.ts'
import { type ControllerContext, type PartitionAndReplica, replicaKey, sortReplicas } from './controller-context.ts'
import { ControllerRequestBatch, type DeletionAnswered } from './controller-request-batch.ts'
import { removeReplicaFromIsr } from './leader-epoch-writes.ts'
import { readPartitionState } from './partition-state-store.ts'
import { Refusal, refusalOf } from './refusal.ts'

export type ReplicaStateName =
  | 'NonExistentReplica'
  | 'NewReplica'
  | 'OnlineReplica'
  | 'OfflineReplica'
  | 'ReplicaDeletionStarted'
  | 'ReplicaDeletionSuccessful'
  | 'ReplicaDeletionIneligible'

const inUse: readonly ReplicaStateName[] = [
  'NewReplica',
  'OnlineReplica',
  'OfflineReplica',
  'ReplicaDeletionIneligible',
]

/** From which states each one may be entered. */
const predecessors: Readonly<Record<ReplicaStateName, readonly ReplicaStateName[]>> = {
  NewReplica: ['NonExistentReplica'],
  OnlineReplica: inUse,
  OfflineReplica: inUse,
  ReplicaDeletionStarted: ['OfflineReplica'],
  ReplicaDeletionSuccessful: ['ReplicaDeletionStarted'],
  ReplicaDeletionIneligible: ['ReplicaDeletionStarted'],
  NonExistentReplica: ['ReplicaDeletionSuccessful'],
}

export class ReplicaStateMachine {
  private readonly context: ControllerContext
  private readonly states = new Map<string, ReplicaStateName>()
  private readonly batch: ControllerRequestBatch
  private started = false

  constructor(context: ControllerContext) {
    this.context = context
    this.batch = new ControllerRequestBatch(context)
  }

  get hasStarted(): boolean {
    return this.started
  }

  private stateOf(replica: PartitionAndReplica): ReplicaStateName {
    return this.states.get(replicaKey(replica)) ?? 'NonExistentReplica'
  }

  /** On taking over: every live replica is told what is known of its partition. */
  *startup(): Task<void> {
    const { context } = this
    for (const [tp, replicas] of context.assignment) {
      for (const replica of replicas) {
        // Kafka begins with this odd state for dead replicas, in case their topic is to be deleted.
        const state = context.isLive(replica) ? 'OnlineReplica' : 'ReplicaDeletionIneligible'
        this.states.set(replicaKey({ tp, replica }), state)
      }
    }
    this.started = true
    yield* this.handleStateChanges(context.replicasOnBrokers(context.liveBrokerIds()), 'OnlineReplica')
    if (context.environment.versions.deadReplicas === 'left-alone') return
    const dead: PartitionAndReplica[] = []
    for (const [tp, replicas] of context.assignment) {
      for (const replica of replicas) if (!context.isLive(replica)) dead.push({ tp, replica })
    }
    yield* this.handleStateChanges(dead, 'OfflineReplica')
  }

  shutdown(): void {
    this.started = false
    this.states.clear()
  }

  /** Whether all replicas that a topic has are in this state. Refuses if the state of one is not known. */
  allInState(topic: string, state: ReplicaStateName): boolean {
    return this.assignedStates(topic).every((known) => known === state)
  }

  /** Whether one of the replicas that a topic has is in this state. Refuses if the state of one is not known. */
  anyAssignedInState(topic: string, state: ReplicaStateName): boolean {
    return this.assignedStates(topic).includes(state)
  }

  /** Replicas of a topic in a state, assigned still or not. */
  inState(topic: string, state: ReplicaStateName): PartitionAndReplica[] {
    const found: PartitionAndReplica[] = []
    for (const [key, known] of this.states) {
      if (known !== state) continue
      const slash = key.lastIndexOf('/')
      const tp = key.slice(0, slash)
      if (splitTopicPartition(tp).topic === topic) found.push({ tp, replica: Number(key.slice(slash + 1)) })
    }
    return found
  }

  private assignedStates(topic: string): ReplicaStateName[] {
    return this.context.replicasForPartitions(this.context.partitionsOfTopic(topic)).map((replica) => {
      const state = this.states.get(replicaKey(replica))
      if (state === undefined) throw new Refusal('state-change-failed', `no state is known of ${replicaKey(replica)}`)
      return state
    })
  }

  /**
   * One batch of requests for all of them; a replica whose change is refused stays as it was.
   * @param answered told of the brokers' answers to the deletion of replicas
   */
  *handleStateChanges(
    replicas: readonly PartitionAndReplica[],
    target: ReplicaStateName,
    answered?: DeletionAnswered,
  ): Task<void> {
    if (replicas.length === 0) return
    try {
      this.batch.begin()
      for (const replica of sortReplicas([...replicas])) yield* this.handleStateChange(replica, target, answered)
      this.batch.send()
    } catch (error) {
      const refusal = refusalOf(error)
      if (refusal.kind === 'controller-moved') {
        this.batch.clear()
        throw refusal
      }
      this.context.report(`moving replicas to ${target}`, refusal)
    }
  }

  digest(digest: Digest): void {
    digest.boolean(this.started)
    for (const [replica, state] of this.states) digest.string(replica).string(state)
    this.batch.digest(digest)
  }

  private mayFollow(current: ReplicaStateName, target: ReplicaStateName): boolean {
    if (predecessors[target].includes(current)) return true
    const { deadReplicas } = this.context.environment.versions
    return target === 'ReplicaDeletionIneligible' && current === 'OfflineReplica' && deadReplicas === 'go-offline'
  }

  private *handleStateChange(
    subject: PartitionAndReplica,
    target: ReplicaStateName,
    answered: DeletionAnswered | undefined,
  ): Task<void> {
    if (!this.started) throw new Refusal('state-change-failed', 'the replica state machine has not started')
    const key = replicaKey(subject)
    const current = this.stateOf(subject)
    this.states.set(key, current)
    try {
      const replicas = this.context.replicasOf(subject.tp)
      if (!this.mayFollow(current, target)) {
        throw new Refusal('state-change-failed', `${current} cannot become ${target}`)
      }
      switch (target) {
        case 'NewReplica':
          yield* this.beNew(subject, replicas)
          break
        case 'OnlineReplica':
          this.beOnline(subject, current, replicas)
          break
        case 'OfflineReplica':
          yield* this.beOffline(subject, replicas)
          break
        case 'ReplicaDeletionStarted':
          this.batch.addStopReplica(subject.replica, subject.tp, true, answered)
          break
        case 'NonExistentReplica':
          this.context.assignment.set(
            subject.tp,
            replicas.filter((id) => id !== subject.replica),
          )
          this.states.delete(key)
          return
        case 'ReplicaDeletionSuccessful':
        case 'ReplicaDeletionIneligible':
          break
        default:
          unreachable(target)
      }
      this.states.set(key, target)
    } catch (error) {
      const refusal = refusalOf(error)
      if (refusal.kind === 'controller-moved') throw refusal
      this.context.report(key, refusal)
    }
  }

  /** Told to follow the leader there is; with none yet, the election will tell it. */
  private *beNew({ tp, replica }: PartitionAndReplica, replicas: readonly number[]): Task<void> {
    const stored = yield* readPartitionState(this.context.environment.zk, tp)
    if (stored === undefined) return
    if (stored.leaderAndIsr.leader === replica) {
      throw new Refusal('state-change-failed', `new replica ${replica} of ${tp} is the leader already`)
    }
    this.batch.addLeaderAndIsr([replica], tp, stored, replicas)
  }

  private beOnline({ tp, replica }: PartitionAndReplica, current: ReplicaStateName, replicas: readonly number[]): void {
    if (current === 'NewReplica') {
      if (!replicas.includes(replica)) this.context.assignment.set(tp, [...replicas, replica])
      return
    }
    const state = this.context.leadership.get(tp)
    if (state !== undefined) this.batch.addLeaderAndIsr([replica], tp, state, replicas)
  }

  /** Its fetcher is stopped, it leaves the ISR, and the others hear of it, unless all of them are to be deleted. */
  private *beOffline({ tp, replica }: PartitionAndReplica, replicas: readonly number[]): Task<void> {
    const { deletion, environment, leadership } = this.context
    this.batch.addStopReplica(replica, tp, false)
    const known = leadership.has(tp)
    if (!known && environment.versions.leaderlessReplicas === 'go-offline') return
    const state = known ? yield* removeReplicaFromIsr(this.context, tp, replica) : undefined
    if (state === undefined)
      throw new Refusal('state-change-failed', `${tp} has no leadership to take ${replica} out of`)
    const whenBegun = environment.versions.partitionsGo === 'when-begun'
    if (whenBegun ? deletion.isQueued(splitTopicPartition(tp).topic) : deletion.partitions.has(tp)) return
    const others = this.context.replicasOf(tp).filter((id) => id !== replica)
    this.batch.addLeaderAndIsr(others, tp, state, replicas)
  }
}
