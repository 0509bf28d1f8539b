/** The scenario files of a command line, compiled; mistakes are printed, all of them, before anything runs. */
import { formatDiagnostic, type Override, readOverride } from '../sim/scenario/language/index.ts'
import type { ScenarioPlan } from '../sim/scenario/plan.ts'
import { checkFile, diagnosticsOf } from './diagnostic.ts'
import { UserError } from './exit-code.ts'
import { readPropertiesFile } from './server-properties.ts'

export interface ScenarioFileOptions {
  /** `KEY=VALUE` texts. */
  readonly set: readonly string[]
  readonly protocol?: string
  /** Path of a `server.properties`. */
  readonly serverProperties?: string
}

/** The plans of all files, or undefined after telling what is wrong with them. Warnings are told too. */
export function loadScenarios(files: readonly string[], options: ScenarioFileOptions): ScenarioPlan[] | undefined {
  const overrides = options.set.map(override)
  const { protocol } = options
  const beside = options.serverProperties === undefined ? undefined : readPropertiesFile(options.serverProperties)
  if (beside === undefined && options.serverProperties !== undefined) return undefined
  const told = new Set<string>()
  const plans: ScenarioPlan[] = []
  for (const file of files) {
    const checked = checkFile(file, {
      overrides,
      ...(protocol === undefined ? {} : { protocol }),
      ...(beside === undefined ? {} : { serverProperties: beside }),
    })
    for (const diagnostic of diagnosticsOf(checked)) {
      // What is to be said of the file beside them is said once, not for every scenario.
      const text = `${formatDiagnostic(diagnostic, checked.text)}\n`
      if (!told.has(text)) process.stderr.write(text)
      if (diagnostic.file === beside?.file) told.add(text)
    }
    if ('plan' in checked.result) plans.push(checked.result.plan)
  }
  return plans.length === files.length ? plans : undefined
}

function override(text: string): Override {
  const read = readOverride(text)
  if (read === undefined) throw new UserError(`--set takes KEY=VALUE, such as retry.backoff.ms=100, not '${text}'`)
  return read
}
