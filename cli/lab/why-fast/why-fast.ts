/** `trial lab why-fast`: what makes Kafka fast, measured on this machine where a process can, and otherwise modelled. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { wrap } from '../../../sim/view/index.ts'
import { ExitCode, UserError } from '../../exit-code.ts'
import { painterFor, widthFor } from '../../output/colour.ts'
import { batching } from './batching.ts'
import { chartOf } from './chart.ts'
import { compression } from './compression.ts'
import { pageCache, sequentialWrites, zeroCopy } from './disk.ts'
import { type Experiment, ratioOf, type Sizes } from './experiment.ts'
import { explanation } from './explanation.ts'
import { MEBIBYTE, scratchFolder } from './files.ts'
import { pageOf } from './page.ts'
import { tableLines } from './table.ts'

const examples = `
Examples:
  trial lab why-fast
  trial lab why-fast --scratch /var/lib/kafka --size 1024    # on the disk that matters, beyond its caches
  trial lab why-fast --json | jq '.experiments[].figures[] | {what, times, how}'
  trial lab why-fast --messages 2000 --size 8 --writes 50    # quick and rough
`

interface Options {
  readonly messages: number
  readonly size: number
  readonly writes: number
  readonly out: string
  readonly scratch: string
  readonly json?: boolean
}

export function register(lab: Command): void {
  lab
    .command('why-fast')
    .description('why Kafka is fast: batches, compression, sequential I/O, page cache, zero copy')
    .addOption(counted('--messages <n>', 'messages sent and compressed', 20_000, 200, 1_000_000))
    .addOption(counted('--size <MiB>', 'size of the files written and read', 128, 1, 16_384))
    .addOption(counted('--writes <n>', 'writes that are synced one by one', 500, 1, 100_000))
    .option('--out <dir>', 'folder of the chart and the report', 'reports')
    .option('--scratch <dir>', 'folder on the disk to measure; what is written there is removed', tmpdir())
    .option('--json', 'print one JSON object instead of text')
    .addHelpText('after', examples)
    .action(async (options: Options) => {
      process.exitCode = await whyFast(options)
    })
}

/** What shells say of a command that was ended by SIGINT. */
const INTERRUPTED = 130

const counted = (flags: string, about: string, usual: number, least: number, most: number): Option =>
  new Option(flags, about).default(usual).argParser((text) => {
    const value = Number(text)
    if (!/^\d+$/.test(text) || value < least || value > most)
      throw new InvalidArgumentError(`a whole number from ${least} to ${most}`)
    return value
  })

async function whyFast(options: Options): Promise<ExitCode> {
  // First of all, so that a folder that cannot be written is told before anything is measured.
  const files = { chart: join(options.out, 'why-fast.svg'), report: join(options.out, 'why-fast.html') }
  makeFolder(options.out)
  const sizes: Sizes = { messages: options.messages, bytes: options.size * MEBIBYTE, writes: options.writes }
  const experiments = await experimentsOf(sizes, options.scratch)
  const machine = `${cpus()[0]?.model ?? 'unknown processor'}, ${process.platform}, Node ${process.versions.node}; files in ${options.scratch}`
  write(files.chart, chartOf(experiments))
  write(files.report, pageOf(experiments, machine))
  process.stdout.write(
    options.json === true ? `${jsonOf(experiments, machine, files)}\n` : textOf(experiments, machine, files),
  )
  return ExitCode.Held
}

async function experimentsOf(sizes: Sizes, parent: string): Promise<Experiment[]> {
  const scratch = scratchFolder(parent)
  const interrupted = (): void => {
    scratch.remove()
    process.exit(INTERRUPTED)
  }
  process.once('SIGINT', interrupted)
  process.once('SIGTERM', interrupted)
  try {
    const experiments: Experiment[] = []
    for (const experiment of [batching, compression, sequentialWrites, pageCache, zeroCopy]) {
      experiments.push(await experiment(sizes, scratch.path))
      // A moment for signals, which nobody hears while files are being written.
      await new Promise((resume) => setImmediate(resume))
    }
    return experiments
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOSPC')
      throw new UserError(`no space left in ${parent}: --size is too large`)
    throw error
  } finally {
    process.removeListener('SIGINT', interrupted)
    process.removeListener('SIGTERM', interrupted)
    scratch.remove()
  }
}

interface Files {
  readonly chart: string
  readonly report: string
}

function textOf(experiments: readonly Experiment[], machine: string, { chart, report }: Files): string {
  const [painter, width] = [painterFor(process.stdout, process.env), widthFor(process.stdout)]
  const lines = [
    painter.paint('caption', 'Why Kafka is fast'),
    painter.paint('quiet', machine),
    '',
    ...tableLines(experiments, { painter, width }),
    ...explanation.flatMap((paragraph) => [...wrap(paragraph, width - 2).map((line) => `  ${line}`), '']),
    `chart   ${chart}`,
    `report  ${report}`,
  ]
  return `${lines.join('\n')}\n`
}

/** `times` is null where nothing is left of a cost. */
function jsonOf(experiments: readonly Experiment[], machine: string, files: Files): string {
  const withTimes = experiments.map((experiment) => ({
    ...experiment,
    figures: experiment.figures.map((figure) => {
      const ratio = ratioOf(figure)
      return { ...figure, times: Number.isFinite(ratio) ? ratio : null }
    }),
  }))
  return JSON.stringify({ lab: 'why-fast', machine, experiments: withTimes, explanation, files }, null, 2)
}

function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true })
  } catch (error) {
    throw new UserError(`cannot make the folder ${folder}: ${(error as Error).message}`)
  }
}

function write(path: string, content: string): void {
  try {
    writeFileSync(path, content)
  } catch (error) {
    throw new UserError(`cannot write ${path}: ${(error as Error).message}`)
  }
}
