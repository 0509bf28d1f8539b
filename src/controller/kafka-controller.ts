/**
 * The controller: every broker runs one, one of them is active. It decides who leads which partition.
 * `core/src/main/scala/kafka/controller/KafkaController.scala`, release 0.8.2.2 (replication.md 2.9, 2.10).
 *
 * Faithful to 0.8.2 are also its weak points: a broker whose session expired works on as the controller until the
 * callback of the new session has its turn (M23); a lost race for the controller epoch is only logged.
 */
import type { Digest, Host, Task } from '../host/index.ts'
import { zkPaths } from '../protocol/index.ts'
import { BrokerChanges } from './broker-changes.ts'
import { type ControlledShutdownResult, ControlledShutdowns } from './controlled-shutdowns.ts'
import { ControllerChannelManager } from './controller-channel-manager.ts'
import type { KafkaControllerOptions } from './controller-context.ts'
import { ControllerCore } from './controller-core.ts'
import { immediately } from './immediately.ts'
import { LeaderRebalance } from './leader-rebalance.ts'
import { readPartitionState } from './partition-state-store.ts'
import { PreferredElections } from './preferred-elections.ts'
import { Reassignments } from './reassignments.ts'
import { Refusal } from './refusal.ts'
import { TopicChanges } from './topic-changes.ts'
import { createPersistent, readChildren, readNode, setData } from './zk-data.ts'
import { ZookeeperLeaderElector } from './zookeeper-leader-elector.ts'

const INITIAL_CONTROLLER_EPOCH = 1

export class KafkaController {
  private readonly core: ControllerCore
  private readonly elector: ZookeeperLeaderElector
  private readonly topicChanges: TopicChanges
  private readonly brokerChanges: BrokerChanges
  private readonly reassignments: Reassignments
  private readonly preferredElections: PreferredElections
  private readonly rebalance: LeaderRebalance
  private readonly controlledShutdowns: ControlledShutdowns
  private isRunning = false

  constructor(host: Host, options: KafkaControllerOptions) {
    const core = new ControllerCore({ host, ...options })
    this.core = core
    this.topicChanges = new TopicChanges(core)
    this.reassignments = new Reassignments(core)
    this.brokerChanges = new BrokerChanges(core, this.reassignments)
    this.preferredElections = new PreferredElections(core)
    this.rebalance = new LeaderRebalance(core, this.preferredElections)
    this.controlledShutdowns = new ControlledShutdowns(core)
    this.elector = new ZookeeperLeaderElector(
      core,
      () => this.onControllerFailover(),
      () => this.resign(),
    )
  }

  /** Whether this broker takes itself for the controller. */
  get isActive(): boolean {
    return this.core.context.channels !== undefined
  }

  /** The epoch it got when it was elected; 0 if it is not the controller. */
  get epoch(): number {
    return this.core.context.epoch
  }

  /** Stands for election, now and whenever there is no controller. The ZooKeeper client must be connected. */
  startup(): void {
    const { zk } = this.core.context.environment
    const newSession = this.core.lock.listener<null>('new ZooKeeper session', () => this.onNewSession())
    zk.subscribeState({ newSession: () => newSession(null) })
    this.isRunning = true
    this.core.lock.add('startup', () => this.elector.startup())
  }

  /**
   * Runs a procedure of the broker when all of the controller's that were asked for before are over: what Kafka does on
   * ZkClient's event thread, or on its main thread after the controller has started.
   */
  inTurn(name: string, start: () => Task<void>): void {
    this.core.lock.add(name, start)
  }

  /** Stops being the controller. The node `/controller` goes when the ZooKeeper session is closed. */
  shutdown(): void {
    this.core.lock.add('shutdown', () => immediately(() => this.onShutdown()))
  }

  /** Hands over what a broker leads; error 11 if this is not the controller, 8 if it does not know that broker. */
  controlledShutdown(brokerId: number, done: (result: ControlledShutdownResult) => void): void {
    this.controlledShutdowns.request(brokerId, done)
  }

  digest(digest: Digest): void {
    digest.boolean(this.isRunning)
    this.core.digest(digest)
    this.elector.digest(digest)
    this.rebalance.digest(digest)
    this.controlledShutdowns.digest(digest)
  }

