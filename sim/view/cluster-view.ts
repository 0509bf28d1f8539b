/**
 * The observable cluster at one moment: plain, readonly, folded from trace records alone (`fold.ts`), never read from
 * a process. Terminal drawings, conditions and the player look at this and at nothing else.
 *
 * Keys are names (`b1`, `orders-0`, `/brokers/ids`), in the order of first appearance. What a dead process knew is
 * gone with it; what its disk holds stays. Beliefs of brokers stand in `brokers`, the truth as ZooKeeper committed it
 * in `partitions`, `controller` and `znodes`.
 */
import type { Micros } from '../../src/host/index.ts'
import { type TopicPartition, type TransactionState, topicPartition, zkPaths } from '../../src/protocol/index.ts'
import type { ServerState } from '../../src/zookeeper/events.ts'
import type { Zxid } from '../../src/zookeeper/zxid.ts'
import type { MachineState } from '../kernel/events.ts'
import type { OffsetSearch } from '../scenario/events.ts'
import type { ClusterPlan } from '../scenario/plan.ts'
import { type LoggedMessage, MessageLog } from './message-log.ts'
import { brokerName } from './names.ts'

export type MachineKind = 'broker' | 'zookeeper' | 'client' | 'other'

export interface MachineView {
  readonly kind: MachineKind
  readonly state: MachineState
  /** Starts of the process so far; 0 before the first. */
  readonly life: number
  /** Why the last process ended; empty while one runs. */
  readonly ended: string
}

export interface Truncation {
  readonly from: number
  readonly to: number
  readonly reason: string
  readonly atUs: Micros
  readonly cut: readonly LoggedMessage[]
}

export interface ReplicaView {
  /** `none`: the process is down, or has not been told its role yet. */
  readonly role: 'leader' | 'follower' | 'none'
  /** What this broker believes; -1 where it knows nothing. */
  readonly leader: number
  readonly leaderEpoch: number
  /** The leader's cached ISR and znode version; empty and -1 on others. */
  readonly isr: readonly number[]
  readonly zkVersion: number
  readonly logStartOffset: number
  /** Base offsets of its segments; the last one is the active segment. */
  readonly segments: readonly number[]
  readonly logEndOffset: number
  /** In memory while the process runs; after it ended, what a restart would load: min(checkpoint, LEO). */
  readonly highWatermark: number
  /** As the replication-offset-checkpoint file on disk has it; undefined before the first. */
  readonly checkpointed: number | undefined
  readonly log: MessageLog
  readonly lastTruncation: Truncation | undefined
  /** What compaction took out of the log when it last put a segment in place. */
  readonly lastCompaction: readonly LoggedMessage[]
  /** On the leader: LEO of each follower as it remembers it, by broker name. */
  readonly followers: Readonly<Record<string, number>>
}

export interface BrokerView {
  readonly id: number
  /** Its znode in `/brokers/ids` exists. */
  readonly registered: boolean
  readonly replicas: Readonly<Record<TopicPartition, ReplicaView>>
}

/** A partition as ZooKeeper holds it. */
export interface PartitionView {
  readonly topic: string
  readonly partition: number
  /** AR in assignment order. */
  readonly replicas: readonly number[]
  /** -1: nobody leads. */
  readonly leader: number
  /** -1 before the state znode exists. */
  readonly leaderEpoch: number
  readonly isr: readonly number[]
  readonly zkVersion: number
  /** The last leader that was not -1. */
  readonly lastLeader: number
}

export interface ControllerView {
  /** Holder of `/controller`, by broker id; -1: nobody. */
  readonly broker: number
  /** Content of `/controller_epoch`; 0 before the first. */
  readonly epoch: number
}

export interface ZooKeeperServerView {
  /** `DOWN`: its process does not run. */
  readonly state: ServerState | 'DOWN'
  /** Leading, with a quorum that follows. */
  readonly serving: boolean
  readonly epoch: number
  /** Machine that it follows; null: none. */
  readonly leader: string | null
  readonly lastApplied: Zxid
  /** On its disk, as it told its leader (or itself, where it leads). */
  readonly acknowledged: Zxid
  /** How its leader brought it up to date the last time; null: never. */
  readonly synced: 'DIFF' | 'TRUNC' | 'SNAP' | null
}

