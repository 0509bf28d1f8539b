// What a soak says: how far it is, and what came of it.

export async function showProgress(options) {
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

export function print(name, summary) {
  const { runs, repeated, events, virtualMs, seconds, counts, permitted, problems, missing } = summary
  console.log(
    `${runs} seeds (${repeated} of them twice) in ${seconds.toFixed(1)} s: ${(runs / seconds).toFixed(1)} a second, ` +
      `${Math.round(events / seconds).toLocaleString('en')} events a second, ${Math.round(virtualMs / 1000 / seconds)} times real time`,
  )
  for (const [counter, count] of Object.entries(counts)) {
    console.log(
      `  ${counter.padEnd(24)} ${String(count).padStart(10)}${missing.includes(counter) ? '  never happened' : ''}`,
    )
  }
  const names = Object.keys(permitted)
  if (names.length > 0) {
    console.log('guarantees broken where nothing promises them (runs):')
    for (const guarantee of names) console.log(`  ${guarantee.padEnd(24)} ${String(permitted[guarantee]).padStart(10)}`)
  }
  for (const group of grouped(problems)) printProblem(name, group[0], group)
  if (missing.length > 0) console.log(`never happened, so this soak proves nothing about it: ${missing.join(', ')}`)
  if (problems.length === 0 && missing.length === 0) console.log('no bug found')
}

export function printProblem(name, { seed, what, detail }, group = []) {
  const again = `npm run soak -- ${name} --seeds ${seed} --trace reports/runs/soak-${name}-${seed}.txt`
  console.log(`\nseed ${seed}: ${what}\n  ${detail.replaceAll('\n', '\n  ')}\n  again: ${again}`)
  const others = group.slice(1).map((problem) => problem.seed)
  if (others.length > 0) console.log(`  the same with seeds ${others.join(', ')}`)
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
