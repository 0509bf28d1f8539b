/**
 * A process that takes part in elections by ZooKeeper's recipes. If it is told to, it writes to resources while it
 * believes that it leads the first of them; it learns that it leads no more when ZooKeeper tells it, not before.
 */
import {
  type Address,
  type Connection,
  type Digest,
  type Host,
  type Process,
  SECOND,
  type Timer,
} from '../../src/host/index.ts'
import { Contender, type ElectionRecipe } from '../../src/zookeeper/index.ts'
import { type LeaderWrite, RESOURCE_PORT } from './resource.ts'

/** Name and epoch and what else a small request holds. */
const WRITE_BYTES = 100

export interface ContenderProcessOptions {
  readonly name: string
  readonly servers: readonly Address[]
  readonly sessionTimeoutMs: number
  readonly recipe: ElectionRecipe
  readonly elections: readonly string[]
  readonly writes?: { readonly to: readonly string[]; readonly everyUs: number }
}

export class ContenderProcess implements Process {
  private readonly host: Host
  private readonly options: ContenderProcessOptions
  private readonly contender: Contender
  private readonly connections = new Map<string, Connection>()
  private timer: Timer | undefined
  private written = 0

  constructor(host: Host, options: ContenderProcessOptions) {
    this.host = host
    this.options = options
    const first = (path: string): boolean => path === options.elections[0]
    this.contender = new Contender(host, options, {
      elected: (election) => {
        if (first(election.path)) this.armWrite()
      },
      deposed: (election) => {
        if (first(election.path)) this.timer?.cancel()
      },
    })
  }

  start(): void {
    this.contender.start()
  }

  enter(): void {
    this.contender.enter()
  }

  resign(): void {
    this.contender.resign()
  }

  /** Ends its session in order: whatever it leads is free at once. */
  shutdown(): void {
    this.contender.close(() => this.host.halt('stopped'))
  }

  digest(digest: Digest): void {
    digest.int(this.written)
    this.contender.digest(digest)
  }

  private armWrite(): void {
    const { writes } = this.options
    if (writes === undefined) return
    this.timer = this.host.setTimer(writes.everyUs, 'write to resources', () => {
      this.armWrite()
      this.write(writes.to)
    })
  }

  private write(resources: readonly string[]): void {
    const epoch = this.contender.elections[0]?.epoch
    if (epoch === undefined) return
    this.written += 1
    const message: LeaderWrite = { by: this.options.name, epoch, number: this.written }
    for (const resource of resources) this.connectionTo(resource).send(message, WRITE_BYTES)
  }

  private connectionTo(resource: string): Connection {
    const known = this.connections.get(resource)
    if (known?.isOpen === true) return known
    const handler = { received: () => {}, closed: () => this.connections.delete(resource) }
    const connection = this.host.connect({ machine: resource, port: RESOURCE_PORT }, handler, SECOND)
    this.connections.set(resource, connection)
    return connection
  }
}
