/** One run of the exactly-once soak. Plain values in and out. */
import { transactionRestOracleNames } from '../../check/index.ts'
import { type NamedRun, type NamedRunOptions, namedRun } from '../named-run.ts'
import { ExactlyOnceCounters, type ExactlyOnceCounts } from './counters.ts'
import { exactlyOncePlan } from './plan.ts'

/**
 * Guarantees of transactions, and of applications that work in them. I-ACK is none of them: what is acknowledged inside a
 * transaction counts when that is committed, and Java's producer gives the numbers of a batch whose delivery timed out to
 * the next one, which the leader then takes for a repetition (`adjustSequencesDueToFailedBatch`); the transaction is lost.
 */
const oracles = ['I-PROCESSED-ONCE', 'I-TXN-ATOMIC', 'I-READ-COMMITTED', 'I-EPOCH-FENCE', ...transactionRestOracleNames]

export function exactlyOnceRun(seed: number, options: NamedRunOptions = {}): NamedRun<ExactlyOnceCounts> {
  const { protocol, watch } = options
  const plan = exactlyOncePlan(seed, protocol === undefined ? {} : { protocol })
  return namedRun(plan, new ExactlyOnceCounters(), oracles, watch)
}
