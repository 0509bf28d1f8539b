/**
 * Which records matter to somebody who watches, and how they read: plain English, one line each, in the words of
 * Kafka's documentation. Everything else (heartbeats, watches, fetch positions …) stays in the trace.
 * The data plane is here and in `narrate-client.ts`; controller, ZooKeeper and machines in `narrate-control.ts`.
 */
import type { OldConsumerEvent } from '../../src/client/old-consumer/events.ts'
import type { TopicPartition } from '../../src/protocol/index.ts'
import type { Detail } from '../scenario/plan.ts'
import { type AnyEvent, type EventOf, eventOf, type ViewRecord } from './any-event.ts'
import { type ClusterView, replicaOf } from './cluster-view.ts'
import { type GroupEvent, isGroupEvent } from './group-events.ts'
import type { Ledger } from './ledger.ts'
import { brokerNames, isInternal, leaderName, messageName } from './names.ts'
import { narrateClient } from './narrate-client.ts'
import { narrateControl } from './narrate-control.ts'
import { narrateGroup } from './narrate-group.ts'
import { narrateOldConsumer } from './narrate-old-consumer.ts'
import { narrateTransactions } from './narrate-transactions.ts'
import { isOldConsumerEvent } from './old-consumer-events.ts'
import { listNames, type Tone } from './painter.ts'
import { isTransactionEvent, type TransactionalEvent } from './transaction-events.ts'

export interface Telling {
  readonly who: string
  readonly text: string
  /** Lines below the text, as they stand: a table. */
  readonly table?: readonly string[]
  readonly tone: Tone
  /** The single messages that it is about: told one by one only while there are few. Absent: always told. */
  readonly messages?: readonly string[]
  /** Partitions whose logs are worth a drawing now. */
  readonly draw?: readonly TopicPartition[]
  /** Draw only what differs in logs and watermarks from the last drawing: roles alone are no news here. */
  readonly drawLogsOnly?: boolean
}

/** Leaders of empty logs that are told: a start with many partitions says the same of each. */
const NEW_LEADERS_TOLD = 6

/** What the narrator remembers between records, to tell what changed. */
export class NarrationMemory {
  readonly #details: readonly Detail[]
  /** Last value told, by subject. */
  readonly #told = new Map<string, string>()

  /** @param details what is told beside what is always told */
  constructor(details: readonly Detail[] = []) {
    this.#details = details
  }

  tells(detail: Detail): boolean {
    return this.#details.includes(detail)
  }

