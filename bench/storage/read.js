/**
 * Reading a log from end to end with every CRC checked, beside `fs.readSync` of the same bytes: `read.js BATCHES MESSAGES`,
 * the directories of a log of format 2, where 16 KB have one CRC, and of format 0, where each KB has one.
 */
import { closeSync, openSync, readdirSync, readSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { walkFile } from '../../dist/src/storage/inspect/entry-walk.js'
import { LogFile } from '../../dist/src/storage/log-file.js'
import { alternate, atLeast, cpuOf, filesIn, finish, gigabytes, line, ratioOf } from '../lib/storage.js'

const ROUNDS = 7
const TARGET = 0.5
const PLAIN_BYTES = [16_384, 65_536, 1_048_576]

function plainly(directory, names, size) {
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

function measure(directory, { what, target }) {
  const files = filesIn(directory)
  const names = readdirSync(directory).filter((name) => name.endsWith('.log'))
  const bytes = names.reduce((sum, name) => sum + statSync(join(directory, name)).size, 0)
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
  for (const size of PLAIN_BYTES) bodies[size] = () => plainly(directory, names, size)
  const times = alternate(ROUNDS, bodies)
  line(what, `${(bytes / 2 ** 20).toFixed(0).padStart(6)} MiB`)
  for (const size of PLAIN_BYTES) {
    line(`fs.readSync, ${size >> 10} KiB at a time`, gigabytes(bytes, cpuOf(times[size])))
  }
  for (const [name, of] of [
    ['walk with CRC, as `trial log` does', times.walk],
    ['scan with CRC, as recovery does', times.scan],
  ]) {
    const [batch, ...larger] = PLAIN_BYTES
    const ratio = ratioOf(times[batch], of)
    const figure = gigabytes(bytes, cpuOf(of))
    if (target === undefined) line(`${name}, beside 16 KiB reads`, `${figure}   ratio ${ratio.toFixed(2)}`)
    else atLeast(`${name}, beside 16 KiB reads`, ratio, target, figure)
    for (const size of larger) {
      line(`  beside reads of ${size >> 10} KiB`, `              ratio ${ratioOf(times[size], of).toFixed(2)}`)
    }
  }
}

const [batches, messages] = process.argv.slice(2).map((directory) => join(directory, 'bench-0'))
measure(batches, { what: 'format 2, a CRC-32C a batch of 16 KB', target: TARGET })
measure(messages, { what: 'format 0, a CRC-32 a message of 1 KB', target: undefined })
finish()
