/**
 * All connections between machines, and what can go wrong with them. TCP-like: within a connection nothing is lost or
 * reordered while it is up; a cut or a stall makes bytes wait, and whoever waits too long closes the connection.
 */
import type { ConnectionHandler, Digest, Message, Micros } from '../../src/host/index.ts'
import { deepFreeze } from './deep-freeze.ts'
import { Endpoint } from './endpoint.ts'
import { type LatencyRange, Link } from './link.ts'
import type { Machine } from './machine.ts'
import { Pipe } from './pipe.ts'
import type { ProcessLife } from './process-life.ts'
import type { Segment } from './segment.ts'
import type { World } from './world.ts'

export interface NetworkOptions {
  readonly latencyUs: LatencyRange
  /** Of each direction between two machines; undefined: no limit. */
  readonly bytesPerSecond?: number
}

/** A message that is about to be delivered. */
export interface Delivery {
  readonly from: string
  readonly to: string
  readonly message: Message
  /** As `Network.describe` names it. */
  readonly name: string
  readonly connection: number
}

/**
 * What becomes of a delivery: `hold` stalls it and all later bytes of its direction of the connection until `release` or
 * `releaseAll`; `drop` swallows it and resets the connection, because TCP loses no single message.
 */
export type Verdict = 'pass' | 'hold' | 'drop' | { readonly delayUs: Micros }

export type Interceptor = (delivery: Delivery) => Verdict

/** Between processes of one machine. */
const LOOPBACK_US: LatencyRange = { low: 20, high: 20 }

export class Network {
  readonly world: World
  /** Names a message, for traces and interceptors. */
  describe: (message: Message) => string = () => 'message'
  private readonly options: NetworkOptions
  private readonly freezes: boolean
  private readonly links = new Map<string, Map<string, Link>>()
  /** The client's end of each connection of which something is left. */
  private readonly connections = new Map<number, Endpoint>()
  private interceptors: readonly Interceptor[] = []
  private nextConnection = 1

  constructor(world: World, options: NetworkOptions, freezes: boolean) {
    this.world = world
    this.options = options
    this.freezes = freezes
  }

  /** Bytes from one machine to another wait until healed, and connecting times out. One way; never within a machine. */
  cut(from: string, to: string): void {
    const link = this.link(from, to)
    if (link.isCut || from === to) return
    link.isCut = true
    this.world.emit('', { kind: 'LinkCut', from, to })
  }

  heal(from: string, to: string): void {
    const link = this.link(from, to)
    if (!link.isCut) return
    link.isCut = false
    this.world.emit('', { kind: 'LinkHealed', from, to })
    this.resume(link)
  }

  /** Bytes from one machine to another wait until released. One way; never within a machine. */
  stall(from: string, to: string): void {
    const link = this.link(from, to)
    if (link.isStalled || from === to) return
    link.isStalled = true
    this.world.emit('', { kind: 'LinkStalled', from, to })
  }

  /** Ends a stall, and what interceptors hold back in this direction. */
  release(from: string, to: string): void {
    const link = this.link(from, to)
    const wasStalled = link.isStalled
    link.isStalled = false
    let wasHeld = false
    for (const pipe of link.parked) {
      wasHeld ||= pipe.isHeld
      pipe.isHeld = false
    }
    if (!wasStalled && !wasHeld) return
    this.world.emit('', { kind: 'LinkReleased', from, to })
    this.resume(link)
  }

  healAll(): void {
    for (const link of this.allLinks()) this.heal(link.from, link.to)
  }

  releaseAll(): void {
    for (const link of this.allLinks()) this.release(link.from, link.to)
  }

  /** All connections between two machines die with `reset` on both sides. */
  reset(a: string, b: string): void {
    for (const client of [...this.connections.values()]) {
      const { name } = client.machine
      if ((name === a && client.peer === b) || (name === b && client.peer === a)) this.resetConnection(client)
    }
  }

  isCut(from: string, to: string): boolean {
    return this.link(from, to).isCut
  }

  isStalled(from: string, to: string): boolean {
    return this.link(from, to).isStalled
  }

  /** How long bytes take in one direction; undefined: as everywhere. */
  setLatency(from: string, to: string, range: LatencyRange | undefined): void {
    this.link(from, to).latency = range ?? this.usualLatency(from, to)
  }

  /** Asked of each message that is about to be delivered; the first answer other than `pass` counts. */
  intercept(interceptor: Interceptor): () => void {
    this.interceptors = [...this.interceptors, interceptor]
    return () => {
      this.interceptors = this.interceptors.filter((other) => other !== interceptor)
    }
  }

