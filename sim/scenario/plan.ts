/**
 * A scenario, compiled: what the parser makes of the YAML file and what the runner plays. All times are microseconds
 * of virtual time; every part remembers where in the file it stands, so that a failed expectation can point there.
 */
import type { PartitionerClass, ProcessingOptions, Subscribes } from '../../src/client/index.ts'
import type { PresetName } from '../../src/versions.ts'
import type { CreateMode, ElectionRecipe, MultiPart } from '../../src/zookeeper/index.ts'
import type { UnsyncedFate } from '../kernel/index.ts'
import type { Condition, Match } from './condition.ts'

export type * from './condition.ts'

/** A place in the scenario file; line and column from 1, for people. `length` covers the text meant. */
export interface SourceSpan {
  readonly line: number
  readonly column: number
  readonly length: number
}

/** A text in one or two languages. A plain string in YAML is `en`. */
export interface LocalText {
  readonly en: string
  readonly zh?: string
}

export interface ScenarioPlan {
  /** Path as the user gave it. */
  readonly file: string
  /** The YAML text, for diagnostics that point into it. */
  readonly text: string
  readonly title: LocalText
  /** Statements of the notes that it shows. */
  readonly shows: readonly string[]
  readonly protocol: PresetName
  readonly seed: number
  readonly endsUs: number
  /** What is told beside what is always told; absent: nothing. */
  readonly tell?: readonly Detail[]
  readonly cluster: ClusterPlan
  readonly steps: readonly StepPlan[]
  readonly expect: ExpectationPlan
}

/**
 * `broadcast`: each write of ZooKeeper on its way through proposal, acknowledgements and commit. `segments`: each segment
 * that a log begins.
 */
export type Detail = 'broadcast' | 'segments' | 'producers' | 'backlogs'

export interface ClusterPlan {
  readonly protocol: PresetName
  /** Number of ZooKeeper servers: zk1 … */
  readonly zookeeper: number
  readonly zookeeperConfig: { readonly tickTimeMs: number; readonly initLimit: number; readonly syncLimit: number }
  /** Number of brokers: b1 … with broker.id 1 … */
  readonly brokers: number
  /** Overrides of `server.properties`, checked, for all brokers and for single ones (by name). */
  readonly brokerConfig: Readonly<Record<string, unknown>>
  readonly brokerConfigOf: Readonly<Record<string, Readonly<Record<string, unknown>>>>
  readonly network: NetworkPlan
  readonly topics: readonly TopicPlan[]
  readonly clients: readonly ClientPlan[]
}

export interface NetworkPlan {
  /** One-way latency, drawn evenly between the two. */
  readonly latencyUs: { readonly low: number; readonly high: number }
  /** Bytes a second a direction of a link; undefined: no limit. */
  readonly bytesPerSecond?: number
}

export interface TopicPlan {
  readonly name: string
  readonly partitions: number
  /** Broker ids for each partition, or undefined: Kafka's formula with `replicationFactor`. */
  readonly replicas?: ReadonlyArray<readonly number[]>
  readonly replicationFactor: number
  /** Topic-level overrides, checked. */
  readonly config: Readonly<Record<string, unknown>>
}

export type ClientPlan =
  | ProducerPlan
  | JavaProducerPlan
  | SimpleConsumerPlan
  | GroupConsumerPlan
  | OldConsumerPlan
  | ZooKeeperClientPlan
  | ContenderPlan
  | ResourcePlan

export interface ProducerPlan {
  readonly kind: 'producer'
  readonly name: string
  /** Overrides of the producer's keys, checked. */
  readonly config: Readonly<Record<string, unknown>>
  /** Machine names of brokers it bootstraps from; empty: all. */
  readonly bootstrap: readonly string[]
  /** The class that `partitioner.class` names, where that is a module of the user's: code, which no worker can be sent. */
  readonly partitioner?: PartitionerClass
  /** The release that it is of; that of the cluster if left out. */
  readonly release?: PresetName
  readonly workload?: WorkloadPlan
}

/** The producer of kafka-clients, from 0.8.2 on. */
export interface JavaProducerPlan {
  readonly kind: 'java-producer'
  readonly name: string
  /** Overrides of its keys, checked. */
  readonly config: Readonly<Record<string, unknown>>
  readonly bootstrap: readonly string[]
  readonly workload?: WorkloadPlan
  /** False: it is started by a step. */
  readonly autostart?: false
}

export interface SimpleConsumerPlan {
  readonly kind: 'consumer'
  readonly name: string
  readonly topic: string
  readonly partition: number
  /** First offset to read, or an end of the log. */
  readonly from: number | 'earliest' | 'latest'
  readonly config: Readonly<Record<string, unknown>>
  readonly bootstrap: readonly string[]
  /** Reads from this broker whoever leads (a read sent to a follower gets error 6). */
  readonly broker?: string
  /** The release that it is of; that of the cluster if left out. */
  readonly release?: PresetName
}

