/**
 * What is really the case with the control plane, as far as the trace tells: who is registered, who is the controller,
 * what ZooKeeper holds of each partition, and what each broker has been told. Folded by plain mutation; no process of the
 * cluster knows it.
 */
import type { SystemEvent } from '../../src/events.ts'
import {
  decodeAssignment,
  decodeController,
  decodePartitionState,
  partitionOfStatePath,
  splitTopicPartition,
  type TopicPartition,
  topicPartition,
  zkPaths,
} from '../../src/protocol/index.ts'
import type { ZnodeChange } from '../../src/zookeeper/events.ts'
import type { WorldEvent } from '../kernel/events.ts'
import type { TraceRecord } from '../kernel/index.ts'
import { forgetAll, newBroker, noteInRole, takeRole, updateMetadata } from './broker-beliefs.ts'
import type { BrokerControl, ControllerControl, PartitionControl } from './control-state.ts'
import { ReplicaRemains } from './replica-remains.ts'

type Told = SystemEvent | WorldEvent
type Of<K extends Told['kind']> = Extract<Told, { readonly kind: K }>

const TOPICS = '/brokers/topics/'

export class ControlTruth {
  readonly partitions = new Map<TopicPartition, PartitionControl>()
  readonly brokers = new Map<number, BrokerControl>()
  readonly controller: ControllerControl = {
    holder: undefined,
    epoch: 0,
    acting: new Map(),
    resignedInName: false,
    deletionDied: undefined,
    deposedWrites: new Map(),
    deletionsHalted: new Map(),
    staleHalts: new Set(),
    failures: new Set(),
    sinceUs: 0,
    atWorkSinceUs: undefined,
    toldOf: new Map(),
  }
  /** Topics whose node is but the parent of a state that somebody wrote after they had been deleted. */
  readonly shells = new Set<string>()
  /** Nodes under `/admin`, without the directory of topics to delete. */
  readonly requests = new Map<string, string>()
  readonly remains = new ReplicaRemains()
  /** Partitions that the tool had added, and a controller wrote away again with what it remembered of their topic. */
  readonly writtenAway = new Set<TopicPartition>()
  /** Topics that were deleted since replicas of theirs are to move, while that request stands. */
  readonly deletedWhileMoving = new Set<string>()
  private readonly owners = new Map<string, string>()
  private lastZxid = 0
  private nowUs = 0

  apply(record: TraceRecord): void {
    const event = record.event as Told
    this.replicaRemains(record.machine, event as SystemEvent)
    switch (event.kind) {
      case 'ZkCommitted':
        if (event.zxid <= this.lastZxid) return
        this.lastZxid = event.zxid
        this.nowUs = record.atUs
        for (const change of event.changes) this.znode(change, event.zxid, this.owners.get(event.session) ?? '')
        return
      case 'ZkWatchFired':
        this.watchFired(event, record.atUs)
        return
      case 'ZkSessionCreated':
        this.owners.set(event.session, event.owner)
        return
      case 'ProcessStarted':
        this.started(record.machine)
        return
      case 'ProcessEnded':
        this.ended(record.machine, event)
        return
      case 'BecameLeader':
      case 'BecameFollower': {
        const broker = this.machine(record.machine)
        if (broker !== undefined) takeRole(broker, event, this.isDeposed(event.controllerEpoch))
        return
      }
      case 'IsrShrunk':
      case 'IsrExpanded':
      case 'IsrUpdateFailed':
      case 'TruncationRepeats': {
        const role = this.machine(record.machine)?.roles.get(event.tp)
        if (role !== undefined) noteInRole(role, event)
        return
      }
      case 'ReplicaDeleted':
        this.machine(record.machine)?.roles.delete(event.tp)
        return
      case 'MetadataUpdated': {
        const broker = this.machine(record.machine)
        if (broker !== undefined) updateMetadata(broker, event)
        return
      }
      case 'ControllerElected':
        this.elected(record.machine, event.controllerEpoch)
        for (const broker of this.brokers.values()) {
          broker.noticed = broker.registered !== undefined
          broker.lossMissed = false
        }
        return
      case 'ControllerResigned':
        this.controller.acting.delete(record.machine)
        if (this.isNamed(record.machine)) this.controller.resignedInName = true
        return
      case 'TopicDeletionDied':
        if (this.isNamed(record.machine)) this.controller.deletionDied = event.reason
        return
      case 'TopicDeletionHalted':
        if (this.isNamed(record.machine)) this.controller.deletionsHalted.set(event.topic, event.reason)
        return
      case 'TopicDeletionStarted':
        if (!this.isNamed(record.machine)) return
        this.controller.deletionsHalted.delete(event.topic)
        this.controller.staleHalts.delete(event.topic)
        return
      case 'TopicDeleted':
        if (!this.isNamed(record.machine) || !this.controller.deletionsHalted.delete(event.topic)) return
        this.controller.staleHalts.add(event.topic)
        return
      case 'BrokerRegistered':
        this.brokerOf(event.brokerId).refused = false
        return
      case 'BrokerNotRegistered':
        this.brokerOf(event.brokerId).refused = true
        return
      case 'BrokerAwaitsItself':
        this.brokerOf(event.brokerId).awaitsItself = true
        return
      case 'StateChangeFailed':
        if (this.isNamed(record.machine)) this.controller.failures.add(`${event.subject}: ${event.reason}`)
        return
      case 'PartitionElected':
        this.partitionElected(event)
        return
      case 'BrokerFailure':
        this.atWork(record)
        if (this.isActing(record.machine)) for (const id of event.brokers) this.brokerOf(id).lossMissed = false
        return
      case 'BrokerStartup':
        this.atWork(record)
        if (this.isActing(record.machine)) for (const id of event.brokers) this.brokerOf(id).noticed = true
        return
      case 'TopicCreated':
        this.atWork(record)
        return
    }
  }

