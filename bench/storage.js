#!/usr/bin/env node
// How fast the storage engine is on real files: appends and sequential reads beside the bare calls of the operating
// system, lookups of offsets, recovery beside its checksums, and the memory that `trial log` takes over large logs.
// Figures are processor time (medians of alternating rounds) unless a line says otherwise; nothing is fsynced, and files
// come from the page cache where they fit into it. Each part runs in a process of its own. Exit code 1 if a limit is broken.
// Beside Kafka's own log layer: bench/storage-kafka.js.
//
//   npm run build && node bench/storage.js [--full] [PART…]     parts: append read lookup recovery memory
//
// Default: logs up to 1 GiB, about a minute, 2 GB below the directory for temporary files. --full: up to 10 GiB, 13 GB.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

const MEBIBYTE = 2 ** 20
const GIBIBYTE = 2 ** 30
const PARTS = ['append', 'read', 'lookup', 'recovery', 'memory']

const { values, positionals } = parseArgs({ options: { full: { type: 'boolean' } }, allowPositionals: true })
const parts = positionals.length === 0 ? PARTS : positionals
const unknown = parts.find((part) => !PARTS.includes(part))
if (unknown !== undefined) {
  console.error(`bench: no part '${unknown}'; there are ${PARTS.join(', ')}`)
  process.exit(2)
}
const full = values.full === true
const needed = (full ? 13 : 3) * GIBIBYTE
const { bavail, bsize } = statfsSync(tmpdir())
if (bavail * bsize < needed) {
  console.error(`bench: ${tmpdir()} has less than ${needed / GIBIBYTE} GiB left`)
  process.exit(2)
}

const work = mkdtempSync(join(tmpdir(), 'kafka-trial-bench-'))
process.on('SIGINT', () => process.exit(130))
process.on('SIGTERM', () => process.exit(143))
process.on('exit', () => rmSync(work, { recursive: true, force: true }))

function run(part, ...args) {
  const { status } = spawnSync(process.execPath, [join(import.meta.dirname, 'storage', `${part}.js`), ...args], {
    stdio: 'inherit',
  })
  return status
}

/** Directory of a log of so many bytes, which is made when it is first asked for. */
const logs = new Map()
function logOf(bytes, magic = 2) {
  const name = `log-${bytes}-${magic}`
  let directory = logs.get(name)
  if (directory === undefined) {
    directory = join(work, name)
    if (run('build', directory, String(bytes), String(magic)) !== 0) process.exit(3)
    logs.set(name, directory)
  }
  return directory
}

const sizes = [MEBIBYTE, 64 * MEBIBYTE, GIBIBYTE, ...(full ? [10 * GIBIBYTE] : [])]
const largest = sizes.at(-1)
const gibibytes = (bytes) => `${bytes / GIBIBYTE} GiB`
const headings = {
  append: 'append: sets of 16 records of 1 KB',
  read: 'sequential read',
  lookup: 'offset to file position, index in memory, random offsets',
  recovery: `recovery of a log of ${gibibytes(GIBIBYTE)}`,
  memory: `peak memory over a log of ${gibibytes(largest)} (wall time)`,
}
const directoriesOf = {
  append: () => [work],
  read: () => [logOf(GIBIBYTE), logOf(GIBIBYTE / 4, 0)],
  lookup: () => sizes.map((bytes) => logOf(bytes)),
  recovery: () => [logOf(GIBIBYTE)],
  memory: () => [logOf(largest)],
}
for (const part of parts) {
  const directories = directoriesOf[part]()
  console.log(headings[part])
  if (run(part, ...directories) !== 0) process.exitCode = 1
}
