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

  constructor(host: Host, options: ElectionOptions, rumour: Rumour) {
    this.host = host
    this.options = options
    this.rumour = rumour
    this.inEarnest = new FastLeaderElection(host, options)
  }

  lookForLeader(zxid: number, currentEpoch: number): void {
    this.timer?.cancel()
    if (!this.rumour.isAlive) {
      this.inEarnest.lookForLeader(zxid, currentEpoch)
      return
    }
    const delayUs = this.host.random('rumour').intBetween(1, SLOWEST_US, 'time until a rumour is heard')
    this.timer = this.host.setTimer(delayUs, 'rumour', () => this.options.elected(this.rumour.ask()))
  }

  enteredEpoch(epoch: number): void {
    this.inEarnest.enteredEpoch(epoch)
  }

  received(notification: Notification, first: boolean): void {
    this.inEarnest.received(notification, first)
  }

  digest(d: Digest): void {
    d.boolean(this.timer !== undefined)
    this.inEarnest.digest(d)
  }
}
