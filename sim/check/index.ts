export { AppendOnlyLogs } from './append-only-logs.ts'
export {
  Checker,
  type CheckReport,
  groupRestOracleNames,
  type OracleResult,
  oracleNames,
  restOracleNames,
  transactionRestOracleNames,
} from './checker.ts'
export type { RunFacts } from './facts.ts'
export type { Oracle, Promised, Violation } from './oracle.ts'
export { Truth } from './truth.ts'
