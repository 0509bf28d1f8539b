// One life of the engine on real files, which ends by SIGKILL from its own hand, in the middle of what it was told to die
// in: node life.js DIRECTORY SEED roll|swap|delete|anywhere OPERATION. What it has appended it says on standard output.
import { writeSync } from 'node:fs'
import { NodeFileSystem } from '../../../dist/live/index.js'
import { append, HandMovedHost, isCompacted, openLogs, PARTITIONS } from './log-life.js'

const [directory, seed, phase, operation] = process.argv.slice(2)
let left = Number(operation)

/** Kills the process at the wanted file operation of the wanted phase; an even seed before it, an odd one after it. */
function around(phases, body) {
  const hit = (phase === 'anywhere' || phases.includes(phase)) && left-- === 0
  if (hit && Number(seed) % 2 === 0) die(phases)
  const result = body()
  if (hit) die(phases)
  return result
}

function die(phases) {
  writeSync(1, `dies ${phases[0] ?? 'anywhere'}\n`)
  process.kill(process.pid, 'SIGKILL')
}

const phasesOf = (path, isNew) => {
  if (path.endsWith('.cleaned') || path.endsWith('.swap')) return ['swap']
  if (path.endsWith('.deleted')) return ['delete']
  return isNew && /\.(log|index)$/.test(path) ? ['roll'] : []
}

class DeadlyFiles extends NodeFileSystem {
  /** A segment is new until something is written to its log. */
  fresh = new Set()

  open(path, options) {
    const isNew = options.create && this.status(path) === undefined
    const phases = phasesOf(path, isNew)
    const handle = around(phases, () => super.open(path, options))
    if (phases[0] === 'roll') this.fresh.add(path)
    return new DeadlyHandle(this, handle, path)
  }

  rename(from, to) {
    const phases = [...phasesOf(from, false), ...phasesOf(to, false)]
    around(phases, () => super.rename(from, to))
  }

  removeFile(path) {
    around(phasesOf(path, false), () => super.removeFile(path))
  }

  syncDirectory(path) {
    around([], () => super.syncDirectory(path))
  }
}

class DeadlyHandle {
  constructor(files, handle, path) {
    this.files = files
    this.handle = handle
    this.path = path
  }

  get phases() {
    return phasesOf(this.path, this.files.fresh.has(this.path))
  }

  size() {
    return this.handle.size()
  }

  read(position, target, offset, length) {
    return this.handle.read(position, target, offset, length)
  }

  write(position, bytes) {
    around(this.phases, () => this.handle.write(position, bytes))
    this.files.fresh.delete(this.path)
  }

  truncate(size) {
    around(this.phases, () => this.handle.truncate(size))
  }

  sync() {
    around(this.phases, () => this.handle.sync())
  }

  close() {
    this.handle.close()
  }
}

const host = new HandMovedHost(new DeadlyFiles(directory, { realSync: false }))
host.tracing = true
host.trace = ({ kind, ...event }) => {
  if (kind !== 'LogCleaningFailed') return
  console.error(`the cleaner gave up: ${JSON.stringify(event)}`)
  process.exit(1)
}
const logs = openLogs(host)
logs.startup()
for (let i = 0; ; i++) {
  for (const tp of PARTITIONS) {
    const log = logs.log(tp)
    const value = `${isCompacted(tp) ? `k${(i * 7 + Number(seed)) % 10}=` : ''}${seed}:${i}`.padEnd(20 + (i % 50), '.')
    const offset = log.logEndOffset
    append(log, value)
    writeSync(1, `${tp} ${offset} ${value}\n`)
  }
  // The cleaner looks every 15 seconds; files are removed a minute after they were given up.
  if (i % 20 === 19) host.advanceMs(16_000)
}
