/** What clients go through, told. See `narrate.ts`. */
import { unreachable } from '../../src/host/index.ts'
import type { EventOf } from './any-event.ts'
import { type ClusterView, replicaOf } from './cluster-view.ts'
import type { Ledger } from './ledger.ts'
import { brokerName, leaderName, messageName } from './names.ts'
import type { NarrationMemory, Telling } from './narrate.ts'
import { listNames } from './painter.ts'

export type ToldClientEvent = EventOf<
  | 'MessageHanded'
  | 'ProduceSent'
  | 'ProduceAcknowledged'
  | 'ProduceFailed'
  | 'ProducerGaveUp'
  | 'MetadataRefreshed'
  | 'MessagesRead'
  | 'FetchFailed'
  | 'OffsetReset'
  | 'MessageQueued'
  | 'SendBlocked'
  | 'MessageDropped'
  | 'BatchTaken'
  | 'BatchDrained'
  | 'ProducerIdAssigned'
  | 'ProducerSequencesReset'
  | 'BatchSplit'
>

export function narrateClient(
  event: ToldClientEvent,
  view: ClusterView,
  ledger: Ledger,
  memory: NarrationMemory,
): Telling | undefined {
  const who = event.client
  switch (event.kind) {
    case 'MessageHanded': {
      const message = messageName(event.message, event.key)
      return { who, text: `is handed ${message} for ${event.topic}`, tone: 'quiet', messages: [message] }
    }
    case 'ProduceSent': {
      if (event.attempt < 2) return undefined
      const messages = namesOf(event.messages)
      const text = `sends ${listNames(messages)} again, to ${brokerName(event.broker)} (attempt ${event.attempt})`
      return { who, text, tone: 'plain', messages }
    }
    case 'ProduceAcknowledged': {
      if (event.requiredAcks === 0) return undefined
      const messages = namesOf(event.messages)
      const acks = event.requiredAcks === 1 ? 'the leader has written it' : 'it is committed'
      const where = `by ${brokerName(event.broker)} at offset ${event.baseOffset}`
      const text = `has ${listNames(messages)} acknowledged ${where} (acks ${event.requiredAcks}: ${acks})`
      return told({ who, text, tone: 'good' }, messages, memory.forget(`failing ${who}`))
    }
    case 'ProduceFailed': {
      const messages = namesOf(event.messages)
      const { retriesLeft } = event
      const retries =
        retriesLeft > MANY
          ? 'it will be sent again'
          : retriesLeft === 0
            ? 'no retries left'
            : `${retriesLeft} ${retriesLeft === 1 ? 'retry' : 'retries'} left`
      const maybe = event.maybeAppended ? '; a copy may be in the log' : ''
      const text = `fails to send ${listNames(messages)} (${failure(event)}), ${retries}${maybe}`
      return told({ who, text, tone: 'warn' }, messages, memory.changed(`failing ${who}`, event.error))
    }
    case 'ProducerGaveUp': {
      const messages = namesOf(event.messages)
      const standing = messages.filter((message) => ledger.copies(message, 'standing').length > 0)
      const truth = standing.length === 0 ? '' : `; in truth ${listNames(standing)} stands in the log`
      const tells = event.told ? 'and tells the application' : 'and tells nobody (async: only its own log)'
      const text = `gives up on ${listNames(messages)} (${event.error}) ${tells}${truth}`
      return told({ who, text, tone: 'bad' }, messages, memory.changed(`giving up ${who}`, event.error))
    }
    case 'MetadataRefreshed':
      return learned(event, memory)
    case 'MessagesRead': {
      const news = memory.forget(`fetch ${who} ${event.tp}`)
      const messages = event.messages.map(({ value, key }) => messageName(value, key))
      if (messages.length === 0) return undefined
      const text = `reads ${listNames(messages)} from ${brokerName(event.broker)} (HW ${event.highWatermark})`
      return told({ who, text, tone: 'plain' }, messages, news)
    }
    case 'FetchFailed': {
      // Before a partition first has a leader there is nothing to read: no news.
      if ((view.partitions[event.tp]?.leaderEpoch ?? -1) < 0) return undefined
      if (!memory.changed(`fetch ${event.client} ${event.tp}`, event.error)) return undefined
      const at = event.offset < 0 ? '' : ` at offset ${event.offset}`
      const replica = event.broker < 0 ? undefined : replicaOf(view, brokerName(event.broker), event.tp)
      const found =
        replica === undefined
          ? ''
          : ` (${brokerName(event.broker)} has LEO ${replica.logEndOffset}, HW ${replica.highWatermark})`
      return { who, text: `cannot read ${event.tp}${at}: ${event.error}${found}`, tone: 'warn' }
    }
    case 'MessageQueued':
      return undefined
    case 'SendBlocked': {
      const text =
        event.why === undefined
          ? `has a full queue (${event.queued} messages): its application waits with ${messageName(event.message)}`
          : `keeps its application waiting with ${messageName(event.message)}: ${blockedWords[event.why]}`
      return told(
        { who, text, tone: 'warn' },
        [messageName(event.message)],
        memory.changed(`queue ${who}`, event.why ?? 'full'),
      )
    }
    case 'MessageDropped': {
      const message = messageName(event.message)
      const text =
        event.why === undefined
          ? `drops ${message}: its queue is full (${event.queued} messages), the application is told (${event.error})`
          : `does not take ${message} (${event.why}): send fails with ${event.error}`
      return told({ who, text, tone: 'bad' }, [message], memory.changed(`queue ${who}`, 'dropping'))
    }
    case 'BatchTaken': {
      memory.forget(`queue ${who}`)
      const messages = namesOf(event.messages)
      const left = event.queued === 0 ? '' : `, ${event.queued} left in the queue`
      const text = `sends a batch of ${messages.length} (${batchWords[event.why]})${left}: ${listNames(messages)}`
      return told({ who, text, tone: 'quiet' }, messages, false)
    }
    case 'BatchDrained': {
      memory.forget(`queue ${who}`)
      const messages = namesOf(event.messages)
      const left = event.queued === 0 ? '' : `, ${event.queued} ${event.queued === 1 ? 'record' : 'records'} left`
      const text = `sends a batch of ${messages.length} to ${event.tp} (${drainWords[event.why]}, ${event.bytes} B)${left}: ${listNames(messages)}`
      return told({ who, text, tone: 'quiet' }, messages, false)
    }
    case 'ProducerIdAssigned':
      return { who, text: `is given the producer id ${event.producerId} (epoch ${event.epoch})`, tone: 'quiet' }
    case 'ProducerSequencesReset': {
      const goesOn =
        event.producerId < 0 ? 'gives up its producer id' : `goes on with epoch ${event.epoch} of its producer id`
      return { who, text: `does not know what became of some records, and ${goesOn}`, tone: 'warn' }
    }
    case 'BatchSplit': {
      const messages = namesOf(event.messages)
      const text = `splits a batch of ${messages.length} into ${event.batches}, for the broker finds it too large: ${listNames(messages)}`
      return told({ who, text, tone: 'plain' }, messages, false)
    }
    case 'OffsetReset':
      if (event.from < 0) {
        return { who, text: `begins ${event.tp} at offset ${event.to}, as auto.offset.reset says`, tone: 'plain' }
      }
      return { who, text: `goes from offset ${event.from} to ${event.to} of ${event.tp}`, tone: 'warn' }
    default:
      return unreachable(event)
  }
}

