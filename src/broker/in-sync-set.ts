/**
 * The ISR of a partition as its leader knows it, and a change of it that is on its way to the controller (KIP-497): a
 * replica that is to join counts already (the "maximal ISR"), one that is to leave still does.
 */
import type { Digest } from '../host/index.ts'
import type { RemoteReplica } from './replica.ts'

export interface IsrChange {
  readonly kind: 'IsrShrunk' | 'IsrExpanded'
  /** The ISR asked for. */
  readonly isr: readonly number[]
  /** Who joins or leaves. */
  readonly changed: readonly number[]
  readonly reason: string
}

export class InSyncSet {
  /** Broker ids, the order kept as Scala's small sets keep it; empty on followers. */
  committed: readonly number[] = []
  /** Not answered yet. */
  pending: IsrChange | undefined
  /** The members of the maximal ISR but the leader itself. */
  remotes: readonly RemoteReplica[] = []
  private readonly brokerId: number
  private readonly replicaOf: (id: number) => RemoteReplica

  /** @param replicaOf also of a member that is not assigned: it is no follower, but holds the high watermark back all the same */
  constructor(brokerId: number, replicaOf: (id: number) => RemoteReplica) {
    this.brokerId = brokerId
    this.replicaOf = replicaOf
  }

  get maximal(): readonly number[] {
    return this.pending?.kind === 'IsrExpanded' ? this.pending.isr : this.committed
  }

  /** This is the ISR now; whatever was asked for is over. */
  commit(isr: readonly number[]): void {
    this.committed = isr
    this.propose(undefined)
  }

  /** Asks for a change; undefined: gives one up. */
  propose(change: IsrChange | undefined): void {
    this.pending = change
    this.remotes = this.maximal.filter((id) => id !== this.brokerId).map(this.replicaOf)
  }

  digest(digest: Digest): void {
    digest.string(this.committed.join()).string(this.pending?.isr.join() ?? '')
  }
}
