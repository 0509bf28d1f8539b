/** The part of the trace formatter for transactions. See `format.ts`. */
import { unreachable } from '../../src/host/index.ts'
import { errorName } from '../../src/protocol/index.ts'
import { brokerName } from './names.ts'
import type { TransactionalEvent } from './transaction-events.ts'

export function formatTransactionEvent(event: TransactionalEvent): string {
  switch (event.kind) {
    case 'TransactionStateChanged':
      return `TransactionStateChanged ${event.transactionalId} ${event.from}→${event.to} producer=${event.producerId} epoch=${event.epoch}${list(event.partitions)}`
    case 'TransactionTimedOut':
      return `TransactionTimedOut ${event.transactionalId} producer=${event.producerId} epoch=${event.epoch}`
    case 'TransactionRequestRefused':
      return `TransactionRequestRefused ${event.api} ${event.transactionalId} ${errorName(event.errorCode)} to ${event.client}`
    case 'MarkerRefused':
      return `MarkerRefused ${event.tp} ${errorName(event.errorCode)} for ${event.transactionalId}${event.ends ? ', given up' : ''}`
    case 'TransactionsLoading':
      return `TransactionsLoading ${event.tp} ${event.from}..${event.to}`
    case 'TransactionsLoaded':
      return `TransactionsLoaded ${event.tp} to=${event.to} ids=${event.ids} pending=${event.pending}`
    case 'TransactionsUnloaded':
      return `TransactionsUnloaded ${event.tp} ids=${event.ids}`
    case 'TxnOffsetsPending':
      return `TxnOffsetsPending ${event.group}${offsets(event.offsets)} of producer ${event.producerId} by ${event.client}`
    case 'TxnOffsetsDropped':
      return `TxnOffsetsDropped ${event.group}${offsets(event.offsets)} of producer ${event.producerId}`
    case 'MarkersAppended':
      return `MarkersAppended ${event.tp} (${event.role} of epoch ${event.leaderEpoch})${event.markers.map(marker).join('')} leo=${event.logEndOffset}`
    case 'TransactionNotVerified':
      return `TransactionNotVerified ${event.tp} ${event.transactionalId} ${errorName(event.errorCode)} producer=${event.producerId} epoch=${event.epoch}`
    case 'TransactionCoordinatorFound':
      return `TransactionCoordinatorFound ${event.transactionalId} (${event.of}) ${brokerName(event.broker)} by ${event.client}`
    case 'TransactionBegun':
      return `TransactionBegun ${event.transactionalId} #${event.transaction} by ${event.client}`
    case 'TransactionFailed':
      return `TransactionFailed ${event.transactionalId} #${event.transaction} ${event.error}${event.fatal ? ' (fatal)' : ''} by ${event.client}`
    case 'OffsetsSentToTransaction':
      return `OffsetsSentToTransaction ${event.transactionalId} #${event.transaction} ${event.group}${offsets(event.offsets)} by ${event.client}`
    case 'TransactionEnding':
      return `TransactionEnding ${event.transactionalId} #${event.transaction} to be ${event.committed ? 'committed' : 'aborted'} by ${event.client}`
    case 'TransactionEnded':
      return `TransactionEnded ${event.transactionalId} #${event.transaction} ${event.outcome} by ${event.client}`
    case 'TransactionBlocked':
      return `TransactionBlocked ${event.transactionalId} #${event.transaction} ${event.call} by ${event.client}: TimeoutException`
    default:
      return unreachable(event)
  }
}

const list = (partitions: readonly string[]): string => (partitions.length === 0 ? '' : ` [${partitions.join(' ')}]`)

type Marker = Extract<TransactionalEvent, { kind: 'MarkersAppended' }>['markers'][number]

const marker = ({ offset, committed, producerId, epoch, coordinatorEpoch }: Marker): string =>
  ` ${offset}:${committed ? 'COMMIT' : 'ABORT'} producer=${producerId} epoch=${epoch} coordinator=${coordinatorEpoch}`

function offsets(of: Readonly<Record<string, number>>): string {
  let text = ''
  for (const tp of Object.keys(of)) text += ` ${tp}=${of[tp]}`
  return text
}
