/** Drives the real server over TCP, one client of the wire protocol for each client of a sequence. */
import type { Observed, ObservedStat, StepObservation } from './observation.ts'
import type { RealServer } from './real-server.ts'
import { type AnyClient, OVERSEER, SessionNames, type Side } from './side.ts'
import type { Request } from './step.ts'
import { type Arrival, WireClient } from './wire/wire-client.ts'
import type { WireReply, WireStat } from './wire/wire-protocol.ts'

/** Asked for by clients that are to live: far longer than a sequence takes. */
const LONG_TIMEOUT_MS = 60_000
/** Asked for when a session is to expire soon. */
const SHORT_TIMEOUT_MS = 1
const EXPIRY_WITHIN_MS = 20_000

/** What a server of `startRealServer` is started with: sessions may live long, and expire within a tick if asked to. */
export const REAL_SERVER_OPTIONS = {
  tickTimeMs: 40,
  minSessionTimeoutMs: SHORT_TIMEOUT_MS,
  maxSessionTimeoutMs: LONG_TIMEOUT_MS,
} as const

interface RealClient {
  readonly wire: WireClient
  connected: boolean
}

export class RealSide implements Side {
  private readonly server: RealServer
  private readonly overseer: WireClient
  private clients = new Map<AnyClient, RealClient>()
  private sessions = new SessionNames<bigint>()
  private firstZxid = 0n

  private constructor(server: RealServer, overseer: WireClient) {
    this.server = server
    this.overseer = overseer
  }

  static async open(server: RealServer): Promise<RealSide> {
    const overseer = new WireClient(server.port)
    await overseer.connect(LONG_TIMEOUT_MS)
    return new RealSide(server, overseer)
  }

  async begin(root: string): Promise<void> {
    this.clients = new Map([[OVERSEER, { wire: this.overseer, connected: true }]])
    this.sessions = new SessionNames()
    this.sessions.granted(OVERSEER, this.overseer.session)
    const { error, zxid } = await this.overseer.ask({ op: 'create', path: root, data: '', mode: 'persistent' })
    if (error !== 'OK') throw new Error(`the real server refuses to create ${root}: ${error}`)
    this.overseer.takeArrivals()
    this.firstZxid = zxid
  }

  async connect(name: AnyClient): Promise<void> {
    const wire = new WireClient(this.server.port)
    this.clients.set(name, { wire, connected: true })
    await wire.connect(LONG_TIMEOUT_MS)
    this.sessions.granted(name, wire.session)
  }

  async ask(name: AnyClient, request: Request): Promise<void> {
    await this.client(name).wire.ask(request)
  }

  async drop(name: AnyClient): Promise<void> {
    const client = this.client(name)
    client.wire.disconnect()
    client.connected = false
  }

  async reconnect(name: AnyClient): Promise<void> {
    const client = this.client(name)
    const { timeoutMs } = await client.wire.connect(LONG_TIMEOUT_MS)
    client.connected = timeoutMs > 0
  }

  /** Comes back with a short timeout, unseen by the client, and goes away for good. Expiry takes one transaction. */
  async expire(name: AnyClient): Promise<void> {
    const before = await this.overseer.barrier()
    await this.client(name).wire.shorten(SHORT_TIMEOUT_MS)
    const deadline = Date.now() + EXPIRY_WITHIN_MS
    while ((await this.overseer.barrier()) === before) {
      if (Date.now() > deadline) throw new Error(`a session did not expire within ${EXPIRY_WITHIN_MS} ms`)
      await new Promise((resolve) => setTimeout(resolve, 1))
    }
  }

  async close(name: AnyClient): Promise<void> {
    const client = this.client(name)
    await client.wire.ask({ op: 'closeSession' })
    client.wire.disconnect()
    client.connected = false
  }

  async observe(): Promise<StepObservation> {
    const connected = [...this.clients.values()].filter((client) => client.connected)
    await Promise.all(connected.map(({ wire }) => wire.barrier()))
    return new Map(
      [...this.clients].map(([name, { wire }]) => [name, wire.takeArrivals().map((arrival) => this.observed(arrival))]),
    )
  }

  /** Ends what a sequence that was broken off has left. */
  async abandon(): Promise<void> {
    for (const [name, { wire, connected }] of this.clients) {
      if (name === OVERSEER) continue
      if (!connected) {
        const { timeoutMs } = await wire.connect(LONG_TIMEOUT_MS)
        if (timeoutMs <= 0) continue
      }
      await wire.ask({ op: 'closeSession' })
      wire.disconnect()
    }
    this.clients.clear()
  }

  /** Of no more use afterwards. */
  async shut(): Promise<void> {
    await this.overseer.ask({ op: 'closeSession' })
    this.overseer.disconnect()
  }

  private client(name: AnyClient): RealClient {
    const client = this.clients.get(name)
    if (client === undefined) throw new Error(`${name} has never been connected`)
    return client
  }

  private observed(arrival: Arrival): Observed {
    if (arrival.kind === 'session') return arrival
    if (arrival.kind === 'event') return { kind: 'event', ...arrival.event, told: arrival.told }
    const { request, reply } = arrival
    return {
      kind: 'reply',
      op: request.op,
      error: errorOf(reply),
      zxid: this.relative(reply.zxid),
      path: reply.path,
      data: reply.data,
      stat: this.stat(reply.stat),
      children: reply.children === undefined ? undefined : [...reply.children].sort(),
      results: reply.results?.map(({ error, path, stat }) => ({ error, path, stat: this.stat(stat) })),
    }
  }

  private stat(stat: WireStat | undefined): ObservedStat | undefined {
    if (stat === undefined) return undefined
    const { czxid, mzxid, pzxid, ctimeMs, mtimeMs, ephemeralOwner, ...numbers } = stat
    return {
      ...numbers,
      czxid: this.relative(czxid),
      mzxid: this.relative(mzxid),
      pzxid: this.relative(pzxid),
      ephemeralOwner: ephemeralOwner === 0n ? null : this.sessions.nameOf(ephemeralOwner),
    }
  }

  private relative(zxid: bigint): number {
    return Number(zxid - this.firstZxid)
  }
}

/** A refused multi says so in its parts; the client library makes one error of it. */
function errorOf({ error, results }: WireReply): WireReply['error'] {
  return error === 'OK' ? (results?.find((part) => part.error !== 'OK')?.error ?? 'OK') : error
}
