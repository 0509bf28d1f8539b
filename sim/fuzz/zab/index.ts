/** The ZAB soak: ensembles in random trouble, and the promises of ZooKeeper that they are held to. */
export { rareZabCounters, type ZabCounterName, type ZabCounts, zabCounterNames, zeroZabCounts } from './counters.ts'
export { type ZabPlan, zabPlan } from './plan.ts'
export { type ZabOutcome, zabRun } from './run.ts'