  /** The controller that holds `/controller` and acts in the epoch that ZooKeeper has. */
  isActing(machine: string): boolean {
    const { acting, epoch } = this.controller
    return this.isNamed(machine) && acting.get(machine) === epoch
  }

  /** The broker on it is the one in `/controller`. */
  isNamed(machine: string): boolean {
    const { holder } = this.controller
    return holder !== undefined && machine === `b${holder}`
  }

  private replicaRemains(machine: string, event: SystemEvent): void {
    const broker = this.machine(machine)
    if (broker !== undefined) this.remains.apply(broker.id, event)
  }

  private isDeposed(controllerEpoch = this.controller.epoch): boolean {
    return controllerEpoch < this.controller.epoch
  }

  private atWork({ machine, atUs }: TraceRecord): void {
    if (this.isActing(machine)) this.controller.atWorkSinceUs ??= atUs
  }

  private watchFired({ session, event, path }: Of<'ZkWatchFired'>, atUs: number): void {
    if (event !== 'NodeDataChanged' || !path.startsWith(TOPICS) || !this.isNamed(this.owners.get(session) ?? '')) return
    this.controller.toldOf.set(path.slice(TOPICS.length), atUs)
  }

  private elected(machine: string, epoch: number): void {
    const { controller } = this
    controller.acting.set(machine, epoch)
    controller.resignedInName = false
    controller.deletionDied = undefined
    controller.deposedWrites.clear()
    controller.deletionsHalted.clear()
    controller.staleHalts.clear()
    controller.failures.clear()
  }

  get hasController(): boolean {
    return this.controller.holder !== undefined && this.isActing(`b${this.controller.holder}`)
  }

  /** Its process runs and it is registered. */
  isLive(id: number): boolean {
    const broker = this.brokers.get(id)
    return broker?.running === true && broker.registered !== undefined
  }

  liveBrokers(): BrokerControl[] {
    return [...this.brokers.values()].filter(({ id }) => this.isLive(id)).sort((a, b) => a.id - b.id)
  }

  brokerOf(id: number): BrokerControl {
    let broker = this.brokers.get(id)
    if (broker === undefined) {
      broker = newBroker(id)
      this.brokers.set(id, broker)
    }
    return broker
  }

  /** The broker on a machine; undefined for machines that are none. */
  machine(name: string): BrokerControl | undefined {
    return /^b\d+$/.test(name) ? this.brokerOf(Number(name.slice(1))) : undefined
  }

  private started(machine: string): void {
    const broker = this.machine(machine)
    if (broker === undefined) return
    broker.running = true
    broker.life++
  }

  private ended(machine: string, event: Of<'ProcessEnded'>): void {
    const broker = this.machine(machine)
    if (broker === undefined) return
    forgetAll(broker, event.how === 'exit' ? event.reason : undefined)
    this.controller.acting.delete(machine)
  }

  private partitionElected({ tp, leader, leaderEpoch, election }: Of<'PartitionElected'>): void {
    const { noticed, lossMissed } = this.brokerOf(leader)
    if (election !== 'controlled-shutdown' || noticed || lossMissed) return
    this.partitionOf(tp as TopicPartition).deadSuccessorIn = leaderEpoch
  }

