/**
 * Peak memory of the real commands of `trial log` over a large directory: `memory.js DIRECTORY`. What each prints is
 * thrown away. This process stays small: on Linux a child begins with the peak of the one that started it.
 */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

const LIMIT_MB = 150
const trial = join(import.meta.dirname, '../../bin/trial.js')
const reporter = pathToFileURL(join(import.meta.dirname, 'report-peak.js')).href
const partition = join(process.argv[2], 'bench-0')

const commands = [
  ['verify'],
  ['verify', '--deep'],
  ['dump'],
  ['dump', '--deep'],
  ['lookup', '--offset', '12345', '--explain'],
  ['lookup', '--timestamp', '1700000012345', '--explain'],
  ['cat'],
  ['repair'],
]

let holds = true
for (const [command, ...options] of commands) {
  const started = process.hrtime.bigint()
  const { status, output } = spawnSync(process.execPath, [trial, 'log', command, partition, ...options], {
    stdio: ['ignore', 'ignore', 'inherit', 'pipe'],
    env: { ...process.env, NODE_OPTIONS: `--import=${reporter}` },
  })
  const seconds = Number(process.hrtime.bigint() - started) / 1e9
  const megabytes = Number(output[3].toString()) / 1024
  const good = status === 0 && megabytes <= LIMIT_MB
  if (!good) holds = false
  const what = ['trial log', command, ...options].join(' ')
  const verdict = status === 0 ? `at most ${LIMIT_MB}: ${good ? 'holds' : 'BROKEN'}` : `exit code ${status}: BROKEN`
  console.log(`  ${what.padEnd(58)} ${megabytes.toFixed(0).padStart(4)} MB, ${seconds.toFixed(1)} s (${verdict})`)
}
process.exitCode = holds ? 0 : 1
