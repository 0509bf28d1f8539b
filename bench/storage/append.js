/** Appends as a leader makes them, beside `fs.writeSync` of the same bytes: `append.js DIRECTORY`. */
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { alternate, atLeast, cpuOf, finish, gigabytes, line, openLog, ratioOf, setOf, storage } from '../lib/storage.js'

const SETS = 512
const ROUNDS = 40
const TARGET = 0.5

const work = join(process.argv[2], 'append')
for (const [release, format] of [
  ['format 2, a CRC-32C a set', storage.logFormat21],
  ['format 0, a CRC-32 a record', storage.logFormat082],
]) {
  mkdirSync(work)
  const { log, host, manager } = openLog(work, format, { 'segment.bytes': 256 << 20 })
  const raw = openSync(join(work, 'raw'), 'w')
  let position = 0
  let sets = []
  const times = alternate(
    ROUNDS,
    {
      write() {
        for (const set of sets) position += writeSync(raw, set, 0, set.length, position)
      },
      append() {
        for (const set of sets) log.append(set, { assignOffsets: true, partitionLeaderEpoch: 0 })
      },
    },
    (round) => {
      host.runTimers()
      sets = Array.from({ length: SETS }, (_, i) => setOf(format.magic, round * SETS + i))
    },
  )
  const bytes = SETS * sets[0].length
  line(`fs.writeSync, ${sets[0].length} bytes at a time`, gigabytes(bytes, cpuOf(times.write)))
  const figure = gigabytes(bytes, cpuOf(times.append))
  atLeast(`append by a leader: ${release}`, ratioOf(times.write, times.append), TARGET, figure)
  line('  by the clock on the wall', `             ratio ${ratioOf(times.write, times.append, 'wall').toFixed(2)}`)
  closeSync(raw)
  manager.shutdown()
  rmSync(work, { recursive: true })
}
finish()
