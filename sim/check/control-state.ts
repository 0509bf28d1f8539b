/** What is known of the control plane: partitions, brokers and controllers. Folded in `control-truth.ts`. */
import type { LeaderAndIsr, TopicPartition } from '../../src/protocol/index.ts'

/** A partition as ZooKeeper has it. */
export interface PartitionControl {
  readonly tp: TopicPartition
  readonly topic: string
  readonly partition: number
  assigned: readonly number[]
  /** When it was added to a topic that there was; undefined if it is as old as its topic. */
  addedAtUs: number | undefined
  /** Undefined while it never had a leader. */
  state: LeaderAndIsr | undefined
  /** Epoch of the controller that last made a decision, and who wrote it. */
  decidedIn: number
  decidedBy: string
  /** That decision was made by a controller which had been replaced already (M23). */
  decidedByDeposed: boolean
  /** Who had elected the leader, having been replaced already, that the last decision took away (M23). */
  removedLeaderOf: string | undefined
  /** Leader epoch in which a controlled shutdown made a broker the leader that its controller knew to be dead. */
  deadSuccessorIn: number | undefined
  /** The tool that adds partitions wrote back replicas that a controller had just changed. */
  overwrittenByTool: boolean
  /** Set if the last change of its replicas was made by a broker that was not the one in `/controller`. */
  movedBehind: MoveBehind | undefined
}

/** What a controller that had been replaced made of a partition's replicas (M23). */
export interface MoveBehind {
  readonly by: string
  /** Brokers that it took away from the replicas. */
  readonly taken: readonly number[]
}

/** What a broker takes itself for in one partition. */
export interface RoleBelief {
  role: 'leader' | 'follower'
  leaderEpoch: number
  leader: number
  /** A leader's own copy of what ZooKeeper holds. */
  isr: readonly number[]
  zkVersion: number
  /** The controller that told it had been replaced already. */
  toldByDeposed: boolean
  /** An ISR write of this leadership was refused. */
  isrWriteFailed: boolean
  /** The ISR that was last refused; undefined if it could write one since. */
  refusedIsr: readonly number[] | undefined
  /** A follower that never ends its truncation (M43). */
  truncationRepeats: boolean
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
  /** It found its node of an older session when it last tried to register. */
  refused: boolean
  /** It waits for its own node of its present session to go, and no event of ZooKeeper reaches it. */
  awaitsItself: boolean
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
  /** The broker in `/controller` resigned, and the node stays. */
  resignedInName: boolean
  /** The controller that stands deletes no topics any more, for this reason. */
  deletionDied: string | undefined
  /** What a broker other than the one in `/controller` changed since that one took over: topic to broker. */
  readonly deposedWrites: Map<string, string>
  /** Topics whose deletion the controller that stands has put off, and why. */
  readonly deletionsHalted: Map<string, string>
  /** Topics that it deleted although it had put that off, and took no step of deleting one of the same name since. */
  readonly staleHalts: Set<string>
  /** Steps that the controller that stands gave up, and why: `subject: reason`. */
  readonly failures: Set<string>
  /** When its epoch was written. */
  sinceUs: number
  /** When it was first seen at work of which it hears by watches: it has taken over by then. */
  atWorkSinceUs: number | undefined
  /** When a watch last told the broker in `/controller` of a change of this topic's node. */
  readonly toldOf: Map<string, number>
}
