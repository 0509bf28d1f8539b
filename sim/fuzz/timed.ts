/** Actions at times, and the steps that they make. */
import type { Action, SourceSpan, StepPlan, Targets } from '../scenario/plan.ts'

export const SECOND = 1_000_000
export const MILLISECOND = 1_000
export const nowhere: SourceSpan = { line: 1, column: 1, length: 1 }

export interface Timed {
  readonly us: number
  readonly action: Action
}

export type Step = Omit<StepPlan, 'index'>

export const at = (us: number, action: Action): Timed => ({ us, action })

export const machines = (...names: string[]): Targets => names.map((name) => ({ select: 'machine', name }))

export const stepAt = (us: number, actions: readonly Action[]): Step => ({
  span: nowhere,
  trigger: { kind: 'at', us },
  actions,
})

/** One step each, by time; those at or after `endUs` are left out. Ties keep the order in which they were drawn. */
export const inOrder = (timed: readonly Timed[], endUs: number): Step[] =>
  timed
    .filter(({ us }) => us < endUs)
    .sort((a, b) => a.us - b.us)
    .map(({ us, action }) => stepAt(us, [action]))
