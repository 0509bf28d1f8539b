/** The exactly-once soak: transactional applications, their coordinators and leaders in trouble. */
export {
  type ExactlyOnceCounterName,
  type ExactlyOnceCounts,
  exactlyOnceCounterNames,
  zeroExactlyOnceCounts,
} from './counters.ts'
export { exactlyOncePlan } from './plan.ts'
export { exactlyOnceRun } from './run.ts'
