/** `trial describe FILE --at TIME`: the cluster at one virtual time. */
import type { Command } from 'commander'
import { ScenarioRun } from '../sim/scenario/runner/index.ts'
import { ExitCode, UserError } from './exit-code.ts'
import { errorWords } from './output/bug-report.ts'
import { clusterObject, clusterText } from './output/cluster-text.ts'
import { painterFor, widthFor } from './output/colour.ts'
import { loadScenarios } from './scenario-file.ts'
import { readSeed } from './seed-range.ts'
import { readTime } from './virtual-time.ts'

interface DescribeOptions {
  readonly at: number
  readonly seed?: number
  readonly set: readonly string[]
  readonly protocol?: string
  readonly json?: boolean
}

const examples = `
Examples:
  trial describe scenarios/teach/three-message-loss.yaml --at 12s
  trial describe scenarios/teach/three-message-loss.yaml --at 900ms --seed 7 --json
`

export function register(program: Command): void {
  program
    .command('describe')
    .description('shows the cluster at one virtual time: leaders, ISR, log ends, high watermarks, controller, machines')
    .argument('<file>', 'scenario file')
    .requiredOption('--at <time>', 'virtual time, with its unit: 12s, 900ms', readTime)
    .option('--seed <n>', "instead of the scenario's own seed", readSeed)
    .option(
      '--set <key=value>',
      'change one setting; may be repeated',
      (value: string, before: string[]) => [...before, value],
      [],
    )
    .option('--protocol <preset>', 'behave as that release did')
    .option('--json', 'print one JSON object instead of text')
    .addHelpText('after', examples)
    .action((file: string, options: DescribeOptions) => {
      process.exitCode = describe(file, options)
    })
}

function describe(file: string, options: DescribeOptions): number {
  const plan = loadScenarios([file], options)?.[0]
  if (plan === undefined) return ExitCode.BadInput
  if (options.at > plan.endsUs)
    throw new UserError(`--at ${options.at / 1000} ms is after the end of the scenario, ${plan.endsUs / 1000} ms`)
  const run = new ScenarioRun(plan, { check: false, ...(options.seed === undefined ? {} : { seed: options.seed }) })
  run.runTo(options.at)
  const { failure, view } = run
  if (failure?.kind === 'bug') {
    process.stderr.write(`${errorWords(file, run.seed, failure, options)}\n`)
    return ExitCode.Bug
  }
  if (options.json === true) {
    process.stdout.write(`${JSON.stringify(clusterObject(view, options.at), null, 2)}\n`)
  } else {
    const painter = painterFor(process.stdout, process.env)
    process.stdout.write(`${clusterText(view, options.at, { painter, width: widthFor(process.stdout) })}\n`)
  }
  if (failure === undefined) return ExitCode.Held
  process.stderr.write(`trial: the story had failed by then, at ${failure.atUs / 1000} ms: ${failure.message}\n`)
  return ExitCode.NotHeld
}
