/**
 * When was a partition unavailable to clients? An interval runs from the first operation that was refused, timed out or
 * found no leader, to the next one that succeeded; writes and reads count apart. Operations that are refused for what
 * they are (too large, out of range) say nothing about the partition. Neither do those that came before it ever had a
 * leader (a cluster that starts is not unavailable), nor those that asked the wrong broker while the right one serves.
 */
import type { Micros } from '../../src/host/index.ts'
import type { TopicPartition } from '../../src/protocol/index.ts'
import { eventOf, type ViewRecord } from './any-event.ts'
import { messageName } from './names.ts'

export type Operation = 'write' | 'read'

export interface UnavailableInterval {
  readonly tp: TopicPartition
  readonly operation: Operation
  readonly fromUs: Micros
  /** End of the interval; end of the run if `atEnd`. */
  readonly toUs: Micros
  /** Nothing succeeded any more. */
  readonly atEnd: boolean
  /** What the first refusal was. */
  readonly error: string
}

/** Errors that are about the request, not about the partition. */
const ofTheRequest: ReadonlySet<string> = new Set([
  'InvalidMessage',
  'InvalidFetchSize',
  'MessageSizeTooLarge',
  'MessageSetSizeTooLarge',
  'InvalidTopic',
  'InvalidRequiredAcks',
  'OffsetOutOfRange',
  'OutOfOrderSequenceNumber',
  'UnknownProducerId',
  'InvalidProducerEpoch',
  // As the Java producer tells them to its application.
  'CorruptRecordException',
  'RecordTooLargeException',
  'RecordBatchTooLargeException',
  'InvalidTopicException',
  'InvalidRequiredAcksException',
  'InvalidRecordException',
  'InvalidTimestampException',
  'OutOfOrderSequenceException',
  'UnknownProducerIdException',
  'ProducerFencedException',
])

interface Open {
  readonly tp: TopicPartition
  readonly operation: Operation
  readonly fromUs: Micros
  readonly error: string
}

export class Availability {
  readonly #open = new Map<string, Open>()
  readonly #closed: UnavailableInterval[] = []
  /** Messages last sent with acks 0: an append is all the success that can be seen of them. */
  readonly #unanswered = new Set<string>()
  /** Partitions that were led at some time. */
  readonly #led = new Set<TopicPartition>()
  readonly #isLed: (tp: TopicPartition) => boolean
  #nowUs: Micros = 0

  /** @param isLed the leader that ZooKeeper names acts as such now */
  constructor(isLed: (tp: TopicPartition) => boolean) {
    this.#isLed = isLed
  }

  apply(record: ViewRecord): void {
    this.#nowUs = record.atUs
    const event = eventOf(record)
    switch (event.kind) {
      case 'ProduceSent':
        if (event.requiredAcks === 0) for (const message of event.messages) this.#unanswered.add(messageName(message))
        return
      case 'BecameLeader':
        this.#led.add(event.tp)
        return
      case 'ProduceFailed':
      case 'ProducerGaveUp':
        this.#fail(event.tp, 'write', event.error)
        return
      case 'ProduceAcknowledged':
        this.#succeed(event.tp, 'write')
        return
      case 'Appended':
        if (event.role !== 'leader' || this.#unanswered.size === 0) return
        for (const { value, key } of event.messages) {
          if (this.#unanswered.delete(messageName(value, key))) this.#succeed(event.tp, 'write')
        }
        return
      case 'FetchFailed':
        this.#fail(event.tp, 'read', event.error)
        return
      case 'MessagesRead':
        this.#succeed(event.tp, 'read')
        return
      default:
        return
    }
  }

  /** All intervals so far, by their start; those still open end at `nowUs` (default: the last record). */
  intervals(nowUs: Micros = this.#nowUs): UnavailableInterval[] {
    const open = [...this.#open.values()].map((interval) => ({ ...interval, toUs: nowUs, atEnd: true }))
    return [...this.#closed, ...open].sort((a, b) => a.fromUs - b.fromUs)
  }

  #fail(tp: TopicPartition, operation: Operation, error: string): void {
    const key = `${operation} ${tp}`
    if (!this.#led.has(tp) || ofTheRequest.has(error) || this.#open.has(key)) return
    if (error === 'NotLeaderForPartition' && this.#isLed(tp)) return
    this.#open.set(key, { tp, operation, fromUs: this.#nowUs, error })
  }

  #succeed(tp: TopicPartition, operation: Operation): void {
    if (this.#open.size === 0) return
    const key = `${operation} ${tp}`
    const open = this.#open.get(key)
    if (open === undefined) return
    this.#open.delete(key)
    this.#closed.push({ ...open, toUs: this.#nowUs, atEnd: false })
  }
}
