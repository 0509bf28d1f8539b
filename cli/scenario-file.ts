/** Reads and compiles the scenario files of a command line; mistakes are printed, all of them, before anything runs. */
import { readFileSync } from 'node:fs'
import {
  type Diagnostic,
  formatDiagnostic,
  type Override,
  parseScenario,
  readOverride,
} from '../sim/scenario/language/index.ts'
import type { ScenarioPlan } from '../sim/scenario/plan.ts'
import { UserError } from './exit-code.ts'

export interface ScenarioFileOptions {
  /** `KEY=VALUE` texts. */
  readonly set: readonly string[]
  readonly protocol?: string
}

/** The plans of all files, or undefined after telling what is wrong with them. */
export function loadScenarios(files: readonly string[], options: ScenarioFileOptions): ScenarioPlan[] | undefined {
  const overrides = options.set.map(override)
  const plans: ScenarioPlan[] = []
  for (const file of files) {
    const plan = loadScenario(file, overrides, options.protocol)
    if (plan !== undefined) plans.push(plan)
  }
  return plans.length === files.length ? plans : undefined
}

function override(text: string): Override {
  const read = readOverride(text)
  if (read === undefined) throw new UserError(`--set takes KEY=VALUE, such as retry.backoff.ms=100, not '${text}'`)
  return read
}

function loadScenario(file: string, overrides: readonly Override[], protocol?: string): ScenarioPlan | undefined {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    process.stderr.write(`trial: cannot read ${file}: ${reasonOf(error)}\n`)
    return undefined
  }
  const parsed = parseScenario(text, file, { overrides, ...(protocol === undefined ? {} : { protocol }) })
  const tell = (diagnostics: readonly Diagnostic[]): void => {
    for (const diagnostic of diagnostics) process.stderr.write(`${formatDiagnostic(diagnostic, text)}\n`)
  }
  if ('diagnostics' in parsed) {
    tell(parsed.diagnostics)
    return undefined
  }
  tell(parsed.warnings)
  return parsed.plan
}

function reasonOf(error: unknown): string {
  switch ((error as NodeJS.ErrnoException).code) {
    case 'ENOENT':
      return 'there is no such file'
    case 'EISDIR':
      return 'it is a directory'
    case 'EACCES':
      return 'permission denied'
    default:
      return (error as Error).message
  }
}
