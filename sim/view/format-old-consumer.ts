/** The part of the trace formatter for old high-level consumers. See `format.ts`. */
import type { OldConsumerEvent } from '../../src/client/old-consumer/events.ts'
import { unreachable } from '../../src/host/index.ts'

export function formatOldConsumerEvent(event: OldConsumerEvent): string {
  switch (event.kind) {
    case 'ConsumerRegistered':
      return `ConsumerRegistered ${event.group} ${event.consumerId} for ${event.subscription} by ${event.client}`
    case 'ConsumerRegistrationWaits':
      return `ConsumerRegistrationWaits ${event.group} ${event.consumerId} by ${event.client}`
    case 'RebalanceBegan':
      return `RebalanceBegan ${event.group} attempt=${event.attempt} (${event.cause}) by ${event.client}`
    case 'PartitionsReleased':
      return `PartitionsReleased ${event.group} ${event.partitions.join(' ')} by ${event.client}`
    case 'PartitionsChosen':
      return `PartitionsChosen ${event.group} ${event.strategy} of ${event.partitions} for ${event.threads} threads${event.own.map(({ tp, thread }) => ` ${tp}=${thread}`).join('')} by ${event.client}`
    case 'ClaimRefused':
      return `ClaimRefused ${event.group} ${event.tp} owned by ${event.owner === '' ? 'nobody any more' : event.owner} to ${event.client}`
    case 'ConsumerRebalanced':
      return `ConsumerRebalanced ${event.group}${offsets(event.offsets)} by ${event.client}`
    case 'RebalanceFailed':
      return `RebalanceFailed ${event.group} attempt=${event.attempt}${event.final ? ' final' : ''}: ${event.reason} by ${event.client}`
    case 'ConsumerCommitted':
      return `ConsumerCommitted ${event.group}${offsets(event.offsets)} in ${event.storage} (${event.why}) by ${event.client}`
    case 'ConsumerCommitFailed':
      return `ConsumerCommitFailed ${event.group} (${event.why}): ${event.error} by ${event.client}`
    case 'FetcherBlocked':
      return `FetcherBlocked ${event.tp} chunks=${event.chunks} of ${event.client}`
    case 'StreamEnded':
      return `StreamEnded ${event.client} stream ${event.stream}: ${event.reason}`
    default:
      return unreachable(event)
  }
}

function offsets(of: Readonly<Record<string, number>>): string {
  let text = ''
  for (const tp of Object.keys(of)) text += ` ${tp}=${of[tp]}`
  return text
}
