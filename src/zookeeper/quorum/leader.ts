/**
 * The leader (org.apache.zookeeper.server.quorum.Leader).
 *
 * discovery        a quorum of followers told their accepted epochs: the new epoch is one more than the highest.
 * epoch-acks       a quorum promised the new epoch, and none of them has a more recent history than this server.
 * synchronisation  followers are brought to this server's history; with a quorum of NEWLEADER acknowledgements all of it
 *                  is committed and the leader serves.
 * broadcast        requests become proposals with rising zxids; what a quorum has logged, this server's own disk
 *                  counting as one, is committed in order.
 *
 * Each of the first three may take initLimit ticks. The leader steps down when fewer than a quorum were heard from within
 * syncLimit ticks. It also steps down for a follower that has promised a later epoch, which could never join otherwise;
 * ZooKeeper leaves such a follower out.
 */
import { type Connection, type Digest, fromMs, MILLISECOND, type Timer, unreachable } from '../../host/index.ts'
import type { ZnodeChange } from '../events.ts'
import { type FollowerMessage, type LeaderMessage, ZOOKEEPER_PEER_PORT } from '../messages.ts'
import type { WriteOperation } from '../operation.ts'
import { encodeSnapshot } from '../storage/snapshot.ts'
import type { Txn, TxnBody } from '../tree/txn.ts'
import { makeZxid, type Zxid } from '../zxid.ts'
import { FollowerLink } from './follower-link.ts'
import type { Peer, Role } from './peer.ts'
import { RequestPreparer } from './request-preparer.ts'
import { SessionTracker } from './session-tracker.ts'
import { planSync } from './sync-plan.ts'
import { majorityOf } from './vote.ts'

type Phase = 'discovery' | 'epoch-acks' | 'synchronisation' | 'broadcast'

interface WaitingSync {
  readonly zxid: Zxid
  /** Undefined: a client of this server. */
  readonly link: FollowerLink | undefined
  readonly session: string
  readonly xid: number
}

export class Leader implements Role {
  private readonly peer: Peer
  private readonly quorum: number
  private readonly links = new Map<Connection, FollowerLink>()
  private readonly tracker: SessionTracker
  private preparer: RequestPreparer
  private phase: Phase = 'discovery'
  private phaseHalfTicks = 0
  private halfTicks = 0
  private epoch: number
  private counter = 0
  private readonly epochAcks = new Set<number>()
  private ownAckedZxid: Zxid = 0
  private waitingSyncs: WaitingSync[] = []
  private halfTick: Timer | undefined

  constructor(peer: Peer) {
    this.peer = peer
    this.quorum = majorityOf(peer.options.ensemble.length)
    this.epoch = peer.database.epochs.acceptedEpoch + 1
    this.preparer = new RequestPreparer(peer.database.tree)
    this.tracker = new SessionTracker(peer.host, peer.options.tickTimeMs, (session) => this.expire(session))
  }

  start(): void {
    this.peer.host.listen(ZOOKEEPER_PEER_PORT, (connection) => {
      const link = new FollowerLink(connection)
      this.links.set(connection, link)
      return {
        received: (message) => this.received(link, message as FollowerMessage),
        closed: () => this.links.delete(connection),
      }
    })
    this.armHalfTick()
    this.considerEpoch()
  }

  stop(): void {
    this.peer.host.unlisten(ZOOKEEPER_PEER_PORT)
    this.halfTick?.cancel()
    this.tracker.stop()
    for (const link of this.links.values()) link.connection.close()
    this.links.clear()
  }

  flushed(): void {
    const { database, host } = this.peer
    this.ownAckedZxid = database.lastLogged
    if (host.tracing) host.trace({ kind: 'ZkAcknowledged', zxid: this.ownAckedZxid })
    this.commitAcknowledged()
  }

  submit(session: string, xid: number, operation: WriteOperation): void {
    this.request(this.peer.options.id, session, xid, operation)
  }

  sync(session: string, xid: number): void {
    this.answerSyncLater({ zxid: this.lastProposed, link: undefined, session, xid })
  }

