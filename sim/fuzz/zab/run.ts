/**
 * One run of the ZAB soak: trouble for a while, then everything is healed and has to come to rest: the ensemble serves
 * again in time, answers its clients, ends the sessions of those that are gone, and all servers hold what was committed.
 */
import { Digest, fromMs, InvariantError, SECOND } from '../../../src/host/index.ts'
import type { ZooKeeperServer } from '../../../src/zookeeper/index.ts'
import type { TraceRecord } from '../../kernel/index.ts'
import { Breach, promise } from './breach.ts'
import { CommittedState } from './committed-state.ts'
import type { ZabCounts } from './counters.ts'
import { ZabEnsemble } from './ensemble.ts'
import { inflict } from './faults.ts'
import { Leadership } from './leadership.ts'
import { Observations } from './observations.ts'
import { type PlannedFault, type ZabPlan, zabPlan } from './plan.ts'
import { Subscriber } from './subscriber.ts'
import { TraceJudge } from './trace-judge.ts'
import { Worker, type WorkerProgress } from './worker.ts'

/** After the heal, in virtual time: the longest back-off of election messages, and twice initLimit on top. */
const SERVES_WITHIN_US = 60 * SECOND
const LOOKS_EVERY_US = SECOND / 10
const WORKS_ON_US = 3 * SECOND
const ANSWERED_WITHIN_US = 60 * SECOND
/** The longest session, a clock that was put back, and a leader or two in between. */
const SETTLED_WITHIN_US = 120 * SECOND

export interface ZabOutcome {
  readonly seed: number
  readonly traceHash: string
  readonly events: number
  readonly virtualMs: number
  readonly counts: ZabCounts
  /** What was promised and did not hold. */
  readonly breach?: string
  /** An assertion of the simulator broke. */
  readonly bug?: { readonly message: string; readonly stack: string }
}

/** @param watch sees each record of the trace, for a replay that is written down */
export function zabRun(seed: number, watch?: (record: TraceRecord) => void): ZabOutcome {
  const run = new ZabRun(zabPlan(seed), watch)
  const failure = run.play()
  const { world } = run.ensemble
  return {
    seed,
    traceHash: run.hash(),
    events: world.steps,
    virtualMs: Math.floor(world.now / 1000),
    counts: run.counts(),
    ...failure,
  }
}

class ZabRun {
  readonly ensemble: ZabEnsemble
  private readonly plan: ZabPlan
  private readonly committed = new CommittedState()
  private readonly leadership = new Leadership()
  private readonly seen = new Observations(this.committed, this.leadership)
  private readonly judge: TraceJudge
  private readonly traceDigest = new Digest()
  /** Faults that wait for their moment. */
  private readonly lurking: PlannedFault[] = []

  constructor(plan: ZabPlan, watch: ((record: TraceRecord) => void) | undefined) {
    this.plan = plan
    // Messages are frozen now and then, which takes time: nobody may change what it has sent.
    this.ensemble = new ZabEnsemble(plan, { freezeMessages: plan.seed % 20 === 0 })
    this.judge = new TraceJudge({
      fragile: plan.fragile,
      quorum: (plan.servers.length >> 1) + 1,
      clocksAreRight: Object.keys(plan.clocks).length === 0,
      committed: this.committed,
      leadership: this.leadership,
      writes: this.seen.writes,
    })
    const { trace } = this.ensemble.world
    // First, so that the record that shows a breach is written down.
    if (watch !== undefined) trace.subscribe(watch, { messages: true })
    trace.subscribe((record) => {
      this.feed(record)
      this.judge.apply(record)
      if (this.lurking.length > 0) this.awaited(record)
    })
  }

  play(): Pick<ZabOutcome, 'breach' | 'bug'> {
    try {
      this.begin()
      this.ensemble.world.run(this.plan.faultsEndUs)
      this.ensemble.healEverything()
      this.comeToRest()
      this.judgeAtRest()
      return {}
    } catch (error) {
      if (error instanceof Breach) return { breach: error.message }
      if (error instanceof InvariantError || error instanceof TypeError || error instanceof RangeError) {
        return { bug: { message: error.message, stack: error.stack ?? '' } }
      }
      throw error
    }
  }

  counts(): ZabCounts {
    this.judge.finish()
    const { counts, writes } = this.seen
    const { applied, notApplied } = writes.unknownOutcomes()
    return {
      ...this.judge.counts,
      reads: counts.reads,
      staleReads: counts.staleReads,
      watchesSet: counts.watchesSet,
      watchEventsSeen: counts.watchEvents,
      syncs: counts.syncs,
      multis: counts.multis,
      multisRefused: counts.multisRefused,
      versionsRefused: counts.versionsRefused,
      connectionLosses: counts.connectionLosses,
      acknowledgedWrites: writes.acknowledged(),
      lossesThatHappened: applied,
      lossesThatDidNot: notApplied,
    }
  }

  hash(): string {
    return this.traceDigest.string(this.ensemble.world.digest()).hex()
  }

  private begin(): void {
    const { ensemble, plan } = this
    const { world } = ensemble
    ensemble.bootServers(plan.settings)
    const others = { servers: plan.servers, workers: plan.workers.map(({ name }) => name) }
    for (const worker of plan.workers) {
      const progress: WorkerProgress = { count: 0 }
      ensemble.boot(worker.name, (host) => new Worker(host, worker, others, this.seen, progress))
    }
    ensemble.boot(plan.subscriber.name, (host) => new Subscriber(host, plan.subscriber, plan.servers))
    for (const fault of plan.faults) {
      world.schedule(fault.atUs, fault.fault.do, () => {
        if (fault.after === undefined) this.strike(fault, undefined)
        else this.lurking.push(fault)
      })
    }
  }

