/** What the benches of the storage engine share: sets as producers send them, logs in real files, processor time. */
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'

if (!existsSync(new URL('../../dist/src/storage/index.js', import.meta.url))) {
  console.error('bench: the program is not built yet. Run `npm run build` first.')
  process.exit(2)
}
const storage = await import('../../dist/src/storage/index.js')
const { brokerConfigTable, configValues, topicConfigTable } = await import('../../dist/src/config/index.js')
const { NodeFileSystem } = await import('../../dist/live/index.js')

export const RECORDS = 16
const FIRST_TIMESTAMP = 1_700_000_000_000

/** Sixteen values of 1000 bytes that do not compress. */
const bytesFrom = createHash('sha512')
const values = Array.from({ length: RECORDS }, (_, i) =>
  Buffer.concat(Array.from({ length: 16 }, (_, n) => bytesFrom.copy().update(`${i}/${n}`).digest())).subarray(0, 1000),
)

/** A set of 16 records of 1 KB in some 16 KB; each is a millisecond later than the one before it, set after set. */
export function setOf(magic, number = 0) {
  const records = values.map((value, i) => ({
    key: Buffer.from(`key-${i}`),
    value,
    timestamp: FIRST_TIMESTAMP + number * RECORDS + i,
  }))
  return storage.buildRecords(records, { magic })
}

/** A host that keeps real time; its timers wait until they are asked for. */
export class BenchHost {
  machine = 'b1'
  tracing = false
  timers = []

  constructor(files) {
    this.files = files
  }

  now() {
    return Date.now() * 1000
  }

  setTimer(_delayUs, _tag, fire) {
    this.timers.push(fire)
    return { cancel: () => void (this.timers = this.timers.filter((other) => other !== fire)) }
  }

  runTimers() {
    for (const fire of this.timers.splice(0)) fire()
  }

  trace() {}

  charge() {}
}

/** Real files; syncs are not waited for. */
export const filesIn = (directory) => new NodeFileSystem(directory, { realSync: false })

/** The log of the partition `bench-0` below a directory, as a broker opens it. */
export function openLog(directory, format, config = {}, files = filesIn(directory)) {
  const host = new BenchHost(files)
  const manager = new storage.LogManager(host, '', {
    config: configValues(brokerConfigTable),
    topicConfig: () => configValues(topicConfigTable, config),
    logFormat: () => format,
  })
  manager.load()
  return { host, manager, log: manager.getOrCreate('bench-0') }
}

/** Processor time of this process, all threads, in seconds: what others on the machine do does not count. */
export function cpuSeconds() {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e6
}

/** Processor time and wall time of what `body` does, in seconds. */
export function timed(body) {
  const wallBefore = process.hrtime.bigint()
  const cpuBefore = cpuSeconds()
  body()
  const cpu = cpuSeconds() - cpuBefore
  return { cpu, wall: Number(process.hrtime.bigint() - wallBefore) / 1e9 }
}

/**
 * Runs the bodies one after another, again and again, so that a machine that changes its speed does so for all of them.
 * @param bodies by name
 * @param prepare what is done before each round, and not measured
 * @returns by name, the times of all rounds but the first, which warms up
 */
export function alternate(rounds, bodies, prepare = () => {}) {
  const names = Object.keys(bodies)
  const times = Object.fromEntries(names.map((name) => [name, []]))
  for (let round = 0; round <= rounds; round++) {
    prepare(round)
    // Nobody is always the first.
    for (let i = 0; i < names.length; i++) {
      const name = names[(round + i) % names.length]
      const time = timed(bodies[name])
      if (round > 0) times[name].push(time)
    }
  }
  return times
}

export function median(numbers) {
  const sorted = numbers.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

/** Median, over the rounds, of how many times as long `a` took as `b`. */
export const ratioOf = (a, b, of = 'cpu') => median(a.map((time, i) => time[of] / b[i][of]))

export const cpuOf = (times) => median(times.map(({ cpu }) => cpu))

let broken = 0

/** One line: what was measured, its figure, and if it has one its limit. */
export function line(what, figure, limit, holds) {
  const verdict = limit === undefined ? '' : ` (${limit}: ${holds ? 'holds' : 'BROKEN'})`
  if (limit !== undefined && !holds) broken++
  console.log(`  ${what.padEnd(58)} ${figure}${verdict}`)
}

export function atLeast(what, ratio, limit, figure) {
  line(what, `${figure}   ratio ${ratio.toFixed(2)}`, `at least ${limit}`, ratio >= limit)
}

export function atMost(what, ratio, limit, figure) {
  line(what, `${figure}   ratio ${ratio.toFixed(2)}`, `at most ${limit}`, ratio <= limit)
}

/** To be called at the end of a bench: exit code 1 if a limit is broken. */
export function finish() {
  process.exitCode = broken === 0 ? 0 : 1
}

export const gigabytes = (bytes, seconds) => `${(bytes / seconds / 1e9).toFixed(2).padStart(6)} GB/s`

export { storage }
