// Drives a soak of seeded runs: reads the options, feeds one thread a core, sums up. Every 10th seed runs twice and must
// give the same trace hash.
//
// A soak says how one seed runs: `run(seed, watch?)` gives { seed, traceHash, events, virtualMs, counts, permitted: names,
// problems: { what, detail }[] }, plain values all, and lets `watch` see trace records, or lines; `defaultSeeds`,
// `counterNames`, and `requiredCounters(runs)`, what must have happened at least once in so many runs.
import { createWriteStream, mkdirSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { dirname } from 'node:path'
import { parseArgs } from 'node:util'
import { Worker } from 'node:worker_threads'
import { print, printProblem, showProgress } from './report.js'

const BATCH = 5
/** With so many problems there is enough to look at. */
const ENOUGH_PROBLEMS = 20

/** @returns the exit code */
export async function drive({ name, module, soak }, args) {
  const options = readOptions(args, soak.defaultSeeds)
  if (typeof options === 'string') {
    console.error(`soak: ${options}`)
    return 2
  }
  if (options.trace !== undefined) return replay(name, soak, options.seeds[0], options.trace)
  const counts = Object.fromEntries(soak.counterNames.map((counter) => [counter, 0]))
  const permitted = new Map()
  const problems = []
  const started = performance.now()
  const sums = { runs: 0, repeated: 0, events: 0, virtualMs: 0 }
  const seconds = () => (performance.now() - started) / 1000
  const progress = await showProgress(options)
  const take = (outcome) => {
    sums.runs++
    sums.events += outcome.events
    sums.virtualMs += outcome.virtualMs
    for (const counter of soak.counterNames) counts[counter] += outcome.counts[counter]
    for (const guarantee of outcome.permitted) permitted.set(guarantee, (permitted.get(guarantee) ?? 0) + 1)
    if (outcome.repeated) sums.repeated++
    problems.push(...problemsOf(outcome))
    progress.update(sums.runs, seconds())
  }
  const next = seedSource(options, seconds, () => problems.length >= ENOUGH_PROBLEMS)
  await Promise.all(Array.from({ length: availableParallelism() }, () => work(module, next, take)))
  progress.stop()
  problems.sort((a, b) => a.seed - b.seed)
  const missing = soak.requiredCounters(sums.runs).filter((counter) => counts[counter] === 0)
  const summary = {
    ...sums,
    seconds: seconds(),
    counts,
    permitted: Object.fromEntries([...permitted].sort()),
    problems,
    missing,
  }
  if (options.json) console.log(JSON.stringify(summary))
  else print(name, summary)
  if (problems.length > 0) return 3
  return missing.length > 0 ? 1 : 0
}

function readOptions(args, defaultSeeds) {
  let values
  try {
    values = parseArgs({
      args,
      options: {
        seeds: { type: 'string' },
        seconds: { type: 'string' },
        json: { type: 'boolean' },
        trace: { type: 'string' },
      },
    }).values
  } catch (error) {
    return error.message
  }
  let seeds = defaultSeeds
  if (values.seeds !== undefined) {
    const match = /^(\d+)(?:-(\d+))?$/.exec(values.seeds)
    if (match === null || Number(match[2] ?? match[1]) < Number(match[1]))
      return `--seeds takes A-B, such as 1-1000, not '${values.seeds}'`
    seeds = [Number(match[1]), Number(match[2] ?? match[1])]
  }
  if (values.seconds !== undefined && !(Number(values.seconds) > 0))
    return `--seconds takes a number above 0, not '${values.seconds}'`
  return {
    seeds,
    limited: values.seconds === undefined,
    seconds: Number(values.seconds ?? 0),
    json: values.json ?? false,
    trace: values.trace,
  }
}

/** Hands out batches of seeds: up to the last one, or until the time is over. */
function seedSource(options, seconds, enough) {
  let seed = options.seeds[0]
  return () => {
    if (enough()) return []
    const last = options.limited ? options.seeds[1] : Number.MAX_SAFE_INTEGER
    if (!options.limited && seconds() >= options.seconds) return []
    const batch = []
    while (batch.length < BATCH && seed <= last) batch.push(seed++)
    return batch
  }
}

/** One thread, fed until there is nothing more to do. */
function work(module, next, take) {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./worker.js', import.meta.url), { workerData: { module: String(module) } })
    const feed = () => {
      const seeds = next()
      if (seeds.length === 0) worker.terminate().then(resolve, reject)
      else worker.postMessage(seeds)
    }
    worker.on('message', (outcomes) => {
      outcomes.forEach(take)
      feed()
    })
    worker.on('error', reject)
    feed()
  })
}

function problemsOf({ seed, problems, repeated, traceHash, secondHash }) {
  const all = problems.map((problem) => ({ seed, ...problem }))
  if (repeated && secondHash !== traceHash)
    all.push({ seed, what: 'not deterministic', detail: `${traceHash}, then ${secondHash}` })
  return all
}

/** Runs one seed again and writes its trace. */
async function replay(name, soak, seed, path) {
  const { formatRecord } = await import('../../dist/sim/view/index.js')
  mkdirSync(dirname(path), { recursive: true })
  const file = createWriteStream(path)
  const outcome = soak.run(seed, (told) => file.write(`${typeof told === 'string' ? told : formatRecord(told)}\n`))
  await new Promise((resolve) => file.end(resolve))
  console.log(`seed ${seed}: trace in ${path}, hash ${outcome.traceHash}, ${outcome.events} events`)
  const problems = problemsOf({ ...outcome, repeated: false })
  for (const problem of problems) printProblem(name, problem)
  return problems.length > 0 ? 3 : 0
}
