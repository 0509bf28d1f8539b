// Kills a process that writes real files, again and again, in the middle of a roll, of a swap after compaction, of a
// deletion and anywhere else; after each kill the directory must hold everything that was appended (what the page cache
// holds survives a killed process), and its files must agree.
//
//   npm run soak -- kill [--kills N] [--seed S] [--json]
//
// Exit code 3: something was lost, or could not be opened; 1: a kind of kill hardly happened; 2: a mistake on the command
// line.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { NodeFileSystem } from '../../dist/live/index.js'
import { HandMovedHost, isCompacted, keyOf, openLogs, PARTITIONS, recordsOf } from './kill/log-life.js'

const KILLS = 1000
const PHASES = ['roll', 'swap', 'delete', 'anywhere']
/** The kill comes at one of so many file operations of its phase. */
const WITHIN = { roll: 40, swap: 60, delete: 40, anywhere: 600 }
/** Lives on one directory: then another begins. */
const LIVES = 25
const life = fileURLToPath(new URL('./kill/life.js', import.meta.url))

/** @returns the exit code */
export function main(args) {
  const options = readOptions(args)
  if (typeof options === 'string') {
    console.error(`soak: ${options}`)
    return 2
  }
  const started = performance.now()
  const counts = { roll: 0, swap: 0, delete: 0, anywhere: 0, appends: 0, compactedAway: 0 }
  const problems = []
  let random = options.seed
  for (let done = 0; done < options.kills && problems.length === 0; ) {
    const directory = mkdtempSync(join(tmpdir(), 'kafka-trial-kill-'))
    try {
      const appended = new Map(PARTITIONS.map((tp) => [tp, new Map()]))
      for (let lives = 0; lives < LIVES && done < options.kills && problems.length === 0; lives++, done++) {
        random = (Math.imul(random, 1_664_525) + 1_013_904_223) >>> 0
        const phase = PHASES[done % PHASES.length]
        const operation = (random >>> 8) % WITHIN[phase]
        problems.push(...liveAndDie({ directory, seed: done, phase, operation, appended, counts }))
        if (!options.json && done % 50 === 49) console.error(`${done + 1} kills, ${elapsed(started)} s`)
      }
    } finally {
      rmSync(directory, { recursive: true, force: true })
    }
  }
  const least = Math.min(50, Math.floor(options.kills / 5))
  const missing = ['roll', 'swap', 'delete'].filter((phase) => counts[phase] < least)
  const kills = counts.roll + counts.swap + counts.delete + counts.anywhere
  if (options.json) console.log(JSON.stringify({ kills, counts, problems, missing }))
  else {
    console.log(`${kills} kills in ${elapsed(started)} s`)
    for (const [name, count] of Object.entries(counts))
      console.log(`  ${name.padEnd(24)} ${String(count).padStart(10)}`)
    for (const problem of problems) console.log(`\n${problem}`)
    if (missing.length > 0) console.log(`fewer than ${least} kills inside: ${missing.join(', ')}`)
    if (problems.length === 0 && missing.length === 0) console.log('nothing was lost')
  }
  if (problems.length > 0) return 3
  return missing.length > 0 ? 1 : 0
}

const elapsed = (started) => ((performance.now() - started) / 1000).toFixed(1)

function liveAndDie({ directory, seed, phase, operation, appended, counts }) {
  const { signal, stdout, stderr } = spawnSync(process.execPath, [life, directory, seed, phase, operation], {
    encoding: 'utf8',
    timeout: 60_000,
    maxBuffer: 1 << 28,
  })
  const where = `kill ${seed} (${phase}, operation ${operation})`
  if (signal !== 'SIGKILL') return [`${where}: the process ended by itself: ${stderr}`]
  for (const line of stdout.split('\n')) {
    const [tp, offset, value] = line.split(' ')
    if (tp === 'dies') counts[offset]++
    else if (value !== undefined) {
      appended.get(tp).set(Number(offset), value)
      counts.appends++
    }
  }
  try {
    return check(directory, appended, counts).map((problem) => `${where}: ${problem}`)
  } catch (error) {
    return [`${where}: the directory cannot be opened: ${error.stack}`]
  }
}

/** Opens the directory as the next life does; what was compacted away is forgotten. */
function check(directory, appended, counts) {
  const logs = openLogs(new HandMovedHost(new NodeFileSystem(directory, { realSync: false })))
  try {
    return problemsOf(logs, appended, counts)
  } finally {
    // A thousand kills would leave more files open than a process may have.
    for (const log of logs.logs()) log.abandon()
  }
}

function problemsOf(logs, appended, counts) {
  const problems = []
  for (const tp of PARTITIONS) {
    const log = logs.log(tp)
    const records = recordsOf(log)
    const lastOf = new Map([...records].map(([offset, value]) => [keyOf(value), offset]))
    for (const [offset, value] of appended.get(tp)) {
      const found = records.get(offset)
      if (found === value) continue
      if (found === undefined && isCompacted(tp) && lastOf.get(keyOf(value)) > offset) {
        appended.get(tp).delete(offset)
        counts.compactedAway++
        continue
      }
      problems.push(`${tp}: ${value} was appended at ${offset}; there is ${found} now`)
    }
    if (!isCompacted(tp) && records.size !== log.logEndOffset)
      problems.push(`${tp} has ${records.size} of ${log.logEndOffset}`)
    // At most the append that was under way is there without having been told.
    const told = Math.max(-1, ...appended.get(tp).keys())
    if (log.logEndOffset > told + 2) problems.push(`${tp} ends at ${log.logEndOffset}, appended was up to ${told}`)
    for (const [offset, value] of records) if (offset > told) appended.get(tp).set(offset, value)
  }
  return problems
}

function readOptions(args) {
  let values
  try {
    values = parseArgs({
      args,
      options: { kills: { type: 'string' }, seed: { type: 'string' }, json: { type: 'boolean', default: false } },
    }).values
  } catch (error) {
    return error.message
  }
  const kills = Number(values.kills ?? KILLS)
  const seed = Number(values.seed ?? 1)
  if (!Number.isSafeInteger(kills) || kills < 1) return `--kills: expected a number from 1 on, found '${values.kills}'`
  if (!Number.isSafeInteger(seed)) return `--seed: expected a whole number, found '${values.seed}'`
  return { kills, seed, json: values.json }
}
