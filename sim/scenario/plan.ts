/**
 * A scenario, compiled: what the parser makes of the YAML file and what the runner plays. All times are microseconds
 * of virtual time; every part remembers where in the file it stands, so that a failed expectation can point there.
 */
import type { PresetName } from '../../src/versions.ts'
import type { CreateMode, ElectionRecipe, MultiPart, ZkError } from '../../src/zookeeper/index.ts'

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

/** `broadcast`: each write of ZooKeeper on its way through proposal, acknowledgements and commit. */
export type Detail = 'broadcast'

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

export type ClientPlan = ProducerPlan | SimpleConsumerPlan | ZooKeeperClientPlan | ContenderPlan | ResourcePlan

export interface ProducerPlan {
  readonly kind: 'producer'
  readonly name: string
  /** Overrides of the producer's keys, checked. */
  readonly config: Readonly<Record<string, unknown>>
  /** Machine names of brokers it bootstraps from; empty: all. */
  readonly bootstrap: readonly string[]
  readonly workload?: WorkloadPlan
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

/** How a value is asked for: a value, a range `2..5`, or a comparison `">= 2"`. */
export type Match =
  | { readonly is: 'equal'; readonly value: string | number | boolean }
  | { readonly is: 'range'; readonly low: number; readonly high: number }
  | { readonly is: 'compare'; readonly operator: '<' | '<=' | '>' | '>=' | '!='; readonly value: number }

/**
 * What must be true. Each names what it looks at and then fields. `believes` looks through a broker's eyes.
 * `leader`: the leader that ZooKeeper holds, once it acts as such. `isr`: as ZooKeeper holds it.
 */
export type Condition = { readonly span: SourceSpan } & (
  | {
      readonly about: 'replica'
      readonly broker: string
      readonly topic: string
      readonly partition: number
      /** LEO, high watermark, role (`leader`, `follower`, `none`), offset of the last truncation. */
      readonly leo?: Match
      readonly hw?: Match
      readonly role?: Match
      readonly truncatedTo?: Match
    }
  | {
      readonly about: 'leader'
      readonly topic: string
      readonly partition: number
      readonly is?: string
      readonly epoch?: Match
      readonly believes?: string
    }
  | {
      readonly about: 'isr'
      readonly topic: string
      readonly partition: number
      readonly is?: readonly string[]
      readonly size?: Match
      readonly believes?: string
    }
  | { readonly about: 'controller'; readonly is?: string; readonly epoch?: Match }
  | { readonly about: 'zk-leader'; readonly is?: string; readonly epoch?: Match }
  | {
      readonly about: 'session'
      readonly owner: string
      readonly is?: 'alive' | 'expired'
      /** Whether its machine has a connection to a server, as far as it knows. */
      readonly connected?: boolean
    }
  | { readonly about: 'message'; readonly message: string; readonly is: MessageFate }
  | {
      readonly about: 'znode'
      readonly path: string
      readonly exists?: boolean
      readonly version?: Match
      readonly data?: Match
    }
  | {
      readonly about: 'checkpoint'
      readonly broker: string
      readonly topic: string
      readonly partition: number
      readonly hw: Match
    }
  | { readonly about: 'machine'; readonly machine: string; readonly is: 'running' | 'stopped' | 'off' | 'paused' }
  | {
      readonly about: 'client'
      readonly client: string
      readonly read?: Match
      readonly acked?: Match
      readonly gaveUp?: Match
      /** Resources: writes of leaders taken, writes refused, writes taken from a leader that had been replaced. */
      readonly accepted?: Match
      readonly refused?: Match
      readonly stale?: Match
    }
  /** An operation that a ZooKeeper client was told to do, by its name. */
  | {
      readonly about: 'operation'
      readonly operation: string
      /** `pending`: not answered yet. */
      readonly is?: 'pending' | 'answered' | ZkError
      readonly data?: Match
      readonly version?: Match
      /** Names of the children. */
      readonly children?: readonly string[]
      /** Of `create`: the path of the new node. */
      readonly path?: string
    }
  /** Watch events that a ZooKeeper client was told. */
  | {
      readonly about: 'notified'
      readonly client: string
      readonly event?: WatchEventName
      readonly path?: string
      readonly times: Match
    }
  /** An election by a recipe: who leads by ZooKeeper's tree, once it knows; who believes that it leads. */
  | {
      readonly about: 'elected'
      readonly election: string
      /** A contender, or `none`. Absent: any. */
      readonly is?: string
      /** How many were elected so far. */
      readonly terms?: Match
      /** Contenders that the last disappearance of a node woke. */
      readonly woken?: Match
      /** Contenders that believe that they lead. */
      readonly believers?: Match
    }
  | {
      readonly about: 'zk-server'
      readonly server: string
      readonly is?: 'leading' | 'following' | 'looking' | 'down'
      /** Committed transactions that it has not applied. */
      readonly behind?: Match
      /** How its leader brought it up to date the last time. */
      readonly synced?: 'DIFF' | 'TRUNC' | 'SNAP'
    }
  /** The replicas that a partition is assigned to, the preferred leader first. */
  | {
      readonly about: 'replicas'
      readonly topic: string
      readonly partition: number
      readonly is: readonly string[]
    }
  /** What a broker carries by ZooKeeper's data. */
  | {
      readonly about: 'broker'
      readonly broker: string
      readonly topic?: string
      readonly leads?: Match
      readonly replicas?: Match
    }
  /** What ZooKeeper did between the actions `measure` and `measured`; never true before the second. */
  | {
      readonly about: 'measure'
      readonly measure: string
      readonly writes?: Match
      readonly refused?: Match
      readonly watches?: Match
      readonly lasts?: Match
    }
  /** All of them at once. */
  | { readonly about: 'all'; readonly conditions: readonly Condition[] }
  /** The nth trace event of a kind, from a machine if named. */
  | { readonly about: 'event'; readonly event: string; readonly machine?: string; readonly nth: number }
)

export type WatchEventName = 'NodeCreated' | 'NodeDeleted' | 'NodeDataChanged' | 'NodeChildrenChanged'

/** `sent`: handed to a producer. `appended`: on a leader's log. `gave-up`: the application was told of a failure. */
export type MessageFate = 'sent' | 'appended' | 'replicated' | 'committed' | 'acked' | 'read' | 'lost' | 'gave-up'

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
  | { readonly do: 'expireSession'; readonly targets: Targets }
  | { readonly do: 'skewClock'; readonly targets: Targets; readonly jumpUs: number; readonly driftPpm: number }
  | { readonly do: 'createTopic'; readonly topic: TopicPlan }
  /** A ZooKeeper client does one operation. */
  | { readonly do: 'zk'; readonly by: string; readonly operation: ZkOperation; readonly name: string }
  /** Contenders begin to take part in their elections, or give their places up. */
  | { readonly do: 'enter' | 'resign'; readonly targets: Targets }
  | { readonly do: 'addPartitions'; readonly topic: string; readonly to: number }
  | { readonly do: 'reassign'; readonly partitions: readonly ReassignedPartition[] }
  /** Leadership goes back to the preferred replicas of these partitions. */
  | { readonly do: 'electPreferred'; readonly partitions: readonly PartitionPlan[] }
  /** Begins and ends the counting of what ZooKeeper does. */
  | { readonly do: 'measure' | 'measured'; readonly name: string }
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
  readonly order: readonly OrderExpectation[]
  readonly promises?: PromiseExpectation
  /** True at the end of the run. */
  readonly state: readonly Condition[]
  /** Came true at some time. */
  readonly sometimes: readonly Condition[]
  /** Was never true. */
  readonly never: readonly Condition[]
  readonly unavailable: readonly UnavailabilityExpectation[]
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
  /** Times that any consumer read it. */
  readonly read?: Match
  /** Where each field stands, for messages that point at it. */
  readonly spans: Readonly<Record<string, SourceSpan>>
}

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
