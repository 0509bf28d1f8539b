#!/usr/bin/env node
// Runs random clusters with random trouble, many seeds on all cores, and looks for bugs of the simulator.
//
//   npm run soak -- cluster [--seeds A-B | --seconds N] [--json] [--trace FILE]
//
// Every 10th seed runs twice and must give the same trace hash. Exit code 3: an assertion broke, a promised guarantee
// was broken, or two runs of a seed differed; 1: something that must happen never happened; 2: a mistake on the command line.
import { createWriteStream, existsSync, mkdirSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { isMainThread, parentPort, Worker } from 'node:worker_threads'

const REPEAT_EVERY = 10
const BATCH = 5
const DEFAULT_SEEDS = [1, 1000]

if (!existsSync(new URL('../dist/sim/fuzz/index.js', import.meta.url))) {
  console.error('soak: the program is not built yet. Run `npm run build` first.')
  process.exit(2)
}
const { addCounts, counterNames, requiredCounters, soakRun, zeroCounts } = await import('../dist/sim/fuzz/index.js')

if (isMainThread) process.exitCode = await main()
else serve()

/** A worker: runs the seeds it is handed, and answers with plain outcomes. */
function serve() {
  parentPort.on('message', (seeds) => {
    const outcomes = seeds.map((seed) => {
      const outcome = soakRun(seed)
      if (seed % REPEAT_EVERY !== 0) return { ...outcome, repeated: false }
      const again = soakRun(seed)
      return { ...outcome, repeated: true, secondHash: again.traceHash }
    })
    parentPort.postMessage(outcomes)
  })
}

async function main() {
  const options = readOptions()
  if (typeof options === 'string') {
    console.error(`soak: ${options}`)
    return 2
  }
  if (options.trace !== undefined) return replay(options.seeds[0], options.trace)
  const total = zeroCounts()
  const permitted = new Map()
  const problems = []
  const started = performance.now()
  let runs = 0
  let repeated = 0
  let events = 0
  let virtualMs = 0
  const seconds = () => (performance.now() - started) / 1000
  const progress = await showProgress(options)
  const take = (outcome) => {
    runs++
    events += outcome.events
    virtualMs += outcome.virtualMs
    addCounts(total, outcome.counts)
    for (const name of outcome.permitted) permitted.set(name, (permitted.get(name) ?? 0) + 1)
    if (outcome.repeated) repeated++
    problems.push(...problemsOf(outcome))
    progress.update(runs, seconds())
  }
  const next = seedSource(options, seconds, () => problems.length >= 20)
  await Promise.all(Array.from({ length: availableParallelism() }, () => work(next, take)))
  progress.stop()
  const elapsed = seconds()
  const missing = requiredCounters.filter((name) => total[name] === 0)
  problems.sort((a, b) => a.seed - b.seed)
  const summary = {
    runs,
    repeated,
    events,
    virtualMs,
    seconds: elapsed,
    counts: total,
    permitted: Object.fromEntries([...permitted].sort()),
    problems,
    missing,
  }
  if (options.json) console.log(JSON.stringify(summary))
  else print(summary)
  if (problems.length > 0) return 3
  return missing.length > 0 ? 1 : 0
}

function readOptions() {
  let parsed
  try {
    parsed = parseArgs({
      allowPositionals: true,
      options: {
        seeds: { type: 'string' },
        seconds: { type: 'string' },
        json: { type: 'boolean' },
        trace: { type: 'string' },
      },
    })
  } catch (error) {
    return error.message
  }
  const { values, positionals } = parsed
  if (positionals.length !== 1 || positionals[0] !== 'cluster') {
    return 'say what to soak: npm run soak -- cluster [--seeds A-B | --seconds N] [--json] [--trace FILE]'
  }
  let seeds = DEFAULT_SEEDS
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

/** One worker, fed until there is nothing more to do. */
function work(next, take) {
  return new Promise((resolve, reject) => {
    const worker = new Worker(fileURLToPath(import.meta.url))
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

function problemsOf(outcome) {
  const problems = []
  const add = (what, detail) => problems.push({ seed: outcome.seed, what, detail })
  if (outcome.bug !== undefined)
    add(
      'assertion',
      `${outcome.bug.message} (kernel step ${outcome.bug.kernelStep}, ${outcome.bug.atUs / 1000} ms)\n${outcome.bug.stack}`,
    )
  if (outcome.stuck !== undefined) add('stuck', outcome.stuck)
  for (const { name, breaches } of outcome.broken) add(`promise ${name}`, breaches.join('\n'))
  if (outcome.repeated && outcome.secondHash !== outcome.traceHash)
    add('not deterministic', `${outcome.traceHash}, then ${outcome.secondHash}`)
  return problems
}

/** Runs one seed again and writes its trace. */
async function replay(seed, path) {
  const { formatRecord } = await import('../dist/sim/view/index.js')
  mkdirSync(dirname(path), { recursive: true })
  const file = createWriteStream(path)
  const outcome = soakRun(seed, (record) => file.write(`${formatRecord(record)}\n`))
  await new Promise((resolve) => file.end(resolve))
  const problems = problemsOf({ ...outcome, repeated: false })
  console.log(`seed ${seed}: trace in ${path}, hash ${outcome.traceHash}, ${outcome.events} events`)
  for (const problem of problems) printProblem(problem)
  return problems.length > 0 ? 3 : 0
}

async function showProgress(options) {
  if (options.json) return { update() {}, stop() {} }
  if (process.stderr.isTTY) {
    const { default: progress } = await import('cli-progress')
    const [first, last] = options.seeds
    const total = options.limited ? last - first + 1 : Math.ceil(options.seconds)
    const format = options.limited
      ? '{bar} {value}/{total} seeds, {rate} a second, {eta_formatted} to go'
      : '{bar} {value}/{total} s, {runs} seeds, {rate} a second'
    const bar = new progress.SingleBar({ format, hideCursor: true }, progress.Presets.shades_classic)
    bar.start(total, 0, { rate: '-', runs: 0 })
    return {
      update: (runs, seconds) =>
        bar.update(options.limited ? runs : Math.floor(seconds), { rate: (runs / seconds).toFixed(1), runs }),
      stop: () => bar.stop(),
    }
  }
  let told = 0
  return {
    update(runs, seconds) {
      if (seconds - told < 10) return
      told = seconds
      console.error(`${runs} seeds in ${seconds.toFixed(0)} s, ${(runs / seconds).toFixed(1)} a second`)
    },
    stop() {},
  }
}

function print(summary) {
  const { runs, repeated, events, virtualMs, seconds, counts, permitted, problems, missing } = summary
  console.log(
    `${runs} seeds (${repeated} of them twice) in ${seconds.toFixed(1)} s: ${(runs / seconds).toFixed(1)} a second, ` +
      `${Math.round(events / seconds).toLocaleString('en')} events a second, ${Math.round(virtualMs / 1000 / seconds)} times real time`,
  )
  for (const name of counterNames) {
    console.log(
      `  ${name.padEnd(20)} ${String(counts[name]).padStart(10)}${requiredCounters.includes(name) && counts[name] === 0 ? '  never happened' : ''}`,
    )
  }
  const names = Object.keys(permitted)
  if (names.length > 0) {
    console.log('guarantees broken where nothing promises them (runs):')
    for (const name of names) console.log(`  ${name.padEnd(20)} ${String(permitted[name]).padStart(10)}`)
  }
  for (const group of grouped(problems)) printProblem(group[0], group)
  if (missing.length > 0) console.log(`never happened, so this soak proves nothing about it: ${missing.join(', ')}`)
  if (problems.length === 0 && missing.length === 0) console.log('no bug found')
}

/** Problems that are the same but for numbers and names, in order of their first seeds. */
function grouped(problems) {
  const groups = new Map()
  for (const problem of problems) {
    const key = `${problem.what} ${problem.detail.split('\n')[0]}`.replaceAll(/'[^']*'|\S*\d\S*/g, '#')
    if (groups.has(key)) groups.get(key).push(problem)
    else groups.set(key, [problem])
  }
  return [...groups.values()]
}

function printProblem({ seed, what, detail }, group = []) {
  const again = `npm run soak -- cluster --seeds ${seed} --trace reports/runs/soak-${seed}.txt`
  console.log(`\nseed ${seed}: ${what}\n  ${detail.replaceAll('\n', '\n  ')}\n  again: ${again}`)
  const others = group.slice(1).map((problem) => problem.seed)
  if (others.length > 0) console.log(`  the same with seeds ${others.join(', ')}`)
}
