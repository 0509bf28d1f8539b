/** What happened in a run of the ZAB soak. A soak in which one of these never happened proves nothing about it. */

export const zabCounterNames = [
  'elections',
  'epochs',
  'leadersWithoutQuorum',
  'leadersWithTooFewJoined',
  'leadersBehindAFollower',
  'followersInLaterEpoch',
  'leadersLost',
  'diffs',
  'truncs',
  'snaps',
  'commits',
  'refusedTransactions',
  'inheritedTransactions',
  'proposalsLost',
  'sessionsCreated',
  'sessionsExpired',
  'sessionMoves',
  'clientsAhead',
  'watchesSet',
  'watchesFired',
  'watchEventsSeen',
  'reads',
  'staleReads',
  'syncs',
  'multis',
  'multisRefused',
  'versionsRefused',
  'acknowledgedWrites',
  'connectionLosses',
  'lossesThatHappened',
  'lossesThatDidNot',
  'processCrashes',
  'powerLosses',
  'tornLogTails',
  'pauses',
  'linkCuts',
  'clocksSet',
  'disksFull',
  'unreadableFiles',
  'damagedServers',
  'damagedSnapshots',
] as const

export type ZabCounterName = (typeof zabCounterNames)[number]
export type ZabCounts = Record<ZabCounterName, number>

/** What needs thousands of runs to happen at all. */
export const rareZabCounters: readonly ZabCounterName[] = ['followersInLaterEpoch']

export const zeroZabCounts = (): ZabCounts => Object.fromEntries(zabCounterNames.map((name) => [name, 0])) as ZabCounts
