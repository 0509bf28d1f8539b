/** The groups soak: members of groups, their coordinators and their ZooKeeper in trouble, and what they read and commit. */
export { type GroupsCounterName, type GroupsCounts, groupsCounterNames, zeroGroupsCounts } from './counters.ts'
export { groupsPlan } from './plan.ts'
export { groupsRun } from './run.ts'
