/**
 * The ledger: the fate of each message, with the trace record that decided it. Fed by trace records alone, in order;
 * it can be asked at any time (conditions ask during the run, verdicts at the end).
 *
 * What a powered-off disk really holds is known when it is loaded again; until then its copies count as held.
 */
import { type Micros, unreachable } from '../../src/host/index.ts'
import type { TopicPartition } from '../../src/protocol/index.ts'
import type { MessageFate } from '../scenario/plan.ts'
import { type EventOf, eventOf, type ViewRecord } from './any-event.ts'
import { ApplicationBooks } from './application-books.ts'
import { Availability, type Operation, type UnavailableInterval } from './availability.ts'
import { LedgerLogs, type OpenCopy } from './ledger-logs.ts'
import type { AttemptRecord, CopyRecord, Decision, MessageRecord } from './message-record.ts'
import { brokerName, isInternal, leaderName, messageName } from './names.ts'
import { ProducerQueues } from './producer-queues.ts'

interface OpenAttempt extends AttemptRecord {
  outcome: string
  ended: Decision | undefined
}

interface OpenMessage extends MessageRecord {
  key: string | null
  topic: string
  client: string
  handed: Decision | undefined
  attempts: OpenAttempt[]
  copies: OpenCopy[]
  acknowledged: MessageRecord['acknowledged']
  gaveUp: MessageRecord['gaveUp']
  dropped: MessageRecord['dropped']
  lostInQueue: MessageRecord['lostInQueue']
  reads: MessageRecord['reads'][number][]
}

/**
 * Where a copy is: in the partition's log, taken out of that by compaction or deleted by retention, only on the disk of a broker that does not
 * lead, or nowhere.
 */
export type CopyState = 'standing' | 'removed' | 'stranded' | 'lost'

const noCopies: readonly OpenCopy[] = []

