/**
 * One random run of an ensemble under faults, judged: what was acknowledged survives, one leader an epoch, no zxid means
 * two things, a client's writes take effect in its order, no ephemeral node outlives its session, and after the faults
 * everybody serves and agrees. Faults never take the disks of a majority.
 */
import { SECOND } from '../../../src/host/index.ts'
import type { ZkClient, ZkResult, ZkStat, ZooKeeper, ZooKeeperEvent } from '../../../src/zookeeper/index.ts'
import { Ensemble, type Settings, type TestClient } from './ensemble.ts'

export interface RunCounts {
  elections: number
  serving: number
  commits: number
  acknowledged: number
  connectionLosses: number
  expiries: number
  syncs: Record<'DIFF' | 'TRUNC' | 'SNAP', number>
  powerLosses: number
  watches: number
}

export interface RunReport {
  readonly digest: string
  readonly steps: number
  readonly counts: RunCounts
}

const FAULT_SECONDS = 60

export function trialRun(seed: number, size: 3 | 5, settings: Settings = {}): RunReport {
  const ensemble = new Ensemble(size, { seed, settings: { snapCount: 40, commitLogCount: 10, ...settings } })
  const { world } = ensemble
  const random = world.random('test')
  const clients = ['c1', 'c2', 'c3'].map((name) => new Worker(ensemble, ensemble.client(name)))
  const subscriber = new Subscriber(ensemble)
  const minority = (size - 1) >> 1

  const hurt = (): void => {
    const name = random.pick(ensemble.names, 'victim')
    const machine = world.machine(name)
    const down = ensemble.names.filter((other) => world.machine(other).state !== 'running')
    const seconds = random.intBetween(1, 25, 'duration')
    const later = (what: string, body: () => void): void => {
      world.schedule(seconds * SECOND, what, body)
    }
    switch (random.intBelow(8, 'fault')) {
      case 0:
        if (machine.state !== 'running') return
        machine.crash()
        later('restart', () => machine.state === 'stopped' && machine.restart())
        return
      case 1:
        if (machine.state !== 'running' || down.length >= minority) return
        machine.powerOff()
        later('restart', () => machine.state === 'off' && machine.restart())
        return
      case 2:
        // Everybody at once: what a quorum has logged must be on the disks.
        for (const other of ensemble.names) world.machine(other).powerOff()
        for (const other of ensemble.names) {
          world.schedule(random.intBetween(0, 5000, 'stagger') * 1000, 'restart', () => world.machine(other).restart())
        }
        return
      case 3:
        machine.pause()
        later('resume', () => machine.resume())
        return
      case 4:
        ensemble.isolate(name, [...ensemble.names, 'c1', 'c2', 'c3', 'k1'])
        later('heal', () => world.network.healAll())
        return
      case 5: {
        const other = random.pick(ensemble.names, 'other')
        if (other === name) return
        world.network.cut(name, other)
        later('heal', () => world.network.heal(name, other))
        return
      }
      case 6:
        world.network.reset(
          name,
          random.pick(['c1', 'c2', 'c3', 'k1', ...ensemble.names.filter((n) => n !== name)], 'peer'),
        )
        return
      case 7:
        machine.setClock({
          jumpUs: random.intBetween(-20, 20, 'jump') * SECOND,
          driftPpm: random.intBetween(-500, 500, 'drift'),
        })
        return
    }
  }

  const next = (): void => {
    if (world.now > FAULT_SECONDS * SECOND) return
    hurt()
    world.schedule(random.intBetween(200, 8000, 'pause between faults') * 1000, 'fault', next)
  }
  world.schedule(5 * SECOND, 'fault', next)
  for (const worker of clients) worker.work()
  world.run(FAULT_SECONDS * SECOND)

  for (const worker of clients) worker.stopped = true
  world.network.healAll()
  for (const name of ensemble.names) {
    const machine = world.machine(name)
    if (machine.state === 'paused') machine.resume()
    if (machine.state !== 'running') machine.restart()
  }
  const limit = 60 + (2 * 10 * (settings.tickTimeMs ?? 2000)) / 1000
  ensemble.until('everybody serves after the faults', () => ensemble.running.every((s) => s.isServing), limit)
  ensemble.until('sessions settle', () => clients.every((worker) => !worker.client.zk.isConnected || worker.idle), 60)
  ensemble.until('the subscriber is connected', () => subscriber.zk.connected, 60)
  ensemble.seconds(30)
  subscriber.judge()
  return judge(ensemble, clients)
}

