/**
 * Judges the trace of a run as it comes: one leader an epoch, nothing committed that a quorum has not logged, each zxid
 * one meaning, the same order on every server, no session ended before its time. What it learns feeds the committed
 * state, which the clients' sights are checked against. It also counts what happened.
 */
import { SECOND, unreachable } from '../../../src/host/index.ts'
import { formatZxid, type RoleEnd, type ZooKeeperEvent, type Zxid, zxidEpoch } from '../../../src/zookeeper/index.ts'
import type { TraceRecord, WorldEvent } from '../../kernel/index.ts'
import { promise } from './breach.ts'
import type { CommittedState } from './committed-state.ts'
import { type ZabCounterName, type ZabCounts, zeroZabCounts } from './counters.ts'
import type { Leadership } from './leadership.ts'
import type { Writes } from './writes.ts'

const roleEndCounter: Readonly<Record<RoleEnd, ZabCounterName>> = {
  'no-quorum': 'leadersWithoutQuorum',
  'too-few-joined': 'leadersWithTooFewJoined',
  'follower-ahead': 'leadersBehindAFollower',
  'follower-in-later-epoch': 'followersInLaterEpoch',
  'leader-unreachable': 'leadersLost',
  'leader-gone': 'leadersLost',
  'leader-silent': 'leadersLost',
  'leader-in-older-epoch': 'leadersLost',
  'histories-differ': 'leadersLost',
}

const diskFailureCounter = {
  full: 'disksFull',
  'io-error': 'unreadableFiles',
  damaged: 'damagedServers',
} as const

export interface TraceJudgeOptions {
  /** Servers whose files may be damaged. */
  readonly fragile: readonly string[]
  readonly quorum: number
  /** Clocks go right: nothing ends before its time. */
  readonly clocksAreRight: boolean
  readonly committed: CommittedState
  readonly leadership: Leadership
  readonly writes: Writes
}

export class TraceJudge {
  readonly counts: ZabCounts = zeroZabCounts()
  private readonly options: TraceJudgeOptions
  /** Up to where each server's log is on its disk, as far as it has said so. */
  private readonly acknowledged = new Map<string, Zxid>()
  /** The transaction that each server applied last, with its place in the order of commits. */
  private readonly appliedBy = new Map<string, Zxid>()
  private readonly place = new Map<Zxid, number>()
  private readonly proposedAtUs = new Map<Zxid, number>()
  private servingSinceUs = 0
  /** What the last commit that was told is: told for the first time, and proposed by the leader that tells it. */
  private lastIsNew = false
  private lastIsOwn = false
  private readonly sessionsFromUs = new Map<string, { readonly fromUs: number; readonly timeoutMs: number }>()
  private readonly serverOf = new Map<string, string>()

  constructor(options: TraceJudgeOptions) {
    this.options = options
  }

  apply(record: TraceRecord): void {
    const { machine, atUs } = record
    const event = record.event as ZooKeeperEvent | WorldEvent
    const { counts, options } = this
    switch (event.kind) {
      case 'ZkServerState':
        if (event.state === 'LOOKING') counts.elections += 1
        return
      case 'ZkLeaderServing':
        counts.epochs += 1
        options.leadership.began(machine, event.epoch)
        if (options.leadership.leads(machine, event.epoch)) this.servingSinceUs = atUs
        return
      case 'ZkRoleEnded':
        counts[roleEndCounter[event.reason]] += 1
        if (event.role === 'LEADING') options.leadership.ended(machine)
        return
      case 'ZkProposed':
        options.leadership.proposed(machine, zxidEpoch(event.zxid))
        this.proposedAtUs.set(event.zxid, atUs)
        return
      case 'ZkAcknowledged':
        this.acknowledged.set(machine, event.zxid)
        return
      case 'ZkCommitted':
        this.committed(machine, event)
        return
      case 'ZkApplied':
        this.applied(machine, event.zxid)
        return
      case 'ZkSynced':
        this.synced(event.mode, event.to)
        return
      case 'ZkRecovered':
        if (event.truncatedBytes > 0) counts.tornLogTails += 1
        this.appliedBy.delete(machine)
        this.acknowledged.set(machine, event.lastZxid)
        return
      case 'ZkSnapshotDamaged':
        counts.damagedSnapshots += 1
        return
      case 'ZkDiskFailed':
        promise(
          event.failure !== 'damaged' || options.fragile.includes(machine),
          () => `${machine} does not start, though nothing was damaged: ${event.detail}`,
        )
        counts[diskFailureCounter[event.failure]] += 1
        return
      case 'ZkClientAhead':
        counts.clientsAhead += 1
        return
      case 'ZkSessionCreated':
        this.sessionCreated(event.session, event.timeoutMs)
        return
      case 'ZkSessionClosed':
        if (event.expired) this.sessionExpired(event.session)
        return
      case 'ZkWatchFired':
        counts.watchesFired += 1
        return
      case 'ZkClientState':
        if (event.state === 'connected') this.clientConnected(event.session, event.server!)
        return
      case 'ProcessEnded':
        if (event.how === 'crash') counts.processCrashes += 1
        options.leadership.ended(machine)
        return
      case 'PowerLost':
        counts.powerLosses += 1
        return
      case 'Paused':
        counts.pauses += 1
        return
      case 'LinkCut':
        counts.linkCuts += 1
        return
      case 'ClockSet':
        counts.clocksSet += 1
        return
    }
  }

