/**
 * What is really the case with transactions: what applications began, sent and were told; what coordinators know; and what
 * happened that bears on it, told by the numbers of replication.md. Whether a record counts is told by the markers in the
 * logs (`fateAt`).
 */
import type { SystemEvent } from '../../src/events.ts'
import type { TopicPartition, TransactionState } from '../../src/protocol/index.ts'
import type { WorldEvent } from '../kernel/events.ts'
import type { TraceRecord } from '../kernel/index.ts'
import type { KnownEntry } from './entry.ts'

/** One transaction as its application sees it. */
export interface ClientTransaction {
  readonly client: string
  readonly transactionalId: string
  readonly number: number
  /** `open`: nobody has asked for its end. `unknown`: the application died, or was told nothing. */
  outcome: 'open' | 'ending' | 'committed' | 'aborted' | 'unknown'
  /** Which end the application has asked for last. */
  asked: boolean | undefined
  /** Names of what was sent, by partition. */
  readonly sent: Map<TopicPartition, Set<string>>
  readonly acknowledged: Array<{ readonly tp: TopicPartition; readonly offset: number; readonly name: string }>
  /** Its coordinator ended it before the application asked for that: M37. */
  endedUnasked: boolean
}

/** A record that began a transaction in a log whose coordinator knew nothing of it. */
export interface Uncalled {
  readonly tp: TopicPartition
  readonly producerId: number
  readonly offset: number
  /** The log had taken a later epoch of the producer before, and has forgotten it (M38). */
  readonly wasForgotten: boolean
}

interface Coordinated {
  readonly producerId: number
  readonly epoch: number
  readonly state: TransactionState
  readonly partitions: readonly TopicPartition[]
}

export type Fate = 'committed' | 'aborted' | 'open'

/** How the transaction ended that the entry at an offset is part of, by the log that it stands in. */
export function fateAt(entries: readonly KnownEntry[], offset: number, producerId: number): Fate {
  for (let at = offset + 1; at < entries.length; at++) {
    const marker = entries[at]?.marker
    if (marker?.producerId === producerId) return marker.committed ? 'committed' : 'aborted'
  }
  return 'open'
}

export class TransactionTruth {
  readonly transactions: ClientTransaction[] = []
  readonly uncalled: Uncalled[] = []
  /** The client that a producer id was given to last. */
  readonly clients = new Map<number, string>()
  private readonly current = new Map<string, ClientTransaction>()
  private readonly coordinated = new Map<string, Coordinated>()
  /** Highest epoch of a producer that was taken, by partition and id. */
  private readonly epochs = new Map<string, number>()
  private readonly timedOut = new Set<string>()

  /** A client's transaction that nobody has ended yet. */
  openOf(client: string | undefined): ClientTransaction | undefined {
    return client === undefined ? undefined : this.current.get(client)
  }

  /** @param entries of the leader's log that the record is about, before it is in there */
  apply(record: TraceRecord, entries: readonly KnownEntry[] | undefined): void {
    const event = record.event as SystemEvent | WorldEvent
    switch (event.kind) {
      case 'ProducerIdAssigned':
        this.clients.set(event.producerId, event.client)
        return
      case 'TransactionBegun':
        this.begin(event.client, event.transactionalId, event.transaction)
        return
      case 'TransactionEnding': {
        const transaction = this.current.get(event.client)
        if (transaction === undefined) return
        transaction.outcome = 'ending'
        transaction.asked = event.committed
        return
      }
      case 'TransactionEnded':
        this.end(event.client, event.outcome)
        return
      case 'ProcessEnded':
        this.end(record.machine, 'unknown')
        return
      case 'ProduceSent': {
        const sent = this.current.get(event.client)?.sent
        if (sent === undefined) return
        const names = sent.get(event.tp)
        if (names === undefined) sent.set(event.tp, new Set(event.messages))
        else for (const name of event.messages) names.add(name)
        return
      }
      case 'ProduceAcknowledged': {
        const acknowledged = this.current.get(event.client)?.acknowledged
        if (event.baseOffset < 0) return
        for (const [i, name] of event.messages.entries()) {
          acknowledged?.push({ tp: event.tp, offset: event.baseOffset + i, name })
        }
        return
      }
      case 'TransactionTimedOut':
        this.timedOut.add(event.transactionalId)
        return
      case 'TransactionStateChanged':
        this.changed(event.transactionalId, event)
        return
      case 'Appended':
        if (event.role === 'leader' && entries !== undefined) {
          for (const { offset, transaction } of event.messages) {
            if (transaction !== undefined) this.appended(event.tp, offset, transaction, entries)
          }
        }
        return
      case 'MarkersAppended':
        for (const { producerId, epoch } of event.markers) this.sawEpoch(event.tp, producerId, epoch)
        return
    }
  }

