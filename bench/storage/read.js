/** Reading a log from end to end with every CRC checked, beside `fs.readSync` of the same bytes: `read.js DIRECTORY`. */
import { closeSync, openSync, readdirSync, readSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { NodeFileSystem } from '../../dist/live/index.js'
import { walkFile } from '../../dist/src/storage/inspect/entry-walk.js'
import { LogFile } from '../../dist/src/storage/log-file.js'
import { alternate, atLeast, cpuOf, finish, gigabytes, line, ratioOf } from '../lib/storage.js'

const ROUNDS = 7
const TARGET = 0.5
const PLAIN_BYTES = [16_384, 65_536, 1_048_576]

const directory = join(process.argv[2], 'bench-0')
const files = new NodeFileSystem(directory)
const names = readdirSync(directory).filter((name) => name.endsWith('.log'))
const bytes = names.reduce((sum, name) => sum + statSync(join(directory, name)).size, 0)

function plainly(size) {
  const target = new Uint8Array(size)
  for (const name of names) {
    const descriptor = openSync(join(directory, name), 'r')
    for (let at = 0; ; ) {
      const got = readSync(descriptor, target, 0, size, at)
      if (got === 0) break
      at += got
    }
    closeSync(descriptor)
  }
}

const bodies = {
  walk() {
    for (const name of names) {
      walkFile(files, name, undefined, (walk) => {
        while (walk.next()) if (!walk.isCrcValid()) throw new Error(`${name}: byte ${walk.position}: wrong CRC`)
        if (walk.end.kind !== 'end') throw new Error(`${name}: ends in the middle`)
      })
    }
  },
  scan() {
    for (const name of names) {
      const file = new LogFile(files, name)
      if (file.scan(Number.MAX_SAFE_INTEGER, () => true) !== file.size) throw new Error(`${name}: wrong CRC`)
      file.close()
    }
  },
}
for (const size of PLAIN_BYTES) bodies[size] = () => plainly(size)
const times = alternate(ROUNDS, bodies)
for (const size of PLAIN_BYTES) {
  line(`fs.readSync, ${size >> 10} KiB at a time`, gigabytes(bytes, cpuOf(times[size])))
}
for (const [what, of] of [
  ['walk with CRC, as `trial log` does', times.walk],
  ['scan with CRC, as recovery does', times.scan],
]) {
  const [batch, ...larger] = PLAIN_BYTES
  atLeast(`${what}, beside a read a batch`, ratioOf(times[batch], of), TARGET, gigabytes(bytes, cpuOf(of)))
  for (const size of larger) {
    line(`  beside reads of ${size >> 10} KiB`, `              ratio ${ratioOf(times[size], of).toFixed(2)}`)
  }
}
finish()