/** Kafka's client: holds an ephemeral node through all its sessions and follows a node and its siblings. */
class Subscriber {
  readonly ensemble: Ensemble
  readonly zk: ZkClient
  private data: string | undefined
  private number = 0
  private toldIn: string | null = null
  private children: readonly string[] = []

  constructor(ensemble: Ensemble) {
    this.ensemble = ensemble
    this.zk = ensemble.zkClient('k1')
    ensemble.world.call('k1', 'subscribe', () => {
      this.zk.subscribeData('/c1', {
        changed: (data) => this.told(data),
        deleted: () => this.told(undefined),
      })
      this.zk.subscribeChildren('/', (children) => {
        this.children = children
      })
      this.zk.subscribeState({ newSession: () => this.register() })
      this.register()
    })
  }

  /** Within a session time does not go back; a new one may begin on a server that lags behind the last. */
  private told(data: string | undefined): void {
    const session = this.zk.sessionId
    const number = Number(data?.slice(3) ?? 0)
    if (session === this.toldIn && number < this.number) throw new Error(`${data} after ${this.data}`)
    this.toldIn = session
    this.number = number
    this.data = data
  }

  /** As Kafka does: a node of one's own earlier session has to go first. */
  private register(): void {
    const { ensemble, zk } = this
    zk.create('/k1', '', 'ephemeral', ({ error }) => {
      if (error !== 'NodeExists') return
      zk.exists('/k1', ({ value }) => {
        if (value?.ephemeralOwner === zk.sessionId) return
        ensemble.world.schedule(SECOND, 'register', () => ensemble.world.call('k1', 'register', () => this.register()))
      })
    })
  }

  judge(): void {
    const { tree } = this.ensemble.running[0]!
    const expected = tree.node('/c1')?.data
    if (this.data !== expected) throw new Error(`the subscriber saw ${this.data} where ${expected} is`)
    const children = tree.children('/')!
    if (String(this.children) !== String(children)) throw new Error(`it saw ${this.children}, there are ${children}`)
    if (tree.node('/k1')?.ephemeralOwner !== this.zk.sessionId) throw new Error('its ephemeral node is gone')
  }
}

/** A client that writes its own counter, sequential and ephemeral nodes, several at a time. */
class Worker {
  readonly ensemble: Ensemble
  readonly client: TestClient
  stopped = false
  readonly acknowledged: Array<{ path: string; data: string }> = []
  losses = 0
  watched = 0
  private inFlight = 0
  private count = 0

  constructor(ensemble: Ensemble, client: TestClient) {
    this.ensemble = ensemble
    this.client = client
  }

  get idle(): boolean {
    return this.inFlight === 0
  }

  work(): void {
    if (this.stopped) return
    const random = this.ensemble.world.random(`work/${this.client.name}`)
    this.client.begin((zk) => {
      if (this.client.events.some((event) => event.type === 'None' && event.state === 'Expired')) {
        this.client.events.length = 0
        this.inFlight = 0
        this.ensemble.world.machine(this.client.name).restart()
        return
      }
      for (let i = random.intBelow(3, 'burst'); i >= 0 && this.inFlight < 5; i--) this.one(zk)
    })
    const pauseUs = random.intBetween(20, 1500, 'think') * 1000
    this.ensemble.world.schedule(pauseUs, 'work', () => this.work())
  }

  private one(zk: ZooKeeper): void {
    const { name } = this.client
    this.count += 1
    const data = `${name}-${this.count}`
    const path = `/${name}-n`
    const created = (result: ZkResult<string>): void => this.answered(result, () => ({ path: result.value!, data }))
    this.inFlight += 1
    switch (this.ensemble.world.random(`work/${name}`).intBelow(5, 'operation')) {
      case 0:
        zk.create(path, data, 'persistent-sequential', created)
        return
      case 1:
        zk.create(`/${name}-e`, data, 'ephemeral-sequential', (result) => this.answered(result, () => undefined))
        return
      case 2:
        zk.create(`/${name}`, data, 'persistent', (result) => this.answered(result, () => undefined))
        return
      case 3:
        zk.getData(`/${name}`, true, (result) => this.answered(result, () => undefined))
        return
      default:
        zk.setData(`/${name}`, data, -1, (result: ZkResult<ZkStat>) => this.answered(result, () => undefined))
    }
  }