/** A consumer of 0.9 or later and the application around it: a member of a group that a broker coordinates. */
export interface GroupConsumerPlan {
  readonly kind: 'group-consumer'
  readonly name: string
  readonly group: string
  readonly subscribes: Subscribes
  readonly config: Readonly<Record<string, unknown>>
  readonly bootstrap: readonly string[]
  readonly processing: ProcessingOptions
  /** Longest stay in one `poll`. */
  readonly pollUs: number
  /** What the application writes for each message: the topic, and overrides of its producer's keys. */
  readonly writes?: { readonly topic: string; readonly config: Readonly<Record<string, unknown>> }
  /** False: it is started by a step. */
  readonly autostart: boolean
}

/** A high-level consumer of 0.8: a member of a group that is formed through ZooKeeper. */
export interface OldConsumerPlan {
  readonly kind: 'old-consumer'
  readonly name: string
  readonly group: string
  /** Overrides of the consumer's keys, checked. */
  readonly config: Readonly<Record<string, unknown>>
  /** Machine names of the ZooKeeper servers that it connects to; empty: all. */
  readonly servers: readonly string[]
  /** The release that it is of; that of the cluster if left out. */
  readonly release?: PresetName
  readonly subscription:
    | { readonly topics: ReadonlyArray<{ readonly topic: string; readonly streams: number }> }
    | { readonly filter: 'white_list' | 'black_list'; readonly regex: string; readonly streams: number }
  /** What the application does with each message; `withoutWaiting` is always false. */
  readonly processing: ProcessingOptions
  /** False: it is started by a step. */
  readonly autostart: boolean
}

/** Does single operations when steps say so. */
export interface ZooKeeperClientPlan {
  readonly kind: 'zookeeper'
  readonly name: string
  /** Machine names of the servers that it connects to; empty: all. */
  readonly servers: readonly string[]
  readonly sessionTimeoutMs: number
}

/** Takes part in elections by one of ZooKeeper's recipes, from the action `enter` on. */
export interface ContenderPlan {
  readonly kind: 'contender'
  readonly name: string
  readonly servers: readonly string[]
  readonly sessionTimeoutMs: number
  readonly recipe: ElectionRecipe
  /** Persistent parents, one an election. */
  readonly elections: readonly string[]
  /** What it writes to resources while it believes that it leads its first election. */
  readonly writes?: { readonly to: readonly string[]; readonly everyUs: number }
}

/** Something that leaders write to. */
export interface ResourcePlan {
  readonly kind: 'resource'
  readonly name: string
  /** Refuses a leader's write if it has seen one of a later leader. */
  readonly fenced: boolean
}

/** `sends: { to: orders, every: 100ms, keys: 1..20, count: 500, size: 100 }` */
export interface WorkloadPlan {
  readonly topic: string
  readonly partition?: number
  readonly everyUs: number
  readonly startUs: number
  /** Messages in all; undefined: until the end. */
  readonly count?: number
  /** Keys are drawn evenly from low … high; undefined: no keys. */
  readonly keys?: { readonly low: number; readonly high: number }
  /** Bytes of a value, at least the length of its name. */
  readonly sizeBytes: number
  /** Java producers: so many messages make a transaction; every so many transactions one is aborted. */
  readonly transaction?: { readonly messages: number; readonly abortEvery?: number }
}

export interface StepPlan {
  /** From 0. */
  readonly index: number
  readonly span: SourceSpan
  readonly trigger: Trigger
  /** A condition or message that did not come by then fails the run. */
  readonly withinUs?: number
  readonly actions: readonly Action[]
  readonly caption?: LocalText
}

export type Trigger =
  | { readonly kind: 'next' }
  | { readonly kind: 'at'; readonly us: number }
  | { readonly kind: 'after'; readonly us: number }
  | { readonly kind: 'when'; readonly conditions: readonly Condition[] }
  /** The nth matching message that is about to be delivered. */
  | {
      readonly kind: 'on'
      readonly message: string
      readonly from?: Target
      readonly to?: Target
      readonly nth: number
    }

/** Whom an action means. What a selector chose is in the trace. */
export type Target =
  | { readonly select: 'machine'; readonly name: string }
  | { readonly select: 'leader'; readonly topic: string; readonly partition: number }
  | { readonly select: 'controller' }
  | { readonly select: 'zk-leader' }
  | { readonly select: 'any-follower'; readonly topic: string; readonly partition: number }
  | { readonly select: 'most-advanced-follower'; readonly topic: string; readonly partition: number }
  | { readonly select: 'all-brokers' }
  | { readonly select: 'all-zookeeper' }
  /** The contender that leads an election. */
  | { readonly select: 'elected'; readonly election: string }
  /** The broker that coordinates a group. */
  | { readonly select: 'coordinator'; readonly group: string }
  /** The broker that coordinates the transactions of a transactional id. */
  | { readonly select: 'transaction-coordinator'; readonly transactionalId: string }

