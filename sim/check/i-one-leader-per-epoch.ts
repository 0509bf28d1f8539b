/** I-ONE-LEADER-PER-EPOCH: epochs tell leaders apart, of partitions and of the cluster. */
import type { SystemEvent } from '../../src/events.ts'
import type { TraceRecord } from '../kernel/index.ts'
import { noExcuse } from './excuses.ts'
import { OracleBase } from './oracle.ts'
import type { Truth } from './truth.ts'

type Event = Extract<SystemEvent, { readonly kind: 'BecameLeader' | 'ControllerElected' }>

export class OneLeaderPerEpochOracle extends OracleBase<null> {
  readonly name = 'I-ONE-LEADER-PER-EPOCH'
  readonly statement =
    'At most one broker acts as leader of a partition in one leader epoch, and at most one as controller in one controller epoch.'
  readonly kinds = ['BecameLeader', 'ControllerElected']
  protected readonly promise = 'promised always'
  /** By partition, or '' for the controller: epoch to machine. */
  private readonly holders = new Map<string, Map<number, string>>()

  apply(record: TraceRecord, _truth: Truth): void {
    const event = record.event as Event
    const [subject, epoch] = event.kind === 'BecameLeader' ? [event.tp, event.leaderEpoch] : ['', event.controllerEpoch]
    let holders = this.holders.get(subject)
    if (holders === undefined) this.holders.set(subject, (holders = new Map()))
    const holder = holders.get(epoch)
    if (holder === undefined) holders.set(epoch, record.machine)
    else if (holder !== record.machine) {
      const role =
        event.kind === 'BecameLeader' ? `leader of ${event.tp} in epoch ${epoch}` : `controller in epoch ${epoch}`
      this.report(record, null, {
        ...(event.kind === 'BecameLeader' ? { tp: event.tp } : {}),
        detail: `${record.machine} became ${role}, which ${holder} had been.`,
      })
    }
  }

  protected excuse = noExcuse
}
