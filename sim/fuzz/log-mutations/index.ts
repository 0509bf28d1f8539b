/** Directories of logs, whole and mutated, for what reads them. */
export { type LogRecipe, logRecipes, writeValidLogs } from './valid-logs.ts'
