/**
 * What is really the case with one partition, as far as the trace tells: each broker's copy of the log, the state that
 * ZooKeeper holds, and what has been committed. Ghost state: no process of the cluster knows it.
 */
import type { LeaderAndIsr, TopicPartition } from '../../src/protocol/index.ts'
import { LostEntries } from './cuts.ts'
import { type KnownEntry, sameEntry } from './entry.ts'
import { type Evidence, noEvidence } from './facts.ts'

export interface ReplicaTruth {
  readonly broker: number
  readonly machine: string
  /** By offset; the length is the LEO. Replicas share the entry while they hold the same message. */
  entries: KnownEntry[]
  logStart: number
  highWatermark: number
  role: 'leader' | 'follower' | 'none'
  leaderEpoch: number
  /** Broker id of the leader that it was last told to follow. */
  follows: number | undefined
  /** ISR as this leader believes it to be. */
  isr: readonly number[]
  /** ISR that this leader has asked the controller for, while it waits (KIP-497). */
  proposed: readonly number[]
  /** Its broker runs and has opened the log. */
  running: boolean
  /** It is known to agree with the committed messages below this offset. */
  agrees: number
  /** What happened to it since it last had all that was committed, and nothing else. */
  evidence: Evidence
  /** There is some evidence. */
  suspect: boolean
  /** Lowest offset that it was cut back to since its content was last known to be on disk. */
  lowestCut: number
  /** Its machine lost power, and its log has not been opened since. */
  powerFailed: boolean
  /** Its disk has returned other bytes than were written. */
  diskFaulty: boolean
  /** What it had once and lost. */
  readonly lost: LostEntries
  /** The furthest that each follower has told this leader to have got, since it leads. */
  readonly positions: Map<number, number>
  /** All below this offset it has once confirmed: to a leader by fetching on from there, or as the leader itself. */
  confirmed: number
  /** How many times it has joined the ISR. */
  joins: number
  /** The leader let it join the last time although it had not reached the leader's high watermark. */
  joinedTooEarly: boolean
  /** Leader epoch whose leader wrote it into the ISR and was told that the write had failed. */
  memberUnknownIn: number
  /** Leader epoch whose leader counts a position of it that lies beyond that leader's own log. */
  countedBeyondIn: number
}

export interface SuccessionBreak {
  readonly leaderEpoch: number
  readonly why: 'uncleanElections' | 'emptiedIsrs'
}

/** A message that a running leader of the partition's epoch no longer has, although it was committed. */
export interface Undone {
  readonly offset: number
  readonly entry: KnownEntry
  /** What stands there instead; undefined: nothing, the log ends before. */
  readonly instead: KnownEntry
}

export class PartitionTruth {
  readonly tp: TopicPartition
  readonly topic: string
  readonly partition: number
  assigned: readonly number[] | undefined
  /** What `/brokers/topics/T/partitions/P/state` holds. */
  state: LeaderAndIsr | undefined
  /** Epoch since which the present leader of `state` has been its leader without a break. */
  ledSince = 0
  readonly replicas = new Map<number, ReplicaTruth>()
  readonly evidence: Evidence = noEvidence()
  /** Committed messages by offset; its length is the true high watermark. */
  readonly committed: KnownEntry[] = []
  /** `seq` and time of the record that committed each. */
  readonly committedSeq: number[] = []
  readonly committedUs: number[] = []
  /** Messages that were committed at an offset once and were undone. */
  readonly undone = new Map<number, KnownEntry[]>()
  /** Leader epochs at which the succession broke: what a leader of an earlier epoch told binds nobody from then on. */
  readonly breaks: SuccessionBreak[] = []
  /** Messages acknowledged by a leader that had cut them off since it took them (M13). */
  readonly falselyAcknowledged = new Set<string>()
  /** The true high watermark never falls, even where its messages were undone. */
  highestCommitted = 0
  /**
   * A leader has just undone committed messages: what it has counts as whole from now on, but why it lacked them must be
   * known until this event has been judged.
   */
  keepEvidence = false

  constructor(tp: TopicPartition, topic: string, partition: number) {
    this.tp = tp
    this.topic = topic
    this.partition = partition
  }

  get trueHighWatermark(): number {
    return this.committed.length
  }

  /** The running replica that acts as leader in the name of the state that ZooKeeper holds. */
  actingLeader(): ReplicaTruth | undefined {
    if (this.state === undefined) return undefined
    const replica = this.replicas.get(this.state.leader)
    return replica !== undefined && this.isAuthoritative(replica) ? replica : undefined
  }

