/**
 * Directories as brokers of several eras leave them: every message format with every codec it has, several segments,
 * transactions, a compacted topic, checkpoints. Small, so that thousands of mutations of them cost little.
 */
import { type FileSystem, utf8 } from '../../../src/host/index.ts'
import {
  type BuildOptions,
  buildRecords,
  buildTransactionMarker,
  type CompressionType,
  type Magic,
  type NewRecord,
} from '../../../src/storage/index.ts'
import { entriesIn, SegmentWriter, type SegmentWriterOptions } from './segment-writer.ts'

export interface LogRecipe {
  /** Directory of the partition. */
  readonly name: string
  readonly magic: Magic
  readonly compression: CompressionType
  readonly kind: 'plain' | 'transactions' | 'compacted' | 'mixed'
}

const FIRST_TIMESTAMP = 1_700_000_000_000
const BATCHES = 12
const RECORDS_A_BATCH = 5

const codecs: Readonly<Record<Magic, readonly CompressionType[]>> = {
  0: ['none', 'gzip', 'snappy', 'lz4'],
  1: ['none', 'gzip', 'snappy', 'lz4'],
  2: ['none', 'gzip', 'snappy', 'lz4', 'zstd'],
}

const recipe = (kind: LogRecipe['kind'], magic: Magic, compression: CompressionType): LogRecipe => ({
  name: `${kind}.${magic}.${compression}-0`,
  magic,
  compression,
  kind,
})

/** One of each. */
export const logRecipes: readonly LogRecipe[] = [
  ...([0, 1, 2] as const).flatMap((magic) => codecs[magic].map((codec) => recipe('plain', magic, codec))),
  recipe('transactions', 2, 'none'),
  recipe('transactions', 2, 'lz4'),
  recipe('compacted', 0, 'none'),
  recipe('compacted', 2, 'gzip'),
  recipe('mixed', 2, 'none'),
]

/** Writes the logs into the root of `files`, and the checkpoints of a broker that stopped cleanly. */
export function writeValidLogs(files: FileSystem, recipes: readonly LogRecipe[] = logRecipes): void {
  const ends = new Map(recipes.map((one) => [one.name, writeLog(files, one)]))
  const checkpoint = (name: string, lines: readonly string[]): void =>
    write(files, name, `0\n${lines.length}\n${lines.map((line) => `${line}\n`).join('')}`)
  const line = (name: string, offset: number): string => `${name.slice(0, -2)} 0 ${offset}`
  const all = [...ends].map(([name, end]) => line(name, end))
  checkpoint('recovery-point-offset-checkpoint', all)
  checkpoint('replication-offset-checkpoint', all)
  checkpoint('log-start-offset-checkpoint', [])
  checkpoint(
    'cleaner-offset-checkpoint',
    recipes.filter(({ kind }) => kind === 'compacted').map(({ name }) => line(name, 10)),
  )
  write(
    files,
    'meta.properties',
    '#Tue Nov 14 22:13:20 UTC 2023\nversion=0\nbroker.id=1\ncluster.id=Sg7pV0nLQ9SJt4y1WkqPPw\n',
  )
  write(files, '.kafka_cleanshutdown', '')
}

/** Returns the log end offset. */
function writeLog(files: FileSystem, one: LogRecipe): number {
  const options: SegmentWriterOptions = {
    segmentBytes: 1400,
    indexIntervalBytes: 200,
    indexedOffset: one.magic === 2 ? 'last' : 'first',
    timeIndex: one.magic > 0,
    producerState: one.magic === 2,
  }
  const writer = new SegmentWriter(files, one.name, options)
  if (one.kind === 'transactions') writeTransactions(writer, one.compression)
  else for (let i = 0; i < BATCHES; i++) writeBatch(writer, one, i)
  writer.close()
  return writer.logEndOffset
}

function writeBatch(writer: SegmentWriter, { kind, magic, compression }: LogRecipe, i: number): void {
  const ofThis: Magic = kind === 'mixed' ? ([0, 1, 2] as const)[Math.floor((3 * i) / BATCHES)]! : magic
  // Compaction leaves gaps between records, and between batches.
  const step = kind === 'compacted' ? 3 : 1
  const from = writer.logEndOffset + (kind === 'compacted' && i % 2 === 1 ? 4 : 0)
  const records = Array.from({ length: RECORDS_A_BATCH }, (_, k) => record(i, k, from + k * step, ofThis))
  const logAppendTime = i % 3 === 2 && ofThis > 0 ? { logAppendTime: FIRST_TIMESTAMP + 10_000 * i } : {}
  const epoch = ofThis === 2 ? { partitionLeaderEpoch: i < 6 ? 3 : 5 } : {}
  const bytes = buildRecords(records, { magic: ofThis, compression, baseOffset: from, ...logAppendTime, ...epoch })
  const entries = entriesIn(bytes)
  // A wrapper, or a batch, is one entry; plain messages are one each.
  for (const [k, entry] of entries.entries()) writer.append(entry, from + (entries.length === 1 ? 0 : k * step))
}

/** Two idempotent producers with transactions that overlap, some of them aborted. */
function writeTransactions(writer: SegmentWriter, compression: CompressionType): void {
  const sequences = [0, 0]
  for (let i = 0; i < BATCHES; i++) {
    const p = i % 2
    const baseOffset = writer.logEndOffset
    const origin = { producerId: 1000 + p, producerEpoch: p, partitionLeaderEpoch: 0 }
    if (i % 4 > 1) {
      const type = i % 8 > 4 ? 'commit' : 'abort'
      const timestamp = FIRST_TIMESTAMP + 1000 * i
      writer.append(buildTransactionMarker({ ...origin, type, coordinatorEpoch: 7, timestamp, baseOffset }), baseOffset)
      continue
    }
    const records = Array.from({ length: RECORDS_A_BATCH }, (_, k) => record(i, k, baseOffset + k, 2))
    const options: BuildOptions = {
      magic: 2,
      compression,
      baseOffset,
      ...origin,
      baseSequence: sequences[p]!,
      isTransactional: true,
    }
    writer.append(buildRecords(records, options), baseOffset)
    sequences[p]! += RECORDS_A_BATCH
  }
}

function record(i: number, k: number, offset: number, magic: Magic): NewRecord {
  return {
    offset,
    key: k === 1 ? null : utf8(`key-${k}`),
    value: k === 3 ? null : utf8(`value ${i}.${k} ${'ab'.repeat(10)}`),
    ...(magic > 0 ? { timestamp: FIRST_TIMESTAMP + 1000 * i + 10 * k } : {}),
    ...(magic === 2 && k === 0
      ? {
          headers: [
            { key: 'trace', value: Uint8Array.of(i, k) },
            { key: 'none', value: null },
          ],
        }
      : {}),
  }
}

function write(files: FileSystem, path: string, text: string): void {
  const handle = files.open(path, { create: true })
  handle.write(0, utf8(text))
  handle.close()
}
