/** Trace events of clients. `client` is the client's name in the scenario; a client may live several lives. */
import type { RpcFailure } from '../protocol/index.ts'
import type { ApplicationEvent, GroupConsumerEvent } from './group-consumer/events.ts'
import type { JavaProducerEvent } from './new-producer/events.ts'
import type { OldConsumerEvent } from './old-consumer/events.ts'

/**
 * How one attempt at a produce request ended.
 * `acknowledged`: NoError with acks other than 0. `sent`: acks 0, nobody will ever say.
 */
export type ClientEvent =
  | GroupConsumerEvent
  | ApplicationEvent
  | OldConsumerEvent
  | JavaProducerEvent
  /** The application handed a message to the producer. `message` is its name: the value's text. */
  | {
      readonly kind: 'MessageHanded'
      readonly client: string
      readonly message: string
      readonly key: string | null
      readonly topic: string
    }
  | {
      readonly kind: 'ProduceSent'
      readonly client: string
      readonly tp: string
      readonly messages: readonly string[]
      readonly broker: number
      readonly attempt: number
      readonly requiredAcks: number
      readonly correlationId: number
    }
  | {
      readonly kind: 'ProduceAcknowledged'
      readonly client: string
      readonly tp: string
      readonly messages: readonly string[]
      readonly baseOffset: number
      readonly requiredAcks: number
      readonly broker: number
    }
  | {
      readonly kind: 'ProduceFailed'
      readonly client: string
      readonly tp: string
      readonly messages: readonly string[]
      /** An error name, `disconnected`, `timeout`, or `no leader`. */
      readonly error: string
      /** False where the request cannot have been appended. */
      readonly maybeAppended: boolean
      readonly retriesLeft: number
      readonly broker: number
    }
  /** `FailedToSendMessageException`; whether a copy exists is unknown. */
  | {
      readonly kind: 'ProducerGaveUp'
      readonly client: string
      readonly tp: string
      readonly messages: readonly string[]
      readonly error: string
      /** Whether the application hears of it: the thread of an async producer only writes it to its log. */
      readonly told: boolean
    }
  /** An async producer has the message in its queue, a Java producer in a batch. */
  | { readonly kind: 'MessageQueued'; readonly client: string; readonly message: string }
  /**
   * The queue of an async producer is full: the application waits. `queued`: messages that wait to be sent. `why`: what
   * `send` of a Java producer waits for.
   */
  | {
      readonly kind: 'SendBlocked'
      readonly client: string
      readonly message: string
      readonly queued: number
      readonly why?: 'metadata' | 'memory'
    }
  /** It never got into the queue; the application is told. `why`: what a Java producer has against it, in words. */
  | {
      readonly kind: 'MessageDropped'
      readonly client: string
      readonly message: string
      readonly error: string
      readonly queued: number
      readonly why?: string
    }
  /** The thread of an async producer takes a batch to send. `queued`: messages that are left. */
  | {
      readonly kind: 'BatchTaken'
      readonly client: string
      readonly messages: readonly string[]
      readonly why: 'full' | 'time' | 'closing'
      readonly queued: number
    }
  | {
      readonly kind: 'MetadataRefreshed'
      readonly client: string
      readonly from: number
      readonly reason: 'bootstrap' | 'failure' | 'timer' | 'consumer' | 'producer'
      /** Partition to leader id, for the topics the client uses. */
      readonly leaders: Readonly<Record<string, number>>
    }
  | {
      readonly kind: 'MetadataRefreshFailed'
      readonly client: string
      readonly broker: string
      readonly failure: RpcFailure | string
    }
  /** With no messages: the partition can be read again after a failure, but there is nothing new. */
  | {
      readonly kind: 'MessagesRead'
      readonly client: string
      readonly tp: string
      readonly messages: ReadonlyArray<{
        readonly offset: number
        readonly key: string | null
        readonly value: string | null
      }>
      readonly broker: number
      readonly highWatermark: number
      /** Of a consumer in a group: the group, and the number of the stream that handed them out. */
      readonly group?: string
      readonly stream?: number
    }
  | {
      readonly kind: 'FetchFailed'
      readonly client: string
      readonly tp: string
      readonly error: string
      readonly offset: number
      readonly broker: number
    }
  | {
      readonly kind: 'OffsetReset'
      readonly client: string
      readonly tp: string
      readonly from: number
      readonly to: number
    }