  /** Counts what can be told only at the end: proposals of which nothing came. */
  finish(): void {
    for (const zxid of this.proposedAtUs.keys()) if (!this.place.has(zxid)) this.counts.proposalsLost += 1
  }

  private committed(leader: string, event: Extract<ZooKeeperEvent, { kind: 'ZkCommitted' }>): void {
    const { committed, leadership, writes, quorum } = this.options
    const { zxid, session, changes } = event
    this.lastIsNew = committed.apply(event)
    this.lastIsOwn = leadership.leads(leader, zxidEpoch(zxid))
    if (!this.lastIsNew) return
    const { counts } = this
    counts.commits += 1
    if (event.txn === 'error') counts.refusedTransactions += 1
    this.place.set(zxid, this.place.size)
    writes.committed(zxid, session, changes)
    if (!this.lastIsOwn) {
      counts.inheritedTransactions += 1
      return
    }
    let logged = 0
    for (const acknowledged of this.acknowledged.values()) if (acknowledged >= zxid) logged += 1
    promise(logged >= quorum, () => `${formatZxid(zxid)} was committed with ${logged} servers that had logged it`)
  }

  /** Applied is what comes next after the transaction before, unless a leader's history or a snapshot came in between. */
  private applied(machine: string, zxid: Zxid): void {
    const before = this.appliedBy.get(machine)
    this.appliedBy.set(machine, zxid)
    const place = this.place.get(zxid)
    const placeBefore = before === undefined ? undefined : this.place.get(before)
    // A new leader's inheritance is applied before it is known to be committed.
    if (place === undefined || placeBefore === undefined) return
    promise(
      place === placeBefore + 1,
      () => `${machine} applied ${formatZxid(zxid)} after ${formatZxid(before!)}: number ${place} after ${placeBefore}`,
    )
  }

  private synced(mode: 'DIFF' | 'TRUNC' | 'SNAP', to: string): void {
    const { counts } = this
    switch (mode) {
      case 'DIFF':
        counts.diffs += 1
        return
      case 'TRUNC':
        counts.truncs += 1
        break
      case 'SNAP':
        counts.snaps += 1
        break
      default:
        unreachable(mode)
    }
    this.appliedBy.delete(to)
    this.acknowledged.delete(to)
  }

  // Sessions.

  private sessionCreated(session: string, timeoutMs: number): void {
    if (!this.lastIsNew) return
    this.counts.sessionsCreated += 1
    const fromUs = this.proposedAtUs.get(this.options.committed.lastZxid)!
    this.sessionsFromUs.set(session, { fromUs, timeoutMs })
  }

  /** The leader waits for the whole timeout from the creation, or from the beginning of its own leadership. */
  private sessionExpired(session: string): void {
    if (!this.lastIsNew) return
    this.counts.sessionsExpired += 1
    if (!this.lastIsOwn || !this.options.clocksAreRight) return
    const { fromUs, timeoutMs } = this.sessionsFromUs.get(session)!
    const waitedUs = this.proposedAtUs.get(this.options.committed.lastZxid)! - Math.max(fromUs, this.servingSinceUs)
    promise(
      waitedUs >= timeoutMs * 1000,
      () => `session ${session} of ${timeoutMs} ms was ended after ${waitedUs / SECOND} s`,
    )
  }

  private clientConnected(session: string, server: string): void {
    const before = this.serverOf.get(session)
    this.serverOf.set(session, server)
    if (before !== undefined && before !== server) this.counts.sessionMoves += 1
  }
}