export class Ledger {
  readonly #messages = new Map<string, OpenMessage>()
  readonly #logs: LedgerLogs = new LedgerLogs(
    (copy) => this.#message(copy.message).copies.push(copy),
    (message) => this.#messages.get(message)?.copies ?? noCopies,
  )
  readonly #availability: Availability = new Availability((tp) => this.#logs.isLed(tp))
  readonly #queues = new ProducerQueues()
  /** What applications have done with messages. */
  readonly applications: ApplicationBooks = new ApplicationBooks()
  #endUs: Micros = 0

  /** By name, in the order of first appearance. */
  get messages(): ReadonlyMap<string, MessageRecord> {
    return this.#messages
  }

  /** Partitions that ZooKeeper knew a state of. */
  get partitions(): readonly TopicPartition[] {
    return this.#logs.partitions
  }

  /** For `trace.subscribe`. */
  readonly subscriber = (record: ViewRecord): void => this.apply(record)

  apply(record: ViewRecord): void {
    this.#endUs = record.atUs
    this.#availability.apply(record)
    this.applications.apply(record)
    const event = eventOf(record)
    const { machine } = record
    switch (event.kind) {
      case 'MessageHanded':
      case 'ProduceSent':
      case 'ProduceAcknowledged':
      case 'ProduceFailed':
      case 'ProducerGaveUp':
      case 'MessagesRead':
      case 'MessageQueued':
      case 'MessageDropped':
        this.#clientEvent(event, decision(record))
        return
      case 'Appended':
        // What brokers write for themselves is no message of anybody.
        if (isInternal(event.tp)) return
        if (event.role === 'leader') {
          this.#logs.appendedByLeader(machine, event.tp, event.leaderEpoch, event.messages, decision(record))
        } else this.#logs.appendedByFollower(machine, event.tp, event.messages, decision(record))
        return
      case 'HighWatermark':
        if (event.role === 'leader') this.#logs.advanced(machine, event.tp, event.to, decision(record))
        return
      case 'BecameLeader':
        this.#logs.becameLeader(machine, event.tp, event.leaderEpoch, event.highWatermark, decision(record))
        return
      case 'BecameFollower':
        this.#logs.becameFollower(machine, event.tp, leaderName(event.leader), event.leaderEpoch)
        return
      case 'Truncated':
      case 'LogTruncated':
        if (event.from !== event.to) this.#logs.cut(machine, event.tp, event.to, 'truncated', decision(record))
        return
      case 'LogLoaded':
      case 'ReplicaCreated':
        this.#logs.cut(machine, event.tp, event.logEndOffset, 'recovery', decision(record))
        return
      case 'ReplicaDeleted':
        this.#logs.cut(machine, event.tp, 0, 'deleted', decision(record))
        return
      case 'SegmentsCompacted':
        this.#logs.compacted(
          machine,
          event.tp,
          event.dropped.map(({ offset }) => offset),
          decision(record),
        )
        return
      case 'SegmentsDeleted':
        this.#logs.expired(machine, event.tp, event.logStartOffset, decision(record))
        return
      case 'ProcessEnded':
        this.#logs.stopped(machine)
        this.#producerEnded(machine, decision(record))
        return
      case 'ZkCommitted':
        this.#logs.znodesChanged(event.changes)
        return
      default:
        return
    }
  }

  /** The run ended at `atUs`, which may be after the last record. */
  finish(atUs: Micros = this.#endUs): void {
    this.#endUs = Math.max(this.#endUs, atUs)
  }

  /** Time of the last record, or of the end of the run. */
  get endUs(): Micros {
    return this.#endUs
  }

  stateOf(copy: CopyRecord): CopyState {
    if (this.#logs.isRemoved(copy)) return 'removed'
    if (copy.holders.length === 0) return 'lost'
    return this.#logs.isAuthoritative(copy) ? 'standing' : 'stranded'
  }

  copies(message: string, state: CopyState): readonly CopyRecord[] {
    return (this.#messages.get(message)?.copies ?? noCopies).filter((copy) => this.stateOf(copy) === state)
  }

  /** Has the message ever come this far? Fates are not taken back: a lost message was committed, if it was. */
  reached(message: string, fate: MessageFate): boolean {
    const record = this.#messages.get(message)
    if (record === undefined) return false
    switch (fate) {
      case 'sent':
        return record.handed !== undefined
      case 'appended':
        return record.copies.length > 0
      case 'replicated':
        return record.copies.some((copy) => copy.reached.size > 1)
      case 'committed':
        return record.copies.some((copy) => copy.committed !== undefined)
      case 'acked':
        return record.acknowledged !== undefined
      case 'read':
        return record.reads.length > 0
      case 'lost':
        return record.copies.some((copy) => copy.lost !== undefined)
      case 'gave-up':
        return record.gaveUp !== undefined
      case 'dropped':
        return record.dropped !== undefined
      case 'lost-in-queue':
        return record.lostInQueue !== undefined
      default:
        return unreachable(fate)
    }
  }

  /** Messages that died with an async producer, in all its lives. */
  lostInQueue(client: string): number {
    return this.#queues.lost(client)
  }

  /** Messages that a producer was told are safe, and that stand in no partition's log (any more). */
  lostAcked(): MessageRecord[] {
    return [...this.#messages.values()].filter(
      (record) => record.acknowledged !== undefined && !record.copies.some((copy) => this.#isKept(copy)),
    )
  }

  /** Copies that were committed and are not in the partition's log, even if the message stands there once more. */
  lostCommitted(): CopyRecord[] {
    const lost: CopyRecord[] = []
    for (const { copies } of this.#messages.values()) {
      for (const copy of copies) {
        if (copy.committed !== undefined && !this.#isKept(copy)) lost.push(copy)
      }
    }
    return lost
  }

  /** In the partition's log, or no longer there as the topic's configuration has it. */
  #isKept(copy: CopyRecord): boolean {
    return this.#logs.isAuthoritative(copy) || this.#logs.isRemoved(copy)
  }

  /** The log of the partition's leader, or of its last one if nobody leads now. */
  authoritativeLog(tp: TopicPartition): readonly CopyRecord[] {
    return this.#logs.authoritativeLog(tp)
  }

  /** Names of its messages in offset order. */
  order(tp: TopicPartition): string[] {
    return this.#logs.authoritativeLog(tp).map((copy) => copy.message)
  }

  /** Messages that a group's application has lost: nobody of it will see them any more. */
  lostByApplication(group: string): string[] {
    return this.applications.lost(group, (tp) => this.#logs.authoritativeLog(tp))
  }

  /** The broker whose log `order` read; undefined if the partition never had a leader. */
  leaderOf(tp: TopicPartition): string | undefined {
    return this.#logs.leaderOf(tp)
  }

  /** False where ZooKeeper names nobody, or the one that it names does not act as leader: nobody serves the partition. */
  isLed(tp: TopicPartition): boolean {
    return this.#logs.isLed(tp)
  }

  unavailable(tp?: TopicPartition, operation?: Operation): UnavailableInterval[] {
    return this.#availability
      .intervals(this.#endUs)
      .filter(
        (interval) =>
          (tp === undefined || interval.tp === tp) && (operation === undefined || interval.operation === operation),
      )
  }

  #clientEvent(
    event: EventOf<
      | 'MessageHanded'
      | 'ProduceSent'
      | 'ProduceAcknowledged'
      | 'ProduceFailed'
      | 'ProducerGaveUp'
      | 'MessagesRead'
      | 'MessageQueued'
      | 'MessageDropped'
    >,
    by: Decision,
  ): void {
    this.#queues.apply(event)
    switch (event.kind) {
      case 'MessageHanded': {
        const record = this.#message(messageName(event.message, event.key))
        record.handed ??= by
        record.client = event.client
        record.key = event.key
        record.topic = event.topic
        return
      }
      case 'ProduceSent': {
        const { client, attempt, requiredAcks } = event
        const broker = brokerName(event.broker)
        for (const message of event.messages) {
          this.#message(messageName(message)).attempts.push({
            by,
            client,
            broker,
            attempt,
            requiredAcks,
            outcome: 'pending',
            ended: undefined,
          })
        }
        return
      }
      case 'ProduceFailed':
        for (const message of event.messages) endAttempt(this.#message(messageName(message)), event.error, by)
        return
      case 'ProducerGaveUp':
        for (const message of event.messages)
          this.#message(messageName(message)).gaveUp ??= { ...by, error: event.error }
        return
      case 'ProduceAcknowledged':
        if (event.requiredAcks === 0) return
        event.messages.forEach((message, index) => {
          this.#acknowledge(messageName(message), event.baseOffset + index, event, by)
        })
        return
      case 'MessageQueued':
        return
      case 'MessageDropped':
        this.#message(messageName(event.message)).dropped ??= { ...by, why: event.why, error: event.error }
        return
      case 'MessagesRead':
        for (const { offset, key, value } of event.messages) {
          this.#message(messageName(value, key)).reads.push({ by, client: event.client, tp: event.tp, offset })
        }
        return
      default:
        unreachable(event)
    }
  }

  #acknowledge(message: string, offset: number, event: EventOf<'ProduceAcknowledged'>, by: Decision): void {
    const record = this.#message(message)
    const { tp, requiredAcks } = event
    endAttempt(record, 'acknowledged', by)
    record.acknowledged ??= { ...by, tp, offset, requiredAcks, broker: brokerName(event.broker) }
    const copy = record.copies.findLast((candidate) => candidate.tp === tp && candidate.offset === offset)
    if (copy !== undefined) copy.acknowledged ??= by
  }

  #producerEnded(client: string, by: Decision): void {
    for (const name of this.#queues.ended(client)) {
      const record = this.#message(messageName(name))
      const inFlight = record.attempts.at(-1)?.ended === undefined && record.attempts.length > 0
      if (inFlight || record.copies.length > 0) continue
      record.lostInQueue = by
      this.#queues.countLost(client)
    }
  }

  #message(name: string): OpenMessage {
    let record = this.#messages.get(name)
    if (record === undefined) {
      record = {
        message: name,
        key: null,
        topic: '',
        client: '',
        handed: undefined,
        attempts: [],
        copies: [],
        acknowledged: undefined,
        gaveUp: undefined,
        dropped: undefined,
        lostInQueue: undefined,
        reads: [],
      }
      this.#messages.set(name, record)
    }
    return record
  }
}

const decision = (record: ViewRecord): Decision => ({ seq: record.seq, atUs: record.atUs })

function endAttempt(record: OpenMessage, outcome: string, by: Decision): void {
  const attempt = record.attempts.at(-1)
  if (attempt === undefined || attempt.ended !== undefined) return
  attempt.outcome = outcome
  attempt.ended = by
}