  private strike({ untilUs, fault }: PlannedFault, subject: string | undefined): void {
    const { ensemble } = this
    const { world } = ensemble
    if (world.now >= untilUs) return
    ensemble.subject = subject
    const undo = inflict(ensemble, fault)
    world.schedule(untilUs - world.now, `end of ${fault.do}`, undo)
  }

  /** A fault that waits for this moment strikes: in an event of its own, for a process cannot be killed from within. */
  private awaited({ machine, event }: TraceRecord): void {
    const index = this.lurking.findIndex(({ after }) => after?.event === event.kind)
    if (index < 0) return
    const fault = this.lurking.splice(index, 1)[0]!
    this.ensemble.world.schedule(fault.after!.delayUs, fault.fault.do, () => this.strike(fault, machine))
  }

  // After the faults.

  private comeToRest(): void {
    const { ensemble, plan } = this
    const { world } = ensemble
    // What was written to a slow disk is still being written: the trouble ends with that.
    world.run(Math.max(world.now, ...world.machines.map(({ busyUntil }) => busyUntil)))
    const { initLimit, tickTimeMs } = plan.settings
    const withinUs = SERVES_WITHIN_US + fromMs(2 * initLimit * tickTimeMs)
    this.until('every server serves', withinUs, () => plan.servers.every((name) => this.servesOrIsDamaged(name)))
    this.until('every client is connected', ANSWERED_WITHIN_US, () =>
      this.sessions().every((session) => session !== null),
    )
    world.run(world.now + WORKS_ON_US)
    const acknowledged = this.seen.writes.acknowledged()
    this.until('a write is acknowledged', ANSWERED_WITHIN_US, () => this.seen.writes.acknowledged() > acknowledged)
    for (const name of this.ensemble.clients) {
      world.call(name, 'rest', (process) => (process as Worker | Subscriber).rest())
    }
    this.until('every request is answered', ANSWERED_WITHIN_US, () => {
      return this.subscriber.isAtRest && this.workers.every((worker) => worker.isAtRest)
    })
    this.until('the sessions are those of the connected clients', SETTLED_WITHIN_US, () => {
      const live = this.sessions()
      return (
        live.length === this.committed.sessions.size &&
        live.every((session) => session !== null && this.committed.sessions.has(session))
      )
    })
    // Watches fire, subscribers read, followers apply what is committed.
    world.run(world.now + 10 * SECOND)
  }

  /** Those whose files are damaged do not come back. */
  private servesOrIsDamaged(name: string): boolean {
    const process = this.ensemble.world.machine(name).process as ZooKeeperServer | undefined
    return process === undefined ? this.plan.fragile.includes(name) : process.isServing
  }

  /** Asks now and then, not after each event. */
  private until(what: string, withinUs: number, holds: () => boolean): void {
    const { world } = this.ensemble
    const deadlineUs = world.now + withinUs
    while (!holds()) {
      promise(world.now < deadlineUs, () => `waited ${withinUs / SECOND} s until ${what}`)
      world.run(Math.min(world.now + LOOKS_EVERY_US, deadlineUs))
    }
  }

  private judgeAtRest(): void {
    const { ensemble } = this
    for (const server of ensemble.running) this.judgeServer(server)
    for (const worker of this.workers) worker.judgeAtRest()
    this.subscriber.judgeAtRest(ensemble.running[0]!.tree)
  }

  /** Its tree is what follows from what was committed, to the last number. */
  private judgeServer(server: ZooKeeperServer): void {
    const { tree, host } = server
    const { committed } = this
    const name = host.machine
    promise(
      server.lastAppliedZxid === committed.lastZxid,
      () => `${name} has applied ${server.lastAppliedZxid}, and ${committed.lastZxid} is committed`,
    )
    for (const [path, node] of committed.nodes) {
      const { data, version, czxid, mzxid, pzxid, owner, created, children } = node
      const expected = [data, version, czxid, mzxid, pzxid, owner, 2 * created - children.size, children.size]
      const stat = tree.stat(path)
      const actual =
        stat === undefined
          ? 'nothing'
          : [
              tree.node(path)!.data,
              stat.version,
              stat.czxid,
              stat.mzxid,
              stat.pzxid,
              stat.ephemeralOwner,
              stat.cversion,
              stat.numChildren,
            ]
      promise(String(actual) === String(expected), () => `${path} is ${actual} on ${name}, and should be ${expected}`)
    }
    promise(
      tree.nodes.size === committed.nodes.size,
      () => `${name} has ${tree.nodes.size} nodes of ${committed.nodes.size}`,
    )
    const sessions = [...tree.sessions.keys()].sort().join(' ')
    const expectedSessions = [...committed.sessions].sort().join(' ')
    promise(sessions === expectedSessions, () => `${name} has the sessions ${sessions}, not ${expectedSessions}`)
    for (const owner of tree.ephemeralOwners()) {
      promise(tree.sessions.has(owner), () => `${name} has ephemeral nodes of the ended session ${owner}`)
    }
  }

  private get workers(): Worker[] {
    return this.plan.workers.map(({ name }) => this.ensemble.world.machine(name).process as Worker)
  }

  private get subscriber(): Subscriber {
    return this.ensemble.world.machine(this.plan.subscriber.name).process as Subscriber
  }

  private sessions(): ReadonlyArray<string | null> {
    return [...this.workers.map((worker) => worker.liveSession), this.subscriber.liveSession]
  }

  /** Not the whole text of a record, which takes long to make: where it stands, and what kind it is. */
  private feed({ seq, atUs, machine, step, event }: TraceRecord): void {
    this.traceDigest.int(seq).int(atUs).int(step).string(machine).string(event.kind)
    if ('zxid' in event) this.traceDigest.int(event.zxid as number)
  }
}