/** `retries` that nobody counts: since 2.1 time is the limit. */
const MANY = 1_000_000

const blockedWords = { metadata: 'it knows nothing of the topic yet', memory: 'buffer.memory is used up' } as const

const drainWords = {
  full: 'full',
  linger: 'linger.ms passed',
  retry: 'again',
  memory: 'memory is short',
  closing: 'it closes',
  flush: 'everything is to go',
} as const

const batchWords = {
  full: 'batch.num.messages reached',
  time: 'queue.buffering.max.ms passed',
  closing: 'it closes',
} as const

/** `disconnected from b1`, `timeout at b1`, `NotLeaderForPartition by b1`. */
function failure({ error, broker }: EventOf<'ProduceFailed'>): string {
  if (broker < 0) return error
  const how = error === 'disconnected' ? 'from' : error === 'timeout' ? 'at' : 'by'
  return `${error} ${how} ${brokerName(broker)}`
}

/** A client's map of leaders changed; the first map it gets is no news. */
function learned(event: EventOf<'MetadataRefreshed'>, memory: NarrationMemory): Telling | undefined {
  const changed: string[] = []
  for (const tp of Object.keys(event.leaders)) {
    const subject = `leader ${event.client} ${tp}`
    const first = memory.told(subject) === undefined
    if (memory.changed(subject, leaderName(event.leaders[tp]!)) && !first) changed.push(tp)
  }
  if (changed.length === 0) return undefined
  const what = changed.map((tp) =>
    event.leaders[tp]! < 0 ? `nobody leads ${tp}` : `${leaderName(event.leaders[tp]!)} leads ${tp}`,
  )
  const from = event.from < 0 ? '' : ` from ${brokerName(event.from)}`
  return { who: event.client, text: `learns${from} that ${what.join(', ')} (refresh: ${event.reason})`, tone: 'plain' }
}

const namesOf = (messages: readonly string[]): string[] => messages.map((message) => messageName(message))

/** The first failure of a client and its first success after one are told even of messages that are only counted. */
const told = (telling: Telling, messages: readonly string[], news: boolean): Telling =>
  news ? telling : { ...telling, messages }
