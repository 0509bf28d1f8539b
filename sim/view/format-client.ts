/** Lines of what clients do. See `format.ts`. */
import { unreachable } from '../../src/host/index.ts'
import type { EventOf } from './any-event.ts'
import { tracedWords } from './format-words.ts'
import { brokerName, leaderName, messageName } from './names.ts'

export type FormattedClientEvent = EventOf<
  | 'MessageHanded'
  | 'ProduceSent'
  | 'ProduceAcknowledged'
  | 'ProduceFailed'
  | 'ProducerGaveUp'
  | 'MetadataRefreshed'
  | 'MetadataRefreshFailed'
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

export function formatClientEvent(event: FormattedClientEvent): string {
  switch (event.kind) {
    case 'MessageHanded':
      return `MessageHanded ${messageName(event.message)}${event.key === null ? '' : ` key=${event.key}`} for ${event.topic} to ${event.client}`
    case 'ProduceSent':
      return `ProduceSent ${event.tp}${names(event.messages)} to ${brokerName(event.broker)} by ${event.client} attempt=${event.attempt} acks=${event.requiredAcks} #${event.correlationId}`
    case 'ProduceAcknowledged':
      return `ProduceAcknowledged ${event.tp}${names(event.messages)} base=${event.baseOffset} acks=${event.requiredAcks} by ${brokerName(event.broker)} to ${event.client}`
    case 'ProduceFailed':
      return `ProduceFailed ${event.tp}${names(event.messages)} ${event.error} by ${leaderName(event.broker)} to ${event.client} retriesLeft=${event.retriesLeft}${event.maybeAppended ? ' maybe appended' : ''}`
    case 'ProducerGaveUp':
      return `ProducerGaveUp ${event.tp}${names(event.messages)} ${event.error} by ${event.client}${event.told ? '' : ', nobody is told'}`
    case 'MetadataRefreshed':
      return `MetadataRefreshed ${event.client} from ${leaderName(event.from)} (${event.reason})${leaders(event.leaders)}`
    case 'MetadataRefreshFailed':
      return `MetadataRefreshFailed ${event.client} from ${event.broker}: ${event.failure}`
    case 'MessagesRead':
      return `MessagesRead ${event.tp}${tracedWords(event.messages)} hw=${event.highWatermark} from ${brokerName(event.broker)} by ${event.client}${event.group === undefined ? '' : ` of ${event.group}`}${event.stream === undefined ? '' : ` stream ${event.stream}`}`
    case 'FetchFailed':
      return `FetchFailed ${event.tp} at ${event.offset}: ${event.error} by ${leaderName(event.broker)} to ${event.client}`
    case 'OffsetReset':
      return `OffsetReset ${event.tp} ${event.from}→${event.to} by ${event.client}`
    case 'MessageQueued':
      return `MessageQueued ${messageName(event.message)} by ${event.client}`
    case 'SendBlocked':
      return `SendBlocked ${messageName(event.message)} by ${event.client}: ${event.queued} queued${why(event)}`
    case 'MessageDropped':
      return `MessageDropped ${messageName(event.message)} by ${event.client}: ${event.error}, ${event.queued} queued${why(event)}`
    case 'BatchTaken':
      return `BatchTaken${names(event.messages)} by ${event.client} (${event.why}), ${event.queued} queued`
    case 'BatchDrained':
      return `BatchDrained ${event.tp}${names(event.messages)} ${event.bytes} B by ${event.client} (${event.why}), ${event.queued} queued`
    case 'ProducerIdAssigned':
      return `ProducerIdAssigned ${event.producerId} epoch ${event.epoch} to ${event.client}`
    case 'ProducerSequencesReset':
      return `ProducerSequencesReset ${event.producerId} epoch ${event.epoch} by ${event.client}`
    case 'BatchSplit':
      return `BatchSplit ${event.tp}${names(event.messages)} into ${event.batches} by ${event.client}`
    default:
      return unreachable(event)
  }
}

const why = (event: { readonly why?: string }): string => (event.why === undefined ? '' : ` (${event.why})`)

function names(messages: readonly string[]): string {
  let text = ''
  for (const message of messages) text += ` ${messageName(message)}`
  return text
}

function leaders(of: Readonly<Record<string, number>>): string {
  let text = ''
  for (const key of Object.keys(of)) text += ` ${key}=${leaderName(of[key]!)}`
  return text
}
