/** The exactly-once soak: transactional applications, their coordinators and leaders in trouble. */
export {
  type ExactlyOnceCounterName,
  type ExactlyOnceCounts,
  exactlyOnceCounterNames,
  zeroExactlyOnceCounts,
} from './counters.ts'
export { exactlyOncePlan } from './plan.ts'
export { type ExactlyOnceOutcome, exactlyOnceRun } from './run.ts'
