/**
 * Where a start of ours may end otherwise than one of Kafka. Each is a choice of ours that docs/fidelity.md names; nothing
 * else may differ.
 */
import { type FileSystem, readFile } from '../../../src/host/index.ts'
import { CorruptRecordError } from '../../../src/storage/errors.ts'
import { batchesOf } from '../../../src/storage/index.ts'
import { ENTRY_OVERHEAD, MAGIC_AT, SIZE_AT } from '../../../src/storage/record/layout.ts'
import type { Outcome } from './both-start.ts'
import { indexEntries } from './our-reading.ts'

const RELATIVE_OFFSET_MAX = 0x7fff_ffff
const CLEAN_SHUTDOWN = '.kafka_cleanshutdown'

/** What Kafka may refuse and we may not, by what it says. */
const REFUSALS: ReadonlyArray<readonly [RegExp, string]> = [
  [/smaller than minimum record overhead/, 'zeros behind the last message, where no scan is due'],
  [/Attempt to append to a full index/, 'a rebuilt index that is full'],
  [/OutOfMemoryError/, 'a message that claims more than there is memory'],
  [/NumberFormatException: For input string: "[a-z-]+"/, 'a file name that is none'],
  [/newPosition > limit/, 'an index longer than it may be'],
  [/while it already exists/, 'an empty segment whose index is full'],
]

/** The choice that explains a difference, or undefined. */
export function excuseFor(files: FileSystem, partition: string, kafka: Outcome, ours: Outcome): string | undefined {
  const refusal = REFUSALS.find(([says]) => kafka.refusal !== undefined && says.test(kafka.refusal))
  if (refusal !== undefined) return refusal[1]
  if (ours.refusal !== undefined && /position -?\d+ in a log of|points before the file/.test(ours.refusal)) {
    return 'an index beyond its log'
  }
  if (hasUnknownMagic(resultOf(kafka, partition))) return 'a magic that no format has'
  if (hasImpossibleOffset(files, partition)) return 'an impossible offset'
  if (files.status(CLEAN_SHUTDOWN) === undefined && hasHole(logsOf(files, partition))) return 'a hole between segments'
  if (hasHole(resultOf(kafka, partition))) return 'a hole between segments'
  if (hasIndexBeyondLog(files, partition)) return 'an index beyond its log'
  if (hasRenewedSegment(kafka)) return 'an empty segment whose index is full'
  return undefined
}

/** By base offset, in order. */
type Logs = ReadonlyArray<readonly [base: number, bytes: Uint8Array]>

function logsOf(files: FileSystem, partition: string): Logs {
  const names = files.list(partition).filter((name) => /\.log(?:\.swap)?$/.test(name))
  return names.map((name) => [Number(name.slice(0, 20)), readFile(files, `${partition}/${name}`)])
}

function resultOf({ files }: Outcome, partition: string): Logs {
  const paths = [...files.keys()].filter((path) => path.startsWith(`${partition}/`) && path.endsWith('.log')).sort()
  return paths.map((path) => [Number(path.slice(partition.length + 1, -'.log'.length)), files.get(path)!])
}

function hasImpossibleOffset(files: FileSystem, partition: string): boolean {
  return logsOf(files, partition).some(([base, bytes]) =>
    lastOffsetsOf(bytes).some((offset) => offset < base || offset > base + RELATIVE_OFFSET_MAX),
  )
}

function hasHole(logs: Logs): boolean {
  let end: number | undefined
  for (const [base, bytes] of logs) {
    if (end !== undefined && end !== base) return true
    end = (lastOffsetsOf(bytes).at(-1) ?? base - 1) + 1
  }
  return false
}

/** The magic is outside the CRC of format 2, so that Kafka's recovery keeps such a batch. */
function hasUnknownMagic(logs: Logs): boolean {
  return logs.some(([, bytes]) => {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    let at = 0
    while (at + MAGIC_AT < bytes.length) {
      if (bytes[at + MAGIC_AT]! > 2) return true
      at += ENTRY_OVERHEAD + Math.max(0, view.getInt32(at + SIZE_AT))
    }
    return false
  })
}

function hasIndexBeyondLog(files: FileSystem, partition: string): boolean {
  const names = new Set(files.list(partition))
  return [...names]
    .filter((name) => name.endsWith('.index') && names.has(name.replace('.index', '.log')))
    .some((name) => {
      const size = readFile(files, `${partition}/${name.replace('.index', '.log')}`).length
      return indexEntries(readFile(files, `${partition}/${name}`), name).some(
        ([, position]) => position < 0 || position >= size,
      )
    })
}

/** Kafka put an empty segment in the place of an empty segment. */
function hasRenewedSegment({ files }: Outcome): boolean {
  return [...files].some(
    ([path, bytes]) =>
      path.endsWith('.log.deleted') && bytes.length === 0 && files.has(path.slice(0, -'.deleted'.length)),
  )
}

/** Last offset of each entry, as far as they are whole. */
function lastOffsetsOf(log: Uint8Array): number[] {
  const found: number[] = []
  try {
    for (const batch of batchesOf(log)) {
      found.push(batch.lastOffset)
    }
  } catch (error) {
    if (!(error instanceof CorruptRecordError)) throw error
  }
  return found
}