export type Targets = readonly Target[]

export type Action = { readonly span: SourceSpan } & (
  | {
      readonly do: 'send'
      readonly by: string
      readonly topic: string
      readonly partition?: number
      readonly message: string
      readonly key?: string
      /** Sends to this broker, whoever leads (a write sent to a follower gets error 6). */
      readonly broker?: string
    }
  | {
      readonly do: 'crash' | 'powerOff' | 'pause' | 'resume' | 'restart' | 'shutdown' | 'start' | 'stop'
      readonly targets: Targets
      readonly afterUs?: number
      /** Of `powerOff`: what becomes of writes that were not synced; `drawn` if left out. */
      readonly unsynced?: UnsyncedFate
    }
  /** Two-way unless `oneWay`; a stall holds bytes back, a cut as well: a cut also stops new connections. */
  | {
      readonly do: 'cut' | 'heal' | 'stall' | 'release'
      readonly from: Targets
      readonly to: Targets
      readonly oneWay: boolean
    }
  | { readonly do: 'heal-all' | 'release-all' }
  | { readonly do: 'reset'; readonly from: Targets; readonly to: Targets }
  | { readonly do: 'slowDisk'; readonly targets: Targets; readonly perOperationUs: number }
  | { readonly do: 'fillDisk'; readonly targets: Targets; readonly freeBytes: number }
  | {
      readonly do: 'corrupt'
      readonly targets: Targets
      readonly file: string
      readonly position: number
      readonly bit: number
    }
  /** The last bit of the batch that holds an offset. */
  | {
      readonly do: 'corruptRecord'
      readonly broker: string
      readonly topic: string
      readonly partition: number
      readonly offset: number
    }
  | { readonly do: 'expireSession'; readonly targets: Targets }
  | { readonly do: 'skewClock'; readonly targets: Targets; readonly jumpUs: number; readonly driftPpm: number }
  /** A transactional producer begins or ends a transaction. */
  | { readonly do: 'beginTransaction' | 'commitTransaction' | 'abortTransaction'; readonly by: string }
  /** Consumers commit what they have handed out. */
  | { readonly do: 'commit'; readonly targets: Targets }
  | { readonly do: 'createTopic'; readonly topic: TopicPlan }
  /** A ZooKeeper client does one operation. */
  | { readonly do: 'zk'; readonly by: string; readonly operation: ZkOperation; readonly name: string }
  /** Contenders begin to take part in their elections, or give their places up. */
  | { readonly do: 'enter' | 'resign'; readonly targets: Targets }
  | { readonly do: 'addPartitions'; readonly topic: string; readonly to: number }
  | { readonly do: 'deleteTopic'; readonly topic: string }
  | { readonly do: 'reassign'; readonly partitions: readonly ReassignedPartition[] }
  /** Leadership goes back to the preferred replicas of these partitions. */
  | { readonly do: 'electPreferred'; readonly partitions: readonly PartitionPlan[] }
  /** Tells which files a partition's folder holds on a broker. */
  | { readonly do: 'listFiles'; readonly replicas: ReadonlyArray<PartitionPlan & { readonly broker: string }> }
  /** Tells how an offset is found in the files of a replica. */
  | {
      readonly do: 'lookup'
      readonly broker: string
      readonly topic: string
      readonly partition: number
      readonly offset: number
    }
  /** Begins and ends the counting of what ZooKeeper does. */
  | { readonly do: 'measure' | 'measured'; readonly name: string }
  /** The next message of a kind from a machine comes so much later, and so does what follows it on its connection. */
  | { readonly do: 'delayNext'; readonly message: string; readonly targets: Targets; readonly us: number }
  /** Only with an `on` trigger: what happens to the message that set it off. */
  | { readonly do: 'hold' | 'drop' }
  | { readonly do: 'delay'; readonly us: number }
)

export interface PartitionPlan {
  readonly topic: string
  readonly partition: number
}

export interface ReassignedPartition extends PartitionPlan {
  /** Broker ids, the preferred leader first. */
  readonly replicas: readonly number[]
}

