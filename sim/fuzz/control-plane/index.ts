/** The control-plane soak: brokers, controllers and their ZooKeeper in trouble, and where they come to rest. */
export {
  type ControlPlaneCounterName,
  type ControlPlaneCounts,
  controlPlaneCounterNames,
  zeroControlPlaneCounts,
} from './counters.ts'
export { controlPlanePlan } from './plan.ts'
export { controlPlaneRun } from './run.ts'
