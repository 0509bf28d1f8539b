/** Every scenario with every seed, in silence, and a summary line for each scenario. */
import cliProgress from 'cli-progress'
import type { ScenarioPlan } from '../sim/scenario/plan.ts'
import { type RunResult, runScenario } from '../sim/scenario/runner/index.ts'
import { bugReport } from './output/bug-report.ts'
import { painterFor } from './output/colour.ts'
import { jsonOf } from './output/json.ts'
import { replayCommand } from './output/replay.ts'
import { Sweep } from './output/sweep-text.ts'
import type { RunCommandOptions } from './run.ts'
import { exitCodeOf } from './run-one.ts'
import type { SeedRange } from './seed-range.ts'

export function playMany(plans: readonly ScenarioPlan[], seeds: SeedRange, options: RunCommandOptions): number {
  const painter = painterFor(process.stdout, process.env)
  const results: RunResult[] = []
  const progress = progressBar(plans.length * (seeds.last - seeds.first + 1), options)
  for (const plan of plans) {
    const sweep = new Sweep(plan.file)
    let bug: string | undefined
    for (let seed = seeds.first; seed <= seeds.last && bug === undefined; seed++) {
      const result = runScenario(plan, { seed, clock: () => performance.now() })
      results.push(result)
      sweep.add(result)
      progress.step()
      if (result.failure?.kind === 'bug') bug = bugReport(result, result.failure, options)
    }
    progress.clear()
    if (options.json !== true) {
      process.stdout.write(`${sweep.text(painter, (seed) => replayCommand(plan.file, seed, options))}\n`)
    }
    if (bug === undefined) continue
    process.stderr.write(`${bug}\n`)
    break
  }
  progress.stop()
  if (options.json === true) process.stdout.write(`${jsonOf(results)}\n`)
  return exitCodeOf(results)
}

interface Progress {
  step(): void
  /** Makes room for a line of text. */
  clear(): void
  stop(): void
}

const REDRAW_MS = 100

/** A bar on a terminal, nothing elsewhere. The runs leave no time to timers, so it is drawn from here. */
function progressBar(total: number, options: RunCommandOptions): Progress {
  if (process.stderr.isTTY !== true || options.quiet === true) return { step() {}, clear() {}, stop() {} }
  const bar = new cliProgress.SingleBar(
    {
      format: '{bar} {value}/{total} runs, {eta_formatted} to go',
      clearOnComplete: true,
      hideCursor: true,
      noTTYOutput: false,
    },
    cliProgress.Presets.shades_classic,
  )
  bar.start(total, 0)
  let done = 0
  let drawnMs = performance.now()
  return {
    step() {
      done++
      const now = performance.now()
      if (now - drawnMs < REDRAW_MS) return
      drawnMs = now
      bar.update(done)
      bar.render()
    },
    clear: () => process.stderr.write('\r\u001b[K'),
    stop: () => bar.stop(),
  }
}
