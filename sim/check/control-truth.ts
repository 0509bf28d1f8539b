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
  type LeaderAndIsr,
  partitionOfStatePath,
  splitTopicPartition,
  type TopicPartition,
  topicPartition,
  zkPaths,
} from '../../src/protocol/index.ts'
import type { ZnodeChange } from '../../src/zookeeper/events.ts'
import type { WorldEvent } from '../kernel/events.ts'
import type { TraceRecord } from '../kernel/index.ts'

type Told = SystemEvent | WorldEvent
type Of<K extends Told['kind']> = Extract<Told, { readonly kind: K }>

/** A partition as ZooKeeper has it. */
export interface PartitionControl {
  readonly tp: TopicPartition
  readonly topic: string
  readonly partition: number
  assigned: readonly number[]
  /** Undefined while it never had a leader. */
  state: LeaderAndIsr | undefined
  /** Epoch of the controller that last made a decision, and who wrote it. */
  decidedIn: number
  decidedBy: string
  /** That decision was made by a controller which had been replaced already (M23). */
  decidedByDeposed: boolean
}

/** What a broker takes itself for in one partition. */
export interface RoleBelief {
  role: 'leader' | 'follower'
  leaderEpoch: number
  leader: number
  /** A leader's own copy of what ZooKeeper holds. */
  isr: readonly number[]
  zkVersion: number
  /** An ISR write of this leadership was refused. */
  isrWriteFailed: boolean
}

export interface BrokerControl {
  readonly id: number
  readonly machine: string
  running: boolean
  /** Counts its processes, from 1. */
  life: number
  /** zxid of its present registration; undefined while it has none. */
  registered: number | undefined
  /** The controller that stands has taken notice of the present registration. */
  noticed: boolean
  /** A registration ended, and the controller that stands never took the broker for failed. */
  lossMissed: boolean
  readonly roles: Map<TopicPartition, RoleBelief>
  /** Its metadata cache: leader by partition, and the brokers it takes to be alive. */
  readonly metadata: Map<TopicPartition, number>
  alive: readonly number[]
  /** Highest epoch of a controller that it obeyed in this life. */
  obeyed: number
  /** Why its process last ended by itself, and when. */
  exit: string | undefined
}

export interface ControllerControl {
  /** Broker id in `/controller`; undefined while there is no such node. */
  holder: number | undefined
  /** What `/controller_epoch` holds. */
  epoch: number
  /** Machines that act as controllers, with their epochs: more than one, where an old one does not know yet. */
  readonly acting: Map<string, number>
}

export class ControlTruth {
  readonly partitions = new Map<TopicPartition, PartitionControl>()
  readonly brokers = new Map<number, BrokerControl>()
  readonly controller: ControllerControl = { holder: undefined, epoch: 0, acting: new Map() }
  /** Nodes under `/admin`, without the directory of topics to delete. */
  readonly requests = new Map<string, string>()
  private readonly owners = new Map<string, string>()
  private lastZxid = 0

  apply(record: TraceRecord): void {
    const event = record.event as Told
    switch (event.kind) {
      case 'ZkCommitted':
        if (event.zxid <= this.lastZxid) return
        this.lastZxid = event.zxid
        for (const change of event.changes) this.znode(change, event.zxid, this.owners.get(event.session) ?? '')
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
        this.becameLeader(record.machine, event)
        return
      case 'BecameFollower':
        this.becameFollower(record.machine, event)
        return
      case 'IsrShrunk':
      case 'IsrExpanded':
        this.isrWritten(record.machine, event)
        return
      case 'IsrUpdateFailed': {
        const role = this.machine(record.machine)?.roles.get(event.tp)
        if (role !== undefined) role.isrWriteFailed = true
        return
      }
      case 'ReplicaDeleted':
        this.machine(record.machine)?.roles.delete(event.tp)
        return
      case 'MetadataUpdated':
        this.metadataUpdated(record.machine, event)
        return
      case 'ControllerElected':
        this.controller.acting.set(record.machine, event.controllerEpoch)
        for (const broker of this.brokers.values()) {
          broker.noticed = broker.registered !== undefined
          broker.lossMissed = false
        }
        return
      case 'ControllerResigned':
        this.controller.acting.delete(record.machine)
        return
      case 'BrokerFailure':
        if (this.isActing(record.machine)) for (const id of event.brokers) this.brokerOf(id).lossMissed = false
        return
      case 'BrokerStartup':
        if (this.isActing(record.machine)) for (const id of event.brokers) this.brokerOf(id).noticed = true
        return
    }
  }

  /** The controller that holds `/controller` and acts in the epoch that ZooKeeper has. */
  isActing(machine: string): boolean {
    const { acting, holder, epoch } = this.controller
    return holder !== undefined && machine === `b${holder}` && acting.get(machine) === epoch
  }

