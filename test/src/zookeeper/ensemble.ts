/** A ZooKeeper ensemble and clients on a simulated network, for tests: drive it, look at it, break it. */

import { type TraceRecord, World, type WorldEvent } from '../../../sim/kernel/index.ts'
import { type Digest, type Host, type Process, SECOND } from '../../../src/host/index.ts'
import {
  describeZkMessage,
  type WatchedEvent,
  ZkClient,
  ZOOKEEPER_CLIENT_PORT,
  ZooKeeper,
  type ZooKeeperEvent,
  ZooKeeperServer,
  type ZooKeeperServerOptions,
} from '../../../src/zookeeper/index.ts'

export type Settings = Partial<Omit<ZooKeeperServerOptions, 'id' | 'ensemble'>>

export class Ensemble {
  readonly world: World
  readonly names: string[]
  readonly records: TraceRecord[] = []

  constructor(size: number, options: { seed?: number; settings?: Settings; trace?: boolean } = {}) {
    this.world = new World({
      seed: options.seed ?? 1,
      network: { latencyUs: { low: 200, high: 800 } },
      freezeMessages: true,
    })
    this.world.network.describe = (message) => describeZkMessage(message) ?? 'other'
    if (options.trace !== false) this.world.trace.subscribe((record) => this.records.push(record))
    this.names = Array.from({ length: size }, (_, i) => `zk${i + 1}`)
    const members = this.names.map((machine, i) => ({ id: i + 1, machine }))
    for (const { id, machine } of members) {
      this.world.addMachine(machine).boot(
        (host) =>
          new ZooKeeperServer(host, {
            tickTimeMs: 2000,
            initLimit: 10,
            syncLimit: 5,
            ...options.settings,
            id,
            ensemble: members,
          }),
      )
    }
  }

  server(name: string): ZooKeeperServer {
    const { process } = this.world.machine(name)
    if (process === undefined) throw new Error(`${name} does not run`)
    return process as ZooKeeperServer
  }

  get running(): ZooKeeperServer[] {
    return this.names.flatMap((name) => {
      const { process } = this.world.machine(name)
      return process === undefined ? [] : [process as ZooKeeperServer]
    })
  }

  /** The machine of the leader that serves. */
  get leader(): string | undefined {
    return this.running.find((server) => server.state === 'LEADING' && server.isServing)?.host.machine
  }

  get followers(): string[] {
    return this.running.filter((s) => s.state === 'FOLLOWING' && s.isServing).map((s) => s.host.machine)
  }

  /** Runs until a condition holds. */
  until(what: string, holds: () => boolean, withinSeconds = 60): void {
    const deadline = this.world.now + withinSeconds * SECOND
    if (holds()) return
    this.world.run(deadline, holds)
    if (!holds()) throw new Error(`waited ${withinSeconds} s for: ${what}`)
  }

  untilServing(count = this.names.length): void {
    this.until(`${count} servers serve`, () => this.running.filter((server) => server.isServing).length >= count)
  }

  seconds(seconds: number): void {
    this.world.run(this.world.now + seconds * SECOND)
  }

  /** Cuts a machine off from the other servers, and from the clients if they are named. */
  isolate(name: string, others: readonly string[] = this.names): void {
    for (const other of others) {
      if (other === name) continue
      this.world.network.cut(name, other)
      this.world.network.cut(other, name)
    }
  }

  /** A raw client on a machine of its own. */
  client(name: string, servers: readonly string[] = this.names, sessionTimeoutMs = 6000): TestClient {
    const events: WatchedEvent[] = []
    const log: string[] = []
    const machine = this.world.addMachine(name)
    let zk: ZooKeeper | undefined
    machine.boot((host) =>
      clientProcess(host, () => {
        zk = new ZooKeeper(host, { servers: addresses(servers), sessionTimeoutMs }, (event) => {
          events.push(event)
          log.push(event.type === 'None' ? event.state : `${event.type} ${event.path}`)
        })
        return zk
      }),
    )
    return new TestClient(this, name, () => zk!, events, log)
  }

  /** Kafka's client on a machine of its own. */
  zkClient(name: string, servers: readonly string[] = this.names, sessionTimeoutMs = 6000): ZkClient {
    const machine = this.world.addMachine(name)
    let client: ZkClient | undefined
    machine.boot((host) =>
      clientProcess(host, () => {
        client = new ZkClient(host, { servers: addresses(servers), sessionTimeoutMs })
        client.start(() => {})
        return client
      }),
    )
    this.until(`${name} is connected`, () => client?.connected === true)
    return client!
  }

  /** What the trace has of one kind of event. */
  kinds<K extends Traced['kind']>(kind: K): Array<{ machine: string; event: Extract<Traced, { kind: K }> }> {
    return this.records.filter((record) => record.event.kind === kind) as never
  }
}

type Traced = ZooKeeperEvent | WorldEvent

export class TestClient {
  readonly ensemble: Ensemble
  readonly name: string
  readonly raw: () => ZooKeeper
  readonly events: WatchedEvent[]
  /** Events, and whatever a test adds. */
  readonly log: string[]

  constructor(ensemble: Ensemble, name: string, raw: () => ZooKeeper, events: WatchedEvent[], log: string[]) {
    this.ensemble = ensemble
    this.name = name
    this.raw = raw
    this.events = events
    this.log = log
  }

  get zk(): ZooKeeper {
    return this.raw()
  }

  /** The machine of the server that it connected to last. */
  get server(): string {
    const states = this.ensemble.kinds('ZkClientState').filter(({ machine }) => machine === this.name)
    return states.findLast(({ event }) => event.server !== null)!.event.server!
  }

  connect(): this {
    this.ensemble.until(`${this.name} is connected`, () => this.raw()?.isConnected === true)
    return this
  }

  /** Asks on the client's machine and runs until the answer is there. */
  ask<T>(body: (zk: ZooKeeper, done: (result: T) => void) => void): T {
    const answers: T[] = []
    this.ensemble.world.call(this.name, 'test', () => body(this.zk, (result) => answers.push(result)))
    this.ensemble.until(`an answer for ${this.name}`, () => answers.length > 0)
    return answers[0]!
  }

  /** Asks without waiting. */
  begin(body: (zk: ZooKeeper) => void): void {
    this.ensemble.world.call(this.name, 'test', () => body(this.zk))
  }
}

/** Asks Kafka's client on its machine and runs until the answer is there. */
export function askZkClient<T>(ensemble: Ensemble, machine: string, body: (done: (result: T) => void) => void): T {
  const answers: T[] = []
  ensemble.world.call(machine, 'test', () => body((result) => answers.push(result)))
  ensemble.until(`an answer for ${machine}`, () => answers.length > 0)
  return answers[0]!
}

export const addresses = (machines: readonly string[]) =>
  machines.map((machine) => ({ machine, port: ZOOKEEPER_CLIENT_PORT }))

function clientProcess(_host: Host, begin: () => { digest(d: Digest): void }): Process {
  let inner: { digest(d: Digest): void } | undefined
  return {
    start() {
      inner = begin()
    },
    digest(d) {
      inner?.digest(d)
    },
  }
}
