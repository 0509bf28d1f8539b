/** What every soak of a cluster counts, whatever else it looks at: faults, elections, and what they do to an ISR. */
import type { SystemEvent } from '../../src/events.ts'
import type { WorldEvent } from '../kernel/events.ts'
import type { TraceRecord } from '../kernel/index.ts'

export const troubleCounterNames = [
  'uncleanElections',
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
] as const

export type TroubleCounterName = (typeof troubleCounterNames)[number]

export class TroubleCounters<Counts extends Record<TroubleCounterName, number>> {
  private readonly counts: Counts
  private controllersElected = 0
  private ensembleLeaders = 0

  /** @param counts is added to in place */
  constructor(counts: Counts) {
    this.counts = counts
  }

  apply(record: TraceRecord): void {
    const counts: Record<TroubleCounterName, number> = this.counts
    const event = record.event as SystemEvent | WorldEvent
    switch (event.kind) {
      case 'PartitionElected':
        if (event.election === 'offline-unclean') counts.uncleanElections++
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
    }
  }
}
