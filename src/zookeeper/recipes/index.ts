/** Leader election over ZooKeeper, as its recipes describe it. */
export { Contender, type ContenderOptions } from './contender.ts'
export type { Election, ElectionListener } from './election.ts'
export type { ElectionEvent, ElectionRecipe } from './events.ts'