  /** Whether a replica that acts as leader does so in the name of ZooKeeper's state, or of one it grew from. */
  isAuthoritative(replica: ReplicaTruth): boolean {
    return (
      this.state !== undefined &&
      replica.running &&
      replica.role === 'leader' &&
      replica.broker === this.state.leader &&
      replica.leaderEpoch >= this.ledSince &&
      replica.leaderEpoch <= this.state.leaderEpoch
    )
  }

  /**
   * A leader moved its high watermark to `upTo`: what lies below is committed, if the leader is ZooKeeper's, or if every
   * member of ZooKeeper's ISR holds it (a deposed leader that does not know it yet may still be right).
   */
  commit(leader: ReplicaTruth, upTo: number, seq: number, atUs: number): void {
    const authoritative = this.isAuthoritative(leader)
    const end = Math.min(upTo, leader.entries.length)
    for (let offset = this.committed.length; offset < end; offset++) {
      const entry = leader.entries[offset]
      if (!authoritative && !this.wholeIsrHolds(offset, entry)) break
      this.committed.push(entry)
      this.committedSeq.push(seq)
      this.committedUs.push(atUs)
    }
    if (this.committed.length > this.highestCommitted) this.highestCommitted = this.committed.length
  }

  private wholeIsrHolds(offset: number, entry: KnownEntry): boolean {
    if (this.state === undefined || this.state.isr.length === 0) return false
    return this.state.isr.every((id) => {
      const replica = this.replicas.get(id)
      return replica !== undefined && offset < replica.entries.length && sameEntry(replica.entries[offset], entry)
    })
  }

  /** First committed offset that the replica does not hold with the same message; the true high watermark if none. */
  agreement(replica: ReplicaTruth): number {
    const end = Math.min(this.committed.length, replica.entries.length)
    let offset = Math.min(replica.agrees, end)
    while (offset < end && sameEntry(replica.entries[offset], this.committed[offset])) offset++
    replica.agrees = offset
    // Not while less counts as committed than once did: what was undone may come back with another leader.
    const whole = offset === this.committed.length && offset >= this.highestCommitted
    if (!this.keepEvidence && replica.suspect && whole && replica.entries.length <= offset) {
      replica.suspect = false
      replica.evidence = noEvidence()
    }
    return offset
  }

  /** A leader stands: what it lacks of the committed messages is undone, and the ghost goes on from what it has. */
  undo(leader: ReplicaTruth): readonly Undone[] {
    const first = this.agreement(leader)
    if (first === this.committed.length) return []
    this.keepEvidence = true
    const undone: Undone[] = []
    for (let offset = first; offset < this.committed.length; offset++) {
      const entry = this.committed[offset]
      const instead = leader.entries[offset]
      if (offset < leader.entries.length && sameEntry(entry, instead)) continue
      undone.push({ offset, entry, instead })
      const known = this.undone.get(offset)
      if (known === undefined) this.undone.set(offset, [entry])
      else known.push(entry)
    }
    this.committed.length = first
    this.committedSeq.length = first
    this.committedUs.length = first
    for (const replica of this.replicas.values()) {
      replica.agrees = Math.min(replica.agrees, first)
      // Who still holds what was undone differs from now on for the reasons that the leader has.
      if (replica !== leader) inherit(replica, leader.evidence)
    }
    return undone
  }

  /** Where the succession broke between the leader of one epoch and that of a later one, if it did. */
  breakBetween(earlier: number, later: number): SuccessionBreak | undefined {
    return this.breaks.find(({ leaderEpoch }) => leaderEpoch > earlier && leaderEpoch <= later)
  }

  /** The log that readers find: the acting leader's, else the last leader's that ZooKeeper named, else what was committed. */
  standingLog(): readonly KnownEntry[] {
    const leader = this.actingLeader() ?? (this.state === undefined ? undefined : this.replicas.get(this.state.leader))
    return leader?.entries ?? this.committed
  }
}

function inherit(replica: ReplicaTruth, evidence: Evidence): void {
  for (const what of Object.keys(evidence) as Array<keyof Evidence>) replica.evidence[what] += evidence[what]
  replica.suspect = true
}

export const newReplica = (broker: number): ReplicaTruth => ({
  broker,
  machine: `b${broker}`,
  entries: [],
  logStart: 0,
  highWatermark: 0,
  role: 'none',
  leaderEpoch: -1,
  follows: undefined,
  isr: [],
  proposed: [],
  running: false,
  agrees: 0,
  evidence: noEvidence(),
  suspect: false,
  lowestCut: Number.POSITIVE_INFINITY,
  powerFailed: false,
  diskFaulty: false,
  lost: new LostEntries(),
  positions: new Map(),
  confirmed: 0,
  joins: 0,
  joinedTooEarly: false,
  memberUnknownIn: -1,
  countedBeyondIn: -1,
})
