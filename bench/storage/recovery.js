/**
 * The start of a broker after an unclean stop, with nothing flushed: the whole log is read, every CRC checked, the indexes
 * built anew. Beside it, for the same bytes: the CRCs alone, and the CRCs with the reading. `recovery.js DIRECTORY`.
 */
import { closeSync, openSync, readdirSync, readSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { configValues, topicConfigTable } from '../../dist/src/config/index.js'
import { entryEnd, isCrcValid } from '../../dist/src/storage/record/entry.js'
import {
  alternate,
  atMost,
  BenchHost,
  cpuOf,
  cpuSeconds,
  filesIn,
  finish,
  gigabytes,
  line,
  ratioOf,
  storage,
} from '../lib/storage.js'

const ROUNDS = 5
/** What it may take besides: a third of the time. */
const TARGET = 1.5
const PIECE_BYTES = 65_536

const root = process.argv[2]
const directory = join(root, 'bench-0')
const names = readdirSync(directory).filter((name) => name.endsWith('.log'))
const bytes = names.reduce((sum, name) => sum + statSync(join(directory, name)).size, 0)
const config = configValues(topicConfigTable, { 'segment.bytes': 1 << 30 })

function recover() {
  const options = { recoveryPoint: 0, cleanShutdown: false, format: storage.logFormat21 }
  const { log, truncatedBytes } = storage.openLog(new BenchHost(filesIn(root)), 'bench-0', 'bench-0', config, options)
  if (truncatedBytes > 0 || log.size !== bytes) throw new Error('recovery has cut the log')
  log.abandon()
}

/** Reads the files piece by piece and checks the entries in each; returns the processor time of the checks alone. */
function check() {
  const piece = new Uint8Array(PIECE_BYTES)
  let seconds = 0
  for (const name of names) {
    const descriptor = openSync(join(directory, name), 'r')
    for (let position = 0; ; ) {
      const got = readSync(descriptor, piece, 0, PIECE_BYTES, position)
      if (got === 0) break
      const view = piece.subarray(0, got)
      const before = cpuSeconds()
      let at = 0
      for (let end = entryEnd(view, at); end > 0; end = entryEnd(view, at)) {
        if (!isCrcValid(view, at, end)) throw new Error(`${name}: wrong CRC at byte ${position + at}`)
        at = end
      }
      seconds += cpuSeconds() - before
      position += at
    }
    closeSync(descriptor)
  }
  return seconds
}

const crcSeconds = []
const times = alternate(ROUNDS, { recover, check: () => crcSeconds.push(check()) })
const crcs = crcSeconds.slice(1).map((cpu) => ({ cpu }))
line('CRCs alone', gigabytes(bytes, cpuOf(crcs)))
line('CRCs, with fs.readSync of the same bytes', gigabytes(bytes, cpuOf(times.check)))
const figure = gigabytes(bytes, cpuOf(times.recover))
line('recovery, beside the CRCs alone', `${figure}   ratio ${ratioOf(times.recover, crcs).toFixed(2)}`)
atMost('recovery, beside CRCs and reading', ratioOf(times.recover, times.check), TARGET, figure)
finish()