/** What `zk` can ask for. `version` -1 matches any. */
export type ZkOperation =
  | { readonly op: 'create'; readonly path: string; readonly data: string; readonly mode: CreateMode }
  | { readonly op: 'delete'; readonly path: string; readonly version: number }
  | { readonly op: 'setData'; readonly path: string; readonly data: string; readonly version: number }
  | { readonly op: 'getData' | 'exists' | 'getChildren'; readonly path: string; readonly watch: boolean }
  | { readonly op: 'sync'; readonly path: string }
  | { readonly op: 'multi'; readonly parts: readonly MultiPart[] }
  | { readonly op: 'close' }

export interface ExpectationPlan {
  readonly messages: readonly MessageExpectation[]
  readonly applications: readonly ApplicationExpectation[]
  readonly order: readonly OrderExpectation[]
  readonly promises?: PromiseExpectation
  /** True at the end of the run. */
  readonly state: readonly Condition[]
  /** Came true at some time. */
  readonly sometimes: readonly Condition[]
  /** Was never true. */
  readonly never: readonly Condition[]
  readonly unavailable: readonly UnavailabilityExpectation[]
  /** Absent where none is asked for. */
  readonly figures?: FigureExpectations
  /** What the story comes to, said where everything expected held. */
  readonly verdict?: LocalText
}

/** Facts about one message. Fields that are absent are not asked for. */
export interface MessageExpectation {
  readonly span: SourceSpan
  readonly message: string
  readonly acked?: boolean
  /** Copies (appends that a leader made) that stand in the log at the end. */
  readonly copies?: Match
  /** Appends that were cut off and are in no log any more. */
  readonly lost?: Match
  readonly committed?: boolean
  readonly gaveUp?: boolean
  /** A full queue refused it; it died in the queue of its producer. */
  readonly dropped?: boolean
  readonly lostInQueue?: boolean
  /** Times that any consumer read it. */
  readonly read?: Match
  /** Times that applications of all groups processed it. */
  readonly processed?: Match
  /** Where each field stands, for messages that point at it. */
  readonly spans: Readonly<Record<string, SourceSpan>>
}

/** What the applications of a group have made of the messages. Fields that are absent are not asked for. */
export interface ApplicationExpectation {
  readonly span: SourceSpan
  readonly group: string
  readonly lost?: MessagesMatch
  readonly repeated?: MessagesMatch
  /** Messages, each counted once. */
  readonly processed?: Match
  readonly spans: Readonly<Record<string, SourceSpan>>
}

/** How many messages, or which ones, in any order. */
export type MessagesMatch = { readonly amount: Match } | { readonly messages: readonly string[] }

/** `order: { orders-0: [m1, m2, …, m3] }`; null stands for `…`, whatever lies between. */
export interface OrderExpectation {
  readonly span: SourceSpan
  readonly topic: string
  readonly partition: number
  readonly pattern: ReadonlyArray<string | null>
}

export interface PromiseExpectation {
  readonly span: SourceSpan
  /** Names of oracles that must fire; all others must not. */
  readonly broken: readonly string[]
}

/** Figures of the whole run. */
export interface FigureExpectations {
  readonly producers: readonly ProducerExpectation[]
  readonly backlogs: readonly BacklogExpectation[]
  readonly readers: readonly ReaderExpectation[]
}

/** Figures of one producer, over all that it was handed. Fields that are absent are not asked for. */
export interface ProducerExpectation {
  readonly span: SourceSpan
  readonly producer: string
  /** Percent of the messages handed over that were acknowledged. */
  readonly share?: Match
  /** Percent of them that were acknowledged within a second. */
  readonly inTime?: Match
  /** Acknowledged, and in no log any more. */
  readonly lost?: Match
  /** Microseconds from handing over to the acknowledgement. */
  readonly median?: Match
  readonly p99?: Match
  readonly longest?: Match
  readonly spans: Readonly<Record<string, SourceSpan>>
}

/** What a group had not processed yet, against time. Fields that are absent are not asked for. */
export interface BacklogExpectation {
  readonly span: SourceSpan
  readonly group: string
  readonly peak?: Match
  /** Microseconds from the last moment of the peak until nothing was left. */
  readonly drained?: Match
  /** At the end. */
  readonly left?: Match
  readonly spans: Readonly<Record<string, SourceSpan>>
}

/** In which order a consumer got what each producer sent. Fields that are absent are not asked for. */
export interface ReaderExpectation {
  readonly span: SourceSpan
  readonly reader: string
  readonly overtaken?: Match
  readonly overtakenElsewhere?: Match
  readonly spans: Readonly<Record<string, SourceSpan>>
}

/** From the first refused or timed-out operation on the partition to the first that succeeds. */
export interface UnavailabilityExpectation {
  readonly span: SourceSpan
  readonly topic: string
  readonly partition: number
  readonly operation: 'write' | 'read'
  /** Microseconds. */
  readonly forUs?: Match
  /** Still unavailable at the end of the run. */
  readonly atEnd?: boolean
}
