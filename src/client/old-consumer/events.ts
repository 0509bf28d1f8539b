/**
 * Trace events of consumers that form their group through ZooKeeper. `client` is the client's name in the scenario,
 * offsets are next offsets to read, by `topic-partition`; -1: none is known.
 */
export type OldConsumerEvent =
  /** Its node in `/consumers/G/ids` stands. */
  | {
      readonly kind: 'ConsumerRegistered'
      readonly client: string
      readonly group: string
      readonly consumerId: string
      readonly subscription: string
    }
  /** A node of that id stands already, of another session: it waits for the end of that session. */
  | {
      readonly kind: 'ConsumerRegistrationWaits'
      readonly client: string
      readonly group: string
      readonly consumerId: string
    }
  /** One attempt begins, from 1. */
  | {
      readonly kind: 'RebalanceBegan'
      readonly client: string
      readonly group: string
      readonly attempt: number
      readonly cause: RebalanceCause
    }
  /** It has stopped fetching and deleted its owner nodes. */
  | {
      readonly kind: 'PartitionsReleased'
      readonly client: string
      readonly group: string
      readonly partitions: readonly string[]
    }
  /** What it read of the group, and the partitions that it gives itself, by thread. */
  | {
      readonly kind: 'PartitionsChosen'
      readonly client: string
      readonly group: string
      readonly strategy: string
      readonly threads: number
      readonly partitions: number
      readonly own: ReadonlyArray<{ readonly tp: string; readonly thread: string }>
    }
  /** An owner node that it wanted to create is there: somebody else's. */
  | {
      readonly kind: 'ClaimRefused'
      readonly client: string
      readonly group: string
      readonly tp: string
      /** Thread id in the node; empty if it went away before it was read. */
      readonly owner: string
    }
  /** It owns what it chose, and begins to fetch at these offsets. */
  | {
      readonly kind: 'ConsumerRebalanced'
      readonly client: string
      readonly group: string
      readonly offsets: Readonly<Record<string, number>>
    }
  | {
      readonly kind: 'RebalanceFailed'
      readonly client: string
      readonly group: string
      readonly attempt: number
      readonly reason: string
      /** `ConsumerRebalanceFailedException`: no attempt is left, and it owns nothing until something changes. */
      readonly final: boolean
    }
  /** Offsets that it wrote into ZooKeeper, or had the coordinator keep. */
  | {
      readonly kind: 'ConsumerCommitted'
      readonly client: string
      readonly group: string
      readonly storage: 'zookeeper' | 'kafka'
      readonly why: CommitCause
      readonly offsets: Readonly<Record<string, number>>
    }
  | {
      readonly kind: 'ConsumerCommitFailed'
      readonly client: string
      readonly group: string
      readonly why: CommitCause
      readonly error: string
    }
  /** The queue of a stream is full: the fetcher waits, and fetches nothing else from that broker. */
  | { readonly kind: 'FetcherBlocked'; readonly client: string; readonly tp: string; readonly chunks: number }
  /** An iterator ended: nothing came for `consumer.timeout.ms`, or what came cannot be handed out. */
  | { readonly kind: 'StreamEnded'; readonly client: string; readonly stream: number; readonly reason: string }

export type RebalanceCause = 'start' | 'members' | 'partitions' | 'topics' | 'brokers' | 'new session'
export type CommitCause = 'auto' | 'application' | 'rebalance' | 'shutdown'
