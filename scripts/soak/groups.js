// Groups of consumers of every preset in trouble: coordinated ones and those of ZooKeeper. What an older release breaks is
// named by its anomaly.
import { groupsCounterNames, groupsRun } from '../../dist/sim/fuzz/groups/index.js'
import { namedSoak } from './named-soak.js'

/** So many seeds have seen everything. */
const MANY = 2000
/** Rare in a short slice. */
const rare = [
  'uncleanElections',
  'brokerHalts',
  'loadsInProgress',
  'staleGenerations',
  'claimsRefused',
  'rebalancesGivenUp',
  'memberSessionsExpired',
]

export const soak = namedSoak({ counterNames: groupsCounterNames, rare, many: MANY, run: groupsRun })
