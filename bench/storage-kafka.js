#!/usr/bin/env node
// Our log beside Kafka's own log layer, in the same minute, on the same machine, disk and bytes: sets of 16 records of 1 KB
// appended as a leader does (checked, numbered, indexed), then look-ups of random offsets: by the sparse index alone, and
// down to the position of the batch in the file. Nothing is fsynced on either side. Rates are per second of processor time
// (of all our threads, of Kafka's one that works), best of many rounds, in turn. The log files must be equal.
// Needs java, javac and the jars that `bash scripts/install-interop.sh` fetches.
//
//   npm run build && node bench/storage-kafka.js [--appends N] [--rounds N] [--lookups N]
import { execFileSync, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { millions } from './lib/measure.js'
import { cpuSeconds, openLog, RECORDS, setOf, storage } from './lib/storage.js'

const root = join(import.meta.dirname, '..')
const { Segments } = await import('../dist/src/storage/segments.js')
const { NodeFileSystem } = await import('../dist/live/index.js')

const { values } = parseArgs({
  options: { appends: { type: 'string' }, rounds: { type: 'string' }, lookups: { type: 'string' } },
})
const appends = Number(values.appends ?? 1500)
const rounds = Number(values.rounds ?? 12)
const lookups = Number(values.lookups ?? 50_000)
const TARGET = 1
const TURNS = 2
const config = { 'segment.bytes': 256 << 20, 'max.message.bytes': 1 << 20 }

const peers = [
  { release: '0.8.2.2', sources: ['', '0.8.2.2'], format: storage.logFormat082 },
  { release: '2.4.1', sources: ['', 'modern', '2.4.1'], format: storage.logFormat21 },
]

const java = join(root, 'test/interop/kafka/java')
const interop = process.env.KAFKA_TRIAL_INTEROP ?? join(root, 'node_modules/.interop')
const work = mkdtempSync(join(tmpdir(), 'kafka-trial-bench-'))

/** Of two runs the best of each figure; both must have written the same. */
function better(one, other) {
  if (one === undefined) return other
  if (one.digest !== other.digest) throw new Error('two runs have written different logs')
  const best = (name) => Math.max(one[name], other[name])
  return { append: best('append'), index: best('index'), position: best('position'), digest: one.digest }
}

/** Compiles the Java side; returns the class path. */
function compiled({ release, sources }) {
  const jars = join(interop, 'kafka', release, '*')
  const classes = join(work, `classes-${release}`)
  const files = sources.flatMap((directory) =>
    readdirSync(join(java, directory))
      .filter((name) => name.endsWith('.java'))
      .map((name) => join(java, directory, name)),
  )
  mkdirSync(classes)
  execFileSync('javac', ['-nowarn', '-Xlint:none', '-d', classes, '-cp', jars, ...files], { stdio: 'ignore' })
  return [classes, java, jars].join(':')
}

function kafka(classPath, setFile) {
  const directory = join(work, 'kafka')
  mkdirSync(directory)
  const settings = Object.entries(config).map(([key, value]) => `${key}=${value}`)
  const numbers = [RECORDS, appends, rounds, lookups].map(String)
  const main = ['-Xmx1g', '-cp', classPath, 'Bench', directory, setFile, ...numbers, ...settings]
  const out = execFileSync('java', main, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
  const found = Object.fromEntries(
    out
      .trim()
      .split('\n')
      .map((line) => line.split(' ')),
  )
  const digest = digestOf(join(directory, 'bench-0'))
  rmSync(directory, { recursive: true })
  return { append: Number(found.append), index: Number(found.index), position: Number(found.position), digest }
}

function ours(format, set) {
  const directory = join(work, 'ours')
  const { host, manager, log } = openLog(directory, format, config, new NodeFileSystem(directory))
  let append = 0
  for (let round = 0; round < rounds; round++) {
    const before = cpuSeconds()
    for (let i = 0; i < appends; i++) log.append(set, { assignOffsets: true, partitionLeaderEpoch: 0 })
    append = Math.max(append, appends / (cpuSeconds() - before))
    host.runTimers()
  }
  const segments = new Segments(log.segments)
  const end = log.logEndOffset
  const index = lookUp(end, (offset) => segments.at(segments.slotOf(offset)).index.positionFor(offset))
  const position = lookUp(end, (offset) => segments.at(segments.slotOf(offset)).positionOf(offset))
  manager.shutdown()
  const digest = digestOf(join(directory, 'bench-0'))
  rmSync(directory, { recursive: true })
  return { append, index, position, digest }
}

function lookUp(end, body) {
  let best = 0
  let sum = 0
  for (let round = 0; round < rounds; round++) {
    const offsets = Float64Array.from({ length: lookups }, () => Math.floor(Math.random() * end))
    const before = cpuSeconds()
    for (const offset of offsets) sum += body(offset)
    best = Math.max(best, lookups / (cpuSeconds() - before))
  }
  if (sum < 0) throw new Error('a look-up found nothing')
  return best
}

function digestOf(directory) {
  const hash = createHash('sha256')
  for (const name of readdirSync(directory).sort()) {
    if (name.endsWith('.log')) hash.update(name).update(readFileSync(join(directory, name)))
  }
  return hash.digest('hex')
}

function missing() {
  for (const tool of ['java', 'javac']) if (spawnSync(tool, ['-version']).status !== 0) return tool
  const absent = peers.find(({ release }) => !existsSync(join(interop, 'kafka', release)))
  return absent && `the jars of Kafka ${absent.release} (bash scripts/install-interop.sh)`
}

const absent = missing()
if (absent !== undefined) {
  console.error(`bench: skipped, since there is no ${absent}`)
  process.exit(0)
}
let holds = true
try {
  for (const peer of peers) {
    const set = setOf(peer.format.magic)
    const setFile = join(work, `set-${peer.release}`)
    writeFileSync(setFile, set)
    const classPath = compiled(peer)
    let theirs
    let our
    // In turn, so that a machine that changes its speed does so for both.
    for (let turn = 0; turn < TURNS; turn++) {
      theirs = better(theirs, kafka(classPath, setFile))
      our = better(our, ours(peer.format, set))
    }
    const mb = (perSecond) => `${((perSecond * set.length) / 1e6).toFixed(0)} MB/s`
    const bytes = (appends * rounds * set.length) / 1e6
    console.log(
      `Kafka ${peer.release}, sets of ${RECORDS} records in ${set.length} bytes, ${bytes.toFixed(0)} MB of log`,
    )
    const line = (what, kafkas, ourValue, say, target) => {
      const ratio = ourValue / kafkas
      if (target !== undefined && ratio < target) holds = false
      const verdict = target === undefined ? '' : ` (at least ${target}: ${ratio >= target ? 'holds' : 'BROKEN'})`
      console.log(
        `  ${what.padEnd(34)} Kafka ${say(kafkas).padStart(10)}   ours ${say(ourValue).padStart(10)}   ratio ${ratio.toFixed(2)}${verdict}`,
      )
    }
    line('append', theirs.append, our.append, mb, TARGET)
    line('look-up: segment and index', theirs.index, our.index, millions, TARGET)
    line('look-up: down to the batch', theirs.position, our.position, millions, TARGET)
    const same = theirs.digest === our.digest
    if (!same) holds = false
    console.log(`  log files ${same ? 'equal, byte for byte' : 'DIFFER'}`)
  }
} finally {
  rmSync(work, { recursive: true })
}
process.exitCode = holds ? 0 : 1
