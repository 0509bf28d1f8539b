export { Checker, type CheckReport, type OracleResult, oracleNames, restOracleNames } from './checker.ts'
export type { RunFacts } from './facts.ts'
export type { Oracle, Promised, Violation } from './oracle.ts'
export { Truth } from './truth.ts'