  /** True if this differs from what was told of the subject before. */
  changed(subject: string, value: string): boolean {
    if (this.#told.get(subject) === value) return false
    this.#told.set(subject, value)
    return true
  }

  /** How often this was asked, this time included. */
  times(subject: string): number {
    const times = Number(this.#told.get(subject) ?? 0) + 1
    this.#told.set(subject, String(times))
    return times
  }

  /** True if there was something to forget. */
  forget(subject: string): boolean {
    return this.#told.delete(subject)
  }

  told(subject: string): string | undefined {
    return this.#told.get(subject)
  }
}

/** View and ledger are those after the record. */
export function narrate(
  record: ViewRecord,
  view: ClusterView,
  ledger: Ledger,
  memory: NarrationMemory,
): Telling | undefined {
  const event = eventOf(record)
  if (isGroupEvent(event)) return narrateGroup(record.machine, event, ledger, memory)
  if (isOldConsumerEvent(event)) return narrateOldConsumer(event, view, memory)
  if (isTransactionEvent(event)) return narrateTransactions(record.machine, event, memory)
  switch (event.kind) {
    case 'BecameLeader':
    case 'BecameFollower':
    case 'Truncated':
    case 'TruncationRepeats':
    case 'Appended':
    case 'HighWatermark':
    case 'IsrShrunk':
    case 'IsrExpanded':
    case 'IsrWriteWaits':
    case 'IsrUpdateFailed':
    case 'HighWatermarksCheckpointed':
    case 'ReplicaCreated':
    case 'LogLoaded':
    case 'SegmentsDeleted':
      return narrateReplica(record, event, view, ledger, memory)
    case 'MessageHanded':
    case 'ProduceSent':
    case 'ProduceAcknowledged':
    case 'ProduceFailed':
    case 'ProducerGaveUp':
    case 'MetadataRefreshed':
    case 'MessagesRead':
    case 'FetchFailed':
    case 'OffsetReset':
    case 'MessageQueued':
    case 'SendBlocked':
    case 'MessageDropped':
    case 'BatchTaken':
    case 'BatchDrained':
    case 'ProducerIdAssigned':
    case 'ProducerSequencesReset':
    case 'BatchSplit':
      return narrateClient(event, view, ledger, memory)
    case 'ProcessEnded':
      return withQueueLoss(narrateControl(record, event, view, memory), record.machine, ledger, memory)
    default:
      return narrateControl(record, event, view, memory)
  }
}

/** A client that ends takes along what waits in its queue. */
function withQueueLoss(
  telling: Telling | undefined,
  who: string,
  ledger: Ledger,
  memory: NarrationMemory,
): Telling | undefined {
  const before = Number(memory.told(`lost in queue ${who}`) ?? 0)
  const lost = ledger.lostInQueue(who) - before
  if (telling === undefined || lost === 0) return telling
  memory.changed(`lost in queue ${who}`, String(before + lost))
  const messages =
    lost === 1
      ? '1 message that its application believes sent is'
      : `${lost} messages that its application believes sent are`
  return { ...telling, text: `${telling.text}; ${messages} gone with its queue`, tone: 'bad' }
}

type ReplicaEvent = EventOf<
  | 'BecameLeader'
  | 'BecameFollower'
  | 'Truncated'
  | 'TruncationRepeats'
  | 'Appended'
  | 'HighWatermark'
  | 'IsrShrunk'
  | 'IsrExpanded'
  | 'IsrWriteWaits'
  | 'IsrUpdateFailed'
  | 'HighWatermarksCheckpointed'
  | 'ReplicaCreated'
  | 'LogLoaded'
  | 'SegmentsDeleted'
>

function narrateReplica(
  record: ViewRecord,
  event: ReplicaEvent,
  view: ClusterView,
  ledger: Ledger,
  memory: NarrationMemory,
): Telling | undefined {
  const who = record.machine
  // What the coordinator does with its topic is told in its own words.
  if ('tp' in event && isInternal(event.tp) && event.kind !== 'Truncated') return undefined
  switch (event.kind) {
    case 'BecameLeader': {
      const again = memory.changed(`leader ${event.tp}`, who) ? 'now' : 'again'
      const isNew = event.logEndOffset === 0
      if (isNew && memory.times('new leaders') > NEW_LEADERS_TOLD) return undefined
      const holds = isNew ? '' : `, with ${logNames(view, who, event.tp)}`
      const text = `leads ${event.tp} ${again} (epoch ${event.leaderEpoch})${holds}; ISR ${brokerNames(event.isr)}`
      return { who, text, tone: 'good', ...(isNew ? {} : { draw: [event.tp] }) }
    }
    case 'BecameFollower':
      if (event.logEndOffset === 0) return undefined
      return {
        who,
        text: `follows ${leaderName(event.leader)} in ${event.tp} (epoch ${event.leaderEpoch}) from LEO ${event.logEndOffset}`,
        tone: 'plain',
      }
    case 'Truncated':
      return event.from === event.to ? undefined : truncation(who, event, view, ledger)
    case 'TruncationRepeats': {
      const text = `asks ${leaderName(event.leader)} again and again where epoch ${event.epoch} of ${event.tp} ends, cuts nothing, and fetches nothing (KAFKA-10706)`
      return { who, text, tone: 'bad' }
    }
    case 'Appended': {
      const messages = namesOf(event.messages)
      const first = event.messages[0]?.offset ?? event.logEndOffset
      const text =
        event.role === 'leader'
          ? `appends ${listNames(messages)} at offset ${first} of ${event.tp}`
          : `fetches ${listNames(messages)} (LEO ${event.logEndOffset})`
      return { who, text, tone: 'quiet', messages }
    }
    case 'HighWatermark': {
      if (event.role !== 'leader' || event.to <= event.from) return undefined
      const replica = replicaOf(view, who, event.tp)
      const messages = namesOf(replica?.log.between(event.from, event.to) ?? [])
      if (messages.length === 0) return undefined
      const isr = brokerNames(replica?.isr ?? [])
      const text = `commits ${listNames(messages)}: HW ${event.from}→${event.to}, all of ISR ${isr} have it`
      return { who, text, tone: 'good', messages }
    }
    case 'IsrShrunk':
      return {
        who,
        text: `takes ${brokerNames(event.changed)} out of the ISR of ${event.tp} (${event.reason}); ISR ${brokerNames(event.isr)}`,
        tone: 'warn',
      }
    case 'IsrExpanded':
      return {
        who,
        text: `takes ${brokerNames(event.changed)} back into the ISR of ${event.tp}; ISR ${brokerNames(event.isr)}`,
        tone: 'good',
      }
    case 'IsrWriteWaits':
      return {
        who,
        text: `wants to write ISR ${brokerNames(event.isr)} of ${event.tp}, and cannot reach ZooKeeper: it waits, and ${event.tp} takes no messages meanwhile`,
        tone: 'warn',
      }
    case 'IsrUpdateFailed':
      if (!memory.changed(`isr-update ${who} ${event.tp}`, String(event.zkVersion))) return undefined
      return {
        who,
        text: `cannot write ISR ${brokerNames(event.isr)} of ${event.tp}: ZooKeeper holds a newer state than its version ${event.zkVersion}`,
        tone: 'warn',
      }
    case 'HighWatermarksCheckpointed': {
      const moved = Object.keys(event.entries).filter(
        (tp) =>
          memory.changed(`checkpoint ${who} ${tp}`, String(event.entries[tp])) &&
          event.entries[tp]! > 0 &&
          replicaOf(view, who, tp)?.role === 'leader',
      )
      if (moved.length === 0) return undefined
      return {
        who,
        text: `writes its high watermarks to disk: ${moved.map((tp) => `${tp} HW ${event.entries[tp]}`).join(', ')}`,
        tone: 'quiet',
        messages: [],
      }
    }
    case 'ReplicaCreated':
      if ((view.machines[who]?.life ?? 0) < 2) return undefined
      if (event.logEndOffset === 0) return lostAtRestart(record, event.tp, view)
      return {
        who,
        text: `finds ${logNames(view, who, event.tp)} of ${event.tp} on its disk; its checkpoint says HW ${event.highWatermark}`,
        tone: 'plain',
      }
    case 'LogLoaded':
      return lostAtRestart(record, event.tp, view)
    case 'SegmentsDeleted': {
      const count = event.baseOffsets.length
      const text = `deletes ${count === 1 ? 'the oldest segment' : `the ${count} oldest segments`} of ${event.tp}, ${retention[event.reason]}: it begins at ${event.logStartOffset} now`
      return { who, text, tone: 'plain', draw: [event.tp] }
    }
  }
}

const retention: Readonly<Record<EventOf<'SegmentsDeleted'>['reason'], string>> = {
  time: 'older than retention.ms allows',
  size: 'more than retention.bytes allows',
  'log-start-offset': 'below the log start offset',
}

const namesOf = (messages: readonly { readonly key: string | null; readonly value: string | null }[]): string[] =>
  messages.map(({ value, key }) => messageName(value, key))

/** Messages that a restart did not find again, if that is what this record told. */
function lostAtRestart({ machine, atUs }: ViewRecord, tp: TopicPartition, view: ClusterView): Telling | undefined {
  const cut = replicaOf(view, machine, tp)?.lastTruncation
  if (cut === undefined || cut.reason !== 'recovery' || cut.atUs !== atUs || cut.cut.length === 0) return undefined
  const names = listNames(namesOf(cut.cut))
  const text = `has lost ${names} of ${tp}: not on its disk after the restart`
  return { who: machine, text, tone: 'bad', draw: [tp] }
}

const cutTo: Readonly<Record<EventOf<'Truncated'>['reason'], string>> = {
  'became-follower': 'its high watermark',
  'high-watermark': "its high watermark, for the leader does not know the follower's latest epoch",
  'leader-epoch': "where the leader's log parts from it",
  'out-of-range': "the end of the leader's log",
}

function truncation(who: string, event: EventOf<'Truncated'>, view: ClusterView, ledger: Ledger): Telling {
  const cut = replicaOf(view, who, event.tp)?.lastTruncation?.cut ?? []
  const names = namesOf(cut)
  const nowhere = names.filter((name) => isNowhere(ledger, name))
  const why = cutTo[event.reason]
  const gone =
    nowhere.length === 0
      ? ''
      : nowhere.length === names.length
        ? `; no log holds ${names.length === 1 ? 'it' : 'them'} any more`
        : `; no log holds ${listNames(nowhere)} any more`
  return {
    who,
    text: `cuts ${event.tp} back to ${why}, ${event.from}→${event.to}: ${listNames(names)} cut off${gone}`,
    tone: nowhere.length === 0 ? 'warn' : 'bad',
    draw: [event.tp],
  }
}

const isNowhere = (ledger: Ledger, name: string): boolean =>
  ledger.messages.get(name)?.copies.every((copy) => copy.holders.length === 0) ?? false

function logNames(view: ClusterView, broker: string, tp: TopicPartition): string {
  const replica = replicaOf(view, broker, tp)
  const names = namesOf(replica?.log.toArray() ?? [])
  return names.length === 0 ? `${replica?.logEndOffset ?? 0} messages` : listNames(names)
}

export type ControlEvent = Exclude<
  AnyEvent,
  ReplicaEvent | GroupEvent | OldConsumerEvent | TransactionalEvent | Parameters<typeof narrateClient>[0]
>
