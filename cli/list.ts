/** `trial list [DIR]`: the scenarios below a folder with one line each. */
import { existsSync, readdirSync, statSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Command } from 'commander'
import type { LocalText } from '../sim/scenario/plan.ts'
import { checkFile } from './diagnostic.ts'
import { ExitCode, UserError } from './exit-code.ts'

const examples = `
Examples:
  trial list
  trial list scenarios/teach
  trial list --json | jq '.scenarios[].path'
`

export function register(program: Command): void {
  program
    .command('list')
    .description('lists scenarios with one line each')
    .argument('[dir]', 'folder to look in (default: scenarios, or those that came with the program)')
    .option('--json', 'print one JSON object instead of text')
    .addHelpText('after', examples)
    .action((directory: string | undefined, options: { json?: boolean }) => {
      const { exitCode, output } = list(directory ?? defaultDirectory(), options)
      process.stdout.write(output)
      process.exitCode = exitCode
    })
}

export interface ListedScenario {
  readonly path: string
  readonly title: LocalText
  readonly shows: readonly string[]
}

/** Files that do not compile are listed with the number of their mistakes; then the exit code is 2. */
export function list(
  directory: string,
  options: { readonly json?: boolean } = {},
): { exitCode: number; output: string } {
  const files = scenarioFiles(directory).map((path) => checkFile(path))
  const scenarios: ListedScenario[] = []
  const broken: Array<{ path: string; mistakes: number }> = []
  for (const { file, result } of files) {
    if ('plan' in result) scenarios.push({ path: file, title: result.plan.title, shows: result.plan.shows })
    else broken.push({ path: file, mistakes: result.diagnostics.length })
  }
  const exitCode = broken.length === 0 ? ExitCode.Held : ExitCode.BadInput
  if (options.json === true) return { exitCode, output: `${JSON.stringify({ scenarios, broken }, null, 2)}\n` }
  if (files.length === 0) return { exitCode, output: `no scenarios in ${directory}\n` }
  const column = Math.max(...files.map(({ file }) => file.length))
  const lines = new Map<string, string>()
  for (const { path, title } of scenarios) lines.set(path, `${path.padEnd(column)}  ${title.en}`)
  for (const { path, mistakes } of broken) {
    lines.set(
      path,
      `${path.padEnd(column)}  (${mistakes === 1 ? 'a mistake' : `${mistakes} mistakes`}: trial validate ${path})`,
    )
  }
  return { exitCode, output: files.map(({ file }) => `${lines.get(file)!}\n`).join('') }
}

/** YAML files below a folder, sorted by path. */
function scenarioFiles(directory: string): readonly string[] {
  if (!existsSync(directory)) throw new UserError(`cannot list ${directory}: there is no such folder`)
  if (!statSync(directory).isDirectory())
    throw new UserError(`cannot list ${directory}: it is a file (trial validate checks files)`)
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.ya?ml$/.test(name))
    .map((name) => join(directory, name))
    .sort()
}

/** `scenarios` here, or the folder in the package: from `dist/cli` and from `cli` it lies at different heights. */
function defaultDirectory(): string {
  if (existsSync('scenarios')) return 'scenarios'
  for (const path of ['../../scenarios', '../scenarios']) {
    const directory = fileURLToPath(new URL(path, import.meta.url))
    if (existsSync(directory)) return relative(process.cwd(), directory) || '.'
  }
  throw new UserError('there is no folder scenarios here: name one, as in trial list DIR')
}
