/** What an application hands to a producer. */
import type { Digest } from '../host/index.ts'
import type { BrokerEndpoint } from '../protocol/index.ts'

export interface ApplicationMessage {
  readonly topic: string
  /** Explicit partition; one that does not exist fails as in Kafka, and is retried. */
  readonly partition?: number
  readonly key?: string
  /** The message's name, then perhaps a newline and padding. */
  readonly value: string
  /** Sends to this broker whoever leads. */
  readonly broker?: BrokerEndpoint
}

/** A message with its name, which traces speak of it by. */
export interface Outgoing extends ApplicationMessage {
  readonly name: string
}

export function digestMessage(digest: Digest, message: Outgoing | undefined): void {
  digest
    .string(message?.value ?? '')
    .string(message?.key ?? '')
    .string(message?.topic ?? '')
    .int(message?.partition ?? -1)
  digest.string(message?.broker?.host ?? '')
}
