/**
 * A client of the plain library that works all the time: a register of its own, a counter that all share, pairs of nodes
 * written together, sequential and ephemeral nodes, a lock, reads with watches, syncs. Several requests are under way at
 * once. Whatever it is told goes to the witnesses. When its session is over it opens another one.
 */
import { type Digest, type Host, MILLISECOND, type Process, type RandomStream } from '../../../src/host/index.ts'
import {
  type CreateMode,
  type WatchedEvent,
  type ZkResult,
  ZOOKEEPER_CLIENT_PORT,
  ZooKeeper,
} from '../../../src/zookeeper/index.ts'
import { promise } from './breach.ts'
import type { Observations } from './observations.ts'
import type { PlannedClient } from './plan.ts'
import type { SessionWitness } from './session-witness.ts'

const MOST_UNDER_WAY = 6
const PROBE_AGAIN_US = 200 * MILLISECOND
/** Persistent nodes that everybody makes sure of. */
const PARENTS = ['/e', '/q', '/shared', '/pair-a', '/pair-b'] as const

/** Counts over all lives of a worker. */
export interface WorkerProgress {
  count: number
}

export class Worker implements Process {
  readonly name: string
  private readonly host: Host
  private readonly plan: PlannedClient
  private readonly servers: readonly string[]
  private readonly workers: readonly string[]
  private readonly seen: Observations
  private readonly progress: WorkerProgress
  private readonly random: RandomStream
  private zk: ZooKeeper | undefined
  private witness: SessionWitness | undefined
  private underWay = 0
  private resting = false
  private heardOf = false
  private holdsLock = false
  private readonly own: string[] = []

  constructor(
    host: Host,
    plan: PlannedClient,
    others: { readonly servers: readonly string[]; readonly workers: readonly string[] },
    seen: Observations,
    progress: WorkerProgress,
  ) {
    this.host = host
    this.plan = plan
    this.name = plan.name
    this.servers = others.servers
    this.workers = others.workers
    this.seen = seen
    this.progress = progress
    this.random = host.random('work')
  }

  start(): void {
    this.open()
    this.later()
  }

  /** Asks for nothing more, except whether anybody is there: a clock that was put back makes a client wait for long. */
  rest(): void {
    this.resting = true
    this.probe()
  }

  /** It rests, with all requests answered, the last one well. */
  get isAtRest(): boolean {
    return this.heardOf && this.underWay === 0
  }

  /** Null while it is not connected. */
  get liveSession(): string | null {
    return this.zk?.isConnected === true ? this.zk.sessionId : null
  }

  judgeAtRest(): void {
    if (this.zk?.isConnected === true) this.witness?.judgeAtRest()
  }

  digest(d: Digest): void {
    d.int(this.underWay).boolean(this.resting).int(this.progress.count)
    this.zk?.digest(d)
  }

  private probe(): void {
    this.zk!.exists('/', false, ({ error }) => {
      if (error === 'OK') this.heardOf = true
      else this.host.setTimer(PROBE_AGAIN_US, 'probe', () => this.probe())
    })
  }

  private open(): void {
    this.witness = undefined
    this.holdsLock = false
    this.own.length = 0
    this.zk = new ZooKeeper(
      this.host,
      {
        servers: this.servers.map((machine) => ({ machine, port: ZOOKEEPER_CLIENT_PORT })),
        sessionTimeoutMs: this.plan.sessionTimeoutMs,
      },
      (event) => this.told(event),
    )
  }

  private told(event: WatchedEvent): void {
    if (event.type !== 'None') {
      this.witness?.fired(event.type, event.path)
      return
    }
    if (event.state === 'Expired') this.open()
    else if (event.state === 'SyncConnected' && this.witness !== undefined) this.readAll()
    else if (event.state === 'SyncConnected') {
      this.witness = this.seen.witness(this.zk!.sessionId!)
      for (const path of PARENTS) this.create(path, 'persistent', () => {})
      this.create(`/${this.name}`, 'persistent', () => {})
    }
  }

  private later(): void {
    const pauseUs = this.random.intBetween(20 * MILLISECOND, this.plan.thinkUs, 'think')
    this.host.setTimer(pauseUs, 'work', () => {
      const { zk } = this
      // Without a session yet, what is asked would be answered for no session that we could name.
      if (!this.resting && zk?.isConnected === true) {
        for (let i = this.random.intBelow(3, 'burst'); i >= 0 && this.underWay < MOST_UNDER_WAY; i--) this.one(zk)
      }
      this.later()
    })
  }

  private one(zk: ZooKeeper): void {
    const { random } = this
    switch (random.intBelow(14, 'operation')) {
      case 0:
      case 1:
        return this.writeRegister(zk)
      case 2:
        return this.count(zk)
      case 3:
        return this.writePair(zk)
      case 4:
        return this.create('/q/n-', 'persistent-sequential', (path) => this.own.push(path))
      case 5:
        return this.create('/e/n-', 'ephemeral-sequential', (path) => this.own.push(path))
      case 6:
        return this.lock(zk)
      case 7:
        return this.deleteOwn(zk)
      case 8:
        return this.refusedPair(zk)
      case 9:
        return this.readAfterSync(zk)
      case 10:
        return this.readChildren(zk, random.pick(['/e', '/q'], 'parent'))
      case 11:
        return this.lookAtLock(zk)
      default:
        return this.read(zk, random.pick(this.registers, 'path'))
    }
  }

  /** Nodes that, once created, stay. */
  private get registers(): string[] {
    return [...this.workers.map((name) => `/${name}`), '/shared', '/pair-a', '/pair-b']
  }

