/** Trace events of a broker's replicas. `tp` is `topic-partition`; brokers are named by their `broker.id`. */
import type { Host } from '../host/index.ts'
import type { ErrorCode, PartitionState } from '../protocol/index.ts'

/** One message in a log, as the trace shows it. */
export interface TracedMessage {
  readonly offset: number
  readonly key: string | null
  readonly value: string | null
  /** It is part of a transaction of this producer. */
  readonly transaction?: { readonly producerId: number; readonly epoch: number }
}

/** A control record that ends the transaction of a producer in one partition. */
export interface TracedMarker {
  readonly offset: number
  readonly committed: boolean
  readonly producerId: number
  readonly epoch: number
  readonly coordinatorEpoch: number
}

export type BrokerEvent =
  | { readonly kind: 'BrokerStarted'; readonly brokerId: number; readonly cleanShutdown: boolean }
  | { readonly kind: 'BrokerRegistered'; readonly brokerId: number }
  /** Its node is there, of another session: it does not start, or works on without a registration of its own. */
  | { readonly kind: 'BrokerNotRegistered'; readonly brokerId: number }
  /** In a new session it waits for its node to go, which is of that very session: for as long as the session lasts. */
  | { readonly kind: 'BrokerAwaitsItself'; readonly brokerId: number }
  /** A replica was set up on this broker, from disk or new. */
  | {
      readonly kind: 'ReplicaCreated'
      readonly tp: string
      readonly logEndOffset: number
      readonly highWatermark: number
    }
  | { readonly kind: 'ReplicaDeleted'; readonly tp: string }
  | {
      readonly kind: 'BecameLeader'
      readonly tp: string
      readonly leaderEpoch: number
      /** Epoch of the controller whose request it was; not in the line of the trace. */
      readonly controllerEpoch?: number
      readonly isr: readonly number[]
      readonly zkVersion: number
      readonly logEndOffset: number
      readonly highWatermark: number
    }
  | {
      readonly kind: 'BecameFollower'
      readonly tp: string
      readonly controllerEpoch?: number
      readonly leader: number
      readonly leaderEpoch: number
      readonly logEndOffset: number
      readonly highWatermark: number
    }
  /** A follower cut its log back. */
  | {
      readonly kind: 'Truncated'
      readonly tp: string
      readonly from: number
      readonly to: number
      /**
       * `became-follower`: to its high watermark, as it always does up to 0.10; `leader-epoch`: to where the leader's log
       * parts from it; `high-watermark`: because the leader could not say where that is.
       */
      readonly reason: 'became-follower' | 'out-of-range' | 'leader-epoch' | 'high-watermark'
      readonly highWatermark: number
    }
  /** A follower has to ask its leader about the very epoch again that it just asked about: nothing was cut (M43). */
  | { readonly kind: 'TruncationRepeats'; readonly tp: string; readonly leader: number; readonly epoch: number }
  | {
      readonly kind: 'Appended'
      readonly tp: string
      readonly role: 'leader' | 'follower'
      readonly leaderEpoch: number
      readonly messages: readonly TracedMessage[]
      readonly logEndOffset: number
    }
  /** Markers stand in the log; `logEndOffset` as with messages. */
  | {
      readonly kind: 'MarkersAppended'
      readonly tp: string
      readonly role: 'leader' | 'follower'
      readonly leaderEpoch: number
      readonly markers: readonly TracedMarker[]
      readonly logEndOffset: number
    }
  /**
   * A leader asked the transaction coordinator about a producer that has no transaction open here, and writes nothing
   * (KIP-890).
   */
  | {
      readonly kind: 'TransactionNotVerified'
      readonly tp: string
      readonly transactionalId: string
      readonly producerId: number
      readonly epoch: number
      readonly errorCode: ErrorCode
    }
  | {
      readonly kind: 'HighWatermark'
      readonly tp: string
      readonly role: 'leader' | 'follower'
      readonly leaderEpoch: number
      readonly from: number
      readonly to: number
    }
  /** The leader's remembered LEO of a follower moved. */
  | { readonly kind: 'FollowerPosition'; readonly tp: string; readonly follower: number; readonly logEndOffset: number }
  | {
      readonly kind: 'IsrShrunk' | 'IsrExpanded'
      readonly tp: string
      readonly isr: readonly number[]
      readonly changed: readonly number[]
      readonly reason: string
      readonly zkVersion: number
    }
  /** The leader asks the controller for another ISR; who is to join counts from now on (KIP-497). */
  | { readonly kind: 'IsrProposed'; readonly tp: string; readonly isr: readonly number[]; readonly zkVersion: number }
  /**
   * A leader wants to write another ISR and has no connection to ZooKeeper: it waits for one, as long as that takes, and
   * holds the partition's lock meanwhile: no producer's message gets in.
   */
  | { readonly kind: 'IsrWriteWaits'; readonly tp: string; readonly isr: readonly number[] }
  | {
      readonly kind: 'IsrUpdateFailed'
      readonly tp: string
      readonly isr: readonly number[]
      readonly zkVersion: number
      /** Nothing was changed for certain, and the leader counts on its ISR of before again (KIP-841). */
      readonly withdrawn?: true
    }
  | { readonly kind: 'HighWatermarksCheckpointed'; readonly entries: Readonly<Record<string, number>> }
  | {
      readonly kind: 'ProduceAnswered'
      readonly tp: string
      readonly errorCode: ErrorCode
      readonly baseOffset: number
      readonly requiredAcks: number
      readonly client: string
      readonly correlationId: number
    }
  /** A client's request was refused (a follower's own fetches are not reported). */
  | {
      readonly kind: 'RequestRefused'
      readonly api: 'Produce' | 'Fetch' | 'Offsets'
      readonly tp: string
      readonly errorCode: ErrorCode
      readonly client: string
    }
  /** A broker was asked for a topic that nobody knows, and could not create it; the reason as Kafka's exception has it. */
  | {
      readonly kind: 'TopicNotCreated'
      readonly topic: string
      readonly errorCode: ErrorCode
      readonly reason: string
    }
  | { readonly kind: 'LeaderAndIsrRefused'; readonly tp: string | null; readonly errorCode: ErrorCode }
  | {
      readonly kind: 'MetadataUpdated'
      readonly brokers: readonly number[]
      readonly partitions: number
      /** What the request said of the partitions; the line of the trace only counts them. */
      readonly states: readonly PartitionState[]
      readonly controllerEpoch: number
    }

/** Emits a broker event; ask `host.tracing` first, so that nothing is built for nobody. */
export const traceBroker = (host: Host, event: BrokerEvent): void => host.trace(event)
