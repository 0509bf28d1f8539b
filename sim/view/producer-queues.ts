/** Which messages each async producer still owes: in its queue, or in a batch whose fate is open. Part of the ledger. */
import type { ClientEvent } from '../../src/client/events.ts'

export class ProducerQueues {
  readonly #owed = new Map<string, Set<string>>()
  readonly #lost = new Map<string, number>()

  apply(event: ClientEvent): void {
    switch (event.kind) {
      case 'MessageQueued': {
        let owed = this.#owed.get(event.client)
        if (owed === undefined) this.#owed.set(event.client, (owed = new Set()))
        owed.add(event.message)
        return
      }
      // Nobody will say more of a request without acknowledgement.
      case 'ProduceSent':
        if (event.requiredAcks === 0) this.#settle(event.client, event.messages)
        return
      case 'ProduceAcknowledged':
      case 'ProducerGaveUp':
        this.#settle(event.client, event.messages)
        return
      default:
        return
    }
  }

  /** The process ended: what it owed. */
  ended(client: string): readonly string[] {
    const owed = [...(this.#owed.get(client) ?? [])]
    this.#owed.delete(client)
    return owed
  }

  countLost(client: string): void {
    this.#lost.set(client, this.lost(client) + 1)
  }

  lost(client: string): number {
    return this.#lost.get(client) ?? 0
  }

  #settle(client: string, messages: readonly string[]): void {
    const owed = this.#owed.get(client)
    if (owed !== undefined) for (const message of messages) owed.delete(message)
  }
}
