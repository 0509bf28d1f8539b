/** One run of each scenario, narrated, with its verdict, its files and what to try next. */
import { basename, extname, join } from 'node:path'
import type { ScenarioPlan } from '../sim/scenario/plan.ts'
import { type RunResult, type RunSubscriber, ScenarioRun } from '../sim/scenario/runner/index.ts'
import { figureLines, formatRecord, Narrator, type Painter, verdictLines, wrap } from '../sim/view/index.ts'
import { ExitCode } from './exit-code.ts'
import { bugReport } from './output/bug-report.ts'
import { painterFor, widthFor } from './output/colour.ts'
import { prepareDataDirectory, realDisks } from './output/data-directory.ts'
import { jsonOf } from './output/json.ts'
import { nextSteps } from './output/next-steps.ts'
import { TraceFile } from './output/trace-file.ts'
import { expectationsText, promisesText } from './output/verdict-text.ts'
import type { RunCommandOptions } from './run.ts'

export function playOne(plans: readonly ScenarioPlan[], options: RunCommandOptions): number {
  const painter = painterFor(process.stdout, process.env)
  if (options.dataDir !== undefined) prepareDataDirectory(options.dataDir)
  const results: RunResult[] = []
  const folders = folderNames(plans)
  plans.forEach((plan, index) => {
    const folder = plans.length > 1 ? folders[index]! : undefined
    results.push(play(plan, folder, options, painter))
  })
  if (options.json === true) process.stdout.write(`${jsonOf(results)}\n`)
  return exitCodeOf(results)
}

export function exitCodeOf(results: readonly RunResult[]): number {
  if (results.some((result) => result.failure?.kind === 'bug')) return ExitCode.Bug
  return results.every((result) => result.held) ? ExitCode.Held : ExitCode.NotHeld
}

function play(plan: ScenarioPlan, folder: string | undefined, options: RunCommandOptions, painter: Painter): RunResult {
  const print = (text: string): void => {
    if (options.json !== true) process.stdout.write(`${text}\n`)
  }
  const dataDirectory = options.dataDir === undefined ? undefined : join(options.dataDir, folder ?? '')
  const trace =
    options.trace === undefined
      ? undefined
      : new TraceFile(join(options.trace, folder === undefined ? '' : join(folder, 'trace.txt')))
  const width = widthFor(process.stdout)
  const narrator =
    options.json === true || options.quiet === true
      ? undefined
      : new Narrator({ lang: options.lang, painter, width, details: plan.tell ?? [] })
  const subscribers: RunSubscriber[] = []
  if (narrator !== undefined) {
    subscribers.push({
      apply(record, { view, ledger }) {
        for (const line of narrator.apply(record, view, ledger)) print(line)
      },
    })
  }
  if (trace !== undefined) subscribers.push({ messages: true, apply: (record) => trace.line(formatRecord(record)) })
  const run = new ScenarioRun(plan, {
    ...(options.seed === undefined ? {} : { seed: options.seed }),
    ...(dataDirectory === undefined ? {} : { dataDirectory: realDisks(dataDirectory) }),
    subscribers,
    clock: () => performance.now(),
  })
  print(heading(plan, run.seed, options.lang, painter))
  run.runTo(plan.endsUs)
  const result = run.finish()
  trace?.close()
  if (result.failure?.kind === 'bug') {
    process.stderr.write(`${bugReport(result, result.failure, options)}\n`)
    return result
  }
  const story = narrator?.end(run.view, run.ledger) ?? verdictLines(run.ledger, { painter, width })
  for (const line of story) print(line)
  if (result.figures !== undefined) {
    print('')
    for (const line of figureLines(result.figures, { painter, width, endUs: run.ledger.endUs })) print(line)
  }
  print('')
  // Promises are Kafka's: a story of ZooKeeper alone has none.
  if (plan.cluster.brokers > 0) print(`${promisesText(result, painter)}\n`)
  print(expectationsText(result, plan.text, painter))
  const { verdict } = plan.expect
  if (verdict !== undefined && result.held) {
    const said = options.lang === 'zh' ? (verdict.zh ?? verdict.en) : verdict.en
    for (const line of wrap(said, width - 2)) print(painter.paint('caption', `  ${line}`))
  }
  const seconds = `${(result.virtualMs / 1000).toFixed(0)} virtual seconds in ${(result.wallMs / 1000).toFixed(2)} s`
  print(painter.paint('quiet', `\n${seconds}, ${result.events} events, trace hash ${result.traceHash}`))
  if (dataDirectory !== undefined) print(`files  ${dataDirectory}/ (broker-1/…, zookeeper-1/…)`)
  if (trace !== undefined) print(`trace  ${trace.path}`)
  if (options.quiet !== true) {
    print(`\n${painter.paint('caption', 'Try next')}`)
    for (const command of nextSteps(plan, { traced: trace !== undefined })) print(`  ${command}`)
  }
  print('')
  return result
}

function heading(plan: ScenarioPlan, seed: number, lang: 'en' | 'zh', painter: Painter): string {
  const title = lang === 'zh' ? (plan.title.zh ?? plan.title.en) : plan.title.en
  const shows = plan.shows.length === 0 ? '' : ` · shows ${plan.shows.join(', ')}`
  return `${painter.paint('caption', title)}\n${painter.paint('quiet', `${plan.file} · protocol ${plan.protocol} · seed ${seed}${shows}`)}\n`
}

/** The scenario file's name without its ending; a number is added where two are the same. */
function folderNames(plans: readonly ScenarioPlan[]): string[] {
  const seen = new Map<string, number>()
  return plans.map((plan) => {
    const name = basename(plan.file, extname(plan.file))
    const count = (seen.get(name) ?? 0) + 1
    seen.set(name, count)
    return count === 1 ? name : `${name}-${count}`
  })
}
