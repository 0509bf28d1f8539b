/**
 * What the runner needs to see of a running cluster: whether conditions hold, what is true instead, and whom a selector
 * means. The view gives it; tests of the step engine give a small one of their own.
 */
import type { Condition, Target } from '../plan.ts'

export interface Observer {
  holds(condition: Condition): boolean
  /** What is true of the same thing now: `b3/orders-0 has LEO 0, HW 0`. */
  found(condition: Condition): string
  /** Machine names; empty if the selector finds nobody. */
  resolve(target: Target): readonly string[]
}
