/**
 * A follower (org.apache.zookeeper.server.quorum.Follower, Learner). It connects to the elected leader, promises the new
 * epoch (discovery), takes over the leader's history (synchronisation), and then logs proposals, acknowledges them once
 * they are on the disk, and applies commits in order (broadcast). Requests of its clients go to the leader. It leaves a
 * leader that is silent for syncLimit ticks, or for initLimit ticks before it serves.
 */
import { type Connection, type Digest, fromMs, type Timer, unreachable } from '../../host/index.ts'
import { zkMessageBytes } from '../message-size.ts'
import { type FollowerMessage, type LeaderMessage, ZOOKEEPER_PEER_PORT } from '../messages.ts'
import type { WriteOperation } from '../operation.ts'
import type { Txn } from '../tree/txn.ts'
import { type Zxid, zxidEpoch } from '../zxid.ts'
import type { EnsembleMember, Peer, Role } from './peer.ts'

const CONNECT_ATTEMPTS = 5
const CONNECT_RETRY_MS = 100

/** connecting → discovery (epoch promised) → synchronisation (history taken over) → serving. */
type Phase = 'connecting' | 'discovery' | 'synchronisation' | 'serving'

export class Follower implements Role {
  private readonly peer: Peer
  private readonly leader: EnsembleMember
  private phase: Phase = 'connecting'
  private connection: Connection | undefined
  private attempts = 0
  private quietHalfTicks = 0
  private newLeaderAcked = false
  private readonly touched = new Map<string, number>()
  private retry: Timer | undefined
  private halfTick: Timer | undefined

  constructor(peer: Peer, leader: EnsembleMember) {
    this.peer = peer
    this.leader = leader
  }

  start(): void {
    this.armHalfTick()
    this.connect()
  }

  stop(): void {
    this.retry?.cancel()
    this.halfTick?.cancel()
    this.connection?.close()
  }

  flushed(): void {
    if (!this.newLeaderAcked) return
    const { database, host } = this.peer
    if (host.tracing) host.trace({ kind: 'ZkAcknowledged', zxid: database.lastLogged })
    this.send({ zk: 'Ack', zxid: database.lastLogged })
  }

  submit(session: string, xid: number, operation: WriteOperation): void {
    this.send({ zk: 'Forward', session, xid, operation })
  }

  sync(session: string, xid: number): void {
    this.send({ zk: 'Sync', session, xid })
  }

  revalidate(session: string, timeoutMs: number): void {
    this.send({ zk: 'Revalidate', session, timeoutMs })
  }

  touch(session: string, timeoutMs: number): void {
    this.touched.set(session, timeoutMs)
  }

  digest(d: Digest): void {
    d.string(this.phase).int(this.leader.id).int(this.attempts).int(this.quietHalfTicks).boolean(this.newLeaderAcked)
    for (const [session, timeoutMs] of this.touched) d.string(session).int(timeoutMs)
  }

  private connect(): void {
    const { host, options } = this.peer
    this.attempts += 1
    this.connection = host.connect(
      { machine: this.leader.machine, port: ZOOKEEPER_PEER_PORT },
      {
        opened: () => {
          this.phase = 'discovery'
          this.send({ zk: 'FollowerInfo', id: options.id, acceptedEpoch: this.peer.database.epochs.acceptedEpoch })
        },
        received: (message) => this.received(message as LeaderMessage),
        closed: () => this.lost(),
      },
      fromMs(options.tickTimeMs * options.syncLimit),
    )
  }

  private lost(): void {
    this.connection = undefined
    // The leader may have finished its election a little later than this server and not listen yet.
    if (this.phase !== 'connecting' || this.attempts >= CONNECT_ATTEMPTS) {
      this.peer.giveUp(this.phase === 'connecting' ? 'leader-unreachable' : 'leader-gone')
      return
    }
    this.retry = this.peer.host.setTimer(fromMs(CONNECT_RETRY_MS), 'zk-leader-connect', () => this.connect())
  }

