/**
 * Why committed or acknowledged messages may be lost or differ without anybody breaking a promise. Each excuse needs
 * evidence from the run: that a version has a weakness excuses nothing unless the run went through it.
 */
import type { ProtocolVersions } from '../../src/versions.ts'
import type { Cut } from './cuts.ts'
import { type Evidence, noEvidence } from './facts.ts'
import type { SuccessionBreak } from './partition-truth.ts'

const UNCLEAN = 'a replica outside the ISR was elected (unclean leader election), which gives up what it lacks'
const EMPTIED =
  'the last member left the ISR, as it may where unclean leader election is on (before 1.1), and nobody is bound to what it takes since'

export const breakExcuse = ({ why }: SuccessionBreak): string => (why === 'uncleanElections' ? UNCLEAN : EMPTIED)

/** Reasons outside the replication protocol's reach: an unclean election, or storage that did not keep what it was given. */
export function faultExcuse(evidence: Evidence): string | undefined {
  if (evidence.uncleanElections > 0) return UNCLEAN
  if (evidence.emptiedIsrs > 0) return EMPTIED
  if (evidence.shortenedLogs > 0) {
    return 'a broker lost messages that it had not flushed; replication protects against crashes of processes, not of all disks'
  }
  if (evidence.diskFaults > 0) return 'a disk returned other bytes than were written'
  return undefined
}

/** A scan of the log does not note its first epoch, so that a follower that was not shut down well may know none at all. */
const scanSkipsEpochZero = ({ epochStart, truncationAtEnd }: ProtocolVersions): boolean =>
  epochStart === 'election' && truncationAtEnd === 'keeps-epochs'

/** Whether epochs may be unknown to a leader, or to a follower, which then cuts back to its high watermark. */
const mayNotKnowEpochs = (versions: ProtocolVersions): boolean =>
  versions.epochStart === 'first-record' || scanSkipsEpochZero(versions)

/** Whether followers cut back to their own high watermark: always up to 0.10; up to 2.6 where epochs are not known. */
const cutsToHighWatermark = (versions: ProtocolVersions, evidence: Evidence): boolean =>
  versions.truncation === 'high-watermark' || (mayNotKnowEpochs(versions) && evidence.unknownEpochCuts > 0)

function cutSource(versions: ProtocolVersions): string {
  if (versions.truncation === 'high-watermark') return 'KIP-101, before 0.11'
  return scanSkipsEpochZero(versions)
    ? 'the scan after its crash had passed over epoch 0: KAFKA-10432, 2.1 to 2.6'
    : 'the leader had no record of its epoch yet: KAFKA-7415, before 2.1'
}

/** Reasons in the protocol version: the windows that later releases closed, if the run went through one. */
export function windowExcuse(versions: ProtocolVersions, evidence: Evidence): string | undefined {
  if (cutsToHighWatermark(versions, evidence) && evidence.committedCutOff > 0) {
    return `a follower cut its log back to its own high watermark, which lagged behind what was committed (${cutSource(versions)})`
  }
  if (versions.outOfRange === 'halt-or-wipe' && evidence.wipedLogs > 0) {
    return 'a follower out of its leader’s range threw its log away (KAFKA-2143, before 0.9.0.1)'
  }
  if (versions.fetchFencing === 'none' && evidence.divergentFollowers > 0) {
    return 'a follower went on fetching behind a message of another epoch than its leader’s (KAFKA-6361, KAFKA-6880, KAFKA-7164, before 2.1)'
  }
  if (versions.isrExpand === 'high-watermark' && evidence.incompleteJoins > 0) {
    return 'a replica joined the ISR at a new leader’s lagging high watermark without all committed messages (KAFKA-7128, before 2.1)'
  }
  return undefined
}

/** For guarantees about committed messages in general. */
export const lossExcuse = (versions: ProtocolVersions, evidence: Evidence): string | undefined =>
  faultExcuse(evidence) ?? windowExcuse(versions, evidence)

/**
 * For guarantees about what clients were told: a deposed leader that does not know it yet counts on what an ISR member
 * has cut off meanwhile, committed or not.
 */
export function toldExcuse(versions: ProtocolVersions, evidence: Evidence): string | undefined {
  const fault = faultExcuse(evidence)
  if (fault !== undefined) return fault
  if (cutsToHighWatermark(versions, evidence) && evidence.confirmedCutOff > 0) {
    return `an ISR member cut off messages that it had confirmed to the old leader, back to its own high watermark (${cutSource(versions)})`
  }
  return windowExcuse(versions, evidence)
}

/** What a violation by one replica can be excused by. */
export interface ReplicaEvidence {
  /** Of the replica, since it last had everything. */
  readonly own: Evidence
  readonly partition: Evidence
}

/**
 * For guarantees about one replica: it must have lost the messages itself, in a way that explains it. What happened to
 * other replicas may only be the deeper reason of a divergence.
 */
export function replicaExcuse(versions: ProtocolVersions, { own, partition }: ReplicaEvidence): string | undefined {
  const excuse = lossExcuse(versions, own)
  if (excuse === undefined) return undefined
  const inherited = own.divergentFollowers + own.incompleteJoins > 0 && own.committedCutOff + own.wipedLogs === 0
  return (inherited ? (faultExcuse(own) ?? faultExcuse(partition)) : undefined) ?? excuse
}

/** How a replica may come to the ISR, or to the lead, without what it never had: nothing that it lost explains that. */
export function absenceExcuse(versions: ProtocolVersions, { own, partition }: ReplicaEvidence): string | undefined {
  const { uncleanElections, emptiedIsrs, diskFaults, incompleteJoins } = own
  const none = noEvidence()
  const fault = faultExcuse({ ...none, uncleanElections, emptiedIsrs, diskFaults })
  if (fault !== undefined) return fault
  if (versions.damagedFetch === 'skipped' && incompleteJoins > 0 && partition.diskFaults > 0)
    return 'a follower went on behind messages that its leader’s disk had damaged, without them (before 0.10.1.1)'
  return windowExcuse(versions, { ...none, incompleteJoins })
}

/** Whether a cut that took a confirmed message away is one that Kafka makes, or one that nothing can prevent. */
export function cutExcuse(versions: ProtocolVersions, { cause }: Cut): string | undefined {
  switch (cause) {
    case 'own-high-watermark':
      if (versions.truncation !== 'high-watermark' && !mayNotKnowEpochs(versions)) return undefined
      return `a member of the ISR cut off what it had confirmed, back to its own high watermark, which lagged behind (${cutSource(versions)})`
    case 'leader-epoch':
      return undefined
    case 'out-of-range':
      if (versions.outOfRange !== 'halt-or-wipe') return undefined
      return 'a follower out of its leader’s range cut off or threw away what it had confirmed (KAFKA-2143, before 0.9.0.1)'
    case 'power-loss':
      return 'a broker lost messages that it had not flushed; replication protects against crashes of processes, not of all disks'
    case 'disk-fault':
      return 'a disk returned other bytes than were written'
    case 'unexplained':
      return undefined
  }
}

/** Of a guarantee that no configuration or fault excuses. */
export const noExcuse = (): undefined => undefined