  revalidate(session: string, timeoutMs: number): void {
    this.peer.revalidated(session, this.revalidateFor(this.peer.options.id, session, timeoutMs))
  }

  touch(session: string, timeoutMs: number): void {
    this.tracker.touch(session, timeoutMs)
  }

  digest(d: Digest): void {
    d.string(this.phase).int(this.epoch).int(this.counter).int(this.phaseHalfTicks).int(this.halfTicks)
    for (const id of this.epochAcks) d.int(id)
    for (const link of this.links.values()) link.digest(d)
    d.int(this.ownAckedZxid).word(this.waitingSyncs.length)
    this.preparer.digest(d)
    this.tracker.digest(d)
  }

  private received(link: FollowerLink, message: FollowerMessage): void {
    link.quietHalfTicks = 0
    switch (message.zk) {
      case 'FollowerInfo':
        this.followerInfo(link, message.id, message.acceptedEpoch)
        return
      case 'AckEpoch':
        link.summary = message
        this.ackEpoch(link)
        return
      case 'Ack':
        this.ack(link, message.zxid)
        return
      case 'FollowerPing':
        for (const [session, timeoutMs] of message.touched) this.tracker.touch(session, timeoutMs)
        return
      case 'Forward':
        this.request(link.id!, message.session, message.xid, message.operation)
        return
      case 'Sync':
        this.answerSyncLater({ zxid: this.lastProposed, link, session: message.session, xid: message.xid })
        return
      case 'Revalidate': {
        const valid = this.revalidateFor(link.id!, message.session, message.timeoutMs)
        link.send({ zk: 'Revalidated', session: message.session, valid })
        return
      }
      default:
        unreachable(message)
    }
  }

  // Discovery.

  private followerInfo(link: FollowerLink, id: number, acceptedEpoch: number): void {
    for (const other of this.links.values()) {
      // The follower gave up an earlier connection before this server noticed.
      if (other !== link && other.id === id) this.drop(other)
    }
    link.id = id
    if (this.phase === 'discovery') {
      this.epoch = Math.max(this.epoch, acceptedEpoch + 1)
      this.considerEpoch()
    } else if (acceptedEpoch > this.epoch) {
      this.peer.giveUp('follower-in-later-epoch')
    } else {
      link.send({ zk: 'LeaderInfo', epoch: this.epoch })
    }
  }

  private considerEpoch(): void {
    const informed = [...this.links.values()].filter((link) => link.id !== undefined)
    if (informed.length + 1 < this.quorum) return
    this.peer.database.epochs.accept(this.epoch)
    this.enterPhase('epoch-acks')
    this.epochAcks.add(this.peer.options.id)
    for (const link of informed) link.send({ zk: 'LeaderInfo', epoch: this.epoch })
    this.considerEpochAcks()
  }

  private ackEpoch(link: FollowerLink): void {
    if (this.phase === 'synchronisation' || this.phase === 'broadcast') {
      this.synchronise(link)
      return
    }
    const { currentEpoch, lastZxid } = link.summary!
    if (currentEpoch === null) return
    const { database } = this.peer
    const own = database.epochs.currentEpoch
    if (currentEpoch > own || (currentEpoch === own && lastZxid > database.lastLogged)) {
      this.peer.giveUp('follower-ahead')
      return
    }
    this.epochAcks.add(link.id!)
    this.considerEpochAcks()
  }

  private considerEpochAcks(): void {
    if (this.epochAcks.size < this.quorum) return
    const { database } = this.peer
    database.epochs.enter(this.epoch)
    this.peer.enteredEpoch(this.epoch)
    this.enterPhase('synchronisation')
    for (const link of [...this.links.values()]) if (link.summary !== undefined) this.synchronise(link)
    this.considerNewLeaderAcks()
  }

  // Synchronisation.

