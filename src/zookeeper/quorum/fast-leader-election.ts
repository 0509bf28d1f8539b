/**
 * Fast leader election (formats.md 8.6; org.apache.zookeeper.server.quorum.FastLeaderElection). A server that looks for
 * a leader tells everybody its vote, takes over better ones, and is done when a quorum backs its vote and nothing better
 * comes for 200 ms. Rounds keep elections apart: a higher round clears the tally, a lower one is answered and ignored.
 * Servers that have a leader answer with their vote; a joiner follows if a quorum of them, the leader among them, agrees.
 *
 * Nothing here has to be safe: two winners of one election are harmless, discovery and synchronisation sort them out.
 */
import { type Digest, fromMs, type Host, type Timer } from '../../host/index.ts'
import type { ServerState } from '../events.ts'
import type { Notification, Vote } from '../messages.ts'
import { beats, majorityOf, sameVote } from './vote.ts'

const FINALIZE_WAIT_MS = 200
const NOTIFICATION_BACKOFF_MAX_MS = 60_000

interface Ballot {
  readonly vote: Vote
  readonly round: number
  readonly state: ServerState
}

export interface ElectionOptions {
  readonly id: number
  /** Ids of all voters, this server included. */
  readonly voters: readonly number[]
  readonly send: (to: number, notification: Notification) => void
  readonly elected: (leader: number) => void
}

/** An election algorithm (ZooKeeper's electionAlg). It may be wrong: who wins is only worth a try. */
export interface LeaderElection {
  /** Begins an election, with the last zxid in this server's log and its current epoch. */
  lookForLeader(zxid: number, currentEpoch: number): void
  /** The server has entered an epoch with the leader that was elected. */
  enteredEpoch(epoch: number): void
  /** @param first whether this is the first message of its connection: the sender may know nothing of us */
  received(notification: Notification, first: boolean): void
  digest(digest: Digest): void
}

export type ElectionFactory = (host: Host, options: ElectionOptions) => LeaderElection

export class FastLeaderElection implements LeaderElection {
  private readonly host: Host
  private readonly options: ElectionOptions
  private state: ServerState = 'LOOKING'
  private running = false
  /** The logical clock. */
  private round = 0
  private own: Vote
  private proposal: Vote
  /** Ballots of this round. */
  private readonly ballots = new Map<number, Ballot>()
  /** Ballots of servers that have a leader, of any round. */
  private readonly settled = new Map<number, Ballot>()
  private backoffMs = FINALIZE_WAIT_MS
  private repeat: Timer | undefined
  private finalize: Timer | undefined

  constructor(host: Host, options: ElectionOptions) {
    this.host = host
    this.options = options
    this.own = { leader: options.id, zxid: 0, peerEpoch: 0 }
    this.proposal = this.own
  }

  lookForLeader(zxid: number, currentEpoch: number): void {
    this.stopTimers()
    this.running = true
    this.state = 'LOOKING'
    this.round += 1
    this.ballots.clear()
    this.settled.clear()
    this.own = { leader: this.options.id, zxid, peerEpoch: currentEpoch }
    this.backoffMs = FINALIZE_WAIT_MS
    this.propose(this.own)
    this.armRepeat()
    this.considerTally()
  }

  /** The vote that others are told, for the epoch that this server has entered with its leader. */
  enteredEpoch(epoch: number): void {
    this.proposal = { ...this.proposal, peerEpoch: epoch }
  }

  received(notification: Notification, first: boolean): void {
    const { from, vote, round, state } = notification
    if (!this.options.voters.includes(from)) return
    if (!this.running) {
      if (state === 'LOOKING') this.tell(from)
      return
    }
    if (state !== 'LOOKING') {
      this.heardSettled(from, { vote, round, state })
      return
    }
    if (round < this.round) {
      this.tell(from)
      return
    }
    if (round > this.round) {
      this.round = round
      this.ballots.clear()
      this.propose(beats(vote, this.own) ? vote : this.own)
    } else if (beats(vote, this.proposal)) {
      this.propose(vote)
    } else if (first) {
      this.tell(from)
    }
    this.ballots.set(from, { vote, round, state })
    this.considerTally()
  }

  stop(): void {
    this.running = false
    this.stopTimers()
  }

  digest(d: Digest): void {
    d.boolean(this.running).int(this.round).string(this.state).int(this.backoffMs)
    for (const vote of [this.own, this.proposal]) d.int(vote.leader).int(vote.zxid).int(vote.peerEpoch)
    for (const table of [this.ballots, this.settled]) {
      d.word(table.size)
      for (const [from, { vote, round, state }] of table) d.int(from).int(vote.leader).int(round).string(state)
    }
    d.boolean(this.finalize !== undefined)
  }

  private propose(vote: Vote): void {
    this.proposal = vote
    this.ballots.set(this.options.id, { vote, round: this.round, state: 'LOOKING' })
    this.tellAll()
  }

  private tell(to: number): void {
    const { id } = this.options
    this.options.send(to, { zk: 'Notification', from: id, vote: this.proposal, round: this.round, state: this.state })
  }

  private tellAll(): void {
    for (const voter of this.options.voters) if (voter !== this.options.id) this.tell(voter)
  }

  private considerTally(): void {
    const supporters = count(this.ballots, (ballot) => sameVote(ballot.vote, this.proposal))
    if (supporters < majorityOf(this.options.voters.length)) {
      this.finalize?.cancel()
      this.finalize = undefined
      return
    }
    const backed = this.proposal
    this.finalize?.cancel()
    this.finalize = this.host.setTimer(fromMs(FINALIZE_WAIT_MS), 'zk-election-finalize', () => {
      this.finalize = undefined
      this.settle(backed)
    })
  }

  /**
   * Somebody has a leader: follow it if a quorum does, itself included. Servers may have joined it in different rounds,
   * so outside of an election leader and epoch make votes equal (ZOOKEEPER-1805).
   */
  private heardSettled(from: number, ballot: Ballot): void {
    const { vote, round } = ballot
    this.settled.set(from, ballot)
    if (round === this.round) this.ballots.set(from, ballot)
    const leads =
      vote.leader === this.options.id ? round === this.round : this.settled.get(vote.leader)?.state === 'LEADING'
    if (!leads) return
    const quorum = majorityOf(this.options.voters.length)
    const together = (other: Ballot): boolean => other.round === round && sameVote(other.vote, vote)
    const apart = (other: Ballot): boolean =>
      other.vote.leader === vote.leader && other.vote.peerEpoch === vote.peerEpoch
    if (round === this.round && count(this.ballots, together) >= quorum) {
      this.settle(vote)
    } else if (count(this.settled, apart) >= quorum) {
      this.round = round
      this.settle(vote)
    }
  }

  private settle(vote: Vote): void {
    this.stop()
    this.proposal = vote
    this.state = vote.leader === this.options.id ? 'LEADING' : 'FOLLOWING'
    this.options.elected(vote.leader)
  }

  private armRepeat(): void {
    this.repeat = this.host.setTimer(fromMs(this.backoffMs), 'zk-election-notify', () => {
      this.backoffMs = Math.min(2 * this.backoffMs, NOTIFICATION_BACKOFF_MAX_MS)
      this.tellAll()
      this.armRepeat()
    })
  }

  private stopTimers(): void {
    this.repeat?.cancel()
    this.finalize?.cancel()
    this.repeat = undefined
    this.finalize = undefined
  }
}

function count(ballots: ReadonlyMap<number, Ballot>, matches: (ballot: Ballot) => boolean): number {
  let matching = 0
  for (const ballot of ballots.values()) if (matches(ballot)) matching += 1
  return matching
}
