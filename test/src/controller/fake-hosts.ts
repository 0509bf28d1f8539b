/**
 * A small world for tests of the controller: a virtual clock and hosts whose connections take 1 ms a direction.
 * A machine can be taken down (its connections die, nobody listens) and brought back.
 */
import type {
  Address,
  Connection,
  ConnectionHandler,
  FileSystem,
  Host,
  Message,
  RandomStream,
  Timer,
  TraceEvent,
} from '../../../src/host/index.ts'

interface Scheduled {
  readonly atUs: number
  readonly seq: number
  readonly fire: () => void
  cancelled: boolean
}

const LATENCY_US = 1_000

export class FakeClock {
  now = 0
  private seq = 0
  private readonly events: Scheduled[] = []

  schedule(delayUs: number, fire: () => void): Timer {
    const event: Scheduled = { atUs: this.now + delayUs, seq: this.seq++, fire, cancelled: false }
    this.events.push(event)
    return {
      cancel: () => {
        event.cancelled = true
      },
    }
  }

  /** Fires what is due within the next `us`. */
  run(us: number): void {
    const end = this.now + us
    for (;;) {
      let next: Scheduled | undefined
      for (const event of this.events) {
        if (event.atUs > end) continue
        if (next === undefined || event.atUs < next.atUs || (event.atUs === next.atUs && event.seq < next.seq))
          next = event
      }
      if (next === undefined) break
      this.events.splice(this.events.indexOf(next), 1)
      this.now = next.atUs
      if (!next.cancelled) next.fire()
    }
    this.now = end
  }
}

class FakeConnection implements Connection {
  readonly id: number
  readonly peer: string
  isOpen = true
  handler: ConnectionHandler | undefined
  other: FakeConnection | undefined
  private readonly clock: FakeClock

  constructor(clock: FakeClock, id: number, peer: string) {
    this.clock = clock
    this.id = id
    this.peer = peer
  }

  send(message: Message): void {
    if (!this.isOpen) return
    this.clock.schedule(LATENCY_US, () => {
      const { other } = this
      if (other?.isOpen === true) other.handler?.received(message, other)
    })
  }

  close(): void {
    if (!this.isOpen) return
    this.isOpen = false
    this.clock.schedule(LATENCY_US, () => this.other?.end('peer-closed'))
  }

  end(reason: 'peer-closed' | 'reset' | 'refused'): void {
    if (!this.isOpen) return
    this.isOpen = false
    this.handler?.closed(reason, this)
  }
}

export class FakeNetwork {
  readonly clock = new FakeClock()
  private readonly acceptors = new Map<string, (connection: Connection) => ConnectionHandler>()
  private readonly connections: Array<{ readonly owner: string; readonly connection: FakeConnection }> = []
  private nextId = 1

  listen(machine: string, port: number, accept: (connection: Connection) => ConnectionHandler): void {
    this.acceptors.set(`${machine}:${port}`, accept)
  }

  unlisten(machine: string, port: number): void {
    this.acceptors.delete(`${machine}:${port}`)
  }

  connect(from: string, to: Address, handler: ConnectionHandler): Connection {
    const near = new FakeConnection(this.clock, this.nextId++, to.machine)
    near.handler = handler
    this.connections.push({ owner: from, connection: near })
    const far = new FakeConnection(this.clock, near.id, from)
    near.other = far
    far.other = near
    this.clock.schedule(LATENCY_US, () => {
      const accept = this.acceptors.get(`${to.machine}:${to.port}`)
      if (accept === undefined) return near.end('refused')
      this.connections.push({ owner: to.machine, connection: far })
      far.handler = accept(far)
      near.handler?.opened?.(near)
    })
    return near
  }

  /** The process of a machine dies: nobody listens there, its peers are told. */
  takeDown(machine: string): void {
    for (const key of [...this.acceptors.keys()]) if (key.startsWith(`${machine}:`)) this.acceptors.delete(key)
    for (const { owner, connection } of this.connections) {
      if (owner !== machine || !connection.isOpen) continue
      connection.isOpen = false
      connection.other?.end('reset')
    }
  }
}

/** A host of the fake network. `traced` holds what was traced on it; after `die` its timers fire no more. */
export class FakeHost implements Host {
  readonly machine: string
  readonly tracing = true
  readonly traced: TraceEvent[] = []
  alive = true
  private readonly network: FakeNetwork

  constructor(network: FakeNetwork, machine: string) {
    this.network = network
    this.machine = machine
  }

  get files(): FileSystem {
    throw new Error('the controller has no files')
  }

  now(): number {
    return this.network.clock.now
  }

  setTimer(delayUs: number, _tag: string, fire: () => void): Timer {
    return this.network.clock.schedule(delayUs, () => {
      if (this.alive) fire()
    })
  }

  listen(port: number, accept: (connection: Connection) => ConnectionHandler): void {
    this.network.listen(this.machine, port, accept)
  }

  unlisten(port: number): void {
    this.network.unlisten(this.machine, port)
  }

  connect(address: Address, handler: ConnectionHandler): Connection {
    return this.network.connect(this.machine, address, handler)
  }

  random(): RandomStream {
    throw new Error('the controller draws nothing')
  }

  trace(event: TraceEvent): void {
    this.traced.push(event)
  }

  charge(): void {}

  halt(reason: string): never {
    throw new Error(`the controller halts nothing: ${reason}`)
  }

  die(): void {
    this.alive = false
    this.network.takeDown(this.machine)
  }
}
