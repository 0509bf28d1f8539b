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
>

export function narrateClient(
  event: ToldClientEvent,
  view: ClusterView,
  ledger: Ledger,
  memory: NarrationMemory,
): Telling | undefined {
  const who = event.client
  switch (event.kind) {
    case 'MessageHanded':
      return {
        who,
        text: `is handed ${messageName(event.message, event.key)} for ${event.topic}`,
        tone: 'quiet',
        routine: true,
      }
    case 'ProduceSent': {
      if (event.attempt < 2) return undefined
      return {
        who,
        text: `sends ${names(event.messages)} again, to ${brokerName(event.broker)} (attempt ${event.attempt})`,
        tone: 'plain',
        routine: true,
      }
    }
    case 'ProduceAcknowledged': {
      if (event.requiredAcks === 0) return undefined
      const acks = event.requiredAcks === 1 ? 'the leader has written it' : 'it is committed'
      const which = event.messages.length === 1 ? '' : ' each'
      return {
        who,
        text: `has ${names(event.messages)} acknowledged by ${brokerName(event.broker)} at offset ${event.baseOffset} (acks ${event.requiredAcks}: ${acks})${which}`,
        tone: 'good',
        routine: true,
      }
    }
    case 'ProduceFailed': {
      const retries = event.retriesLeft > 0 ? `${event.retriesLeft} retries left` : 'no retries left'
      const maybe = event.maybeAppended ? '; a copy may be in the log' : ''
      const text = `fails to send ${names(event.messages)} (${failure(event)}), ${retries}${maybe}`
      return { who, text, tone: 'warn', routine: true }
    }
    case 'ProducerGaveUp': {
      const standing = event.messages.filter((message) => ledger.copies(messageName(message), 'standing').length > 0)
      const truth = standing.length === 0 ? '' : `; in truth ${names(standing)} stands in the log`
      return {
        who,
        text: `gives up on ${names(event.messages)} (${event.error}) and tells the application${truth}`,
        tone: 'bad',
      }
    }
    case 'MetadataRefreshed':
      return learned(event, memory)
    case 'MessagesRead': {
      memory.forget(`fetch ${event.client} ${event.tp}`)
      if (event.messages.length === 0) return undefined
      const read = listNames(event.messages.map(({ value, key }) => messageName(value, key)))
      return {
        who,
        text: `reads ${read} from ${brokerName(event.broker)} (HW ${event.highWatermark})`,
        tone: 'plain',
        routine: true,
      }
    }
    case 'FetchFailed': {
      if (!memory.changed(`fetch ${event.client} ${event.tp}`, event.error)) return undefined
      const leo = event.broker < 0 ? undefined : replicaOf(view, brokerName(event.broker), event.tp)
      const where =
        leo === undefined ? '' : ` (${brokerName(event.broker)} has LEO ${leo.logEndOffset}, HW ${leo.highWatermark})`
      return { who, text: `cannot read ${event.tp} at offset ${event.offset}: ${event.error}${where}`, tone: 'warn' }
    }
    case 'OffsetReset':
      return { who, text: `goes from offset ${event.from} to ${event.to} of ${event.tp}`, tone: 'warn' }
    default:
      return unreachable(event)
  }
}

/** `disconnected from b1`, `timeout at b1`, `NotLeaderForPartition by b1`. */
function failure({ error, broker }: EventOf<'ProduceFailed'>): string {
  if (broker < 0) return error
  const how = error === 'disconnected' ? 'from' : error === 'timeout' ? 'at' : 'by'
  return `${error} ${how} ${leaderName(broker)}`
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

const names = (messages: readonly string[]): string => listNames(messages.map((message) => messageName(message)))
