/**
 * Brokers that come and go, seen through a watch on the children of `/brokers/ids`. Up to 2.1 only the set of ids is
 * compared: a broker whose node was deleted and created again between two looks never went away (M24). Since KIP-380 the
 * node's czxid tells one registration from the next, and such a broker first failed and then started.
 * `BrokerChangeListener` in `ReplicaStateMachine.scala` and `onBrokerStartup`, `onBrokerFailure` in
 * `KafkaController.scala` (`core/src/main/scala/kafka/controller/`, release 0.8.2.2).
 */
import type { Task } from '../host/index.ts'
import { decodeBroker, splitTopicPartition, type TopicPartition, zkPaths } from '../protocol/index.ts'
import { activeChannels, type RegisteredBroker } from './controller-context.ts'
import type { ControllerCore } from './controller-core.ts'
import type { Reassignments } from './reassignments.ts'
import type { TopicDeletion } from './topic-deletion.ts'
import { readChildren, readNode } from './zk-data.ts'

export class BrokerChanges {
  private readonly core: ControllerCore
  private readonly reassignments: Reassignments
  private readonly deletion: TopicDeletion
  private unsubscribe: (() => void) | undefined
  private readonly brokersChanged: (children: readonly string[]) => void

  constructor(core: ControllerCore, reassignments: Reassignments, deletion: TopicDeletion) {
    this.core = core
    this.reassignments = reassignments
    this.deletion = deletion
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
  *readBrokers(): Task<RegisteredBroker[]> {
    const children = yield* readChildren(this.core.context.environment.zk, zkPaths.brokerIds)
    return yield* this.readEndpoints(children.map(Number))
  }

  private *handle(children: readonly string[]): Task<void> {
    const { context, replicas } = this.core
    if (!replicas.hasStarted) return
    if (context.environment.versions.brokerEpoch === 'registration') return yield* this.handleRegistrations()
    const listed = children.map(Number).sort((a, b) => a - b)
    // From 0.10 on the nodes are read once, and what was read is what there is.
    const nodes = context.environment.versions.brokerListing === 'nodes' ? yield* this.readEndpoints(listed) : undefined
    const ids = nodes === undefined ? listed : idsOf(nodes)
    const added = ids.filter((id) => !context.isLiveOrShuttingDown(id))
    const addedEndpoints =
      nodes?.filter(({ endpoint }) => added.includes(endpoint.id)) ?? (yield* this.readEndpoints(added))
    const dead = context.liveOrShuttingDownBrokerIds().filter((id) => !ids.includes(id))
    // Up to 0.9 a broker that is listed, and gone when its node is read, is forgotten without having failed.
    context.setBrokers(nodes ?? (yield* this.readEndpoints(ids)))
    const channels = activeChannels(context)
    for (const { endpoint } of addedEndpoints) channels.addBroker(endpoint)
    for (const id of dead) channels.removeBroker(id)
    if (added.length > 0) yield* this.onBrokerStartup(added)
    if (dead.length > 0) yield* this.onBrokerFailure(dead)
  }

  /** With epochs: who is there now is read again, and a broker with a new epoch was away in between. */
  private *handleRegistrations(): Task<void> {
    const { context } = this.core
    const current = yield* this.readBrokers()
    const ids = current.map(({ endpoint }) => endpoint.id)
    const before = context.registrations()
    const known = new Map(before.map((broker) => [broker.endpoint.id, broker]))
    const added = current.filter(({ endpoint }) => !known.has(endpoint.id))
    const bounced = current.filter(({ endpoint, epoch }) => epoch > (known.get(endpoint.id)?.epoch ?? epoch))
    const dead = before.filter(({ endpoint }) => !ids.includes(endpoint.id))
    const channels = activeChannels(context)
    for (const { endpoint } of added) channels.addBroker(endpoint)
    for (const { endpoint } of bounced) {
      channels.removeBroker(endpoint.id)
      channels.addBroker(endpoint)
    }
    for (const { endpoint } of dead) channels.removeBroker(endpoint.id)
    if (added.length > 0) {
      context.setBrokers([...context.registrations(), ...added])
      yield* this.onBrokerStartup(idsOf(added))
    }
    if (bounced.length > 0) {
      context.setBrokers(without(context.registrations(), bounced))
      yield* this.onBrokerFailure(idsOf(bounced))
      context.setBrokers([...context.registrations(), ...bounced])
      yield* this.onBrokerStartup(idsOf(bounced))
    }
    if (dead.length > 0) {
      context.setBrokers(without(context.registrations(), dead))
      yield* this.onBrokerFailure(idsOf(dead))
    }
  }

  /** Those of the brokers whose nodes still exist. */
  private *readEndpoints(ids: readonly number[]): Task<RegisteredBroker[]> {
    const found: RegisteredBroker[] = []
    for (const id of ids) {
      const node = yield* readNode(this.core.context.environment.zk, zkPaths.brokerId(id))
      if (node !== undefined) found.push({ endpoint: decodeBroker(id, node.data), epoch: node.czxid })
    }
    return found
  }

  private *onBrokerStartup(brokers: readonly number[]): Task<void> {
    const { context, partitions, replicas } = this.core
    const { host } = context.environment
    if (host.tracing) host.trace({ kind: 'BrokerStartup', brokers })
    const toAll = context.environment.versions.brokerNews === 'all-brokers'
    this.core.sendUpdateMetadata(toAll ? context.liveOrShuttingDownBrokerIds() : brokers)
    const onBrokers = context.replicasOnBrokers(brokers)
    yield* replicas.handleStateChanges(onBrokers, 'OnlineReplica')
    yield* partitions.triggerOnlinePartitionStateChange()
    yield* this.reassignments.resumeOn(brokers)
    this.deletion.resume(new Set(onBrokers.map(({ tp }) => topicOf(tp))))
  }

  private *onBrokerFailure(brokers: readonly number[]): Task<void> {
    const { context, partitions, replicas } = this.core
    const { host } = context.environment
    if (host.tracing) host.trace({ kind: 'BrokerFailure', brokers })
    for (const id of brokers) context.shuttingDownBrokers.delete(id)
    const leaderless: string[] = []
    const isQueued = (tp: TopicPartition): boolean => context.deletion.isQueued(topicOf(tp))
    for (const [tp, { leaderAndIsr }] of context.leadership) {
      if (brokers.includes(leaderAndIsr.leader) && !isQueued(tp)) leaderless.push(tp)
    }
    yield* partitions.handleStateChanges(leaderless, 'OfflinePartition')
    yield* partitions.triggerOnlinePartitionStateChange()
    const onBrokers = context.replicasOnBrokers(brokers)
    const inUse = onBrokers.filter(({ tp }) => !isQueued(tp))
    yield* replicas.handleStateChanges(inUse, 'OfflineReplica')
    // What is being deleted there cannot be: the deletion waits for the broker.
    yield* this.deletion.fail(onBrokers.filter(({ tp }) => isQueued(tp)))
    const toldOfNobody = leaderless.length === 0 && context.environment.versions.brokerNews === 'all-brokers'
    if (toldOfNobody) this.core.sendUpdateMetadata(context.liveOrShuttingDownBrokerIds())
  }
}

const idsOf = (brokers: readonly RegisteredBroker[]): number[] =>
  brokers.map(({ endpoint }) => endpoint.id).sort((a, b) => a - b)

const without = (all: readonly RegisteredBroker[], some: readonly RegisteredBroker[]): RegisteredBroker[] => {
  const gone = new Set(idsOf(some))
  return all.filter(({ endpoint }) => !gone.has(endpoint.id))
}

const topicOf = (tp: TopicPartition): string => splitTopicPartition(tp).topic
