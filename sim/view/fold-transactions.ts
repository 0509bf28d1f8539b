/** What coordinators tell of transactions, and the markers in the logs, folded into the view. */
import type { ViewDraft } from './fold.ts'
import { foldBrokerEvent } from './fold-broker.ts'
import type { TransactionalEvent } from './transaction-events.ts'

export function foldTransactionEvent(view: ViewDraft, machine: string, atUs: number, event: TransactionalEvent): void {
  switch (event.kind) {
    case 'TransactionStateChanged': {
      const { to: state, producerId, epoch, partitions } = event
      view.transactions[event.transactionalId] = { state, producerId, epoch, partitions, coordinator: machine }
      return
    }
    case 'MarkersAppended':
      // A log with markers is longer than its messages.
      foldBrokerEvent(view, machine, atUs, { ...event, kind: 'Appended', messages: [] })
      return
    default:
      // What producers and coordinators go through on the way.
      return
  }
}
