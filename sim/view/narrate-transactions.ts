/** Transactions, told: what producers begin and end, what their coordinators decide, the markers in the logs. */
import { unreachable } from '../../src/host/index.ts'
import { errorName, type TransactionState } from '../../src/protocol/index.ts'
import { brokerName, isInternal } from './names.ts'
import type { NarrationMemory, Telling } from './narrate.ts'
import { listNames } from './painter.ts'
import type { TransactionalEvent } from './transaction-events.ts'

export function narrateTransactions(
  who: string,
  event: TransactionalEvent,
  memory: NarrationMemory,
): Telling | undefined {
  const say = (text: string, tone: Telling['tone'] = 'plain'): Telling => ({ who, text, tone })
  switch (event.kind) {
    case 'TransactionStateChanged':
      return stateChanged(who, event)
    case 'TransactionTimedOut':
      return say(
        `aborts the transaction of ${event.transactionalId}: it is open for longer than its producer said`,
        'warn',
      )
    case 'TransactionRequestRefused': {
      const error = errorName(event.errorCode)
      const daily = error === 'ConcurrentTransactions' || event.api === 'FindCoordinator'
      if (daily || !memory.changed(`refused ${event.client} ${event.api}`, `${who} ${error}`)) return undefined
      return say(`refuses ${event.api} of ${event.client} for ${event.transactionalId}: ${error}`, 'warn')
    }
    case 'MarkerRefused': {
      if (!memory.changed(`marker ${event.transactionalId} ${event.tp}`, `${who} ${event.errorCode}`)) return undefined
      const goesOn = event.ends ? 'and leaves it to whoever has taken over' : 'and tries again'
      return say(
        `cannot have ${event.tp} marked for ${event.transactionalId} (${errorName(event.errorCode)}), ${goesOn}`,
        'warn',
      )
    }
    case 'TransactionsLoading':
      return undefined
    case 'TransactionsLoaded': {
      if (event.ids === 0) return undefined
      const pending = event.pending === 0 ? '' : `; it finishes what is decided: ${event.pending}`
      const ids = event.ids === 1 ? '1 transactional id' : `${event.ids} transactional ids`
      return say(`is a transaction coordinator now: it has read ${event.tp}, and knows ${ids}${pending}`, 'good')
    }
    case 'TransactionsUnloaded':
      return say(`coordinates the transactions of ${event.tp} no more`)
    case 'TxnOffsetsPending':
      return say(
        `keeps offsets of group ${event.group} apart until the transaction ends: ${offsets(event.offsets)}`,
        'quiet',
      )
    case 'TxnOffsetsDropped':
      return say(
        `drops offsets of group ${event.group}, for their transaction was aborted: ${offsets(event.offsets)}`,
        'warn',
      )
    case 'MarkersAppended': {
      if (event.role === 'follower' || isInternal(event.tp)) return undefined
      const texts = event.markers.map(
        ({ offset, committed, producerId }) =>
          `${committed ? 'COMMIT' : 'ABORT'} of producer ${producerId} at offset ${offset}`,
      )
      return { who, text: `marks ${event.tp}: ${texts.join(', ')}`, tone: 'plain', messages: [] }
    }
    case 'TransactionNotVerified':
      return say(
        `does not take what ${event.transactionalId} writes to ${event.tp}: its coordinator says ${errorName(event.errorCode)}`,
        'warn',
      )
    case 'TransactionCoordinatorFound': {
      if (!memory.changed(`txn coordinator ${event.client} ${event.of}`, String(event.broker))) return undefined
      const what = event.of === 'group' ? 'its group' : `the transactions of ${event.transactionalId}`
      return say(`finds that ${brokerName(event.broker)} coordinates ${what}`)
    }
    case 'TransactionEnding':
      return undefined
    case 'TransactionBegun':
      return { who, text: `begins transaction ${event.transaction}`, tone: 'quiet', messages: [] }
    case 'TransactionFailed': {
      const means = event.fatal ? 'cannot go on with this producer' : 'has to abort the transaction'
      return say(`is told ${event.error}, and ${means}`, 'bad')
    }
    case 'OffsetsSentToTransaction':
      return { who, text: `sends its group's offsets along: ${offsets(event.offsets)}`, tone: 'quiet', messages: [] }
    case 'TransactionEnded': {
      const tone = event.outcome === 'committed' ? 'good' : 'warn'
      const outcome = event.outcome === 'unknown' ? 'does not know what becomes of' : `has ${event.outcome}`
      return { who, text: `${outcome} transaction ${event.transaction}`, tone, messages: [] }
    }
    case 'TransactionBlocked':
      return say(`waits in ${event.call} for longer than max.block.ms (TimeoutException), and calls again`, 'warn')
    default:
      return unreachable(event)
  }
}

const decisions: Partial<Readonly<Record<TransactionState, string>>> = {
  PrepareCommit: 'commits',
  PrepareAbort: 'aborts',
}

/** What is decided is told, and what is all done; the rest is what producers are told of anyway. */
function stateChanged(
  who: string,
  event: Extract<TransactionalEvent, { kind: 'TransactionStateChanged' }>,
): Telling | undefined {
  const { transactionalId, to, epoch, producerId, partitions } = event
  const decision = decisions[to]
  if (decision !== undefined) {
    const text = `${decision} the transaction of ${transactionalId}, for good: ${to} stands in its log, and ${listNames(partitions)} will be marked`
    return { who, text, tone: to === 'PrepareCommit' ? 'good' : 'warn', messages: [] }
  }
  if (to !== 'Empty') return undefined
  const text = `gives ${transactionalId} the producer id ${producerId} with epoch ${epoch}${epoch > 0 ? ': whoever had an older one is fenced' : ''}`
  return { who, text, tone: 'plain' }
}

const offsets = (of: Readonly<Record<string, number>>): string =>
  Object.keys(of)
    .map((tp) => `${tp} next offset ${of[tp]}`)
    .join(', ')