/** An election by a recipe, below the path that is its name. */
export interface ElectionView {
  readonly recipe: 'unfair' | 'fair'
  /** Contenders that believe that they lead, each by a node of its own, in the order in which they came to. */
  readonly believers: Readonly<Record<string, { readonly node: string; readonly epoch: Zxid }>>
  /** Whoever took part at any time. */
  readonly contenders: readonly string[]
  /** Elections won so far. */
  readonly terms: number
  /** Contenders that woke since a node of the election last went. */
  readonly woken: number
}

/** An operation of a ZooKeeper client, by the name that the scenario gave it. */
export interface OperationView {
  readonly client: string
  readonly asked: string
  /** Null while it is not answered. */
  readonly error: string | null
  readonly path: string | null
  readonly data: string | null
  readonly version: number | null
  readonly children: readonly string[] | null
}

/** What ZooKeeper did: so far, or in a time that was measured. */
export interface ZooKeeperWork {
  /** Transactions that changed nodes, and writes that were refused (which take a transaction too). */
  readonly writes: number
  readonly refused: number
  /** Sessions opened, closed or expired. */
  readonly sessions: number
  /** Watch events sent to clients. */
  readonly watches: number
}

export interface MeasureView {
  readonly fromUs: Micros
  /** Undefined while it is open; `work` is then what had been done before. */
  readonly toUs: Micros | undefined
  readonly work: ZooKeeperWork
}

export interface ZnodeView {
  readonly data: string
  /** Number of times that its data were written after creation. */
  readonly version: number
  /** Session, or null for a persistent node. */
  readonly ephemeralOwner: string | null
  readonly czxid: Zxid
  readonly mzxid: Zxid
  /** Last creation or deletion of a child. */
  readonly pzxid: Zxid
  readonly childrenCreated: number
}

export interface SessionView {
  /** Machine of the client. */
  readonly owner: string
  readonly state: 'alive' | 'expired' | 'closed'
  /** The server that the client is connected to, as the client sees it. */
  readonly server: string | null
}

export interface ClientView {
  /** Messages: handed by the application, acknowledged, given up, read. A message counts each time. */
  readonly sent: number
  readonly acked: number
  readonly gaveUp: number
  readonly read: number
  /** Async producers: messages that wait to be sent, and that never got into the full queue. */
  readonly queued: number
  readonly dropped: number
  /** Of a group's member: messages that its application has processed. */
  readonly processed: number
  /** Consumers in groups that ZooKeeper keeps: attempts at a rebalance, and those that failed. */
  readonly rebalances: number
  readonly failedRebalances: number
  /** ZooKeeper clients: watch events told, by `event path`. */
  readonly notified: Readonly<Record<string, number>>
  /** Resources: writes taken, refused, and taken from a leader of an older epoch than one seen before. */
  readonly accepted: number
  readonly refused: number
  readonly stale: number
  /** Leaders as last told by a broker, by partition. */
  readonly leaders: Readonly<Record<TopicPartition, number>>
}

/** A consumer group as coordinators and ZooKeeper have told of it. Members go by their clients' names. */
/** What the log of its coordinator says of a transactional id. */
export interface TransactionView {
  readonly state: TransactionState
  readonly producerId: number
  readonly epoch: number
  readonly partitions: readonly TopicPartition[]
  /** The broker that wrote it last. */
  readonly coordinator: string
}

export interface GroupView {
  /** The broker that spoke last for it; empty while its offsets only lie in ZooKeeper. */
  readonly coordinator: string
  /** `none`: nobody leads it; its offsets are all there is. */
  readonly state: 'none' | 'empty' | 'rebalancing' | 'assigning' | 'stable'
  readonly generation: number
  /** Rebalances that were begun. */
  readonly rebalances: number
  readonly members: readonly string[]
  /** Partitions by member, of the present generation, as its coordinator has it. */
  readonly assignments: Readonly<Record<string, readonly TopicPartition[]>>
  /** Partitions that each living client takes for its own, whatever a coordinator or ZooKeeper says. */
  readonly claims: Readonly<Record<string, readonly TopicPartition[]>>
  /** Next offset to read, as last committed. */
  readonly committed: Readonly<Record<TopicPartition, number>>
}

