/**
 * Harm done to the files of a log, by chance: bits and fields that change, bytes that go or come, files that are cut,
 * exchanged, lost or blown up. Some changes inside a batch are sealed again with a right checksum, so that what lies
 * behind the checksum is tested too.
 */
import { type FileSystem, type RandomStream, readFile } from '../../../src/host/index.ts'
import { writeInt32 } from '../../../src/storage/big-endian.ts'
import { batchesOf, buildRecords, LogError } from '../../../src/storage/index.ts'
import { type FileKind, fileKindOf, segmentFileName, segmentFileOf } from '../../../src/storage/inspect/index.ts'
import { writeBatchCrc } from '../../../src/storage/record/batch-header.ts'
import { writeLegacyCrc } from '../../../src/storage/record/legacy-message.ts'
import { rewriteFile } from './metered-files.ts'

export interface Mutation {
  readonly what: string
  readonly path: string
  readonly kind: FileKind
  /** The checksum was made to fit. */
  readonly resealed: boolean
}

/** Sizes and offsets that careless arithmetic stumbles over. */
const ODD_WORDS = [0, -1, 1, 13, 14, 17, 61, 0x7fff_ffff, -0x8000_0000, 0x7fff_fff0, 0x0100_0000, 4096, 255, 65_536]
/** Larger than what a reader should take into memory at once; the file is a hole, and costs nothing. */
const HUGE_BYTES = 200_000

/** More than the tools are allowed here. */
const LARGE_VALUE_BYTES = 150_000

type Change = (bytes: Uint8Array, random: RandomStream) => Uint8Array

const changes: ReadonlyArray<readonly [string, Change]> = [
  ['flip a bit', (bytes, random) => at(bytes, random, (i) => (bytes[i]! ^= 1 << random.intBelow(8, 'bit')))],
  ['set a byte', (bytes, random) => at(bytes, random, (i) => (bytes[i] = random.intBelow(256, 'byte')))],
  ['set a word', (bytes, random) => at(bytes, random, (i) => setWord(bytes, i, random.pick(ODD_WORDS, 'word')))],
  ['scribble', scribble],
  ['cut', (bytes, random) => bytes.subarray(0, random.intBelow(bytes.length + 1, 'size'))],
  ['cut a little', (bytes, random) => bytes.subarray(0, Math.max(0, bytes.length - 1 - random.intBelow(20, 'less')))],
  ['lose bytes', (bytes, random) => splice(bytes, random, new Uint8Array(0), 1 + random.intBelow(60, 'lost'))],
  ['get bytes', (bytes, random) => splice(bytes, random, noise(1 + random.intBelow(60, 'more'), random), 0)],
  ['repeat bytes', repeat],
  ['append noise', (bytes, random) => joined(bytes, noise(1 + random.intBelow(100, 'more'), random))],
  ['append zeros', (bytes, random) => joined(bytes, new Uint8Array(1 + random.intBelow(500, 'more')))],
  ['become noise', (bytes, random) => noise(bytes.length, random)],
  ['become empty', () => new Uint8Array(0)],
]

/** Harms one file below a partition, or one of the log directory. */
export function mutate(files: FileSystem, partition: string, random: RandomStream): Mutation {
  const paths = [
    ...files.list(partition).map((name) => `${partition}/${name}`),
    ...files.list('').filter((name) => files.status(name)?.kind === 'file'),
  ]
  const known = paths.filter((path) => fileKindOf(nameOf(path)) !== undefined)
  const logs = known.filter((path) => path.endsWith('.log'))
  // Half of all harm is done to the records themselves.
  const path = logs.length > 0 && random.chance(1, 2, 'a log') ? random.pick(logs, 'log') : random.pick(known, 'file')
  const kind = fileKindOf(nameOf(path))!
  const done = (what: string, resealed = false): Mutation => ({ what, path, kind, resealed })
  const choice = random.intBelow(20, 'choice')
  if (choice === 0) {
    files.removeFile(path)
    return done('remove')
  }
  if (choice === 1) return done(exchange(files, path, known, random))
  if (choice === 2) {
    const handle = files.open(path, { create: false })
    handle.truncate(HUGE_BYTES)
    handle.close()
    return done('blow up')
  }
  if (choice === 3 && kind === 'log') {
    const large = largeBatch(random)
    rewriteFile(files, path, (bytes) => joined(bytes, large))
    return done('get a bomb', true)
  }
  if (choice < 9 && kind === 'log') {
    const what = reseal(files, path, random)
    if (what !== undefined) return done(what, true)
  }
  const [what, change] = random.pick(changes, 'change')
  rewriteFile(files, path, (bytes) => change(bytes, random))
  return done(what)
}

