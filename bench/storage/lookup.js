/**
 * From an offset to a byte of a file, in logs of several sizes: the segment and the index entry found in memory; then the
 * short scan as well, with the bytes counted that it takes. `lookup.js DIRECTORY…`, the smallest log first.
 *
 * In a large log a lookup takes more steps of the same binary search than in a small one, as in Kafka, each of them a
 * guess for the processor, and the index of a large log does not lie in its nearest caches. How little the size as such
 * costs, lookups show that stay within as many offsets at the end of each log as the smallest one has.
 */
import { Segments } from '../../dist/src/storage/segments.js'
import { cpuSeconds, filesIn, finish, line, median, openLog, setOf, storage } from '../lib/storage.js'

const ROUNDS = 15
const INDEX_LOOKUPS = 200_000
const SCANS = 20_000
const TARGET_US = 1
const INTERVAL_BYTES = 4096

/** The files of a directory, with the bytes counted that are read from them. */
function countedFiles(directory) {
  const files = filesIn(directory)
  const counter = { bytes: 0 }
  const open = files.open.bind(files)
  files.open = (path, options) => {
    const handle = open(path, options)
    const read = handle.read.bind(handle)
    handle.read = (...call) => {
      const got = read(...call)
      counter.bytes += got
      return got
    }
    return handle
  }
  return { files, counter }
}

function randomOffsets(count, end) {
  return Float64Array.from({ length: count }, () => Math.floor(Math.random() * end))
}

function microseconds(count, end, body) {
  let sum = 0
  const rounds = []
  for (let round = 0; round <= ROUNDS; round++) {
    const offsets = randomOffsets(count, end)
    const before = cpuSeconds()
    for (const offset of offsets) sum += body(offset)
    if (round > 0) rounds.push(((cpuSeconds() - before) * 1e6) / count)
  }
  if (sum < 0) throw new Error('a lookup found nothing')
  return median(rounds)
}

function withLog(directory, files, body) {
  const { log, manager } = openLog(directory, storage.logFormat21, { 'index.interval.bytes': INTERVAL_BYTES }, files)
  const segments = new Segments(log.segments)
  try {
    return body(log, (offset) => segments.at(segments.slotOf(offset)))
  } finally {
    manager.shutdown()
  }
}

/** The most that any of many lookups passes over, and that it reads. */
function scanned(directory) {
  const { files, counter } = countedFiles(directory)
  return withLog(directory, files, (log, segmentOf) => {
    const most = { passed: 0, read: 0 }
    for (const offset of randomOffsets(SCANS, log.logEndOffset)) {
      const segment = segmentOf(offset)
      const from = segment.index.positionFor(offset)
      const before = counter.bytes
      const position = segment.positionOf(offset)
      most.read = Math.max(most.read, counter.bytes - before)
      most.passed = Math.max(most.passed, position - from)
    }
    return most
  })
}

const near = []
let nearby = 0
const boundBytes = INTERVAL_BYTES + setOf(2).length
const times = []
for (const directory of process.argv.slice(2)) {
  withLog(directory, filesIn(directory), (log, segmentOf) => {
    const end = log.logEndOffset
    const index = microseconds(INDEX_LOOKUPS, end, (offset) => segmentOf(offset).index.positionFor(offset))
    const scan = microseconds(SCANS, end, (offset) => segmentOf(offset).positionOf(offset))
    times.push(index)
    nearby ||= end
    near.push(
      microseconds(INDEX_LOOKUPS, nearby, (back) => segmentOf(end - 1 - back).index.positionFor(end - 1 - back)),
    )
    const entries = log.segments.reduce((sum, segment) => sum + segment.index.entries, 0)
    const size =
      log.size >= 2 ** 30 ? `${(log.size / 2 ** 30).toFixed(0)} GiB` : `${(log.size / 2 ** 20).toFixed(0)} MiB`
    const what = `${size}, segments: ${log.segments.length}, index entries: ${entries.toLocaleString('en')}`
    line(what, `${index.toFixed(3).padStart(6)} us`, `at most ${TARGET_US} us`, index <= TARGET_US)
    line(`  of the last ${nearby.toLocaleString('en')} offsets alone`, `${near.at(-1).toFixed(3).padStart(6)} us`)
    line('  and the scan, down to the batch in the file', `${scan.toFixed(3).padStart(6)} us`)
  })
  const { passed, read } = scanned(directory)
  const holds = Math.max(passed, read) <= boundBytes
  line('  bytes passed over, bytes read at most', `${passed}, ${read}`, `at most ${boundBytes}`, holds)
}
line('the largest log beside the smallest', `${(times.at(-1) / times[0]).toFixed(2)} times as long`)
line('  the same, of the last offsets alone', `${(near.at(-1) / near[0]).toFixed(2)} times as long`)
finish()
