/** I-READ-COMMITTED: whoever asks for committed messages alone gets no others. */
import type { SystemEvent } from '../../src/events.ts'
import { presets } from '../../src/versions.ts'
import type { TraceRecord } from '../kernel/index.ts'
import type { ClientPlan, ClusterPlan } from '../scenario/plan.ts'
import { lossExcuse } from './excuses.ts'
import { type Evidence, noEvidence } from './facts.ts'
import { type Circumstances, OracleBase } from './oracle.ts'
import { fateAt } from './transaction-truth.ts'
import type { Truth } from './truth.ts'

type Event = Extract<SystemEvent, { readonly kind: 'MessagesRead' }>

export class ReadCommittedOracle extends OracleBase<Evidence> {
  readonly name = 'I-READ-COMMITTED'
  readonly statement = 'Readers of committed messages get none of a transaction that is open or aborted.'
  readonly kinds = ['MessagesRead']
  protected readonly promise = 'promised to consumers with isolation.level=read_committed'
  private readonly readers: ReadonlySet<string>

  constructor({ clients, protocol }: ClusterPlan) {
    super()
    const knows = presets[protocol].transactions !== 'none'
    this.readers = new Set(knows ? clients.filter(readsCommitted).map(({ name }) => name) : [])
  }

  apply(record: TraceRecord, truth: Truth): void {
    const event = record.event as Event
    if (!this.readers.has(event.client)) return
    const partition = truth.partitions.get(event.tp)
    const log = partition?.replicas.get(event.broker)?.entries ?? []
    for (const { offset, value } of event.messages) {
      const part = log[offset]?.transaction
      if (part === undefined) continue
      const fate = fateAt(log, offset, part.producerId)
      if (fate === 'committed') continue
      const state = fate === 'open' ? 'open still' : 'aborted'
      this.report(
        record,
        { ...noEvidence(), ...partition!.evidence },
        {
          tp: event.tp,
          ...(value === null ? {} : { message: value }),
          detail: `${event.client} was given ${value} (offset ${offset} of ${event.tp}), whose transaction is ${state}.`,
        },
      )
    }
  }

  protected excuse({ versions }: Circumstances, note: Evidence | undefined): string | undefined {
    return note === undefined ? undefined : lossExcuse(versions, note)
  }
}

const readsCommitted = (client: ClientPlan): boolean =>
  'config' in client && (client.config as Record<string, unknown>)['isolation.level'] === 'read_committed'