  /** Brings a follower to this server's history, all of which becomes true with its leadership, if it is not yet. */
  private synchronise(link: FollowerLink): void {
    const { database, options, host } = this.peer
    const { lastZxid, oldestZxid } = link.summary!
    const committedZxid = database.lastApplied
    const plan = planSync(lastZxid, oldestZxid, {
      txns: database.history,
      base: database.historyBase,
      snapshotBytes: database.lastSnapshotBytes,
      diffTxnsMax: options.commitLogCount ?? 500,
    })
    if (plan.mode === 'DIFF') link.send({ zk: 'Diff', txns: plan.txns, zxid: committedZxid })
    else if (plan.mode === 'TRUNC') {
      link.send({ zk: 'Trunc', after: plan.after, txns: plan.txns, zxid: committedZxid })
    } else {
      link.send({ zk: 'Snap', zxid: committedZxid, bytes: encodeSnapshot(database.tree) })
      for (const txn of database.history.slice(database.appliedCount)) link.send({ zk: 'Proposal', txn })
    }
    if (host.tracing) {
      host.trace({ kind: 'ZkSynced', mode: plan.mode, to: link.connection.peer, zxid: committedZxid })
    }
    link.send({ zk: 'NewLeader', zxid: makeZxid(this.epoch, 0) })
    link.forwarding = true
  }

  private considerNewLeaderAcks(): void {
    if (this.phase !== 'synchronisation' || this.syncedCount() < this.quorum) return
    this.enterPhase('broadcast')
    const { database, host } = this.peer
    if (host.tracing) host.trace({ kind: 'ZkLeaderServing', epoch: this.epoch })
    // What it inherited is logged by a quorum now.
    this.commitThrough(database.lastLogged)
    for (const [session, timeoutMs] of database.tree.sessions) this.tracker.add(session, timeoutMs, undefined)
    this.preparer = new RequestPreparer(database.tree)
    for (const link of this.links.values()) if (link.synced) link.send({ zk: 'UpToDate' })
    this.peer.serve()
    database.snapshotIfDue()
  }

  private syncedCount(): number {
    let count = 1
    for (const link of this.links.values()) if (link.synced) count += 1
    return count
  }

  // Broadcast.

  private get lastProposed(): Zxid {
    return this.peer.database.lastLogged
  }

  private request(owner: number, session: string, xid: number, operation: WriteOperation): void {
    if (this.phase !== 'broadcast') return
    const zxid = makeZxid(this.epoch, this.counter + 1)
    if (operation.op === 'createSession') this.tracker.add(session, operation.timeoutMs, owner)
    else if (operation.op === 'closeSession') this.tracker.setClosing(session)
    else {
      const error = this.tracker.check(session, owner)
      if (error !== 'OK') {
        this.propose(session, xid, { type: 'error', error, results: [] })
        return
      }
    }
    this.propose(session, xid, this.preparer.prepare(session, operation, zxid))
  }

  private expire(session: string): void {
    const zxid = makeZxid(this.epoch, this.counter + 1)
    this.propose(session, 0, this.preparer.closeSession(session, zxid, true))
  }

  private propose(session: string, xid: number, body: TxnBody): void {
    const { database, host } = this.peer
    this.counter += 1
    const zxid = makeZxid(this.epoch, this.counter)
    const txn: Txn = { zxid, session, xid, timeMs: Math.floor(host.now() / MILLISECOND), body }
    database.append(txn)
    if (host.tracing) host.trace({ kind: 'ZkProposed', zxid, txn: body.type })
    this.forward({ zk: 'Proposal', txn })
    this.peer.scheduleFlush()
  }

  private forward(message: LeaderMessage): void {
    for (const link of this.links.values()) if (link.forwarding) link.send(message)
  }

  private ack(link: FollowerLink, zxid: Zxid): void {
    if (!link.synced) {
      link.synced = true
      link.ackedZxid = zxid
      if (this.phase === 'broadcast') link.send({ zk: 'UpToDate' })
      else this.considerNewLeaderAcks()
      return
    }
    link.ackedZxid = zxid
    this.commitAcknowledged()
  }

