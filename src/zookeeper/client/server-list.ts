/**
 * The order in which a client tries servers (org.apache.zookeeper.client.StaticHostProvider): shuffled once, then round
 * and round, with a second's rest after a whole round without success.
 */
import type { Address, Digest, RandomStream } from '../../host/index.ts'

/** Milliseconds. */
const ROUND_REST_MS = 1_000

export class ServerList {
  private readonly servers: Address[]
  private current = -1
  private last = -1

  constructor(servers: readonly Address[], random: RandomStream) {
    this.servers = [...servers]
    for (let i = this.servers.length - 1; i > 0; i--) {
      const j = random.intBelow(i + 1, 'order of servers')
      const swapped = this.servers[i]!
      this.servers[i] = this.servers[j]!
      this.servers[j] = swapped
    }
  }

  get size(): number {
    return this.servers.length
  }

  /** The server to try next, and how long to rest before. */
  next(): { readonly server: Address; readonly restMs: number } {
    this.current = (this.current + 1) % this.servers.length
    const restMs = this.current === this.last ? ROUND_REST_MS : 0
    if (this.last === -1) this.last = 0
    return { server: this.servers[this.current]!, restMs }
  }

  /** The server tried last accepted the session. */
  connected(): void {
    this.last = this.current
  }

  digest(d: Digest): void {
    d.int(this.current).int(this.last)
  }
}