  private send(message: FollowerMessage): void {
    this.connection?.send(message, zkMessageBytes(message))
  }

  private received(message: LeaderMessage): void {
    this.quietHalfTicks = 0
    const { database } = this.peer
    switch (message.zk) {
      case 'LeaderInfo':
        this.promise(message.epoch)
        return
      case 'Diff':
        this.takeOver(message.txns, message.zxid)
        return
      case 'Trunc':
        if (database.truncateAfter(message.after)) this.takeOver(message.txns, message.zxid)
        else this.askForSnapshot()
        return
      case 'Snap':
        this.peer.wantsSnapshot = false
        if (!database.install(message.bytes)) this.peer.giveUp('histories-differ')
        return
      case 'NewLeader':
        this.enter(message.zxid)
        return
      case 'UpToDate':
        this.phase = 'serving'
        this.peer.serve()
        return
      case 'Proposal':
        database.append(message.txn)
        this.peer.scheduleFlush()
        return
      case 'Commit':
        this.commit(message.zxid)
        return
      case 'LeaderPing':
        this.send({ zk: 'FollowerPing', touched: [...this.touched] })
        this.touched.clear()
        return
      case 'Synced':
        this.peer.synced(message.session, message.xid)
        return
      case 'Revalidated':
        this.peer.revalidated(message.session, message.valid)
        return
      default:
        unreachable(message)
    }
  }

  /** Discovery: no earlier leader gets an answer from this server any more. */
  private promise(epoch: number): void {
    const { database } = this.peer
    const { acceptedEpoch, currentEpoch } = database.epochs
    if (epoch < acceptedEpoch) {
      this.peer.giveUp('leader-in-older-epoch')
      return
    }
    const counts = epoch > acceptedEpoch
    if (counts) database.epochs.accept(epoch)
    this.phase = 'synchronisation'
    this.send({
      zk: 'AckEpoch',
      currentEpoch: counts ? currentEpoch : null,
      lastZxid: database.lastLogged,
      oldestZxid: this.peer.wantsSnapshot ? Number.MAX_SAFE_INTEGER : database.historyBase,
    })
  }

  /** Logs the leader's transactions that are missing here, and applies everything up to `zxid`. */
  private takeOver(txns: readonly Txn[], zxid: Zxid): void {
    const { database } = this.peer
    const first = txns[0]
    if (first !== undefined && first.zxid <= database.lastLogged) {
      this.askForSnapshot()
      return
    }
    for (const txn of txns) database.append(txn)
    this.commit(zxid)
  }

  /** Only a log that rotted on the disk, here or on the leader, ends up here. */
  private askForSnapshot(): void {
    this.peer.wantsSnapshot = true
    this.peer.giveUp('histories-differ')
  }

  /** Everything of the leader's history is here: make it durable before saying so, and before entering the epoch. */
  private enter(zxid: Zxid): void {
    const { database } = this.peer
    const epoch = zxidEpoch(zxid)
    database.flush()
    if (database.epochs.currentEpoch !== epoch) database.epochs.enter(epoch)
    this.peer.enteredEpoch(epoch)
    this.newLeaderAcked = true
    this.send({ zk: 'Ack', zxid })
    // Proposals of this epoch that were under way when this server joined.
    if (database.lastLogged > zxid) this.flushed()
  }

  private commit(zxid: Zxid): void {
    const { database } = this.peer
    for (let next = database.nextToApply; next !== undefined && next.zxid <= zxid; next = database.nextToApply) {
      this.peer.applied(next, database.applyNext())
    }
    if (this.phase === 'serving') database.snapshotIfDue()
  }

  private armHalfTick(): void {
    const { host, options } = this.peer
    this.halfTick = host.setTimer(fromMs(options.tickTimeMs) / 2, 'zk-follower-tick', () => {
      this.quietHalfTicks += 1
      const limitTicks = this.phase === 'serving' ? options.syncLimit : options.initLimit
      if (this.quietHalfTicks > 2 * limitTicks) this.peer.giveUp('leader-silent')
      else this.armHalfTick()
    })
  }
}
