/**
 * The first record at or after a time, found as a broker since 0.10.1 finds it (`UnifiedLog` fetchOffsetByTimestamp,
 * `LogSegment.java` findOffsetByTimestamp): the first segment that reaches the time, then its time index, its offset index,
 * and a scan.
 */
import type { FileSystem } from '../../host/index.ts'
import { join } from '../file-names.ts'
import type { LogRecord } from '../record/record.ts'
import { type Halving, halve } from './halving.ts'
import { IndexFile } from './index-file.ts'
import type { PartitionDirectory, SegmentFiles } from './log-directory.ts'
import {
  type IndexSearch,
  type LookupLimits,
  recordIn,
  type Scan,
  type ScannedEntry,
  scanFor,
  searchIndex,
} from './lookup.ts'

/** How late a segment reaches. */
export interface SegmentTime {
  readonly baseOffset: number
  /** Milliseconds; -1: none of its records has a time. */
  readonly largestTimestamp: number
  /** Read from the last entry of its time index, or by a scan of what that does not cover yet. */
  readonly source: 'time-index' | 'scan'
  /** Bytes of the scan. */
  readonly scannedBytes: number
}

export interface TimeIndexSearch extends Halving {
  readonly path: string
  readonly entries: number
  readonly entry: { readonly slot: number; readonly timestamp: number; readonly offset: number } | undefined
}

export interface TimeLookup {
  readonly timestamp: number
  /** Those looked at, oldest first; the last one reaches the time, if any does. */
  readonly segments: readonly SegmentTime[]
  readonly timeIndex: TimeIndexSearch | undefined
  readonly index: IndexSearch | undefined
  readonly scan: Scan | undefined
  readonly found:
    | { readonly path: string; readonly entry: ScannedEntry; readonly record: LogRecord; readonly place: number }
    | undefined
}

/** @param timestamp milliseconds. @throws FileError */
export function lookupTimestamp(
  files: FileSystem,
  directory: PartitionDirectory,
  timestamp: number,
  limits: LookupLimits = {},
): TimeLookup {
  const segments: SegmentTime[] = []
  for (const [i, segment] of directory.segments.entries()) {
    const isActive = i === directory.segments.length - 1
    const time = segmentTime(files, directory.path, segment, isActive, limits)
    segments.push(time)
    if (time.largestTimestamp >= timestamp)
      return { timestamp, segments, ...searchIn(files, directory, segment, timestamp, limits) }
  }
  return { timestamp, segments, timeIndex: undefined, index: undefined, scan: undefined, found: undefined }
}

function searchIn(
  files: FileSystem,
  { path }: PartitionDirectory,
  { baseOffset, names }: SegmentFiles,
  timestamp: number,
  limits: LookupLimits,
): Pick<TimeLookup, 'timeIndex' | 'index' | 'scan' | 'found'> {
  const timeName = names.get('timeindex')
  const timeIndex =
    timeName === undefined ? undefined : searchTimeIndex(files, join(path, timeName), baseOffset, timestamp)
  const from = timeIndex?.entry?.offset ?? baseOffset
  const indexName = names.get('index')
  const index = indexName === undefined ? undefined : searchIndex(files, join(path, indexName), baseOffset, from)
  const logPath = join(path, names.get('log')!)
  const reaches = ({ maxTimestamp }: ScannedEntry): boolean => maxTimestamp >= timestamp
  const scan = scanFor(files, logPath, index?.entry?.position ?? 0, reaches, limits)
  if (scan.found === undefined) return { timeIndex, index, scan, found: undefined }
  const { record, place } = recordIn(files, logPath, scan.found, (one) => one.timestamp >= timestamp, limits)
  const found = record === undefined ? undefined : { path: logPath, entry: scan.found, record, place }
  return { timeIndex, index, scan, found }
}

function searchTimeIndex(files: FileSystem, path: string, baseOffset: number, timestamp: number): TimeIndexSearch {
  const handle = files.open(path, { create: false })
  try {
    const index = new IndexFile(handle, 'timeindex', baseOffset)
    const halving = halve(index.entries, timestamp, (slot) => index.timestamp(slot))
    const { slot } = halving
    const entry = slot < 0 ? undefined : { slot, timestamp: index.timestamp(slot), offset: index.offset(slot) }
    return { ...halving, path, entries: index.entries, entry }
  } finally {
    handle.close()
  }
}

/** A closed segment's time index ends with its largest timestamp; what an active one lacks is read from the log. */
function segmentTime(
  files: FileSystem,
  directory: string,
  { baseOffset, names }: SegmentFiles,
  isActive: boolean,
  limits: LookupLimits,
): SegmentTime {
  const last = lastTimeEntry(files, directory, baseOffset, names.get('timeindex'))
  if (last !== undefined && !isActive) {
    return { baseOffset, largestTimestamp: last.timestamp, source: 'time-index', scannedBytes: 0 }
  }
  const indexName = names.get('index')
  const from =
    last === undefined || indexName === undefined
      ? 0
      : (searchIndex(files, join(directory, indexName), baseOffset, last.offset).entry?.position ?? 0)
  let largestTimestamp = last?.timestamp ?? -1
  const { bytes } = scanFor(
    files,
    join(directory, names.get('log')!),
    from,
    ({ maxTimestamp }) => {
      if (maxTimestamp > largestTimestamp) largestTimestamp = maxTimestamp
      return false
    },
    limits,
  )
  return { baseOffset, largestTimestamp, source: 'scan', scannedBytes: bytes }
}

function lastTimeEntry(
  files: FileSystem,
  directory: string,
  baseOffset: number,
  name: string | undefined,
): { readonly timestamp: number; readonly offset: number } | undefined {
  if (name === undefined) return undefined
  const handle = files.open(join(directory, name), { create: false })
  try {
    const index = new IndexFile(handle, 'timeindex', baseOffset)
    const slot = index.entries - 1
    return slot < 0 ? undefined : { timestamp: index.timestamp(slot), offset: index.offset(slot) }
  } finally {
    handle.close()
  }
}
