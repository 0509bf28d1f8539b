/**
 * Groups whose members were told by a leader that had been replaced that they were ahead of its log, and went to one of its
 * ends (D34).
 */
import type { SystemEvent } from '../../src/events.ts'
import type { ProtocolVersions } from '../../src/versions.ts'
import type { Truth } from './truth.ts'

type FetchFailed = Extract<SystemEvent, { readonly kind: 'FetchFailed' }>

export class StaleResets {
  private readonly clients = new Set<string>()

  apply({ client, tp, error, broker, offset }: FetchFailed, truth: Truth): void {
    if (error !== 'OffsetOutOfRange') return
    const leader = truth.partitions.get(tp)?.actingLeader()
    if (leader?.broker === broker) return
    // The one that replaced it has the offset.
    if (leader === undefined || offset <= leader.entries.length) this.clients.add(`${client} ${tp}`)
  }

  has(client: string, tp: string): boolean {
    return this.clients.has(`${client} ${tp}`)
  }

  /** Of any member. */
  hasAny(clients: readonly string[], tp: string): boolean {
    return clients.some((client) => this.has(client, tp))
  }
}

export const staleResetExcuse = ({ consumerEpochs }: ProtocolVersions): string | undefined =>
  consumerEpochs === 'none'
    ? 'D34, a leader that does not know that it was replaced tells a consumer that it is ahead of the log, and the consumer goes to an end of it (KIP-320, before 2.3)'
    : undefined
