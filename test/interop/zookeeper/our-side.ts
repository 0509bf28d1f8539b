/**
 * Drives our ensemble, simulated, through our client library. What servers send to a client is read off the network just
 * before it arrives, so that a reply or an event that the library would swallow is seen as well.
 */
import { MILLISECOND } from '../../../src/host/index.ts'
import type { MultiResult, ZkError, ZkMessage, ZkStat, ZooKeeper, Zxid } from '../../../src/zookeeper/index.ts'
import { sessionPassword } from '../../../src/zookeeper/server/password.ts'
import { Ensemble, type TestClient } from '../../src/zookeeper/ensemble.ts'
import { FrontDoor } from './front-door.ts'
import type { Observed, ObservedStat, StepObservation } from './observation.ts'
import { type AnyClient, OVERSEER, SessionNames, type Side } from './side.ts'
import type { Request } from './step.ts'

const TICK_MS = 2000
/** The longest that servers grant. */
const SESSION_TIMEOUT_MS = 20 * TICK_MS
/** Longer than any message is on its way, and than a commit takes to reach every server. */
const SETTLING_US = 10 * MILLISECOND

interface OurClient {
  readonly test: TestClient
  session: string
  connected: boolean
  arrivals: Observed[]
  /** How many of the library's events are matched with arrivals. */
  eventsSeen: number
}

export class OurSide implements Side {
  private readonly ensemble: Ensemble
  private readonly clients = new Map<string, OurClient>()
  private readonly sessions = new SessionNames<string>()
  private readonly door: FrontDoor
  /** Clients whose messages do not reach any server. */
  private readonly dropped = new Set<string>()
  private firstZxid: Zxid = 0

  /** @param size servers of the ensemble */
  constructor(size: number) {
    this.ensemble = new Ensemble(size, { trace: false, settings: { tickTimeMs: TICK_MS } })
    this.ensemble.world.network.intercept(({ from, to, message }) => {
      // The library tries again and again; each attempt ends at once, so that none is left over when it may come back.
      if (this.dropped.has(from)) return 'drop'
      const client = this.clients.get(to)
      if (client !== undefined) this.arrived(client, message as ZkMessage)
      return 'pass'
    })
    this.ensemble.untilServing()
    this.door = new FrontDoor(this.ensemble)
  }

  async begin(root: string): Promise<void> {
    await this.connect(OVERSEER)
    const { firstZxid } = this
    await this.ask(OVERSEER, { op: 'create', path: root, data: '', mode: 'persistent' })
    const created = this.client(OVERSEER).arrivals.at(-1)
    if (created?.kind !== 'reply' || created.error !== 'OK') throw new Error(`our server refuses to create ${root}`)
    this.firstZxid = firstZxid + created.zxid
    await this.observe()
  }

  async connect(name: AnyClient): Promise<void> {
    const known = this.clients.get(name)
    if (known === undefined) {
      const test = this.ensemble.client(name, this.ensemble.names, SESSION_TIMEOUT_MS)
      this.clients.set(name, { test, session: '', connected: true, arrivals: [], eventsSeen: 0 })
    } else {
      // An attempt of the old process that is on its way would be let in, and its answer taken for the new one's.
      this.ensemble.world.machine(name).crash()
      this.settle()
      this.dropped.delete(name)
      this.ensemble.world.machine(name).restart()
      known.connected = true
      known.eventsSeen = known.test.events.length
    }
    const client = this.client(name)
    client.test.connect()
    client.session = client.test.zk.sessionId!
    this.sessions.granted(name, client.session)
  }

  async ask(name: AnyClient, request: Request): Promise<void> {
    const { test, arrivals } = this.client(name)
    const { error } = test.ask<{ error: ZkError }>((zk, done) => submit(zk, request, done))
    const reply = arrivals.at(-1)
    if (reply?.kind !== 'reply' || reply.op !== request.op) throw new Error(`${request.op} ended without a reply`)
    if (reply.error !== error) throw new Error(`${request.op}: the server says ${reply.error}, the library ${error}`)
  }

  async drop(name: AnyClient): Promise<void> {
    this.dropped.add(name)
    for (const server of this.ensemble.names) this.ensemble.world.network.reset(name, server)
    this.settle()
    this.client(name).connected = false
  }

  async reconnect(name: AnyClient): Promise<void> {
    this.keepAlive(name)
    const client = this.client(name)
    const { test } = client
    const isExpired = (): boolean => test.events.some((event) => event.type === 'None' && event.state === 'Expired')
    test.events.length = 0
    client.eventsSeen = 0
    this.dropped.delete(name)
    this.ensemble.until(`${name} is back`, () => test.zk.isConnected || isExpired())
    client.connected = !isExpired()
  }

