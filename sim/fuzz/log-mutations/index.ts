/** Directories of logs, whole and mutated, for what reads them. */
export { mutationCounterNames, rareMutationCounters } from './counters.ts'
export type { Audience } from './exercise.ts'
export { type MutationOutcome, mutationRun, writeMutatedLog } from './run.ts'
export { type LogRecipe, logRecipes, writeValidLogs } from './valid-logs.ts'
