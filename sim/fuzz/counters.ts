/**
 * Counts what happened in a run, from the trace: a soak that never elects a leader or cuts a log proves nothing, so the
 * counts are part of its result.
 */
import type { SystemEvent } from '../../src/events.ts'
import type { WorldEvent } from '../kernel/events.ts'
import type { TraceRecord } from '../kernel/index.ts'

export const counterNames = [
  'leaderChanges',
  'uncleanElections',
  'truncations',
  'isrShrinks',
  'isrExpands',
  'controllerFailovers',
  'zooKeeperElections',
  'sessionExpiries',
  'processCrashes',
  'powerLosses',
  'pauses',
  'linkCuts',
  'linkStalls',
  'brokerHalts',
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
  private controllersElected = 0
  private ensembleLeaders = 0

  readonly subscriber = (record: TraceRecord): void => this.apply(record)

  apply(record: TraceRecord): void {
    const { counts } = this
    const event = record.event as SystemEvent | WorldEvent
    switch (event.kind) {
      case 'PartitionElected':
        if (event.election !== 'new-partition') counts.leaderChanges++
        if (event.election === 'offline-unclean') counts.uncleanElections++
        return
      case 'Truncated':
        if (event.to < event.from) {
          counts.truncations++
          counts.messagesTruncated += event.from - event.to
        }
        return
      case 'IsrShrunk':
        counts.isrShrinks++
        return
      case 'IsrExpanded':
        counts.isrExpands++
        return
      case 'ControllerElected':
        if (this.controllersElected++ > 0) counts.controllerFailovers++
        return
      case 'ZkLeaderServing':
        if (this.ensembleLeaders++ > 0) counts.zooKeeperElections++
        return
      case 'ZkSessionClosed':
        if (event.expired) counts.sessionExpiries++
        return
      case 'ProcessEnded':
        if (event.how === 'crash') counts.processCrashes++
        if (event.how === 'exit' && event.reason !== 'shut down' && /^b\d/.test(record.machine)) counts.brokerHalts++
        return
      case 'PowerLost':
        counts.powerLosses++
        return
      case 'Paused':
        counts.pauses++
        return
      case 'LinkCut':
        counts.linkCuts++
        return
      case 'LinkStalled':
        counts.linkStalls++
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