  /** On another server: whatever was seen before must be there. */
  private readAll(): void {
    for (const path of this.registers) this.read(this.zk!, path)
  }

  // Writes.

  private nextData(): string {
    this.progress.count += 1
    return `${this.name}-${this.progress.count}`
  }

  private create(path: string, mode: CreateMode, created: (path: string) => void): void {
    const { witness, zk } = this
    const write = this.seen.writes.ask(this.nextData(), witness!.session)
    this.underWay += 1
    zk!.create(path, write.data, mode, (result) => {
      this.seen.answered(write, result.error, witness!)
      this.done(witness, result, created)
    })
  }

  private writeRegister(zk: ZooKeeper): void {
    const { witness } = this
    const write = this.seen.writes.ask(this.nextData(), witness!.session)
    this.underWay += 1
    zk.setData(`/${this.name}`, write.data, -1, (result) => {
      this.seen.answered(write, result.error, witness!)
      this.done(witness, result)
    })
  }

  /** Compare and set, as for a counter: of two who read the same version, one may write. */
  private count(zk: ZooKeeper): void {
    const { witness } = this
    this.underWay += 1
    zk.getData('/shared', false, (read) => {
      if (read.value === undefined || this.witness !== witness) {
        this.done(witness, read)
        return
      }
      const { data, stat } = read.value
      witness!.readData('/shared', data, stat, false)
      const write = this.seen.writes.ask(this.nextData(), witness!.session, { expectedVersion: stat.version })
      zk.setData('/shared', write.data, stat.version, (result) => {
        if (result.error === 'BadVersion') this.seen.refusedVersion('/shared', stat.version)
        this.seen.answered(write, result.error, witness!)
        this.done(witness, result)
      })
    })
  }

  private writePair(zk: ZooKeeper): void {
    const { witness } = this
    const write = this.seen.writes.ask(this.nextData(), witness!.session, { nodes: 2 })
    const { data } = write
    this.underWay += 1
    const parts = ['/pair-a', '/pair-b'].map((path) => ({ op: 'setData', path, data, version: -1 }) as const)
    zk.multi(parts, (result) => {
      this.seen.answered(write, result.error, witness!)
      this.seen.counts.multis += 1
      this.done(witness, result)
    })
  }

  /** The second half cannot succeed, so neither may the first. */
  private refusedPair(zk: ZooKeeper): void {
    const { witness } = this
    const write = this.seen.writes.ask(this.nextData(), witness!.session)
    this.underWay += 1
    const parts = [
      { op: 'setData', path: '/pair-a', data: write.data, version: -1 },
      { op: 'check', path: '/shared', version: 1_000_000_000 },
    ] as const
    zk.multi(parts, (result) => {
      promise(result.error !== 'OK', () => `${write.data}: a multi with a wrong version was carried out`)
      if (result.error === 'BadVersion') this.seen.counts.multisRefused += 1
      this.seen.answered(write, result.error, witness!)
      this.done(witness, result)
    })
  }

  private lock(zk: ZooKeeper): void {
    if (!this.holdsLock) {
      this.create('/lock', 'ephemeral', () => {
        this.holdsLock = true
      })
      return
    }
    const { witness } = this
    this.underWay += 1
    zk.delete('/lock', -1, (result) => {
      if (result.error === 'OK') this.holdsLock = false
      this.done(witness, result)
    })
  }

  private deleteOwn(zk: ZooKeeper): void {
    const path = this.own.shift()
    if (path === undefined) return
    const { witness } = this
    this.underWay += 1
    zk.delete(path, -1, (result) => {
      if (result.error === 'OK') this.seen.deleted(path)
      this.done(witness, result)
    })
  }

  // Reads.

  private read(zk: ZooKeeper, path: string): void {
    const { witness } = this
    const watch = this.random.chance(1, 2, 'watch')
    this.underWay += 1
    zk.getData(path, watch, (result) => {
      this.done(witness, result, ({ data, stat }) => witness!.readData(path, data, stat, watch))
      if (result.error === 'NoNode') witness!.missed(path)
    })
  }

  /** A watch on a node that comes and goes. */
  private lookAtLock(zk: ZooKeeper): void {
    const { witness } = this
    this.underWay += 1
    if (this.random.chance(1, 2, 'exists')) {
      zk.exists('/lock', true, (result) => {
        this.done(witness, result)
        if (result.error === 'NoNode') witness!.waitsFor('/lock')
      })
      return
    }
    zk.getData('/lock', true, (result) => {
      this.done(witness, result, ({ data, stat }) => witness!.readData('/lock', data, stat, true))
    })
  }

  private readChildren(zk: ZooKeeper, path: string): void {
    const { witness } = this
    const watch = this.random.chance(1, 2, 'watch')
    this.underWay += 1
    zk.getChildrenWithStat(path, watch, (result) => {
      this.done(witness, result, ({ stat }) => witness!.readChildren(path, stat, watch))
      if (result.error === 'NoNode') witness!.missed(path)
    })
  }

  private readAfterSync(zk: ZooKeeper): void {
    const { witness } = this
    const before = this.seen.syncAsked()
    this.underWay += 1
    zk.sync('/shared', (result) => {
      this.done(witness, result, () => {
        if (this.seen.syncPromises(before)) witness!.synced(before.committed)
      })
    })
    this.read(zk, '/shared')
  }

  /** Answers of an ended session are of no more interest. */
  private done<T>(witness: SessionWitness | undefined, result: ZkResult<T>, use: (value: T) => void = () => {}): void {
    this.underWay -= 1
    if (result.error === 'ConnectionLoss') this.seen.counts.connectionLosses += 1
    if (result.value !== undefined && witness === this.witness) use(result.value)
  }
}
