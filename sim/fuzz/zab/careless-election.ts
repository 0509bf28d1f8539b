/**
 * An election that asks for nobody's history: whoever looks for a leader follows the rumour of the moment, which names
 * anybody, and soon names somebody else. What is left of ZAB has to refuse leaders that know too little. When the rumour
 * has died servers elect in earnest.
 */
import { type Digest, type Host, MILLISECOND, type RandomStream, type Timer } from '../../../src/host/index.ts'
import {
  type ElectionOptions,
  FastLeaderElection,
  type LeaderElection,
  type Notification,
  type Vote,
} from '../../../src/zookeeper/index.ts'

const SLOWEST_US = 500 * MILLISECOND
/** So many servers hear the same, on average. */
const HEARD = 4

export class Rumour {
  isAlive = true
  private readonly random: RandomStream
  private readonly servers: number
  private leader = 1

  constructor(random: RandomStream, servers: number) {
    this.random = random
    this.servers = servers
  }

  ask(): number {
    if (this.random.chance(1, HEARD, 'new rumour')) this.leader = this.random.intBetween(1, this.servers, 'leader')
    return this.leader
  }

  die(): void {
    this.isAlive = false
  }
}

export class CarelessElection implements LeaderElection {
  private readonly host: Host
  private readonly options: ElectionOptions
  private readonly rumour: Rumour
  private readonly inEarnest: FastLeaderElection
  private timer: Timer | undefined
  /** What the rumour has made of this server. */
  private vote: Vote | undefined

  constructor(host: Host, options: ElectionOptions, rumour: Rumour) {
    this.host = host
    this.options = options
    this.rumour = rumour
    this.inEarnest = new FastLeaderElection(host, options)
  }

  lookForLeader(zxid: number, currentEpoch: number): void {
    this.timer?.cancel()
    this.vote = undefined
    if (!this.rumour.isAlive) {
      this.inEarnest.lookForLeader(zxid, currentEpoch)
      return
    }
    const delayUs = this.host.random('rumour').intBetween(1, SLOWEST_US, 'time until a rumour is heard')
    this.timer = this.host.setTimer(delayUs, 'rumour', () => {
      const leader = this.rumour.ask()
      this.vote = { leader, zxid, peerEpoch: currentEpoch }
      this.options.elected(leader)
    })
  }

  enteredEpoch(epoch: number): void {
    if (this.vote === undefined) this.inEarnest.enteredEpoch(epoch)
    else this.vote = { ...this.vote, peerEpoch: epoch }
  }

  received(notification: Notification, first: boolean): void {
    if (this.vote === undefined) {
      this.inEarnest.received(notification, first)
      return
    }
    // Who looks for a leader in earnest may join.
    if (notification.state !== 'LOOKING') return
    const { id } = this.options
    const state = this.vote.leader === id ? 'LEADING' : 'FOLLOWING'
    const { from, round } = notification
    this.options.send(from, { zk: 'Notification', from: id, vote: this.vote, round, state })
  }

  digest(d: Digest): void {
    d.boolean(this.timer !== undefined)
      .int(this.vote?.leader ?? 0)
      .int(this.vote?.peerEpoch ?? 0)
    this.inEarnest.digest(d)
  }
}
