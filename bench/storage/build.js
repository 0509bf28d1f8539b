/** Writes a log of sets of 16 KB, of format 0 or 2, into a directory: `build.js DIRECTORY BYTES MAGIC`. Prints nothing. */
import { openLog, setOf, storage } from '../lib/storage.js'

const [directory, bytes, magic] = [process.argv[2], Number(process.argv[3]), Number(process.argv[4])]
/** Sets that are made before the first one is needed again, with other offsets but the same times. */
const SETS = 4096
const { host, manager, log } = openLog(directory, magic === 0 ? storage.logFormat082 : storage.logFormat21, {
  'segment.bytes': 1 << 30,
})
const sets = Array.from({ length: SETS }, (_, i) => setOf(magic, i))
for (let written = 0, i = 0; written < bytes; i++) {
  const set = sets[i % SETS]
  log.append(set, { assignOffsets: true, partitionLeaderEpoch: 0 })
  host.runTimers()
  written += set.length
}
manager.shutdown()
