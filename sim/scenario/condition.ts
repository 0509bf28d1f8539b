/**
 * What a scenario can ask about a cluster: triggers wait for it, expectations are judged by it. Compiled; part of the
 * plan (`plan.ts`).
 */
import type { TransactionState } from '../../src/protocol/index.ts'
import type { ZkError } from '../../src/zookeeper/index.ts'
import type { SourceSpan } from './plan.ts'

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
      /** Log start offset, number of segments, number of records that are there. */
      readonly starts?: Match
      readonly segments?: Match
      readonly records?: Match
    }
  /** What a replica's log holds of one key. */
  | {
      readonly about: 'key'
      readonly key: string
      readonly broker: string
      readonly topic: string
      readonly partition: number
      /** Name of the last message with the key; `none` if there is none. */
      readonly value?: string
      /** Where it stands, and how many messages with the key there are. */
      readonly offset?: Match
      readonly records?: Match
    }
  /** What the last lookup of an offset came to. */
  | {
      readonly about: 'lookup'
      readonly broker: string
      readonly topic: string
      readonly partition: number
      readonly offset: number
      /** Base of the segment, the offset less that, relative offset of the index entry. */
      readonly segment?: Match
      readonly relative?: Match
      readonly entry?: Match
      /** Where the scan begins in the `.log` file, and how many bytes it looks at. */
      readonly byte?: Match
      readonly scanned?: Match
      /** Name of the message found; `none` if none can be read. */
      readonly value?: string
      readonly crc?: 'right' | 'wrong'
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
      /** Async producers: waiting to be sent; refused by the full queue; dead with the producer. */
      readonly queued?: Match
      readonly dropped?: Match
      readonly lostInQueue?: Match
      /** Consumers in groups: what the application has done; partitions that it takes for its own. */
      readonly processed?: Match
      readonly partitions?: Match
      /** High-level consumers: attempts at a rebalance, and failed ones. */
      readonly rebalances?: Match
      readonly failedRebalances?: Match
      /** Resources: writes of leaders taken, writes refused, writes taken from a leader that had been replaced. */
      readonly accepted?: Match
      readonly refused?: Match
      readonly stale?: Match
    }
  /** A group, as its coordinator tells of it. */
  | {
      readonly about: 'group'
      readonly group: string
      readonly is?: 'empty' | 'rebalancing' | 'assigning' | 'stable'
      readonly generation?: Match
      readonly members?: readonly string[]
      readonly size?: Match
      readonly coordinator?: string
      readonly rebalances?: Match
    }
  /** A transactional id, as the log of its coordinator tells of it. */
  | {
      readonly about: 'transaction'
      readonly transactionalId: string
      readonly is?: TransactionState
      readonly epoch?: Match
      readonly coordinator?: string
    }
  /** A partition in a group. */
  | {
      readonly about: 'owner'
      readonly group: string
      readonly topic: string
      readonly partition: number
      /** The member that the coordinator has it down for, or whose owner node stands in ZooKeeper; or `none`. */
      readonly is?: string
      /** Clients that take the partition for their own. */
      readonly believers?: Match
      /** Next offset to read, as last committed; -1: none. */
      readonly committed?: Match
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
export type MessageFate =
  | 'sent'
  | 'appended'
  | 'replicated'
  | 'committed'
  | 'acked'
  | 'read'
  | 'lost'
  | 'gave-up'
  | 'dropped'
  | 'lost-in-queue'
