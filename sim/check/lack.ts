/** Why a replica does not have a message that it should have: what the trace tells about that very message. */
import type { ProtocolVersions } from '../../src/versions.ts'
import type { Cut } from './cuts.ts'
import type { KnownEntry } from './entry.ts'
import { absenceExcuse, cutExcuse, type ReplicaEvidence, replicaExcuse } from './excuses.ts'
import type { PartitionTruth, ReplicaTruth } from './partition-truth.ts'

export interface Lack extends ReplicaEvidence {
  /** The log ends before the message; otherwise another stands in its place. */
  readonly ends: boolean
  /** The replica had the message, had confirmed it, and lost it in this cut. */
  readonly cut: Cut | undefined
  /** The replica had nothing at this offset, ever. */
  readonly neverHad: boolean
  /** Since then it joined the ISR again, before it had reached what its leader holds for committed. */
  readonly joinedTooEarly: boolean
  /** Its leader wrote it into the ISR, and does not know that it did. */
  readonly unknownMember: boolean
  /** Its leader counts on a position of it that lies beyond the leader's own log, from a fetch that it refused. */
  readonly countedBeyond: boolean
  /** What stands in the message's place was taken from a leader that lost it in this cut afterwards. */
  readonly orphaned: Cut | undefined
}

/** @param entry the message that the replica does not have at `offset` */
export const lackOf = (partition: PartitionTruth, replica: ReplicaTruth, offset: number, entry: KnownEntry): Lack =>
  lack(partition, replica, offset, replica.lost.find(offset, entry))

/** The same for a message that is known by its name only. */
export const lackOfNamed = (partition: PartitionTruth, replica: ReplicaTruth, offset: number, name: string): Lack =>
  lack(partition, replica, offset, replica.lost.findNamed(offset, name))

function lack(partition: PartitionTruth, replica: ReplicaTruth, offset: number, lost: Cut | undefined): Lack {
  const ends = offset >= replica.entries.length
  const cut = offset < replica.confirmed ? lost : undefined
  return {
    own: { ...replica.evidence },
    partition: { ...partition.evidence },
    ends,
    cut: ends ? cut : undefined,
    neverHad: ends && !replica.lost.has(offset),
    joinedTooEarly: replica.joinedTooEarly && (cut === undefined || cut.joins < replica.joins),
    countedBeyond: replica.countedBeyondIn === partition.state?.leaderEpoch,
    unknownMember: replica.memberUnknownIn === partition.state?.leaderEpoch,
    orphaned: ends ? undefined : orphaned(partition, replica, offset),
  }
}

function orphaned(partition: PartitionTruth, replica: ReplicaTruth, offset: number): Cut | undefined {
  const instead = replica.entries[offset]
  for (const other of partition.replicas.values()) {
    const cut = other === replica ? undefined : other.lost.find(offset, instead)
    if (cut !== undefined) return cut
  }
  return undefined
}

/** Why the lack is permitted, or undefined if it is not. */
export function lackExcuse(versions: ProtocolVersions, lack: Lack): string | undefined {
  if (lack.unknownMember && versions.isrConflict === 'fail') {
    return 'the leader wrote the replica into the ISR, lost the answer, and took its own write for somebody else’s: it waits for no member that it does not know (KAFKA-1382, before 0.8.2)'
  }
  if (lack.countedBeyond && versions.followerPosition === 'before-read') {
    return 'the leader took down how far the replica had got, beyond its own log, from a fetch that it then refused as out of range: it took the replica into the ISR while that one cut its log off (before 0.8.2)'
  }
  if (lack.joinedTooEarly) return undefined
  if (lack.cut !== undefined) return cutExcuse(versions, lack.cut)
  if (lack.neverHad) return absenceExcuse(versions, lack)
  return replicaExcuse(versions, lack) ?? (lack.orphaned === undefined ? undefined : cutExcuse(versions, lack.orphaned))
}