  /** Commits up to the highest zxid that a quorum has logged; acknowledgements stand for everything before them. */
  private commitAcknowledged(): void {
    if (this.phase !== 'broadcast') return
    const { database } = this.peer
    const acked = [this.ownAckedZxid]
    for (const link of this.links.values()) if (link.synced) acked.push(link.ackedZxid)
    acked.sort((a, b) => b - a)
    const zxid = acked[this.quorum - 1]
    const next = database.nextToApply
    if (zxid === undefined || next === undefined || next.zxid > zxid) return
    // A client that goes on after a sync hears of the sync first: commits stop there.
    for (let sync = this.waitingSyncs[0]; sync !== undefined && sync.zxid < zxid; sync = this.waitingSyncs[0]) {
      this.commitThrough(sync.zxid)
    }
    this.commitThrough(zxid)
    database.snapshotIfDue()
  }

  /** Commits and tells the followers, then answers the syncs that have waited for it. */
  private commitThrough(zxid: Zxid): void {
    this.forward({ zk: 'Commit', zxid })
    const { database, host } = this.peer
    for (let next = database.nextToApply; next !== undefined && next.zxid <= zxid; next = database.nextToApply) {
      const changes: ZnodeChange[] | undefined = host.tracing ? [] : undefined
      const result = database.applyNext(changes)
      this.preparer.applied(next)
      if (next.body.type === 'closeSession') this.tracker.remove(next.session)
      if (changes !== undefined) this.traceCommitted(next, changes)
      this.peer.applied(next, result)
    }
    this.answerSyncs()
  }

  private traceCommitted({ zxid, session, body }: Txn, changes: readonly ZnodeChange[]): void {
    const { host, options } = this.peer
    if (options.told !== undefined) {
      if (zxid <= options.told.zxid) return
      options.told.zxid = zxid
    }
    host.trace({ kind: 'ZkCommitted', zxid, txn: body.type, session, changes })
    if (body.type === 'createSession') {
      host.trace({ kind: 'ZkSessionCreated', session, owner: body.client, timeoutMs: body.timeoutMs })
    } else if (body.type === 'closeSession') {
      host.trace({ kind: 'ZkSessionClosed', session, expired: body.expired })
    }
  }

  private answerSyncLater(waiting: WaitingSync): void {
    this.waitingSyncs.push(waiting)
    this.answerSyncs()
  }

  private answerSyncs(): void {
    if (this.waitingSyncs.length === 0) return
    const { lastApplied } = this.peer.database
    const ready = this.waitingSyncs.filter(({ zxid }) => zxid <= lastApplied)
    this.waitingSyncs = this.waitingSyncs.filter(({ zxid }) => zxid > lastApplied)
    for (const { link, session, xid } of ready) {
      if (link === undefined) this.peer.synced(session, xid)
      else link.send({ zk: 'Synced', session, xid })
    }
  }

  private revalidateFor(owner: number, session: string, timeoutMs: number): boolean {
    const valid = this.tracker.touch(session, timeoutMs)
    if (valid) this.tracker.setOwner(session, owner)
    return valid
  }

  // Liveness.

  private enterPhase(phase: Phase): void {
    this.phase = phase
    this.phaseHalfTicks = 0
  }

  private drop(link: FollowerLink): void {
    this.links.delete(link.connection)
    link.connection.close()
  }

  private armHalfTick(): void {
    const { host, options } = this.peer
    this.halfTick = host.setTimer(fromMs(options.tickTimeMs) / 2, 'zk-leader-tick', () => {
      this.armHalfTick()
      this.halfTicks += 1
      this.phaseHalfTicks += 1
      for (const link of [...this.links.values()]) {
        link.quietHalfTicks += 1
        const limitTicks = link.synced ? options.syncLimit : options.initLimit
        if (link.quietHalfTicks > 2 * limitTicks) this.drop(link)
        else if (link.synced) link.send({ zk: 'LeaderPing' })
      }
      const late = this.phase !== 'broadcast' && this.phaseHalfTicks > 2 * options.initLimit
      const alone = this.phase === 'broadcast' && this.halfTicks % 2 === 0 && this.syncedCount() < this.quorum
      if (late) this.peer.giveUp('too-few-joined')
      else if (alone) this.peer.giveUp('no-quorum')
    })
  }
}
