/**
 * The controller: every broker runs one, one of them is active. It decides who leads which partition.
 * `core/src/main/scala/kafka/controller/KafkaController.scala`, release 0.8.2.2 (replication.md 2.9, 2.10).
 *
 * Faithful to 0.8.2 are also its weak points: a broker whose session expired works on as the controller until the
 * callback of the new session has its turn (M23); a lost race for the controller epoch is only logged.
 */
import type { Digest, Host, Task } from '../host/index.ts'
import { type AlterPartitionRequest, type AlterPartitionResponse, zkPaths } from '../protocol/index.ts'
import { BrokerChanges } from './broker-changes.ts'
import { type ControlledShutdownResult, ControlledShutdowns } from './controlled-shutdowns.ts'
import { ControllerChannelManager } from './controller-channel-manager.ts'
import type { KafkaControllerOptions } from './controller-context.ts'
import { ControllerCore } from './controller-core.ts'
import { raiseControllerEpoch } from './controller-epoch.ts'
import { immediately } from './immediately.ts'
import { IsrAlterations } from './isr-alterations.ts'
import { IsrNotifications } from './isr-notifications.ts'
import { LeaderRebalance } from './leader-rebalance.ts'
import { readPartitionState } from './partition-state-store.ts'
import { PreferredElections } from './preferred-elections.ts'
import { Reassignments } from './reassignments.ts'
import { TopicChanges } from './topic-changes.ts'
import { TopicDeletion } from './topic-deletion.ts'
import { readChildren } from './zk-data.ts'
import { ZookeeperLeaderElector } from './zookeeper-leader-elector.ts'

export class KafkaController {
  private readonly core: ControllerCore
  private readonly elector: ZookeeperLeaderElector
  private readonly topicChanges: TopicChanges
  private readonly deletion: TopicDeletion
  private readonly brokerChanges: BrokerChanges
  private readonly reassignments: Reassignments
  private readonly preferredElections: PreferredElections
  private readonly isrNotifications: IsrNotifications
  private readonly isrAlterations: IsrAlterations
  private readonly rebalance: LeaderRebalance
  private readonly controlledShutdowns: ControlledShutdowns
  private isRunning = false