  async expire(name: AnyClient): Promise<void> {
    const { session } = this.client(name)
    const expired = (): boolean => this.ensemble.running.every(({ tree }) => !tree.sessions.has(session))
    // The other sessions must be in a later bucket of the leader's: two ticks are more than the rounding.
    this.ensemble.seconds((2 * TICK_MS) / 1000)
    this.keepAlive(name)
    this.ensemble.until(`the session of ${name} expires`, expired, (2 * SESSION_TIMEOUT_MS) / 1000)
    this.keepAlive(name)
  }

  async close(name: AnyClient): Promise<void> {
    const client = this.client(name)
    client.test.ask<undefined>((zk, done) => zk.close(() => done(undefined)))
    client.connected = false
  }

  async observe(): Promise<StepObservation> {
    this.settle()
    return new Map([...this.clients].map(([name, client]) => [name, takeArrivals(client)]))
  }

  /** How many ephemeral nodes the present session of a client owns. */
  ephemeralCount(name: AnyClient): number {
    return this.ensemble.running[0]!.tree.ephemeralsOf(this.client(name).session).length
  }

  private client(name: AnyClient): OurClient {
    const client = this.clients.get(name)
    if (client === undefined) throw new Error(`${name} has never been connected`)
    return client
  }

  private settle(): void {
    const { world } = this.ensemble
    world.run(world.now + SETTLING_US)
  }

  /** Lets a server hear of the dropped sessions, all but one, so that time can pass without their expiry. */
  private keepAlive(except: AnyClient): void {
    for (const [name, { session, connected }] of this.clients) {
      if (connected || name === except || !this.ensemble.running[0]!.tree.sessions.has(session)) continue
      const request = { session, password: sessionPassword(session), timeoutMs: SESSION_TIMEOUT_MS }
      this.door.knock(request)
    }
  }

  private arrived(client: OurClient, message: ZkMessage): void {
    if (message.zk === 'ConnectResponse') {
      client.arrivals.push({ kind: 'session', granted: message.timeoutMs > 0 })
    } else if (message.zk === 'WatchEvent') {
      client.arrivals.push({ kind: 'event', type: message.type, path: message.path, told: false })
    } else if (message.zk === 'Response') {
      const { op, error, zxid, result } = message
      client.arrivals.push({
        kind: 'reply',
        op,
        error,
        zxid: zxid - this.firstZxid,
        path: result.path,
        data: result.data,
        stat: this.stat(result.stat),
        children: result.children === undefined ? undefined : [...result.children].sort(),
        results: result.results?.map((part: MultiResult) => ({ ...part, stat: this.stat(part.stat) })),
      })
    }
  }

  private stat(stat: ZkStat | undefined): ObservedStat | undefined {
    if (stat === undefined) return undefined
    const { ctimeMs, mtimeMs, ephemeralOwner, ...numbers } = stat
    return {
      ...numbers,
      czxid: numbers.czxid - this.firstZxid,
      mzxid: numbers.mzxid - this.firstZxid,
      pzxid: numbers.pzxid - this.firstZxid,
      ephemeralOwner: ephemeralOwner === null ? null : this.sessions.nameOf(ephemeralOwner),
    }
  }
}

function submit(zk: ZooKeeper, request: Request, done: (result: { error: ZkError }) => void): void {
  switch (request.op) {
    case 'create':
      return zk.create(request.path, request.data, request.mode, done)
    case 'delete':
      return zk.delete(request.path, request.version, done)
    case 'setData':
      return zk.setData(request.path, request.data, request.version, done)
    case 'sync':
      return zk.sync(request.path, done)
    case 'multi':
      return zk.multi(request.parts, done)
    default:
      return zk[request.op](request.path, request.watch, done)
  }
}

/** The arrivals, with a mark at those events that the library handed to the application. */
function takeArrivals(client: OurClient): Observed[] {
  const told = client.test.events.slice(client.eventsSeen).filter((event) => event.type !== 'None')
  client.eventsSeen = client.test.events.length
  const { arrivals } = client
  client.arrivals = []
  let next = 0
  const marked = arrivals.map((arrival) => {
    const event = told[next]
    if (arrival.kind !== 'event' || event?.type !== arrival.type || event.path !== arrival.path) return arrival
    next += 1
    return { ...arrival, told: true }
  })
  if (next < told.length) throw new Error(`the library reports ${told[next]!.type}, which no server sent`)
  return marked
}
