/**
 * Why committed or acknowledged messages may be lost or differ without anybody breaking a promise. Each excuse needs
 * evidence from the run: that a version has a weakness excuses nothing unless the run went through it.
 */
import type { Circumstances } from './oracle.ts'

/** Reasons outside the replication protocol's reach: an unclean election, or storage that did not keep what it was given. */
export function faultExcuse({ facts }: Circumstances): string | undefined {
  if (facts.uncleanElections > 0)
    return 'a replica outside the ISR was elected (unclean leader election), which gives up what it lacks'
  if (facts.shortenedLogs > 0) {
    return 'a broker lost messages that it had not flushed; replication protects against crashes of processes, not of all disks'
  }
  if (facts.diskFaults > 0) return 'a disk returned other bytes than were written'
  return undefined
}

/** Reasons in the protocol version: the windows that later releases closed, if the run went through one. */
export function windowExcuse({ facts, versions }: Circumstances): string | undefined {
  if (versions.truncation === 'high-watermark' && facts.committedCutOff > 0) {
    return 'a follower cut its log back to its own high watermark, which lagged behind what was committed (KIP-101, before 0.11)'
  }
  if (versions.isrExpand === 'high-watermark' && facts.incompleteJoins > 0) {
    return 'a replica joined the ISR at a new leader’s lagging high watermark without all committed messages (KAFKA-7128, before 2.1)'
  }
  if (facts.divergentFollowers > 0) {
    return 'a follower went on fetching behind a message that its leader did not have (KAFKA-6361, KAFKA-6880, KAFKA-7164)'
  }
  if (versions.outOfRange === 'halt-or-wipe' && facts.wipedLogs > 0) {
    return 'a follower out of its leader’s range threw its log away (KAFKA-2143, before 0.9.0.1)'
  }
  return undefined
}

/**
 * As `windowExcuse`, for guarantees about what clients were told: a deposed leader that does not know it yet counts on
 * what an ISR member has cut off meanwhile, committed or not.
 */
export function confirmedExcuse(circumstances: Circumstances): string | undefined {
  const { facts, versions } = circumstances
  if (versions.truncation === 'high-watermark' && facts.confirmedCutOff > 0) {
    return 'an ISR member cut off messages that it had confirmed to the old leader, back to its own high watermark (KIP-101, before 0.11)'
  }
  return windowExcuse(circumstances)
}

export const toldExcuse = (circumstances: Circumstances): string | undefined =>
  faultExcuse(circumstances) ?? confirmedExcuse(circumstances)

export const lossExcuse = (circumstances: Circumstances): string | undefined =>
  faultExcuse(circumstances) ?? windowExcuse(circumstances)

/** Of a guarantee that no configuration or fault excuses. */
export const noExcuse = (): undefined => undefined