  constructor(host: Host, options: KafkaControllerOptions) {
    const core = new ControllerCore({ host, ...options })
    this.core = core
    this.topicChanges = new TopicChanges(core)
    this.deletion = new TopicDeletion(core, this.topicChanges)
    this.reassignments = new Reassignments(core, this.deletion)
    this.brokerChanges = new BrokerChanges(core, this.reassignments, this.deletion)
    this.preferredElections = new PreferredElections(core, this.deletion)
    this.isrNotifications = new IsrNotifications(core)
    this.isrAlterations = new IsrAlterations(core)
    this.rebalance = new LeaderRebalance(core, this.preferredElections)
    this.controlledShutdowns = new ControlledShutdowns(core)
    this.elector = new ZookeeperLeaderElector(
      core,
      () => this.onControllerFailover(),
      () => this.resign(),
    )
    if (options.versions.controllerWrites === 'fenced-by-epoch') core.lock.onMoved = () => this.elector.maybeResign()
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
    const { zk, versions } = this.core.context.environment
    const { lock } = this.core
    const newSession = lock.listener<null>('new ZooKeeper session', () => this.onNewSession())
    if (versions.sessionExpiry === 'operations-go-on') zk.subscribeState({ newSession: () => newSession(null) })
    else {
      const expired = (letGo: () => void): void =>
        lock.preempt('expired ZooKeeper session', () => immediately(() => this.onExpiry(letGo)))
      zk.subscribeState({ expired, newSession: () => lock.add('new ZooKeeper session', () => this.elector.reelect()) })
    }
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

  /**
   * Hands over what a broker leads; error 11 if this is not the controller, 8 if it does not know that broker, 77 if the
   * broker has registered again since.
   * @param brokerEpoch of the registration that asks; undefined before KIP-380
   */
  controlledShutdown(
    brokerId: number,
    done: (result: ControlledShutdownResult) => void,
    brokerEpoch?: number | undefined,
  ): void {
    this.controlledShutdowns.request(brokerId, brokerEpoch, done)
  }

  /** Writes ISRs that a leader asks for; error 41 if this is not the controller (from 2.7). */
  alterPartition(
    request: AlterPartitionRequest,
    done: (outcome: Pick<AlterPartitionResponse, 'errorCode' | 'partitions'>) => void,
  ): void {
    this.isrAlterations.request(request, done)
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

  /**
   * A broker that cannot resign does not stand here: it does when `/controller` changes. One that `/controller` names
   * resigns all the same up to 0.10.1, and stays the controller in name (KAFKA-4229).
   */
  private *onNewSession(): Task<void> {
    const { versions } = this.core.context.environment
    if (versions.electedBeforeNewSession === 'goes-on' && (yield* this.elector.isNamed())) return
    if (this.resign()) yield* this.elector.elect()
  }

  /** All that was asked under the session has failed by now. */
  private onExpiry(letGo: () => void): void {
    this.elector.forget()
    this.resign()
    letGo()
  }

  private *onControllerFailover(): Task<void> {
    if (!this.isRunning) return
    const { context, partitions, replicas } = this.core
    const { host, brokerId, config, versions } = context.environment
    if (versions.controllerWrites === 'node-version') yield* raiseControllerEpoch(context)
    if (host.tracing) host.trace({ kind: 'ControllerElected', brokerId, controllerEpoch: context.epoch })
    this.reassignments.register()
    this.isrNotifications.register()
    this.preferredElections.register()
    this.topicChanges.register()
    this.deletion.register()
    this.brokerChanges.register()
    yield* this.loadContext()
    const eventQueue = versions.preferredElections === 'not-remembered'
    if (eventQueue) this.core.sendUpdateMetadata(context.liveOrShuttingDownBrokerIds())
    yield* replicas.startup()
    yield* partitions.startup()
    if (versions.topicWatch === 'after-read') this.topicChanges.registerPartitions(context.topics)
    yield* this.reassignments.resume()
    if (eventQueue) this.deletion.start()
    yield* this.preferredElections.resume()
    if (!eventQueue) this.core.sendUpdateMetadata(context.liveOrShuttingDownBrokerIds())
    if (config['auto.leader.rebalance.enable']) this.rebalance.start()
    if (!eventQueue) this.deletion.start()
  }

  private *loadContext(): Task<void> {
    const { context } = this.core
    const { host, zk, config, versions } = context.environment
    context.setBrokers(yield* this.brokerChanges.readBrokers())
    const topics = yield* readChildren(zk, zkPaths.brokerTopics)
    context.topics = new Set(topics)
    if (versions.topicWatch === 'with-read') this.topicChanges.registerPartitions(topics)
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
    yield* this.deletion.load()
  }

  /**
   * Lets go of everything.
   * @returns false if it stopped half-way, as it may up to 0.8.2: with the automatic rebalance enabled, its scheduler
   *   throws on a broker where it does not run, that is on every broker that is not the controller, or did not quite
   *   become it; so does the thread that deletes topics, where it was never started
   */
  private resign(): boolean {
    const { context, partitions, replicas } = this.core
    const { host, brokerId, config, versions } = context.environment
    this.isrNotifications.deregister()
    this.reassignments.deregister()
    this.preferredElections.deregister()
    const mayStop = versions.resignation === 'may-stop-half-way'
    if (!this.deletion.shutdown() && mayStop) return false
    if (config['auto.leader.rebalance.enable']) {
      if (this.rebalance.isRunning) this.rebalance.stop()
      else if (mayStop) return false
    }
    this.reassignments.unwatchAll()
    partitions.shutdown()
    this.topicChanges.deregister()
    this.deletion.deregister()
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
