/**
 * `trial run FILE…`: plays scenarios and judges them. One run of one seed is narrated; `--seeds` plays many in silence
 * and sums them up; `--json` prints one object.
 */
import { type Command, Option } from 'commander'
import { ExitCode, UserError } from './exit-code.ts'
import { playMany } from './run-many.ts'
import { playOne } from './run-one.ts'
import { loadScenarios } from './scenario-file.ts'
import { readSeed, readSeeds, type SeedRange } from './seed-range.ts'

export interface RunCommandOptions {
  readonly seed?: number
  readonly seeds?: SeedRange
  readonly set: readonly string[]
  readonly protocol?: string
  readonly serverProperties?: string
  readonly dataDir?: string
  readonly trace?: string
  readonly json?: boolean
  readonly quiet?: boolean
  readonly lang: 'en' | 'zh'
}

const examples = `
Examples:
  trial run scenarios/teach/three-message-loss.yaml
  trial run scenarios/teach/three-message-loss.yaml --set retry.backoff.ms=100
  trial run scenarios/teach/*.yaml --seeds 1-200
  trial run my.yaml --seed 7 --data-dir data --trace trace.txt
  trial run my.yaml --server-properties /etc/kafka/server.properties
  trial run my.yaml --json | jq '.runs[].held'

What counts for a setting of the brokers: --set, else --server-properties, else the scenario file, else the default of
the release. Keys of server.properties that are not modelled, or that the release ignores, are told as warnings.

Exit code: 0 all expectations hold, 1 some do not, 2 bad input, 3 a bug in the simulator.
`

export function register(program: Command): void {
  program
    .command('run')
    .description('plays scenarios and judges them')
    .argument('<file...>', 'scenario files')
    .option('--seed <n>', "instead of the scenario's own seed", readSeed)
    .option('--seeds <a-b>', 'one run for each seed, summed up', readSeeds)
    .option('--set <key=value>', 'change one setting for everything that knows it; may be repeated', collect, [])
    .option('--protocol <preset>', 'behave as that release did (see: trial versions)')
    .option('--server-properties <file>', 'configure every broker as this file says')
    .option('--data-dir <dir>', 'keep the disks of all machines as real files there')
    .option('--trace <file>', 'write every event there, one line each')
    .option('--json', 'print one JSON object instead of text')
    .option('-q, --quiet', 'only the verdict, no story')
    .addOption(new Option('--lang <language>', 'of titles and captions').choices(['en', 'zh']).default('en'))
    .addHelpText('after', examples)
    .action((files: string[], options: RunCommandOptions) => {
      process.exitCode = run(files, options)
    })
}

function run(files: readonly string[], options: RunCommandOptions): number {
  if (options.seeds !== undefined) {
    if (options.seed !== undefined) throw new UserError('give --seed or --seeds, not both')
    if (options.dataDir !== undefined)
      throw new UserError('--data-dir keeps the files of one run: use it with --seed, not with --seeds')
    if (options.trace !== undefined)
      throw new UserError('--trace writes down one run: use it with --seed, not with --seeds')
  }
  const plans = loadScenarios(files, options)
  if (plans === undefined) return ExitCode.BadInput
  return options.seeds === undefined ? playOne(plans, options) : playMany(plans, options.seeds, options)
}

const collect = (value: string, before: readonly string[]): string[] => [...before, value]
