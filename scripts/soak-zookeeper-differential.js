#!/usr/bin/env node
// Runs generated sequences of operations on our ZooKeeper and on the real one, and compares everything that clients see.
//
//   npm run soak -- zookeeper-differential [--sequences N] [--seed S] [--servers N] [--json]
//
// Each of the real servers, 2 unless told, is a process of its own and takes its share of the sequences. Exit code 3: the
// two ZooKeepers disagree, or the comparison itself broke; 1: something that must happen never happened, or too rarely; 2: a mistake on the command line,
// or no real ZooKeeper on this machine.
import { register } from 'node:module'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'

const SEQUENCES = 5000
const PROGRESS_MS = 10_000

register('./typescript-hooks.js', import.meta.url)
const { Coverage, describeCoverage } = await import('../test/interop/zookeeper/coverage.ts')
const { runDifferential } = await import('../test/interop/zookeeper/differential-run.ts')
const { Disagreement } = await import('../test/interop/zookeeper/comparison.ts')
const { REAL_SERVER_OPTIONS } = await import('../test/interop/zookeeper/real-side.ts')
const { RealServer, ZOOKEEPER_MISSING } = await import('../test/interop/zookeeper/real-server.ts')

/** @returns the exit code */
export async function main(args) {
  const options = readOptions(args)
  if (typeof options === 'string') {
    console.error(`soak: ${options}`)
    return 2
  }
  if (ZOOKEEPER_MISSING !== undefined) {
    console.error(`soak: there is no real ZooKeeper to compare with: ${ZOOKEEPER_MISSING} is missing`)
    return 2
  }
  const started = performance.now()
  const seconds = () => (performance.now() - started) / 1000
  const coverage = new Coverage()
  const broken = []
  let failed = false
  const shared = { coverage, stopped: () => failed, failed: () => (failed = true) }
  const run = (share) => runShare({ ...share, ...shared }).catch((error) => broken.push(error))
  const told = options.json ? undefined : setInterval(() => tell(coverage.sequences, options, seconds()), PROGRESS_MS)
  await Promise.all(shares(options).map(run))
  clearInterval(told)
  for (const error of broken) console.error(error instanceof Disagreement ? error.message : error)
  const report = coverage.report()
  print(report, options, seconds())
  if (broken.length > 0) return 3
  return report.missing.length > 0 ? 1 : 0
}

function readOptions(args) {
  let values
  try {
    values = parseArgs({
      args,
      options: {
        sequences: { type: 'string', default: String(SEQUENCES) },
        seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 31)) },
        servers: { type: 'string', default: '2' },
        json: { type: 'boolean', default: false },
      },
    }).values
  } catch (error) {
    return error.message
  }
  const { json } = values
  const [sequences, seed, servers] = [values.sequences, values.seed, values.servers].map(Number)
  if (!Number.isInteger(sequences) || sequences < 1) return `--sequences takes a number, not '${values.sequences}'`
  if (!Number.isInteger(seed)) return `--seed takes a whole number, not '${values.seed}'`
  if (!Number.isInteger(servers) || servers < 1) return `--servers takes a number, not '${values.servers}'`
  return { sequences, seed, servers: Math.min(servers, sequences), json }
}

/** What each real server has to do: its part of the sequences, from a seed of its own. */
function shares({ sequences, seed, servers }) {
  const each = Math.floor(sequences / servers)
  return Array.from({ length: servers }, (_, i) => ({
    sequences: i === 0 ? sequences - each * (servers - 1) : each,
    seed: seed + i,
  }))
}

async function runShare(share) {
  const server = await RealServer.start(REAL_SERVER_OPTIONS)
  try {
    return await runDifferential(server, share)
  } finally {
    await server.stop()
  }
}

function tell(passed, options, seconds) {
  const rate = passed / seconds
  const left = rate > 0 ? `, ${Math.ceil((options.sequences - passed) / rate)} s to go` : ''
  console.error(`${passed} of ${options.sequences} sequences, ${rate.toFixed(1)} a second${left}`)
}

function print(report, options, seconds) {
  const { sequences, steps, shares, counts, missing } = report
  if (options.json) {
    const plain = { sequences, steps, shares: Object.fromEntries(shares), counts: Object.fromEntries(counts), missing }
    console.log(JSON.stringify({ seed: options.seed, seconds, ...plain }))
    return
  }
  console.log(describeCoverage(report))
  console.log(
    `${(sequences / seconds).toFixed(1)} sequences a second for ${seconds.toFixed(0)} s, seed ${options.seed}`,
  )
}

const isMain = process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href
if (isMain) process.exitCode = await main(process.argv.slice(2))
