/**
 * What applications have done by way of transactions: the effect of a message is what the application wrote for it, once
 * that is committed. Found in the trace: who processed what, what a producer id's records are called, and which markers
 * the leaders wrote.
 */
import type { SystemEvent } from '../../src/events.ts'

export interface DoneInTransaction {
  readonly client: string
  readonly group: string
  /** Where the message was read. */
  readonly tp: string
  readonly offset: number
  readonly message: string
}

export class TransactionalOutputs {
  /** The client that a producer id was given to last. */
  private readonly clients = new Map<number, string>()
  /** What a client has last begun to process, by message. */
  private readonly inputs = new Map<string, Map<string, DoneInTransaction>>()
  /** Records of open transactions: by producer id, partition and name. */
  private readonly open = new Map<number, Map<string, Set<string>>>()

  /** @returns messages whose effect came about with this event */
  apply(event: SystemEvent): readonly DoneInTransaction[] {
    switch (event.kind) {
      case 'ProducerIdAssigned':
        this.clients.set(event.producerId, event.client)
        return NOTHING
      case 'ProcessingBegan': {
        const { client, group, tp, offset, message } = event
        let inputs = this.inputs.get(client)
        if (inputs === undefined) this.inputs.set(client, (inputs = new Map()))
        inputs.set(message, { client, group, tp, offset, message })
        return NOTHING
      }
      case 'Appended':
        if (event.role === 'leader') {
          for (const { value, transaction } of event.messages) {
            if (transaction !== undefined && value !== null) this.written(transaction.producerId, event.tp, value)
          }
        }
        return NOTHING
      case 'MarkersAppended':
        if (event.role === 'follower') return NOTHING
        return event.markers.flatMap(({ producerId, committed }) => {
          const names = this.open.get(producerId)?.get(event.tp)
          this.open.get(producerId)?.delete(event.tp)
          return committed ? this.done(producerId, names ?? NO_NAMES) : NOTHING
        })
      default:
        return NOTHING
    }
  }

  private written(producerId: number, tp: string, name: string): void {
    let partitions = this.open.get(producerId)
    if (partitions === undefined) this.open.set(producerId, (partitions = new Map()))
    const names = partitions.get(tp)
    if (names === undefined) partitions.set(tp, new Set([name]))
    else names.add(name)
  }

  private done(producerId: number, names: ReadonlySet<string>): DoneInTransaction[] {
    const client = this.clients.get(producerId)
    const inputs = client === undefined ? undefined : this.inputs.get(client)
    if (inputs === undefined) return []
    // `receipts/m1` was written for `m1`.
    return [...names].flatMap((name) => inputs.get(name.slice(name.indexOf('/') + 1)) ?? [])
  }
}

const NOTHING: readonly DoneInTransaction[] = []
const NO_NAMES: ReadonlySet<string> = new Set()
