// Transactions of every preset that has them, in trouble: clients, coordinators and leaders that crash, requests that come
// late. From 4.0 on everything holds; what an older release breaks is named by its anomaly.
import { exactlyOnceCounterNames, exactlyOnceRun } from '../../dist/sim/fuzz/exactly-once/index.js'
import { namedSoak } from './named-soak.js'

/** So many seeds have seen everything. */
const MANY = 2000
/** Rare in a short slice. */
const rare = ['unverifiedBatches', 'offsetsDropped', 'decidedBeforeFailover']

export const soak = namedSoak({ counterNames: exactlyOnceCounterNames, rare, many: MANY, run: exactlyOnceRun })