  // What follows serves the other parts of the kernel.

  get hasInterceptors(): boolean {
    return this.interceptors.length > 0
  }

  connect(life: ProcessLife, to: Machine, port: number, handler: ConnectionHandler, timeoutUs: Micros): Endpoint {
    const from = life.owner
    const id = this.nextConnection++
    const client = new Endpoint(this, id, from, to.name, port, 'connecting')
    const server = new Endpoint(this, id, to, from.name, port, 'idle')
    client.other = server
    server.other = client
    client.out = new Pipe(this, this.link(from.name, to.name), server)
    server.out = new Pipe(this, this.link(to.name, from.name), client)
    this.connections.set(id, client)
    client.connect(life, handler, timeoutUs)
    return client
  }

  askInterceptors(segment: Segment, link: Link): Verdict {
    const message = segment.message!
    const delivery: Delivery = {
      from: link.from,
      to: link.to,
      message,
      name: this.describe(message),
      connection: segment.target.id,
    }
    for (const interceptor of this.interceptors) {
      const verdict = interceptor(delivery)
      if (verdict !== 'pass') return verdict
    }
    return 'pass'
  }

  resetConnection(endpoint: Endpoint): void {
    const { other } = endpoint
    endpoint.out.clear()
    other.out.clear()
    const { from, to } = other.out.link
    this.world.emit('', { kind: 'ConnectionReset', connection: endpoint.id, from, to })
    endpoint.reset()
    other.reset()
  }

  /** A machine lost power: what it had not sent is lost, and its ends of connections vanish without a word. */
  losePower(machine: Machine): void {
    for (const client of [...this.connections.values()]) {
      if (client.machine === machine) client.endWithPower(this.world.now)
      if (client.other.machine === machine) client.other.endWithPower(this.world.now)
    }
  }

  /** Forgets a connection of which nothing is left. */
  settle(endpoint: Endpoint): void {
    const { other } = endpoint
    const isLeft = (end: Endpoint): boolean => (end.state !== 'closed' && end.state !== 'idle') || !end.out.isEmpty
    if (!isLeft(endpoint) && !isLeft(other)) this.connections.delete(endpoint.id)
  }

  traceSent(endpoint: Endpoint, message: Message, bytes: number): void {
    const { trace } = this.world
    if (!trace.active) return
    if (!trace.messages) return trace.skipMessage()
    const connection = endpoint.id
    const event = {
      kind: 'MessageSent',
      to: endpoint.peer,
      message: this.describe(message),
      connection,
      bytes,
    } as const
    trace.emitMessage(endpoint.machine.name, event)
  }

  traceReceived(endpoint: Endpoint, message: Message): void {
    const { trace } = this.world
    if (!trace.active) return
    if (!trace.messages) return trace.skipMessage()
    const connection = endpoint.id
    const event = { kind: 'MessageReceived', from: endpoint.peer, message: this.describe(message), connection } as const
    trace.emitMessage(endpoint.machine.name, event)
  }

  freeze(message: Message): void {
    if (this.freezes) deepFreeze(message)
  }

  digest(digest: Digest): void {
    for (const link of this.allLinks()) link.digest(digest)
    for (const client of this.connections.values()) {
      client.digest(digest)
      client.other.digest(digest)
    }
  }

  private resume(link: Link): void {
    if (link.isBlocked) return
    const pipes = [...link.parked].filter((pipe) => !pipe.isHeld)
    for (const pipe of pipes) {
      link.parked.delete(pipe)
      pipe.resume()
    }
  }

  private link(from: string, to: string): Link {
    let links = this.links.get(from)
    if (links === undefined) {
      links = new Map()
      this.links.set(from, links)
    }
    let link = links.get(to)
    if (link === undefined) {
      // A name that is wrong shows here.
      this.world.machine(from)
      this.world.machine(to)
      const random = this.world.random(`network/${from}→${to}`)
      link = new Link(from, to, random, this.usualLatency(from, to), this.options.bytesPerSecond)
      links.set(to, link)
    }
    return link
  }

  /** In the order of their names: links are made when first asked for, also by those who only look. */
  private allLinks(): Link[] {
    const links: Link[] = []
    for (const from of [...this.links.keys()].sort()) {
      const row = this.links.get(from)!
      for (const to of [...row.keys()].sort()) links.push(row.get(to)!)
    }
    return links
  }

  private usualLatency(from: string, to: string): LatencyRange {
    return from === to ? LOOPBACK_US : this.options.latencyUs
  }
}