  private answered(result: ZkResult<unknown>, write: () => { path: string; data: string } | undefined): void {
    this.inFlight -= 1
    if (result.error === 'ConnectionLoss') this.losses += 1
    if (result.error !== 'OK') return
    const done = write()
    if (done !== undefined) this.acknowledged.push(done)
  }
}

function judge(ensemble: Ensemble, workers: readonly Worker[]): RunReport {
  const fail = (message: string): never => {
    throw new Error(message)
  }
  const counts: RunCounts = {
    elections: 0,
    serving: 0,
    commits: 0,
    acknowledged: 0,
    connectionLosses: 0,
    expiries: 0,
    syncs: { DIFF: 0, TRUNC: 0, SNAP: 0 },
    powerLosses: ensemble.kinds('PowerLost').length,
    watches: ensemble.kinds('ZkWatchFired').length,
  }
  const leaderOf = new Map<number, string>()
  const meaning = new Map<number, string>()
  const counterOf = new Map<string, number>()
  let lastCommitted = 0
  const appliedBy = new Map<string, number>()
  for (const { event, machine } of ensemble.records) {
    const e = event as ZooKeeperEvent
    switch (e.kind) {
      case 'ZkServerState':
        if (e.state === 'LOOKING') counts.elections += 1
        break
      case 'ZkLeaderServing':
        counts.serving += 1
        if (leaderOf.has(e.epoch)) fail(`epoch ${e.epoch} has leaders ${leaderOf.get(e.epoch)} and ${machine}`)
        leaderOf.set(e.epoch, machine)
        break
      case 'ZkSynced':
        counts.syncs[e.mode] += 1
        break
      case 'ZkSessionClosed':
        if (e.expired) counts.expiries += 1
        break
      case 'ZkRecovered':
        appliedBy.delete(machine)
        break
      case 'ZkApplied':
        appliedBy.set(machine, e.zxid)
        break
      case 'ZkCommitted': {
        const text = JSON.stringify([e.txn, e.session, e.changes])
        if (meaning.has(e.zxid)) {
          if (meaning.get(e.zxid) !== text) fail(`zxid ${e.zxid} is ${meaning.get(e.zxid)} and ${text}`)
          break
        }
        if (e.zxid <= lastCommitted) fail(`zxid ${e.zxid} was committed after ${lastCommitted}`)
        lastCommitted = e.zxid
        meaning.set(e.zxid, text)
        counts.commits += 1
        for (const change of e.changes) {
          if (change.op === 'delete' || change.data === '') continue
          const [who, number] = change.data.split('-') as [string, string]
          const key = `${who} ${e.session}`
          if (Number(number) <= (counterOf.get(key) ?? 0)) fail(`${change.data} took effect out of order`)
          counterOf.set(key, Number(number))
        }
      }
    }
  }
  const [first, ...others] = ensemble.running
  const content = (server: typeof first): string =>
    JSON.stringify([...server!.tree.nodes].map(([p, n]) => [p, n.data, n.mzxid, n.version]).sort())
  for (const other of others) {
    if (other.lastAppliedZxid !== first!.lastAppliedZxid) fail('servers have applied different transactions')
    if (content(other) !== content(first)) fail(`${other.host.machine} and ${first!.host.machine} have different trees`)
  }
  if (first!.lastAppliedZxid !== lastCommitted) fail(`${first!.lastAppliedZxid} is applied, ${lastCommitted} committed`)
  for (const worker of workers) {
    counts.acknowledged += worker.acknowledged.length
    counts.connectionLosses += worker.losses
    for (const { path, data } of worker.acknowledged) {
      if (first!.tree.node(path)?.data !== data) fail(`acknowledged ${path}=${data} is lost`)
    }
  }
  for (const owner of first!.tree.ephemeralOwners()) {
    if (!first!.tree.sessions.has(owner)) fail(`ephemeral nodes of the dead session ${owner}`)
  }
  return { digest: ensemble.world.digest(), steps: ensemble.world.steps, counts }
}
