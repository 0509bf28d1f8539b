/** Trace events of the controller. */
export type ElectionKind =
  | 'new-partition'
  | 'offline'
  | 'offline-unclean'
  | 'preferred'
  | 'reassignment'
  | 'controlled-shutdown'

/** Why the deletion of a topic is put off. */
export type DeletionHalt = 'dead-replicas' | 'reassignment' | 'preferred-election' | 'replica-not-deleted'

export type ControllerEvent =
  | { readonly kind: 'ControllerElected'; readonly brokerId: number; readonly controllerEpoch: number }
  | { readonly kind: 'ControllerResigned'; readonly brokerId: number; readonly controllerEpoch: number }
  | {
      readonly kind: 'PartitionElected'
      readonly tp: string
      readonly leader: number
      readonly leaderEpoch: number
      readonly isr: readonly number[]
      readonly election: ElectionKind
    }
  | { readonly kind: 'PartitionOffline'; readonly tp: string; readonly isr: readonly number[]; readonly reason: string }
  | {
      readonly kind: 'ReplicaLeftIsr'
      readonly tp: string
      readonly replica: number
      readonly isr: readonly number[]
      readonly leader: number
      readonly leaderEpoch: number
    }
  | { readonly kind: 'BrokerFailure'; readonly brokers: readonly number[] }
  | { readonly kind: 'BrokerStartup'; readonly brokers: readonly number[] }
  | {
      readonly kind: 'TopicCreated'
      readonly topic: string
      readonly assignment: Readonly<Record<string, readonly number[]>>
    }
  /** A partition moves to brokers which are not there: until they are, it keeps its old replicas beside the new ones. */
  | { readonly kind: 'ReassignmentWaits'; readonly tp: string; readonly for: readonly number[] }
  /** Brokers are told to forget the topic, and its live replicas to be deleted; again after each halt. */
  | { readonly kind: 'TopicDeletionStarted'; readonly topic: string }
  | { readonly kind: 'TopicDeletionHalted'; readonly topic: string; readonly reason: DeletionHalt }
  /** All replicas are gone, and the topic's nodes in ZooKeeper with them. */
  | { readonly kind: 'TopicDeleted'; readonly topic: string }
  /** An exception ended the thread that deletes topics: until another controller is elected no topic is deleted. */
  | { readonly kind: 'TopicDeletionDied'; readonly reason: string }
  /** A step was given up (Kafka logs an exception): of a partition, a replica (`orders-0/2`) or a whole procedure. */
  | { readonly kind: 'StateChangeFailed'; readonly subject: string; readonly reason: string }
