/** The verdict: every expectation of a scenario, judged at the end of the run. */
import { type ClusterView, evaluate, explain, type Ledger } from '../../view/index.ts'
import type { Condition, ScenarioPlan } from '../plan.ts'
import { conditionWords } from './condition-words.ts'
import { judgeApplication } from './judge-applications.ts'
import { judgeFigures } from './judge-figures.ts'
import { judgeMessage } from './judge-messages.ts'
import { judgeOrder } from './judge-order.ts'
import { judgePromises } from './judge-promises.ts'
import { judgeUnavailability } from './judge-unavailable.ts'
import type { ExpectationResult, PromiseSummary, RunFailure } from './result.ts'
import type { StepFailure } from './steps.ts'
import type { Watch } from './watch.ts'
import { actionWords } from './words.ts'

export interface Evidence {
  readonly plan: ScenarioPlan
  readonly view: ClusterView
  readonly ledger: Ledger
  readonly watch: Watch
  readonly promises: PromiseSummary
  readonly failed: StepFailure | undefined
  readonly bug: RunFailure | undefined
}

/**
 * A story that could not be played to its end is judged by that alone: what its expectations would find is of a world
 * that they were not written for.
 */
export function judge(evidence: Evidence): ExpectationResult[] {
  const { plan, view, ledger, watch, promises, failed, bug } = evidence
  if (bug !== undefined) return [bugFound(bug)]
  if (failed !== undefined) return [stepFailed(failed)]
  const { expect } = plan
  return [
    ...expect.messages.flatMap((expectation) => judgeMessage(expectation, ledger)),
    ...expect.applications.flatMap((expectation) => judgeApplication(expectation, ledger)),
    ...expect.order.map((expectation) =>
      judgeOrder(expectation, ledger.order(`${expectation.topic}-${expectation.partition}`)),
    ),
    ...expect.state.map((condition) => judgeState(condition, view, ledger)),
    ...watch.results(),
    ...expect.unavailable.map((expectation) => judgeUnavailability(expectation, ledger)),
    ...(expect.figures === undefined ? [] : judgeFigures(expect.figures, ledger)),
    ...judgePromises(expect.promises, promises),
  ]
}

function judgeState(condition: Condition, view: ClusterView, ledger: Ledger): ExpectationResult {
  return {
    what: 'at the end',
    held: evaluate(condition, view, ledger),
    expected: conditionWords(condition),
    found: explain(condition, view, ledger),
    span: condition.span,
  }
}

function stepFailed({ step, message }: StepFailure): ExpectationResult {
  const does = step.actions.map((action) => actionWords(action)).join(', ')
  return {
    what: `step ${step.index + 1}${does === '' ? '' : ` (${does})`}`,
    held: false,
    expected: 'done',
    found: `not: ${message}`,
    span: step.span,
  }
}

const bugFound = (bug: RunFailure): ExpectationResult => ({
  what: 'the simulator',
  held: false,
  expected: 'no broken assertion',
  found: bug.message,
  span: { line: 1, column: 1, length: 1 },
})