  private begin(client: string, transactionalId: string, number: number): void {
    this.end(client, 'unknown')
    const transaction: ClientTransaction = {
      client,
      transactionalId,
      number,
      outcome: 'open',
      asked: undefined,
      sent: new Map(),
      acknowledged: [],
      endedUnasked: false,
    }
    this.transactions.push(transaction)
    this.current.set(client, transaction)
  }

  private end(client: string, outcome: 'committed' | 'aborted' | 'unknown'): void {
    const transaction = this.current.get(client)
    if (transaction === undefined) return
    this.current.delete(client)
    transaction.outcome = outcome
  }

  private changed(transactionalId: string, event: Extract<SystemEvent, { kind: 'TransactionStateChanged' }>): void {
    const { to: state, producerId, epoch, partitions } = event
    const before = this.coordinated.get(transactionalId)
    this.coordinated.set(transactionalId, { producerId, epoch, state, partitions })
    if (state !== 'PrepareCommit' && state !== 'PrepareAbort') return
    const byTime = this.timedOut.delete(transactionalId)
    // The coordinator raises the epoch where it fences somebody.
    const isFence = state === 'PrepareAbort' && before !== undefined && epoch > before.epoch
    if (byTime || isFence) return
    const transaction = this.current.get(this.clients.get(producerId) ?? '')
    if (transaction === undefined || transaction.transactionalId !== transactionalId) return
    const isAsked = transaction.outcome === 'ending' && transaction.asked === (state === 'PrepareCommit')
    if (!isAsked) transaction.endedUnasked = true
  }

  private appended(
    tp: TopicPartition,
    offset: number,
    { producerId, epoch }: { readonly producerId: number; readonly epoch: number },
    entries: readonly KnownEntry[],
  ): void {
    const wasForgotten = epoch < this.sawEpoch(tp, producerId, epoch)
    if (isOpen(entries, offset, producerId)) return
    const isKnown = [...this.coordinated.values()].some(
      (one) => one.producerId === producerId && one.epoch === epoch && one.partitions.includes(tp),
    )
    if (!isKnown) this.uncalled.push({ tp, producerId, offset, wasForgotten })
  }

  /** @returns the highest epoch before */
  private sawEpoch(tp: TopicPartition, producerId: number, epoch: number): number {
    const key = `${tp} ${producerId}`
    const before = this.epochs.get(key) ?? -1
    if (epoch > before) this.epochs.set(key, epoch)
    return before
  }

  /** What began a transaction of its own accord in a partition, of a producer. */
  uncalledIn(tp: TopicPartition, producerId: number): Uncalled | undefined {
    return this.uncalled.find((one) => one.tp === tp && one.producerId === producerId)
  }
}

/** The producer has a transaction open just before an offset. */
function isOpen(entries: readonly KnownEntry[], offset: number, producerId: number): boolean {
  for (let at = Math.min(offset, entries.length) - 1; at >= 0; at--) {
    const entry = entries[at]
    if (entry?.marker?.producerId === producerId) return false
    if (entry?.transaction?.producerId === producerId) return true
  }
  return false
}