  private onShutdown(): void {
    this.isRunning = false
    this.resign()
  }

  /** A broker that cannot resign does not stand here: it does when `/controller` changes. */
  private *onNewSession(): Task<void> {
    if (this.resign()) yield* this.elector.elect()
  }

  private *onControllerFailover(): Task<void> {
    if (!this.isRunning) return
    const { context, partitions, replicas } = this.core
    const { host, brokerId, config } = context.environment
    yield* this.takeControllerEpoch()
    if (host.tracing) host.trace({ kind: 'ControllerElected', brokerId, controllerEpoch: context.epoch })
    this.reassignments.register()
    this.preferredElections.register()
    this.topicChanges.register()
    this.brokerChanges.register()
    yield* this.loadContext()
    yield* replicas.startup()
    yield* partitions.startup()
    for (const topic of context.topics) this.topicChanges.registerPartitions(topic)
    yield* this.reassignments.resume()
    yield* this.preferredElections.resume()
    this.core.sendUpdateMetadata(context.liveOrShuttingDownBrokerIds())
    if (config['auto.leader.rebalance.enable']) this.rebalance.start()
  }

  /** Reads `/controller_epoch` and raises it by compare-and-set, or makes it. */
  private *takeControllerEpoch(): Task<void> {
    const { context } = this.core
    const { zk } = context.environment
    const stored = yield* readNode(zk, zkPaths.controllerEpoch)
    if (stored !== undefined) {
      context.epoch = Number(stored.data)
      context.epochZkVersion = stored.version
    }
    const next = context.epoch + 1
    const result = yield* setData(zk, zkPaths.controllerEpoch, String(next), context.epochZkVersion)
    if (result.error === 'OK') {
      context.epoch = next
      context.epochZkVersion = result.value!.version
    } else if (result.error === 'NoNode') {
      const created = yield* createPersistent(zk, zkPaths.controllerEpoch, String(INITIAL_CONTROLLER_EPOCH))
      if (created === 'NodeExists') throw new Refusal('controller-moved', 'another controller made its epoch first')
      context.epoch = INITIAL_CONTROLLER_EPOCH
      context.epochZkVersion = 1
    } else {
      // The exception for a lost race is thrown inside a `try` whose `catch` logs it: Kafka goes on with the old epoch.
      context.report('controller epoch', new Refusal('controller-moved', `raising it to ${next}: ${result.error}`))
    }
  }

  private *loadContext(): Task<void> {
    const { context } = this.core
    const { host, zk, config } = context.environment
    context.setBrokers(yield* this.brokerChanges.readBrokers())
    const topics = yield* readChildren(zk, zkPaths.brokerTopics)
    context.topics = new Set(topics)
    context.assignment.clear()
    for (const [tp, replicas] of yield* this.topicChanges.readAssignments(topics)) context.assignment.set(tp, replicas)
    context.leadership.clear()
    context.shuttingDownBrokers.clear()
    for (const tp of context.assignment.keys()) {
      const state = yield* readPartitionState(zk, tp)
      if (state !== undefined) context.leadership.set(tp, state)
    }
    context.channels = new ControllerChannelManager(host, config['controller.socket.timeout.ms'], context.liveBrokers())
    yield* this.preferredElections.load()
    yield* this.reassignments.load()
  }

  /**
   * Lets go of everything.
   * @returns false if it stopped half-way: with the automatic rebalance enabled, its scheduler throws on a broker where
   *   it does not run, that is on every broker that is not the controller, or did not quite become it
   */
  private resign(): boolean {
    const { context, partitions, replicas } = this.core
    const { host, brokerId, config } = context.environment
    this.reassignments.deregister()
    this.preferredElections.deregister()
    if (config['auto.leader.rebalance.enable']) {
      if (!this.rebalance.isRunning) return false
      this.rebalance.stop()
    }
    this.reassignments.unwatchAll()
    partitions.shutdown()
    this.topicChanges.deregister()
    replicas.shutdown()
    this.brokerChanges.deregister()
    if (context.channels !== undefined) {
      context.channels.shutdown()
      context.channels = undefined
      if (host.tracing) host.trace({ kind: 'ControllerResigned', brokerId, controllerEpoch: context.epoch })
    }
    context.epoch = 0
    context.epochZkVersion = 0
    return true
  }
}