  private znode(change: ZnodeChange, zxid: number, by: string): void {
    const { path } = change
    if (path.startsWith(TOPICS)) return this.topicNode(change, by)
    if (path.startsWith('/brokers/ids/')) {
      const broker = this.brokerOf(Number(path.slice('/brokers/ids/'.length)))
      if (change.op === 'setData') return
      broker.registered = change.op === 'delete' ? undefined : zxid
      broker.awaitsItself = false
      broker.noticed = false
      if (change.op === 'delete') broker.lossMissed = true
    } else if (path === zkPaths.controller) {
      this.controller.holder = change.op === 'delete' ? undefined : decodeController(change.data)
      this.controller.resignedInName = false
    } else if (path === zkPaths.controllerEpoch && change.op !== 'delete') {
      this.controller.epoch = Number(change.data)
      this.controller.sinceUs = this.nowUs
      this.controller.atWorkSinceUs = undefined
      this.controller.toldOf.clear()
    } else if (path.startsWith('/admin/') && path !== zkPaths.deleteTopics) {
      if (change.op === 'delete') this.requests.delete(path)
      else this.requests.set(path, change.data)
      if (change.op === 'delete' && path === zkPaths.reassignPartitions) this.deletedWhileMoving.clear()
    }
  }

  private topicNode(change: ZnodeChange, by: string): void {
    const place = partitionOfStatePath(change.path)
    if (place !== undefined) {
      const tp = topicPartition(place.topic, place.partition)
      if (change.op === 'delete') this.partitionOf(tp).state = undefined
      else this.partitionState(tp, change, by)
      return
    }
    const topic = change.path.slice(TOPICS.length)
    if (topic.includes('/')) return
    // Whoever creates a topic may be anybody; only controllers delete topics, and change them.
    const deposed = change.op !== 'create' && !this.isNamed(by) && this.machine(by) !== undefined
    if (deposed) this.controller.deposedWrites.set(topic, by)
    if (change.op !== 'delete' && change.data === '') this.shells.add(topic)
    else this.shells.delete(topic)
    if (change.op === 'delete') this.topicGone(topic)
    else if (change.data !== '') this.assign(topic, change, by, deposed)
  }

  private assign(topic: string, change: Exclude<ZnodeChange, { op: 'delete' }>, by: string, deposed: boolean): void {
    const assignment = decodeAssignment(change.data)
    const byTool = this.machine(by) === undefined
    for (const [tp, { topic: owner, partition }] of this.partitions) {
      if (owner !== topic || assignment.has(partition)) continue
      this.partitions.delete(tp)
      this.writtenAway.add(tp)
    }
    for (const [number, replicas] of assignment) {
      const partition = this.partitionOf(topicPartition(topic, number))
      const taken = partition.assigned.filter((id) => !replicas.includes(id))
      for (const id of taken) {
        const { registered, noticed } = this.brokerOf(id)
        const drop = { registered: noticed ? registered : undefined, controllerEpoch: this.controller.epoch }
        this.remains.dropped(partition.tp, id, drop)
      }
      if (partition.assigned.length > 0 && partition.assigned.join() !== replicas.join()) {
        if (byTool) partition.overwrittenByTool = true
        partition.movedBehind = deposed ? { by, taken } : undefined
      }
      if (change.op === 'setData' && partition.assigned.length === 0) partition.addedAtUs = this.nowUs
      partition.assigned = replicas
    }
  }

  private topicGone(topic: string): void {
    if (this.requests.has(zkPaths.reassignPartitions)) this.deletedWhileMoving.add(topic)
    for (const [tp, { topic: owner }] of this.partitions) if (owner === topic) this.partitions.delete(tp)
  }

  private partitionState(tp: TopicPartition, change: Exclude<ZnodeChange, { op: 'delete' }>, by: string): void {
    const partition = this.partitionOf(tp)
    const { leaderAndIsr, controllerEpoch } = decodePartitionState(
      change.data,
      change.op === 'create' ? 0 : change.version,
    )
    const before = partition.state
    partition.state = leaderAndIsr
    if (before !== undefined && leaderAndIsr.leaderEpoch <= before.leaderEpoch) return
    const taken = before !== undefined && before.leader >= 0 && leaderAndIsr.leader < 0
    partition.removedLeaderOf = taken && partition.decidedByDeposed ? partition.decidedBy : undefined
    partition.decidedIn = controllerEpoch
    partition.decidedBy = by
    partition.decidedByDeposed = this.isDeposed(controllerEpoch)
  }

  private partitionOf(tp: TopicPartition): PartitionControl {
    let partition = this.partitions.get(tp)
    if (partition === undefined) {
      const { topic, partition: number } = splitTopicPartition(tp)
      partition = {
        tp,
        topic,
        partition: number,
        assigned: [],
        addedAtUs: undefined,
        state: undefined,
        decidedIn: 0,
        decidedBy: '',
        decidedByDeposed: false,
        removedLeaderOf: undefined,
        deadSuccessorIn: undefined,
        overwrittenByTool: false,
        movedBehind: undefined,
      }
      this.partitions.set(tp, partition)
    }
    return partition
  }
}
