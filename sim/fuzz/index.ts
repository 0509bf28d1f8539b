/** Random plans and what came of them. */
export * from './counters.ts'
export * from './random-plan.ts'
export * from './soak-run.ts'
