// Plays a scenario and keeps what a reader of the trace and of the narration sees.
import { join } from 'node:path'
import { checkFile, describeFile } from '../../../cli/diagnostic.ts'
import { parseScenario } from '../../../sim/scenario/language/index.ts'
import type { ScenarioPlan } from '../../../sim/scenario/plan.ts'
import { ScenarioRun } from '../../../sim/scenario/runner/index.ts'
import { formatRecord, Narrator } from '../../../sim/view/index.ts'
import { repository } from '../../cli/trial.ts'

/** A file of `scenarios/storage`. */
export function lesson(name: string): ScenarioPlan {
  const checked = checkFile(join(repository, 'scenarios/storage', name))
  if ('plan' in checked.result) return checked.result.plan
  throw new Error(describeFile(checked))
}

export function story(text: string): ScenarioPlan {
  const parsed = parseScenario(text, 'story.yaml')
  if ('plan' in parsed) return parsed.plan
  throw new Error(parsed.diagnostics.map(({ message }) => message).join('\n'))
}

export function play(plan: ScenarioPlan, seed?: number) {
  const lines: string[] = []
  const told: string[] = []
  const narrator = new Narrator({ width: 200, details: plan.tell ?? [] })
  const run = new ScenarioRun(plan, {
    ...(seed === undefined ? {} : { seed }),
    subscribers: [
      {
        apply(record, { view, ledger }) {
          lines.push(formatRecord(record))
          told.push(...narrator.apply(record, view, ledger))
        },
      },
    ],
  })
  run.runTo(plan.endsUs)
  return { run, result: run.finish(), lines, told: told.join('\n') }
}
