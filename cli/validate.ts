/** `trial validate FILE…`: checks scenarios without playing them. */
import type { Command } from 'commander'
import type { Diagnostic } from '../sim/scenario/language/index.ts'
import { type CheckedFile, checkFile, describeFile, diagnosticsOf } from './diagnostic.ts'
import { ExitCode } from './exit-code.ts'

const examples = `
Examples:
  trial validate my.yaml
  trial validate scenarios/*/*.yaml
  trial validate my.yaml --json | jq '.files[].diagnostics[].message'

Exit code: 0 all files are fine (warnings are), 2 some are not.
`

export function register(program: Command): void {
  program
    .command('validate')
    .description('checks scenarios without playing them')
    .argument('<file...>', 'scenario files')
    .option('--json', 'print one JSON object instead of text')
    .addHelpText('after', examples)
    .action((files: string[], options: { json?: boolean }) => {
      const { exitCode, output, errors } = validate(files, options)
      process.stdout.write(output)
      process.stderr.write(errors)
      process.exitCode = exitCode
    })
}

export interface ValidateResult {
  readonly exitCode: number
  /** For standard output and standard error. */
  readonly output: string
  readonly errors: string
}

export function validate(files: readonly string[], options: { readonly json?: boolean } = {}): ValidateResult {
  const checked = files.map((file) => checkFile(file))
  const exitCode = checked.every((one) => 'plan' in one.result) ? ExitCode.Held : ExitCode.BadInput
  if (options.json === true) {
    return { exitCode, output: `${JSON.stringify({ files: checked.map(asJson) }, null, 2)}\n`, errors: '' }
  }
  const fine = checked.filter((one) => 'plan' in one.result)
  return {
    exitCode,
    output: fine.map((one) => `${one.file}: fine${warned(one)}\n`).join(''),
    errors: checked.map(describeFile).join(''),
  }
}

function warned(checked: CheckedFile): string {
  const warnings = diagnosticsOf(checked).length
  if (warnings === 0) return ''
  return `, with ${warnings === 1 ? 'a warning' : `${warnings} warnings`}`
}

const asJson = (checked: CheckedFile): object => ({
  file: checked.file,
  valid: 'plan' in checked.result,
  ...('plan' in checked.result ? { title: checked.result.plan.title } : {}),
  diagnostics: diagnosticsOf(checked).map(({ text: _text, ...diagnostic }: Diagnostic) => diagnostic),
})
