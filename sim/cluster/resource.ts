/**
 * Something outside of ZooKeeper that leaders write to: a file store, a database. ZooKeeper cannot stop a leader that does
 * not know yet that it is replaced. A fenced resource can: it remembers the highest epoch that it has seen and refuses
 * writes of lower ones. An open one takes whatever comes.
 */
import type { Digest, Host, Process } from '../../src/host/index.ts'

export const RESOURCE_PORT = 7000

export interface LeaderWrite {
  readonly by: string
  /** Of the writer's leadership. */
  readonly epoch: number
  readonly number: number
}

export class ResourceProcess implements Process {
  private readonly host: Host
  private readonly name: string
  private readonly fenced: boolean
  private highest = -1
  private taken = 0

  constructor(host: Host, options: { readonly name: string; readonly fenced: boolean }) {
    this.host = host
    this.name = options.name
    this.fenced = options.fenced
  }

  start(): void {
    this.host.listen(RESOURCE_PORT, () => ({
      received: (message) => this.written(message as LeaderWrite),
      closed: () => {},
    }))
  }

  digest(digest: Digest): void {
    digest.int(this.highest).int(this.taken)
  }

  private written({ by, epoch }: LeaderWrite): void {
    this.highest = Math.max(this.highest, epoch)
    const accepted = !this.fenced || epoch >= this.highest
    if (accepted) this.taken += 1
    if (this.host.tracing) {
      const { highest, name: resource } = this
      this.host.trace({ kind: 'ResourceWritten', resource, by, epoch, highest, accepted })
    }
  }
}
