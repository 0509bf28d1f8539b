/**
 * A ZooKeeper server (org.apache.zookeeper.server.quorum.QuorumPeer): recovers its database, looks for a leader, leads or
 * follows until that ends, and looks again. It shares nothing with the other servers: all it knows came over its
 * connections or from its disk. An ensemble of one elects itself by the same steps.
 */
import { type Digest, type Host, invariant, type Process, type Timer } from '../../host/index.ts'
import type { RoleEnd, ServerState } from '../events.ts'
import { ElectionLinks } from '../quorum/election-links.ts'
import { type ElectionFactory, FastLeaderElection, type LeaderElection } from '../quorum/fast-leader-election.ts'
import { Follower } from '../quorum/follower.ts'
import { Leader } from '../quorum/leader.ts'
import type { Peer, Role, ZooKeeperServerOptions } from '../quorum/peer.ts'
import { Database } from '../storage/database.ts'
import type { DataTree, TxnResult } from '../tree/data-tree.ts'
import type { Txn } from '../tree/txn.ts'
import type { Zxid } from '../zxid.ts'
import { ClientGateway } from './client-gateway.ts'
import { guardHost, haltOnDiskFailure } from './guarded-host.ts'

const fastLeaderElection: ElectionFactory = (host, options) => new FastLeaderElection(host, options)

export class ZooKeeperServer implements Process, Peer {
  readonly host: Host
  readonly options: ZooKeeperServerOptions
  readonly database: Database
  wantsSnapshot = false
  private currentState: ServerState = 'LOOKING'
  private serving = false
  private readonly gateway: ClientGateway
  private readonly election: LeaderElection
  private readonly electionLinks: ElectionLinks
  private role: Role | undefined
  private flushTimer: Timer | undefined

  constructor(host: Host, options: ZooKeeperServerOptions) {
    invariant(
      options.ensemble.some(({ id }) => id === options.id),
      `server ${options.id} is not in its own ensemble`,
    )
    this.host = guardHost(host)
    this.options = options
    this.gateway = new ClientGateway(this.host, options, () => this.database)
    this.database = new Database(host.files, {
      snapshotEvery: options.snapCount ?? 10_000,
      listener: this.gateway.watches,
      snapshotDamaged: (zxid) => {
        if (this.host.tracing) this.host.trace({ kind: 'ZkSnapshotDamaged', zxid })
      },
    })
    const machines = new Map(options.ensemble.map(({ id, machine }) => [id, machine]))
    const election = options.election ?? fastLeaderElection
    this.election = election(this.host, {
      id: options.id,
      voters: options.ensemble.map(({ id }) => id),
      send: (to, notification) => this.electionLinks.send(to, notification),
      elected: (leader) => this.elected(leader),
    })
    this.electionLinks = new ElectionLinks(this.host, machines, (notification, first) =>
      this.election.received(notification, first),
    )
  }

  start(): void {
    haltOnDiskFailure(this.host, () => {
      const { lastZxid, truncatedBytes } = this.database.open()
      if (this.host.tracing) this.host.trace({ kind: 'ZkRecovered', lastZxid, truncatedBytes })
      this.electionLinks.listen()
      this.gateway.listen()
      this.lookForLeader()
    })
  }

  get state(): ServerState {
    return this.currentState
  }

  /** Whether clients are served: the server leads or follows with a quorum behind the leader. */
  get isServing(): boolean {
    return this.serving
  }

  /** This server's own copy of the tree, perhaps behind the leader's. */
  get tree(): DataTree {
    return this.database.tree
  }

  get lastAppliedZxid(): Zxid {
    return this.database.lastApplied
  }

  digest(d: Digest): void {
    d.string(this.currentState)
      .boolean(this.serving)
      .boolean(this.wantsSnapshot)
      .boolean(this.flushTimer !== undefined)
    this.database.digest(d)
    this.election.digest(d)
    this.electionLinks.digest(d)
    this.gateway.digest(d)
    this.role?.digest(d)
  }

  // What the role asks of its server (Peer).

  scheduleFlush(): void {
    // After the messages that are already here: proposals that came together share an fsync.
    this.flushTimer ??= this.host.setTimer(0, 'zk-fsync', () => {
      this.flushTimer = undefined
      this.database.flush()
      this.role?.flushed()
    })
  }

  applied(txn: Txn, result: TxnResult): void {
    if (this.host.tracing) this.host.trace({ kind: 'ZkApplied', zxid: txn.zxid })
    if (this.serving) this.gateway.applied(txn, result)
  }

  enteredEpoch(epoch: number): void {
    this.election.enteredEpoch(epoch)
  }

  serve(): void {
    this.serving = true
    this.gateway.serve(this.role!)
  }

  giveUp(reason: RoleEnd): void {
    if (this.host.tracing) this.host.trace({ kind: 'ZkRoleEnded', role: this.currentState, reason })
    this.role?.stop()
    this.role = undefined
    this.lookForLeader()
  }

  revalidated(session: string, valid: boolean): void {
    this.gateway.revalidated(session, valid)
  }

  synced(session: string, xid: number): void {
    this.gateway.synced(session, xid)
  }

  private lookForLeader(): void {
    this.serving = false
    this.gateway.stop()
    // The vote speaks of the whole log: it must not be lost after the election.
    this.flushTimer?.cancel()
    this.flushTimer = undefined
    this.database.flush()
    this.enterState('LOOKING', null)
    this.election.lookForLeader(this.database.lastLogged, this.database.epochs.currentEpoch)
  }

  private elected(leader: number): void {
    const member = this.options.ensemble.find(({ id }) => id === leader)
    invariant(member !== undefined, `server ${leader} was elected and is not in the ensemble`)
    const leads = leader === this.options.id
    this.enterState(leads ? 'LEADING' : 'FOLLOWING', member.machine)
    this.role = leads ? new Leader(this) : new Follower(this, member)
    this.role.start()
  }

  private enterState(state: ServerState, leader: string | null): void {
    this.currentState = state
    if (!this.host.tracing) return
    this.host.trace({ kind: 'ZkServerState', state, epoch: this.database.epochs.currentEpoch, leader })
  }
}
