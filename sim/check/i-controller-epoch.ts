/** I-CONTROLLER-EPOCH: brokers tell an old controller from the present one. */
import type { BrokerEvent } from '../../src/broker/events.ts'
import type { TraceRecord } from '../kernel/index.ts'
import { noExcuse } from './excuses.ts'
import { OracleBase } from './oracle.ts'
import type { Truth } from './truth.ts'

type Obeyed = Extract<BrokerEvent, { readonly kind: 'BecameLeader' | 'BecameFollower' | 'MetadataUpdated' }>

export class ControllerEpochOracle extends OracleBase<null> {
  readonly name = 'I-CONTROLLER-EPOCH'
  readonly statement = 'A broker that has obeyed a controller obeys no older one while its process lives.'
  readonly kinds = ['BecameLeader', 'BecameFollower', 'MetadataUpdated', 'ProcessEnded']
  protected readonly promise = 'promised always'
  private readonly obeyed = new Map<string, number>()

  apply(record: TraceRecord, _truth: Truth): void {
    if (record.event.kind === 'ProcessEnded') {
      this.obeyed.delete(record.machine)
      return
    }
    const { controllerEpoch } = record.event as Obeyed
    if (controllerEpoch === undefined) return
    const highest = this.obeyed.get(record.machine) ?? 0
    if (controllerEpoch > highest) this.obeyed.set(record.machine, controllerEpoch)
    else if (controllerEpoch < highest) {
      const detail = `${record.machine} obeyed the controller of epoch ${controllerEpoch} after it had obeyed that of epoch ${highest}.`
      this.report(record, null, { detail })
    }
  }

  protected excuse = noExcuse
}
