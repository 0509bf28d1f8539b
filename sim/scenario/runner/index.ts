/** Plays compiled scenarios and judges them. */
export { conditionWords } from './condition-words.ts'
export type * from './result.ts'
export { type RunOptions, type RunSubscriber, runScenario, ScenarioRun } from './run.ts'
export { actionWords, duration } from './words.ts'
