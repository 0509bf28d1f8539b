/**
 * Brokers that come and go, seen through a watch on the children of `/brokers/ids`. Only the set of ids is compared: a
 * broker whose node was deleted and created again between two looks never went away (M24, before KIP-380).
 * `BrokerChangeListener` in `ReplicaStateMachine.scala` and `onBrokerStartup`, `onBrokerFailure` in
 * `KafkaController.scala` (`core/src/main/scala/kafka/controller/`, release 0.8.2.2).
 */
import type { Task } from '../host/index.ts'
import { type BrokerEndpoint, decodeBroker, zkPaths } from '../protocol/index.ts'
import { activeChannels } from './controller-context.ts'
import type { ControllerCore } from './controller-core.ts'
import type { Reassignments } from './reassignments.ts'
import { readChildren, readNode } from './zk-data.ts'

export class BrokerChanges {
  private readonly core: ControllerCore
  private readonly reassignments: Reassignments
  private unsubscribe: (() => void) | undefined
  private readonly brokersChanged: (children: readonly string[]) => void

  constructor(core: ControllerCore, reassignments: Reassignments) {
    this.core = core
    this.reassignments = reassignments
    this.brokersChanged = core.lock.listener('change of the brokers', (children) => this.handle(children))
  }

  register(): void {
    this.unsubscribe ??= this.core.context.environment.zk.subscribeChildren(zkPaths.brokerIds, (children) =>
      this.brokersChanged(children),
    )
  }

  deregister(): void {
    this.unsubscribe?.()
    this.unsubscribe = undefined
  }

  /** All brokers that are registered now. */
  *readBrokers(): Task<BrokerEndpoint[]> {
    const children = yield* readChildren(this.core.context.environment.zk, zkPaths.brokerIds)
    return yield* this.readEndpoints(children.map(Number))
  }

  private *handle(children: readonly string[]): Task<void> {
    const { context, replicas } = this.core
    if (!replicas.hasStarted) return
    const ids = children.map(Number).sort((a, b) => a - b)
    const added = ids.filter((id) => !context.isLiveOrShuttingDown(id))
    const addedEndpoints = yield* this.readEndpoints(added)
    const dead = context.liveOrShuttingDownBrokerIds().filter((id) => !ids.includes(id))
    context.setBrokers(yield* this.readEndpoints(ids))
    const channels = activeChannels(context)
    for (const broker of addedEndpoints) channels.addBroker(broker)
    for (const id of dead) channels.removeBroker(id)
    if (added.length > 0) yield* this.onBrokerStartup(added)
    if (dead.length > 0) yield* this.onBrokerFailure(dead)
  }

  /** Those of the brokers whose nodes still exist. */
  private *readEndpoints(ids: readonly number[]): Task<BrokerEndpoint[]> {
    const found: BrokerEndpoint[] = []
    for (const id of ids) {
      const node = yield* readNode(this.core.context.environment.zk, zkPaths.brokerId(id))
      if (node !== undefined) found.push(decodeBroker(id, node.data))
    }
    return found
  }

  private *onBrokerStartup(brokers: readonly number[]): Task<void> {
    const { context, partitions, replicas } = this.core
    const { host } = context.environment
    if (host.tracing) host.trace({ kind: 'BrokerStartup', brokers })
    this.core.sendUpdateMetadata(brokers)
    yield* replicas.handleStateChanges(context.replicasOnBrokers(brokers), 'OnlineReplica')
    yield* partitions.triggerOnlinePartitionStateChange()
    yield* this.reassignments.resumeOn(brokers)
  }

  private *onBrokerFailure(brokers: readonly number[]): Task<void> {
    const { context, partitions, replicas } = this.core
    const { host } = context.environment
    if (host.tracing) host.trace({ kind: 'BrokerFailure', brokers })
    for (const id of brokers) context.shuttingDownBrokers.delete(id)
    const leaderless: string[] = []
    for (const [tp, { leaderAndIsr }] of context.leadership) {
      if (brokers.includes(leaderAndIsr.leader)) leaderless.push(tp)
    }
    yield* partitions.handleStateChanges(leaderless, 'OfflinePartition')
    yield* partitions.triggerOnlinePartitionStateChange()
    yield* replicas.handleStateChanges(context.replicasOnBrokers(brokers), 'OfflineReplica')
  }
}