export interface LinkView {
  readonly from: string
  readonly to: string
  readonly cut: boolean
  readonly stalled: boolean
}

export interface ClusterView {
  /** Last record folded; -1 before the first. */
  readonly seq: number
  readonly atUs: Micros
  readonly machines: Readonly<Record<string, MachineView>>
  readonly brokers: Readonly<Record<string, BrokerView>>
  readonly partitions: Readonly<Record<TopicPartition, PartitionView>>
  readonly controller: ControllerView
  readonly zookeeper: Readonly<Record<string, ZooKeeperServerView>>
  readonly znodes: Readonly<Record<string, ZnodeView>>
  readonly sessions: Readonly<Record<string, SessionView>>
  readonly clients: Readonly<Record<string, ClientView>>
  readonly groups: Readonly<Record<string, GroupView>>
  readonly transactions: Readonly<Record<string, TransactionView>>
  /** Clients by the ids under which they are registered in groups that ZooKeeper keeps. */
  readonly consumerIds: Readonly<Record<string, string>>
  readonly elections: Readonly<Record<string, ElectionView>>
  readonly operations: Readonly<Record<string, OperationView>>
  readonly work: ZooKeeperWork
  readonly measures: Readonly<Record<string, MeasureView>>
  /** The last search for an offset in a replica, by `lookupKey`. */
  readonly lookups: Readonly<Record<string, OffsetSearch>>
  /** Last transaction of ZooKeeper that was committed. */
  readonly lastCommitted: Zxid
  /** Links (one way, `b1→b2`) that were ever disturbed. */
  readonly links: Readonly<Record<string, LinkView>>
  /** Records so far, by machine (`''`: the world) and kind. */
  readonly counts: Readonly<Record<string, Readonly<Record<string, number>>>>
}

export const emptyReplica: ReplicaView = {
  role: 'none',
  leader: -1,
  leaderEpoch: -1,
  isr: [],
  zkVersion: -1,
  logStartOffset: 0,
  segments: [0],
  logEndOffset: 0,
  highWatermark: 0,
  checkpointed: undefined,
  log: MessageLog.empty,
  lastTruncation: undefined,
  lastCompaction: [],
  followers: {},
}

export const emptyMachine: MachineView = { kind: 'other', state: 'stopped', life: 0, ended: '' }
export const emptyServer: ZooKeeperServerView = {
  state: 'DOWN',
  serving: false,
  epoch: 0,
  leader: null,
  lastApplied: 0,
  acknowledged: 0,
  synced: null,
}
export const emptyClient: ClientView = {
  sent: 0,
  acked: 0,
  gaveUp: 0,
  read: 0,
  queued: 0,
  dropped: 0,
  processed: 0,
  rebalances: 0,
  failedRebalances: 0,
  notified: {},
  accepted: 0,
  refused: 0,
  stale: 0,
  leaders: {},
}

export const emptyGroup: GroupView = {
  coordinator: '',
  state: 'none',
  generation: 0,
  rebalances: 0,
  members: [],
  assignments: {},
  claims: {},
  committed: {},
}

/** Before the first record: the machines of the plan, all stopped. Without a plan, machines join as records name them. */
export function initialView(plan?: Pick<ClusterPlan, 'zookeeper' | 'brokers' | 'clients'>): ClusterView {
  const machines: Record<string, MachineView> = {}
  const brokers: Record<string, BrokerView> = {}
  const zookeeper: Record<string, ZooKeeperServerView> = {}
  const clients: Record<string, ClientView> = {}
  for (let id = 1; id <= (plan?.zookeeper ?? 0); id++) {
    machines[`zk${id}`] = { ...emptyMachine, kind: 'zookeeper' }
    zookeeper[`zk${id}`] = { ...emptyServer }
  }
  for (let id = 1; id <= (plan?.brokers ?? 0); id++) {
    machines[brokerName(id)] = { ...emptyMachine, kind: 'broker' }
    brokers[brokerName(id)] = { id, registered: false, replicas: {} }
  }
  for (const { name } of plan?.clients ?? []) {
    machines[name] = { ...emptyMachine, kind: 'client' }
    clients[name] = { ...emptyClient, notified: {}, leaders: {} }
  }
  return {
    seq: -1,
    atUs: 0,
    machines,
    brokers,
    partitions: {},
    controller: { broker: -1, epoch: 0 },
    zookeeper,
    znodes: {},
    sessions: {},
    clients,
    groups: {},
    transactions: {},
    consumerIds: {},
    elections: {},
    operations: {},
    work: { writes: 0, refused: 0, sessions: 0, watches: 0 },
    measures: {},
    lookups: {},
    lastCommitted: 0,
    links: {},
    counts: {},
  }
}

