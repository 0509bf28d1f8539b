/**
 * Counts what happened in a run, from the trace: a soak that never elects a leader or cuts a log proves nothing, so the
 * counts are part of its result.
 */
import type { SystemEvent } from '../../src/events.ts'
import type { WorldEvent } from '../kernel/events.ts'
import type { TraceRecord } from '../kernel/index.ts'
import { TroubleCounters, troubleCounterNames } from './trouble-counters.ts'

export const counterNames = [
  ...troubleCounterNames,
  'leaderChanges',
  'truncations',
  'logRecoveries',
  'messagesHanded',
  'messagesAcked',
  'messagesGivenUp',
  'messagesRead',
  'messagesTruncated',
] as const

export type CounterName = (typeof counterNames)[number]
export type Counts = Record<CounterName, number>

/** What a soak must have seen at least once. */
export const requiredCounters: readonly CounterName[] = [
  'leaderChanges',
  'truncations',
  'isrShrinks',
  'controllerFailovers',
  'zooKeeperElections',
  'sessionExpiries',
]

export const zeroCounts = (): Counts => Object.fromEntries(counterNames.map((name) => [name, 0])) as Counts

/** Adds `more` to `sum` in place. */
export function addCounts(sum: Counts, more: Counts): void {
  for (const name of counterNames) sum[name] += more[name]
}

export class EventCounters {
  readonly counts: Counts = zeroCounts()
  private readonly trouble = new TroubleCounters(this.counts)

  readonly subscriber = (record: TraceRecord): void => this.apply(record)

  apply(record: TraceRecord): void {
    const { counts } = this
    this.trouble.apply(record)
    const event = record.event as SystemEvent | WorldEvent
    switch (event.kind) {
      case 'PartitionElected':
        if (event.election !== 'new-partition') counts.leaderChanges++
        return
      case 'Truncated':
        if (event.to < event.from) {
          counts.truncations++
          counts.messagesTruncated += event.from - event.to
        }
        return
      case 'LogLoaded':
        if (event.recovered) counts.logRecoveries++
        return
      case 'MessageHanded':
        counts.messagesHanded++
        return
      case 'ProduceAcknowledged':
        if (event.requiredAcks !== 0) counts.messagesAcked += event.messages.length
        return
      case 'ProducerGaveUp':
        counts.messagesGivenUp += event.messages.length
        return
      case 'MessagesRead':
        counts.messagesRead += event.messages.length
        return
    }
  }
}
