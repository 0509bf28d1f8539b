/**
 * What a fault did. A fault that finds nothing to do (a crash of a machine that is down already) changes nothing and
 * says why: the step's record in the trace carries the word, so that a story that misses its target can be understood.
 */
export type FaultOutcome = { readonly applied: true } | { readonly applied: false; readonly because: string }

export const applied: FaultOutcome = { applied: true }
export const notApplied = (because: string): FaultOutcome => ({ applied: false, because })
