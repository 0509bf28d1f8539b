/** The scenario files of a command line, compiled; mistakes are printed, all of them, before anything runs. */
import { type Override, readOverride } from '../sim/scenario/language/index.ts'
import type { ScenarioPlan } from '../sim/scenario/plan.ts'
import { checkFile, describeFile } from './diagnostic.ts'
import { UserError } from './exit-code.ts'

export interface ScenarioFileOptions {
  /** `KEY=VALUE` texts. */
  readonly set: readonly string[]
  readonly protocol?: string
}

/** The plans of all files, or undefined after telling what is wrong with them. Warnings are told too. */
export function loadScenarios(files: readonly string[], options: ScenarioFileOptions): ScenarioPlan[] | undefined {
  const overrides = options.set.map(override)
  const { protocol } = options
  const plans: ScenarioPlan[] = []
  for (const file of files) {
    const checked = checkFile(file, { overrides, ...(protocol === undefined ? {} : { protocol }) })
    process.stderr.write(describeFile(checked))
    if ('plan' in checked.result) plans.push(checked.result.plan)
  }
  return plans.length === files.length ? plans : undefined
}

function override(text: string): Override {
  const read = readOverride(text)
  if (read === undefined) throw new UserError(`--set takes KEY=VALUE, such as retry.backoff.ms=100, not '${text}'`)
  return read
}
