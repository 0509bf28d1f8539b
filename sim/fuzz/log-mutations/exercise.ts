/** Everything behind every `trial log` command, run over one log directory. */
import type { FileSystem, Micros } from '../../../src/host/index.ts'
import {
  type DumpItem,
  dumpFile,
  type FindingCode,
  Findings,
  lookupOffset,
  lookupTimestamp,
  type OffsetLookup,
  type ReadProblem,
  readLogDirectory,
  readPartitionDirectory,
  readRecordsOf,
  type TimeLookup,
  verifyLogDirectory,
} from '../../../src/storage/inspect/index.ts'
import { OverlayFileSystem } from '../../kernel/index.ts'
import { type RepairedLog, repairLogs } from '../../repair/index.ts'

/** Takes what a command would print. */
export interface Audience {
  dump?(item: DumpItem): void
  offset?(lookup: OffsetLookup): void
  time?(lookup: TimeLookup): void
}

export interface Limits {
  readonly entryBytesMax: number
  readonly openedBytesMax: number
}

export interface ReadLog {
  /** `offset timestamp key value` of each. */
  readonly records: readonly string[]
  readonly problems: readonly ReadProblem[]
}

export function dumpAll(files: FileSystem, partition: string, limits: Limits, audience: Audience): number {
  let items = 0
  const paths = [...files.list(partition).map((name) => `${partition}/${name}`), ...files.list('')]
  for (const path of paths) {
    if (files.status(path)?.kind !== 'file') continue
    dumpFile(files, path, { deep: true, ...limits }, (item) => {
      items++
      audience.dump?.(item)
    })
  }
  return items
}

export function verifyAll(files: FileSystem, limits: Limits): Findings {
  const findings = new Findings()
  const options = { deep: true, compacted: false, ...limits }
  verifyLogDirectory(files, readLogDirectory(files, ''), options, findings, {
    partition: () => {},
    unreadable: (_partition, error) => {
      throw error
    },
  })
  return findings
}

export function readAll(files: FileSystem, partition: string, limits: Limits): ReadLog {
  const { segments } = readPartitionDirectory(files, partition)
  const records: string[] = []
  const problems: ReadProblem[] = []
  readRecordsOf(
    files,
    segments.map(({ names }) => `${partition}/${names.get('log')!}`),
    {
      from: 0,
      control: true,
      ...limits,
      record({ offset, timestamp, key, value, headers }) {
        records.push(`${offset} ${timestamp} ${key} ${value} ${headers.length}`)
        return true
      },
      problem: (problem) => problems.push(problem),
    },
  )
  return { records, problems }
}

/** A few offsets and times, some of which are not there. */
export function lookUp(
  files: FileSystem,
  partition: string,
  limits: Limits,
  audience: Audience,
): { found: number; troubled: number } {
  const directory = readPartitionDirectory(files, partition)
  let found = 0
  let troubled = 0
  for (const offset of [0, 17, 26, 55, 1_000_000]) {
    const lookup = lookupOffset(files, directory, offset, limits)
    if (lookup.found?.record !== undefined) found++
    if (lookup.segments.some(({ scan }) => scan.problem !== undefined)) troubled++
    audience.offset?.(lookup)
  }
  for (const timestamp of [0, 1_700_000_005_000, 2_000_000_000_000]) {
    const lookup = lookupTimestamp(files, directory, timestamp, limits)
    if (lookup.found !== undefined) found++
    if (lookup.scan?.problem !== undefined) troubled++
    audience.time?.(lookup)
  }
  return { found, troubled }
}

export interface Repaired {
  readonly log: RepairedLog
  /** Damage of kinds that recovery must not leave behind. */
  readonly left: readonly FindingCode[]
}

/** What recovery promises to have put right. */
const repairedCodes: ReadonlySet<FindingCode> = new Set(['crc', 'cut', 'structure', 'index'])

/** Recovery of everything, tried out on an overlay, and then looked at. */
export function repair(files: FileSystem, partition: string, limits: Limits, nowUs: Micros): Repaired {
  const overlay = new OverlayFileSystem(files, () => nowUs)
  const [log] = repairLogs(overlay, [partition], { all: true, compacted: false, nowUs })
  overlay.changes()
  const damage = verifyAll(overlay, limits).all.filter(({ severity }) => severity === 'damage')
  // Recovery takes batches whose offsets fall as they are, as Kafka does: no index can be right for them.
  const isOrdered = damage.every(({ code }) => code !== 'offset-order')
  const left = damage.filter(({ code }) => repairedCodes.has(code) && (isOrdered || code !== 'index'))
  return { log: log!, left: log!.refused === undefined ? left.map(({ code }) => code) : [] }
}
