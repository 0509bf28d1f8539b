/**
 * The automatic rebalance (`auto.leader.rebalance.enable`): at regular times, a broker whose share of partitions led by
 * others is too large gets back those that prefer it, one election each. `checkAndTriggerPartitionRebalance` in
 * `core/src/main/scala/kafka/controller/KafkaController.scala`, release 0.8.2.2.
 *
 * In Kafka a resignation waits for a check that runs, while holding the lock that the check waits for (both hang for a
 * day); here the check just ends.
 */
import { type Digest, invariant, SECOND, type Task, TaskQueue, type Timer } from '../host/index.ts'
import { splitTopicPartition, type TopicPartition } from '../protocol/index.ts'
import type { ControllerCore } from './controller-core.ts'
import type { PreferredElections } from './preferred-elections.ts'
import { Refusal } from './refusal.ts'

const FIRST_CHECK_US = 5 * SECOND

export class LeaderRebalance {
  private readonly core: ControllerCore
  private readonly preferredElections: PreferredElections
  /** The scheduler's thread: a check that comes due during another follows it. */
  private readonly thread = new TaskQueue()
  private timer: Timer | undefined
  /** Counts the times it was started, so that a check can tell that its own time is over. */
  private generation = 0

  constructor(core: ControllerCore, preferredElections: PreferredElections) {
    this.core = core
    this.preferredElections = preferredElections
  }

  /** Refuses if it is running already: this broker is elected again without having resigned. */
  start(): void {
    if (this.timer !== undefined) throw new Refusal('state-change-failed', 'the rebalance scheduler runs already')
    this.generation++
    this.schedule(FIRST_CHECK_US)
  }

  get isRunning(): boolean {
    return this.timer !== undefined
  }

  stop(): void {
    invariant(this.timer !== undefined, 'the rebalance scheduler is stopped twice')
    this.timer.cancel()
    this.timer = undefined
    this.thread.clear()
    this.generation++
  }

  digest(digest: Digest): void {
    digest
      .boolean(this.timer !== undefined)
      .string(this.thread.current ?? '')
      .int(this.thread.length)
  }

  private schedule(delayUs: number): void {
    const { host, config } = this.core.context.environment
    this.timer = host.setTimer(delayUs, 'leader rebalance', () => {
      this.schedule(config['leader.imbalance.check.interval.seconds'] * SECOND)
      this.thread.add('leader rebalance', () => this.check(this.generation))
    })
  }

  private *check(generation: number): Task<void> {
    const { context, lock } = this.core
    const grouped = yield* lock.onceHeld('leader rebalance: partitions', () => this.partitionsByPreferredReplica())
    if (!grouped.ok) return context.report('leader rebalance', grouped.refusal)
    if (generation !== this.generation) return
    for (const [broker, partitions] of grouped.value) {
      const ledByOthers = yield* lock.onceHeld('leader rebalance: imbalance', () =>
        this.ledByOthers(broker, partitions),
      )
      if (!ledByOthers.ok || generation !== this.generation) return
      const limit = context.environment.config['leader.imbalance.per.broker.percentage']
      if (ledByOthers.value.length * 100 <= limit * partitions.length) continue
      for (const tp of ledByOthers.value) {
        const elected = yield* lock.whileHeld(`leader rebalance: ${tp}`, () => this.elect(broker, tp))
        if (!elected.ok) return context.report('leader rebalance', elected.refusal)
        if (generation !== this.generation) return
      }
    }
  }

  private partitionsByPreferredReplica(): Array<[number, TopicPartition[]]> {
    const { context } = this.core
    const groups = new Map<number, TopicPartition[]>()
    for (const tp of context.assignment.keys()) {
      if (context.deletion.isQueued(splitTopicPartition(tp).topic)) continue
      const preferred = context.preferredReplicaOf(tp)
      const group = groups.get(preferred)
      if (group === undefined) groups.set(preferred, [tp])
      else group.push(tp)
    }
    return [...groups].sort((a, b) => a[0] - b[0])
  }

  private ledByOthers(broker: number, partitions: readonly TopicPartition[]): TopicPartition[] {
    const { leadership } = this.core.context
    return partitions.filter((tp) => {
      const state = leadership.get(tp)
      return state !== undefined && state.leaderAndIsr.leader !== broker
    })
  }

  /** Nothing is done for a dead broker, nor while replicas move or another such election is under way. */
  private *elect(broker: number, tp: TopicPartition): Task<void> {
    const { context } = this.core
    const idle = context.reassignments.size === 0 && context.preferredElections.size === 0
    const { topic } = splitTopicPartition(tp)
    if (!context.isLive(broker) || !idle || context.deletion.isQueued(topic) || !context.topics.has(topic)) return
    yield* this.preferredElections.elect([tp], true)
  }
}
