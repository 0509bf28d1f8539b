/**
 * YAML text to plan: read with places, check the version, lay the command line over the file, check the shape, compile.
 * Each stage speaks only if the one before had nothing to say, so one mistake makes one message.
 */
import type { PartitionerClass } from '../../../src/client/index.ts'
import { defaultPreset } from '../../../src/versions.ts'
import type { ScenarioPlan } from '../plan.ts'
import { compileScenario } from './compile/scenario.ts'
import type { Diagnostic } from './diagnostic.ts'
import { explainIssues } from './explain.ts'
import { nearest } from './nearest.ts'
import { applyOverrides, type Override } from './overrides.ts'
import { Report } from './report.ts'
import { LANGUAGE_VERSION, type ScenarioInput, scenarioSchema } from './schema/scenario.ts'
import { type PropertiesFile, readServerProperties } from './server-properties.ts'
import { Located, quoted, readSource, Source } from './source.ts'

export interface ParseOptions {
  /** `--set KEY=VALUE`, in order; the last word stands. */
  readonly overrides?: readonly Override[]
  /** `--seed`, which wins over the file. */
  readonly seed?: number
  /** `--protocol`, which wins over the file. */
  readonly protocol?: string
  /** `--server-properties`: settings of every broker, over the file's and below `--set`. */
  readonly serverProperties?: PropertiesFile
  /** Loads the class that `partitioner.class` names by a path. Without it such a path is refused, as in the browser. */
  readonly loadPartitioner?: LoadPartitioner
}

/** @param scenario path of the scenario file */
export type LoadPartitioner = (specifier: string, scenario: string) => LoadedPartitioner

export type LoadedPartitioner =
  | { readonly partitioner: PartitionerClass }
  /** Why not; completes "… cannot be loaded: …". */
  | { readonly problem: string; readonly expected?: string }

export type ParseResult =
  | { readonly plan: ScenarioPlan; readonly warnings: readonly Diagnostic[] }
  | { readonly diagnostics: readonly Diagnostic[] }

/** Compiles a scenario. `file` is the path as the user gave it, for messages. */
export function parseScenario(text: string, file: string, options: ParseOptions = {}): ParseResult {
  const read = readSource(file, text)
  if (!read.ok) return { diagnostics: read.diagnostics }
  const { root } = read
  const report = new Report()
  if (!checkVersion(root, report)) return { diagnostics: report.diagnostics }
  const overrides = applyOverrides(root, options.overrides ?? [], report)
  if (options.protocol !== undefined) lay(root, 'protocol', options.protocol, '--protocol')
  if (options.seed !== undefined) lay(root, 'seed', options.seed, '--seed')
  const checked = scenarioSchema.safeParse(root.value)
  if (!checked.success) explainIssues(checked.error.issues, root, report)
  if (report.failed) return { diagnostics: report.diagnostics }
  const { serverProperties: beside, loadPartitioner } = options
  const protocol = (root.value as ScenarioInput).protocol ?? defaultPreset
  const properties = beside === undefined ? {} : readServerProperties(beside, protocol, report).values
  const located = root as Located<ScenarioInput>
  const plan = compileScenario(located, file, text, overrides, properties, report, loadPartitioner)
  return report.failed ? { diagnostics: report.diagnostics } : { plan, warnings: report.diagnostics }
}

/** A file of another version is not judged by the rules of this one. */
function checkVersion(root: Located, report: Report): boolean {
  const version = root.fields.get('scenario')
  if (version === undefined) {
    const key = nearest('scenario', root.fields.keys())
    report.error(
      'KS007',
      key === undefined ? { ...root.place, end: root.place.start } : root.fields.get(key)!.keyPlace,
      'the version of the language is missing',
      {
        expected: `scenario: ${LANGUAGE_VERSION}`,
      },
    )
    return false
  }
  if (version.value === LANGUAGE_VERSION) return true
  if (typeof version.value === 'number') {
    report.error('KS007', version.place, `unknown version ${version.text} of the scenario language`, {
      expected: `scenario: ${LANGUAGE_VERSION}`,
    })
  } else {
    report.error(
      'KS007',
      version.place,
      `${version.text === '' ? 'this' : quoted(version.text)} is not a version of the scenario language`,
      { expected: `scenario: ${LANGUAGE_VERSION}` },
    )
  }
  return false
}

/** A value of the command line in place of the file's. */
function lay(root: Located, key: string, value: string | number, option: string): void {
  const source = new Source(option, `${option} ${value}`, false)
  const place = { source, start: option.length + 1, end: source.text.length }
  root.fields.set(key, new Located<unknown>(value, String(value), place, key, place))
  ;(root.value as Record<string, unknown>)[key] = value
}