/** A batch that is right, and larger than the reader wants it: as it stands, or when it is opened. */
function largeBatch(random: RandomStream): Uint8Array {
  const compression = random.pick(['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const, 'codec')
  const value = new Uint8Array(LARGE_VALUE_BYTES)
  return buildRecords([{ offset: 60, key: null, value }], { magic: 2, compression, baseOffset: 60 })
}

/** Another file of the same kind in its place, or another base offset in its name. */
function exchange(files: FileSystem, path: string, known: readonly string[], random: RandomStream): string {
  const file = segmentFileOf(nameOf(path))
  const others = known.filter((other) => other !== path && fileKindOf(nameOf(other)) === fileKindOf(nameOf(path)))
  if (others.length > 0 && random.chance(2, 3, 'another')) {
    const bytes = readFile(files, random.pick(others, 'other'))
    rewriteFile(files, path, () => bytes)
    return 'be another'
  }
  if (file === undefined) {
    files.removeFile(path)
    return 'remove'
  }
  const base = Math.max(0, file.baseOffset + random.intBetween(-20, 20, 'base'))
  files.rename(path, `${path.slice(0, path.lastIndexOf('/') + 1)}${segmentFileName(base, file.kind)}`)
  return 'be renamed'
}

/** Changes a byte or a word inside a batch, behind its checksum, and lets that fit again. */
function reseal(files: FileSystem, path: string, random: RandomStream): string | undefined {
  const bytes = readFile(files, path)
  const batches = wholeBatches(bytes)
  if (batches.length === 0) return undefined
  const { position, end, magic } = random.pick(batches, 'batch')
  const from = position + (magic === 2 ? 21 : 17)
  const place = from + random.intBelow(end - from, 'place')
  if (random.chance(1, 3, 'word') && place + 4 <= end) writeInt32(bytes, place, random.pick(ODD_WORDS, 'word'))
  else bytes[place] = random.intBelow(256, 'byte')
  if (magic === 2) writeBatchCrc(bytes, position, end)
  else writeLegacyCrc(bytes, position, end)
  rewriteFile(files, path, () => bytes)
  return 'change behind the checksum'
}

function wholeBatches(
  bytes: Uint8Array,
): ReadonlyArray<{ readonly position: number; readonly end: number; readonly magic: number }> {
  const found = []
  try {
    for (const { position, end, magic } of batchesOf(bytes)) if (magic <= 2) found.push({ position, end, magic })
  } catch (error) {
    if (!(error instanceof LogError)) throw error
  }
  return found
}

function at(bytes: Uint8Array, random: RandomStream, change: (place: number) => void): Uint8Array {
  if (bytes.length > 0) change(random.intBelow(bytes.length, 'place'))
  return bytes
}

function setWord(bytes: Uint8Array, place: number, word: number): void {
  const from = Math.min(place, Math.max(0, bytes.length - 4))
  if (bytes.length >= 4) writeInt32(bytes, from, word)
}

function scribble(bytes: Uint8Array, random: RandomStream): Uint8Array {
  if (bytes.length === 0) return bytes
  const from = random.intBelow(bytes.length, 'place')
  bytes.set(noise(Math.min(bytes.length - from, 1 + random.intBelow(40, 'length')), random), from)
  return bytes
}

function repeat(bytes: Uint8Array, random: RandomStream): Uint8Array {
  const from = random.intBelow(bytes.length + 1, 'from')
  const to = random.intBetween(from, bytes.length, 'to')
  return joined(bytes.subarray(0, to), bytes.subarray(from))
}

function splice(bytes: Uint8Array, random: RandomStream, more: Uint8Array, lost: number): Uint8Array {
  const place = random.intBelow(bytes.length + 1, 'place')
  return joined(joined(bytes.subarray(0, place), more), bytes.subarray(Math.min(bytes.length, place + lost)))
}

function joined(one: Uint8Array, two: Uint8Array): Uint8Array {
  const both = new Uint8Array(one.length + two.length)
  both.set(one)
  both.set(two, one.length)
  return both
}

function noise(length: number, random: RandomStream): Uint8Array {
  return new Uint8Array(length).map(() => random.intBelow(256, 'noise'))
}

const nameOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1)
