/** What files cost: blocks in a row against scattered ones, the page cache against a sync per write, copies against none. */
import { copyFileSync, readSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { diskAccess, fileEntries, fileToSocket, turningDisk } from '../../../sim/lab/cost-model.ts'
import { bestOf, type Experiment, type Sizes, timed } from './experiment.ts'
import { fill, fsync, MEBIBYTE, PAGE, withFile, writeAt } from './files.ts'

const ROUNDS = 3
/** Of the file, so that scattered blocks are far from one another. */
const SHARE_WRITTEN = 8
/** As Kafka sends: what a fetch asks of a partition by default, in parts of the size of common socket buffers. */
const CHUNK = 64 * 1024
const ENTRY_BYTES = 1024

export function sequentialWrites({ bytes }: Sizes, folder: string): Experiment {
  const path = join(folder, 'blocks')
  fill(path, bytes)
  const blocks = Math.max(1, Math.floor(bytes / PAGE / SHARE_WRITTEN))
  const block = new Uint8Array(PAGE).fill(9)
  const write = (positionOf: (index: number) => number) => () =>
    withFile(path, 'r+', (file) => {
      for (let index = 0; index < blocks; index += 1) writeAt(file, block, positionOf(index) * PAGE)
      fsync(file)
    })
  // One block of each eight, in an order that jumps about: a stride that has no factor in common with their number.
  const stride = strideOf(blocks)
  const [scattered, inARow] = bestOf(
    ROUNDS,
    write((index) => ((index * stride) % blocks) * SHARE_WRITTEN),
    write((index) => index),
  )
  const far = diskAccess(blocks, PAGE, 'scattered', turningDisk)
  const near = diskAccess(blocks, PAGE, 'sequential', turningDisk)
  return {
    id: 'sequential-io',
    title: 'Sequential I/O: a log is only appended to',
    shows: ['9.5'],
    without: 'scattered',
    with: 'in a row',
    figures: [
      {
        what: `time for ${blocks} blocks of ${PAGE} B and one fsync, on this disk`,
        unit: 'ms',
        without: scattered!,
        with: inARow!,
        how: 'measured',
      },
      { what: 'seeks', unit: 'count', without: far.seeks, with: near.seeks, how: 'modelled' },
      { what: 'time on a disk of 7200 turns a minute', unit: 'ms', without: far.ms, with: near.ms, how: 'modelled' },
    ],
    note: 'Without seeks, as on flash, the gap is much smaller, and a cache may close it.',
  }
}

/** About the golden section of `count`, and prime to it: every block once, neighbours in time far apart. */
function strideOf(count: number): number {
  const greatestCommonDivisor = (a: number, b: number): number => (b === 0 ? a : greatestCommonDivisor(b, a % b))
  let stride = Math.max(1, Math.floor(count * 0.618))
  while (greatestCommonDivisor(stride, count) !== 1) stride += 1
  return stride
}

export function pageCache({ writes }: Sizes, folder: string): Experiment {
  const message = new Uint8Array(ENTRY_BYTES).fill(5)
  const append = (name: string, each: boolean): number =>
    withFile(join(folder, name), 'w', (file) =>
      timed(() => {
        for (let index = 0; index < writes; index += 1) {
          writeAt(file, message, index * ENTRY_BYTES)
          if (each) fsync(file)
        }
      }),
    )
  const synced = append('synced', true)
  const cached = append('cached', false)
  const called = fileEntries(writes, 'write')
  const mapped = fileEntries(writes, 'mapping')
  return {
    id: 'page-cache',
    title: 'Page cache and mapped files: the operating system writes back later',
    shows: ['9.6'],
    without: 'sync, or a call, each',
    with: 'page cache, mapping',
    figures: [
      {
        what: `time for ${writes} appends of ${ENTRY_BYTES} B: fsync after each, or none`,
        unit: 'ms',
        without: synced,
        with: cached,
        how: 'measured',
      },
      {
        what: `system calls for ${writes} index entries: write(), or a mapped file`,
        unit: 'count',
        without: called.systemCalls,
        with: mapped.systemCalls,
        how: 'modelled',
      },
      {
        what: 'copies of them into the page cache',
        unit: 'count',
        without: called.copies,
        with: mapped.copies,
        how: 'modelled',
      },
    ],
    note: 'Kafka appends to its logs by write() and maps its indexes only. A power loss takes what was not written back: replicas, not syncs, are what it relies on. Node cannot map files, so the mapping is modelled.',
  }
}

export function zeroCopy({ bytes }: Sizes, folder: string): Experiment {
  const [from, to] = [join(folder, 'segment'), join(folder, 'sent')]
  fill(from, bytes)
  const chunk = new Uint8Array(CHUNK)
  const [through, within] = bestOf(
    ROUNDS,
    () =>
      withFile(from, 'r', (source) =>
        withFile(to, 'w', (target) => {
          for (let at = 0; at < bytes; ) {
            const read = readSync(source, chunk, 0, CHUNK, at)
            writeSync(target, chunk, 0, read, at)
            at += read
          }
        }),
      ),
    () => copyFileSync(from, to),
  )
  const four = fileToSocket(bytes, CHUNK, 'read and write')
  const two = fileToSocket(bytes, CHUNK, 'sendfile')
  return {
    id: 'zero-copy',
    title: 'Zero copy: sendfile, from the page cache to the network card',
    shows: ['9.7', '9.8'],
    without: 'read, then write',
    with: 'within the kernel',
    figures: [
      {
        what: 'copies of the data between disk and network card',
        unit: 'count',
        without: four.copies,
        with: two.copies,
        how: 'modelled',
      },
      {
        what: `bytes that the processor copies for ${bytes / MEBIBYTE} MiB`,
        unit: 'bytes',
        without: four.bytesByProcessor,
        with: two.bytesByProcessor,
        how: 'modelled',
      },
      { what: 'system calls', unit: 'count', without: four.systemCalls, with: two.systemCalls, how: 'modelled' },
      {
        what: 'switches between user and kernel',
        unit: 'count',
        without: four.modeSwitches,
        with: two.modeSwitches,
        how: 'modelled',
      },
      {
        what: `time for ${bytes / MEBIBYTE} MiB from file to file, in this process or in the kernel`,
        unit: 'ms',
        without: through!,
        with: within!,
        how: 'measured',
      },
    ],
    note: 'Node gives no sendfile to a socket: measured is a copy from file to file by the kernel, which saves the way through the process and not the copy. With TLS, or when messages are converted for an old consumer, Kafka cannot use sendfile either.',
  }
}
