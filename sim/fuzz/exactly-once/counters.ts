/** Counts what happened to transactions in a run, from the trace: a soak in which nothing happens proves nothing. */
import type { SystemEvent } from '../../../src/events.ts'
import { ErrorCode } from '../../../src/protocol/index.ts'
import type { WorldEvent } from '../../kernel/events.ts'
import type { TraceRecord } from '../../kernel/index.ts'
import { type TroubleCounterName, TroubleCounters, troubleCounterNames } from '../trouble-counters.ts'

/** What these plans have none of. */
const absent: readonly TroubleCounterName[] = ['uncleanElections', 'powerLosses', 'zooKeeperElections', 'brokerHalts']

const ownNames = [
  'leaderElections',
  'transactionsBegun',
  'transactionsCommitted',
  'transactionsAborted',
  'transactionsUnknown',
  'transactionsTimedOut',
  'transactionsFailed',
  'producersFenced',
  'clientCrashes',
  'coordinatorFailovers',
  'decidedBeforeFailover',
  'concurrentTransactions',
  'commitMarkers',
  'abortMarkers',
  'markersRefused',
  'offsetsCommitted',
  'offsetsDropped',
  'unverifiedBatches',
  'committedMessagesRead',
] as const

export type ExactlyOnceCounterName = TroubleCounterName | (typeof ownNames)[number]
export type ExactlyOnceCounts = Record<ExactlyOnceCounterName, number>

export const exactlyOnceCounterNames: readonly ExactlyOnceCounterName[] = [
  ...troubleCounterNames.filter((name) => !absent.includes(name)),
  ...ownNames,
]

export const zeroExactlyOnceCounts = (): ExactlyOnceCounts =>
  Object.fromEntries([...troubleCounterNames, ...ownNames].map((name) => [name, 0])) as ExactlyOnceCounts

export class ExactlyOnceCounters {
  readonly counts = zeroExactlyOnceCounts()
  private readonly trouble = new TroubleCounters(this.counts)
  /** Partitions of the transaction log that somebody has coordinated before. */
  private readonly coordinated = new Set<string>()

  readonly subscriber = (record: TraceRecord): void => this.apply(record)

  apply(record: TraceRecord): void {
    const { counts } = this
    this.trouble.apply(record)
    const event = record.event as SystemEvent | WorldEvent
    switch (event.kind) {
      case 'PartitionElected':
        if (event.election !== 'new-partition') counts.leaderElections++
        return
      case 'TransactionBegun':
        counts.transactionsBegun++
        return
      case 'TransactionEnded':
        if (event.outcome === 'committed') counts.transactionsCommitted++
        else if (event.outcome === 'aborted') counts.transactionsAborted++
        else counts.transactionsUnknown++
        return
      case 'TransactionTimedOut':
        counts.transactionsTimedOut++
        return
      case 'TransactionFailed':
        if (event.error === 'ProducerFencedException') counts.producersFenced++
        else counts.transactionsFailed++
        return
      case 'ProcessEnded':
        if (event.how === 'crash' && !/^(?:b|zk)\d/.test(record.machine)) counts.clientCrashes++
        return
      case 'TransactionsLoaded':
        if (this.coordinated.has(event.tp)) counts.coordinatorFailovers++
        this.coordinated.add(event.tp)
        counts.decidedBeforeFailover += event.pending
        return
      case 'TransactionRequestRefused':
        if (event.errorCode === ErrorCode.ConcurrentTransactions) counts.concurrentTransactions++
        return
      case 'MarkersAppended':
        if (event.role === 'follower') return
        for (const { committed } of event.markers) {
          if (committed) counts.commitMarkers++
          else counts.abortMarkers++
        }
        return
      case 'MarkerRefused':
        counts.markersRefused++
        return
      case 'OffsetsCommitted':
        counts.offsetsCommitted++
        return
      case 'TxnOffsetsDropped':
        counts.offsetsDropped++
        return
      case 'TransactionNotVerified':
        counts.unverifiedBatches++
        return
      case 'MessagesRead':
        if (record.machine.includes('-reader-')) counts.committedMessagesRead += event.messages.length
        return
    }
  }
}