/** A process exists: it runs, or stands still in a pause. */
export function isUp(view: ClusterView, machine: string): boolean {
  const state = view.machines[machine]?.state
  return state === 'running' || state === 'paused'
}

/** `b1/orders-0 1016` */
export const lookupKey = (broker: string, tp: TopicPartition, offset: number): string => `${broker}/${tp} ${offset}`

export const replicaOf = (view: ClusterView, broker: string, tp: TopicPartition): ReplicaView | undefined =>
  view.brokers[broker]?.replicas[tp]

/** The leader that ZooKeeper holds, by machine name, once that broker acts as such in that epoch and lives. */
export function actingLeader(view: ClusterView, tp: TopicPartition): string | undefined {
  const partition = view.partitions[tp]
  if (partition === undefined || partition.leader < 0) return undefined
  const name = brokerName(partition.leader)
  const replica = replicaOf(view, name, tp)
  return replica?.role === 'leader' && replica.leaderEpoch === partition.leaderEpoch ? name : undefined
}

/** Name of the server that leads the ensemble and serves. */
export function zooKeeperLeader(view: ClusterView): string | undefined {
  let leader: string | undefined
  for (const name of Object.keys(view.zookeeper)) {
    const server = view.zookeeper[name]!
    // A leader that was cut off may not know yet that it lost its quorum: the highest epoch is the real one.
    if (server.serving && (leader === undefined || server.epoch > view.zookeeper[leader]!.epoch)) leader = name
  }
  return leader
}

/** The contender that leads an election by the tree as committed, once it knows. */
export function electedContender(view: ClusterView, path: string): string | undefined {
  const believers = view.elections[path]?.believers ?? {}
  return Object.keys(believers).find((name) => {
    const { node, epoch } = believers[name]!
    return view.znodes[node]?.czxid === epoch
  })
}

/** The member that the coordinator has written a partition down for, or the client whose owner node stands in ZooKeeper. */
export function partitionOwner(
  view: ClusterView,
  { group, topic, partition }: { readonly group: string; readonly topic: string; readonly partition: number },
): string | undefined {
  const assignments = view.groups[group]?.assignments ?? {}
  const tp = topicPartition(topic, partition)
  const assigned = Object.keys(assignments).find((member) => assignments[member]!.includes(tp))
  if (assigned !== undefined) return assigned
  const thread = view.znodes[zkPaths.consumerOwner(group, topic, partition)]?.data
  return thread === undefined ? undefined : (view.consumerIds[thread.slice(0, thread.lastIndexOf('-'))] ?? 'somebody')
}

/** Members of a group that take a partition for their own. */
export function believersIn(view: ClusterView, group: string, tp: TopicPartition): string[] {
  const claims = view.groups[group]?.claims ?? {}
  return Object.keys(claims).filter((client) => claims[client]!.includes(tp))
}

/** Partitions that a client takes for its own, in all groups. */
export function partitionsOf(view: ClusterView, client: string): number {
  let count = 0
  for (const name of Object.keys(view.groups)) count += view.groups[name]!.claims[client]?.length ?? 0
  return count
}

/** How often an event of this kind was seen, on one machine or on all. */
export function countOf(view: ClusterView, kind: string, machine?: string): number {
  if (machine !== undefined) return view.counts[machine]?.[kind] ?? 0
  let count = 0
  for (const name of Object.keys(view.counts)) count += view.counts[name]![kind] ?? 0
  return count
}
