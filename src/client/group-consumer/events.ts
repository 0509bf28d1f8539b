/** Trace events of consumers that belong to a coordinated group, and of the applications that use them. */
export type GroupConsumerEvent =
  | { readonly kind: 'CoordinatorFound'; readonly client: string; readonly group: string; readonly broker: number }
  | {
      readonly kind: 'CoordinatorLost'
      readonly client: string
      readonly group: string
      readonly broker: number
      readonly reason: string
    }
  /** The consumer is to join (again), and gives up what it had: partitions as `topic-partition`. */
  | {
      readonly kind: 'PartitionsRevoked'
      readonly client: string
      readonly group: string
      readonly generation: number
      readonly partitions: readonly string[]
    }
  | {
      readonly kind: 'PartitionsAssigned'
      readonly client: string
      readonly group: string
      readonly generation: number
      readonly member: string
      readonly partitions: readonly string[]
    }
  /** Where the consumer begins to read a partition. `from`: what its group had committed, or an end of the log. */
  | {
      readonly kind: 'PositionSet'
      readonly client: string
      readonly group: string
      readonly tp: string
      readonly offset: number
      readonly from: 'committed' | 'earliest' | 'latest'
    }
  /** `how`: who set the commit off, and whether he waited for it. */
  | {
      readonly kind: 'CommitAcknowledged'
      readonly client: string
      readonly group: string
      readonly how: CommitKind
      readonly offsets: Readonly<Record<string, number>>
    }
  | {
      readonly kind: 'CommitFailed'
      readonly client: string
      readonly group: string
      readonly how: CommitKind
      readonly offsets: Readonly<Record<string, number>>
      readonly error: string
    }
  | { readonly kind: 'HeartbeatFailed'; readonly client: string; readonly group: string; readonly error: string }
  | { readonly kind: 'GroupLeft'; readonly client: string; readonly group: string; readonly reason: string }

export type CommitKind = 'sync' | 'async' | 'auto'

/** What an application does with what it has read. */
export type ApplicationEvent =
  | {
      readonly kind: 'ProcessingBegan'
      readonly client: string
      readonly group: string
      readonly tp: string
      readonly offset: number
      readonly message: string
    }
  /** The effect of the message is there, once more each time: an entry in the application's own books. */
  | {
      readonly kind: 'MessageProcessed'
      readonly client: string
      readonly group: string
      readonly tp: string
      readonly offset: number
      readonly message: string
    }
