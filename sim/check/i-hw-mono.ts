/** I-HW-MONO: a leader's high watermark never falls while it leads. */
import type { BrokerEvent } from '../../src/broker/events.ts'
import type { TraceRecord } from '../kernel/index.ts'
import { noExcuse } from './excuses.ts'
import { OracleBase } from './oracle.ts'
import type { Truth } from './truth.ts'

type Event = Extract<BrokerEvent, { readonly kind: 'HighWatermark' | 'BecameLeader' }>

/** Across leader changes, restarts and on followers it may fall: that is not claimed. */
export class HighWatermarkMonotoneOracle extends OracleBase<null> {
  readonly name = 'I-HW-MONO'
  readonly statement = 'A leader’s high watermark never falls within one leadership.'
  readonly kinds = ['BecameLeader', 'HighWatermark', 'ProcessEnded']
  protected readonly promise = 'promised always'
  /** By machine, then partition: the epoch led and the last high watermark in it. */
  private readonly leaderships = new Map<string, Map<string, { epoch: number; highWatermark: number }>>()

  apply(record: TraceRecord, _truth: Truth): void {
    const { machine } = record
    if (record.event.kind === 'ProcessEnded') {
      this.leaderships.delete(machine)
      return
    }
    const event = record.event as Event
    if (event.kind === 'HighWatermark' && event.role === 'follower') return
    let led = this.leaderships.get(machine)
    if (led === undefined) this.leaderships.set(machine, (led = new Map()))
    const now = event.kind === 'HighWatermark' ? event.to : event.highWatermark
    const before = led.get(event.tp)
    if (before?.epoch !== event.leaderEpoch) {
      led.set(event.tp, { epoch: event.leaderEpoch, highWatermark: now })
      return
    }
    if (now < before.highWatermark) {
      this.report(record, null, {
        tp: event.tp,
        detail: `The high watermark of ${event.tp} on its leader ${machine} fell from ${before.highWatermark} to ${now} in epoch ${event.leaderEpoch}.`,
      })
    }
    before.highWatermark = now
  }

  protected excuse = noExcuse
}
