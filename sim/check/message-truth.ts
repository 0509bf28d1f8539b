/** What is known of application messages, by name, from hand-over to the attempts at sending them. */
import type { ClientEvent } from '../../src/client/events.ts'
import type { TopicPartition } from '../../src/protocol/index.ts'
import type { RunFacts } from './facts.ts'

type Of<K extends ClientEvent['kind']> = Extract<ClientEvent, { readonly kind: K }>

export interface MessageTruth {
  readonly name: string
  readonly client: string
  readonly handedSeq: number
  readonly handedUs: number
  /** Times that applications handed over a message of this name. */
  handings: number
  /** Most attempts that one hand-over took. */
  attempts: number
  /** Record of the first append by a leader, or of the first failed attempt; infinite until then. */
  touchedSeq: number
}

export const requestKey = (client: string, correlationId: number, tp: TopicPartition): string =>
  `${client} ${correlationId} ${tp}`

export class SendingTruth {
  readonly messages = new Map<string, MessageTruth>()
  /** Messages of produce requests under way, by `requestKey`. */
  readonly requests = new Map<string, readonly string[]>()

  handed(event: Of<'MessageHanded'>, seq: number, atUs: number): void {
    const known = this.messages.get(event.message)
    if (known !== undefined) {
      known.handings++
      return
    }
    this.messages.set(event.message, {
      name: event.message,
      client: event.client,
      handedSeq: seq,
      handedUs: atUs,
      handings: 1,
      attempts: 0,
      touchedSeq: Number.POSITIVE_INFINITY,
    })
  }

  sent(event: Of<'ProduceSent'>, facts: RunFacts): void {
    for (const name of event.messages) {
      const message = this.messages.get(name)
      if (message !== undefined && event.attempt > message.attempts) message.attempts = event.attempt
    }
    if (event.attempt > 1) increment(facts.retries, event.client)
    if (event.requiredAcks !== 0)
      this.requests.set(requestKey(event.client, event.correlationId, event.tp), event.messages)
  }

  failed(event: Of<'ProduceFailed'>, seq: number, facts: RunFacts): void {
    for (const name of event.messages) this.touch(name, seq)
    if (event.maybeAppended) increment(facts.doubtful, event.client)
  }

  /** A leader appended it, or an attempt failed. */
  touch(name: string, seq: number): void {
    const message = this.messages.get(name)
    if (message !== undefined && message.touchedSeq > seq) message.touchedSeq = seq
  }
}

export function increment(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1)
}
