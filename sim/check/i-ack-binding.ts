/** I-ACK-BINDING: an acknowledgement is about the message that was sent, not about its offset. */
import type { BrokerEvent } from '../../src/broker/events.ts'
import { ErrorCode } from '../../src/protocol/index.ts'
import type { TraceRecord } from '../kernel/index.ts'
import type { Cut } from './cuts.ts'
import { nameOf } from './entry.ts'
import { cutExcuse } from './excuses.ts'
import { requestKey } from './message-truth.ts'
import { type Circumstances, OracleBase } from './oracle.ts'
import type { Truth } from './truth.ts'

type Answer = Extract<BrokerEvent, { readonly kind: 'ProduceAnswered' }>

/** Where the message went that was acknowledged all the same; undefined: the leader never lost it. */
interface False {
  readonly cut: Cut | undefined
}

export class AckBindingOracle extends OracleBase<False> {
  readonly name = 'I-ACK-BINDING'
  readonly statement = 'At the instant of an acknowledgement the leader holds exactly that message at that offset.'
  readonly kinds = ['ProduceAnswered']
  protected readonly promise = 'promised always'

  apply(record: TraceRecord, truth: Truth): void {
    const event = record.event as Answer
    if (event.requiredAcks === 0) return
    const key = requestKey(event.client, event.correlationId, event.tp)
    const sent = truth.requests.get(key)
    if (sent === undefined) return
    truth.requests.delete(key)
    if (event.errorCode !== ErrorCode.NoError) return
    const broker = truth.brokerOf(record.machine)
    const partition = truth.partitionOf(event.tp)
    const replica = broker === undefined ? undefined : partition.replicas.get(broker)
    sent.forEach((name, i) => {
      const offset = event.baseOffset + i
      const entry = replica?.entries[offset]
      const there = replica !== undefined && offset < replica.entries.length
      if (there && (entry === undefined || entry.name === name)) return
      const cut = replica?.lost.findNamed(offset, name)
      if (cut !== undefined) partition.falselyAcknowledged.add(name)
      this.report(
        record,
        { cut },
        {
          tp: event.tp,
          message: name,
          detail: `${record.machine} acknowledged ${name} at offset ${offset} of ${event.tp} while ${there ? `${nameOf(entry)} stood there` : 'nothing stood there'}.`,
        },
      )
    })
  }

  protected excuse({ versions }: Circumstances, note: False | undefined): string | undefined {
    if (note?.cut === undefined || versions.demotedPurgatory !== 'kept') return undefined
    if (cutExcuse(versions, note.cut) === undefined) return undefined
    return 'produce requests survive their leader’s demotion and are answered by offset alone when it leads again (KAFKA-2960, before 0.10)'
  }
}