  get hasController(): boolean {
    return this.controller.holder !== undefined && this.isActing(`b${this.controller.holder}`)
  }

  /** Its process runs and it is registered. */
  isLive(id: number): boolean {
    const broker = this.brokers.get(id)
    return broker !== undefined && broker.running && broker.registered !== undefined
  }

  liveBrokers(): BrokerControl[] {
    return [...this.brokers.values()].filter(({ id }) => this.isLive(id)).sort((a, b) => a.id - b.id)
  }

  brokerOf(id: number): BrokerControl {
    let broker = this.brokers.get(id)
    if (broker === undefined) {
      broker = {
        id,
        machine: `b${id}`,
        running: false,
        life: 0,
        registered: undefined,
        noticed: false,
        lossMissed: false,
        roles: new Map(),
        metadata: new Map(),
        alive: [],
        obeyed: 0,
        exit: undefined,
      }
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

  /** What it knew is gone with its memory. */
  private ended(machine: string, event: Of<'ProcessEnded'>): void {
    const broker = this.machine(machine)
    if (broker === undefined) return
    broker.running = false
    broker.roles.clear()
    broker.metadata.clear()
    broker.alive = []
    broker.obeyed = 0
    broker.exit = event.how === 'exit' ? event.reason : undefined
    this.controller.acting.delete(machine)
  }

  private becameLeader(machine: string, event: Of<'BecameLeader'>): void {
    const broker = this.machine(machine)
    if (broker === undefined) return
    const { leaderEpoch, isr, zkVersion } = event
    const belief: RoleBelief = { role: 'leader', leaderEpoch, leader: broker.id, isr, zkVersion, isrWriteFailed: false }
    broker.roles.set(event.tp, belief)
  }

  private becameFollower(machine: string, event: Of<'BecameFollower'>): void {
    const { leaderEpoch, leader } = event
    const belief: RoleBelief = { role: 'follower', leaderEpoch, leader, isr: [], zkVersion: -1, isrWriteFailed: false }
    this.machine(machine)?.roles.set(event.tp, belief)
  }

  private isrWritten(machine: string, event: Of<'IsrShrunk' | 'IsrExpanded'>): void {
    const role = this.machine(machine)?.roles.get(event.tp)
    if (role === undefined) return
    role.isr = event.isr
    role.zkVersion = event.zkVersion
    role.isrWriteFailed = false
  }

  private metadataUpdated(machine: string, event: Of<'MetadataUpdated'>): void {
    const broker = this.machine(machine)
    if (broker === undefined) return
    broker.alive = event.brokers
    for (const { topic, partition, leaderAndIsr } of event.states) {
      const tp = topicPartition(topic, partition)
      if (leaderAndIsr.leader === -2) broker.metadata.delete(tp)
      else broker.metadata.set(tp, leaderAndIsr.leader)
    }
  }

  private znode(change: ZnodeChange, zxid: number, by: string): void {
    const { path } = change
    if (path.startsWith('/brokers/topics/')) return this.topicNode(change, by)
    if (path.startsWith('/brokers/ids/')) {
      const broker = this.brokerOf(Number(path.slice('/brokers/ids/'.length)))
      if (change.op === 'setData') return
      broker.registered = change.op === 'delete' ? undefined : zxid
      broker.noticed = false
      if (change.op === 'delete') broker.lossMissed = true
    } else if (path === zkPaths.controller) {
      this.controller.holder = change.op === 'delete' ? undefined : decodeController(change.data)
    } else if (path === zkPaths.controllerEpoch && change.op !== 'delete') {
      this.controller.epoch = Number(change.data)
    } else if (path.startsWith('/admin/') && path !== zkPaths.deleteTopics) {
      if (change.op === 'delete') this.requests.delete(path)
      else this.requests.set(path, change.data)
    }
  }

  private topicNode(change: ZnodeChange, by: string): void {
    const place = partitionOfStatePath(change.path)
    if (place !== undefined) {
      const tp = topicPartition(place.topic, place.partition)
      if (change.op === 'delete') this.partitions.delete(tp)
      else this.partitionState(tp, change, by)
      return
    }
    const topic = change.path.slice('/brokers/topics/'.length)
    if (topic.includes('/') || change.op === 'delete' || change.data === '') {
      if (change.op === 'delete' && !topic.includes('/')) this.topicGone(topic)
      return
    }
    for (const [partition, replicas] of decodeAssignment(change.data)) {
      this.partitionOf(topicPartition(topic, partition)).assigned = replicas
    }
  }

  private topicGone(topic: string): void {
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
    partition.decidedIn = controllerEpoch
    partition.decidedBy = by
    partition.decidedByDeposed = controllerEpoch < this.controller.epoch
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
        state: undefined,
        decidedIn: 0,
        decidedBy: '',
        decidedByDeposed: false,
      }
      this.partitions.set(tp, partition)
    }
    return partition
  }
}
