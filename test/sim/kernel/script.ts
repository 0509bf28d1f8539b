/** Small worlds for kernel tests: processes that are a function, and connections that write down what they hear. */

import { type Machine, type TraceRecord, World, type WorldOptions } from '../../../sim/kernel/index.ts'
import type { Connection, ConnectionHandler, Host, Message, Process } from '../../../src/host/index.ts'

export const PORT = 9

export function makeWorld(options: Partial<WorldOptions> = {}): World {
  return new World({ seed: 1, network: { latencyUs: { low: 1000, high: 1000 } }, freezeMessages: true, ...options })
}

/** A process that does what `start` says; `digest` feeds nothing unless told. */
export function script(start: (host: Host) => void, more: Partial<Process> = {}): (host: Host) => Process {
  return (host) => ({ start: () => start(host), digest: () => {}, ...more })
}

/** Boots a machine with a script. */
export function boot(world: World, name: string, start: (host: Host) => void = () => {}): Machine {
  const machine = world.addMachine(name)
  machine.boot(script(start))
  return machine
}

/** What one end of a connection heard: `opened`, the messages' texts, and why it was closed. */
export class Ear implements ConnectionHandler {
  readonly heard: string[] = []
  readonly at: number[] = []
  connection: Connection | undefined
  private readonly world: World

  constructor(world: World) {
    this.world = world
  }

  opened(connection: Connection): void {
    this.connection = connection
    this.note('opened')
  }

  received(message: Message): void {
    this.note((message as { text: string }).text)
  }

  closed(reason: string): void {
    this.note(reason)
  }

  private note(what: string): void {
    this.heard.push(what)
    this.at.push(this.world.now)
  }
}

export const text = (content: string): Message => ({ text: content })

export interface Pair {
  readonly world: World
  readonly client: Ear
  /** Of the server side, one for each connection accepted. */
  readonly servers: Ear[]
  /** The client's connection. */
  connection(): Connection
}

/** Machines `a` (client) and `b` (server on PORT), with a connection opened at the start of `a`. */
export function makePair(options: Partial<WorldOptions> = {}, timeoutUs = 1_000_000): Pair {
  const world = makeWorld(options)
  const client = new Ear(world)
  const servers: Ear[] = []
  boot(world, 'b', (host) => {
    host.listen(PORT, (connection) => {
      const ear = new Ear(world)
      ear.connection = connection
      servers.push(ear)
      return ear
    })
  })
  let opened: Connection | undefined
  boot(world, 'a', (host) => {
    opened ??= host.connect({ machine: 'b', port: PORT }, client, timeoutUs)
  })
  return { world, client, servers, connection: () => opened! }
}

/** Sends texts from the client of a pair, as an event on machine `a`. */
export function say(pair: Pair, ...contents: string[]): void {
  pair.world.call('a', 'say', () => {
    for (const content of contents) pair.connection().send(text(content), 100)
  })
}

/** Lines of a trace, with whatever the events say. */
export function traceLines(world: World, messages = false): string[] {
  const lines: string[] = []
  world.trace.subscribe((record) => lines.push(line(record)), { messages })
  return lines
}

export const line = (record: TraceRecord): string =>
  `${record.seq} ${record.atUs} ${record.machine} ${record.step}<${record.cause} ${JSON.stringify(record.event)}`
