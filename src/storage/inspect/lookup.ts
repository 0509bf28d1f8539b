/**
 * Where an offset or a time stands in a log, found as a broker finds it, with the steps told: the segment by its name, the
 * index entry by halving, the rest by a short scan (formats.md 2.2, 2.3; `LogSegment.java` translateOffset and
 * findOffsetByTimestamp).
 */
import type { FileSystem } from '../../host/index.ts'
import { join } from '../file-names.ts'
import type { LogRecord } from '../record/record.ts'
import { eachRecord, OPENED_BYTES_MAX } from './each-record.ts'
import { describeWalkEnd, EntryWalk } from './entry-walk.ts'
import { type Halving, halve } from './halving.ts'
import { IndexFile } from './index-file.ts'
import type { PartitionDirectory, SegmentFiles } from './log-directory.ts'

/** An entry of the log that a scan came by. */
export interface ScannedEntry {
  readonly position: number
  readonly size: number
  readonly lastOffset: number
  /** Milliseconds; -1: none. */
  readonly maxTimestamp: number
}

export interface Scan {
  readonly path: string
  /** Byte that it began at. */
  readonly from: number
  /** Bytes of all entries that it looked at, the last one included. */
  readonly bytes: number
  readonly entries: number
  /** The first ones. */
  readonly visited: readonly ScannedEntry[]
  /** The entry that ended it; undefined if none did. */
  readonly found: ScannedEntry | undefined
  /** Damage that ended it. */
  readonly problem: { readonly position: number; readonly message: string } | undefined
}

export interface IndexSearch extends Halving {
  readonly path: string
  readonly entries: number
  /** The entry found; undefined: below the first one, so the search begins at byte 0. */
  readonly entry: { readonly slot: number; readonly offset: number; readonly position: number } | undefined
}

/** The search in one segment. */
export interface SegmentSearch {
  readonly baseOffset: number
  readonly relativeOffset: number
  /** Undefined if the segment has no index: the scan then begins at byte 0. */
  readonly index: IndexSearch | undefined
  readonly scan: Scan
}

export interface OffsetLookup {
  readonly offset: number
  readonly baseOffsets: readonly number[]
  readonly segmentSearch: Halving
  /** Usually one; more where a segment ends before the offset, as after compaction. */
  readonly segments: readonly SegmentSearch[]
  readonly found:
    | {
        readonly path: string
        readonly entry: ScannedEntry
        /** The record with this offset, or the first one above if compaction has taken it. */
        readonly record: LogRecord | undefined
        /** Its place among the records of the entry, from 0. */
        readonly place: number
      }
    | undefined
}

const VISITED_MAX = 200
/** A scan looks at headers; a small window is enough, and shows what is really read. */
const SCAN_WINDOW_BYTES = 65_536

export interface LookupLimits {
  readonly entryBytesMax?: number
  readonly openedBytesMax?: number
}

/** @throws FileError */
export function lookupOffset(
  files: FileSystem,
  directory: PartitionDirectory,
  offset: number,
  limits: LookupLimits = {},
): OffsetLookup {
  const baseOffsets = directory.segments.map(({ baseOffset }) => baseOffset)
  const segmentSearch = halve(baseOffsets.length, offset, (slot) => baseOffsets[slot]!)
  const segments: SegmentSearch[] = []
  for (let slot = segmentSearch.slot; slot >= 0 && slot < directory.segments.length; slot++) {
    const search = searchSegment(files, directory, directory.segments[slot]!, offset, limits)
    segments.push(search)
    const { path, found: entry, problem } = search.scan
    if (problem !== undefined) break
    if (entry !== undefined) {
      const { record, place } = recordIn(files, path, entry, (found) => found.offset >= offset, limits)
      return { offset, baseOffsets, segmentSearch, segments, found: { path, entry, record, place } }
    }
  }
  return { offset, baseOffsets, segmentSearch, segments, found: undefined }
}

function searchSegment(
  files: FileSystem,
  { path }: PartitionDirectory,
  { baseOffset, names }: SegmentFiles,
  offset: number,
  limits: LookupLimits,
): SegmentSearch {
  const name = names.get('index')
  const index = name === undefined ? undefined : searchIndex(files, join(path, name), baseOffset, offset)
  const logPath = join(path, names.get('log')!)
  const scan = scanFor(files, logPath, index?.entry?.position ?? 0, ({ lastOffset }) => lastOffset >= offset, limits)
  return { baseOffset, relativeOffset: offset - baseOffset, index, scan }
}

/** The entry of an offset index with the largest offset at or below `offset`. */
export function searchIndex(files: FileSystem, path: string, baseOffset: number, offset: number): IndexSearch {
  const handle = files.open(path, { create: false })
  try {
    const index = new IndexFile(handle, 'index', baseOffset)
    const halving = halve(index.entries, offset, (slot) => index.offset(slot))
    const { slot } = halving
    const entry = slot < 0 ? undefined : { slot, offset: index.offset(slot), position: index.logPosition(slot) }
    return { ...halving, path, entries: index.entries, entry }
  } finally {
    handle.close()
  }
}

/** Walks entries from a byte on until one is the one. */
export function scanFor(
  files: FileSystem,
  path: string,
  from: number,
  isIt: (entry: ScannedEntry) => boolean,
  { entryBytesMax }: LookupLimits,
): Scan {
  const handle = files.open(path, { create: false })
  try {
    const visited: ScannedEntry[] = []
    let entries = 0
    const size = handle.size()
    if (from < 0 || from > size) {
      const problem = { position: from, message: `the index points to byte ${from} of a log of ${size} bytes` }
      return { path, from, bytes: 0, entries, visited, found: undefined, problem }
    }
    const options = { from, windowBytes: SCAN_WINDOW_BYTES }
    const walk = new EntryWalk(handle, entryBytesMax === undefined ? options : { ...options, entryBytesMax })
    while (walk.next()) {
      const { position, size: entrySize, lastOffset } = walk
      const entry = { position, size: entrySize, lastOffset, maxTimestamp: walk.batch().maxTimestamp }
      entries++
      if (visited.length < VISITED_MAX) visited.push(entry)
      const bytes = position + entrySize - from
      if (isIt(entry)) return { path, from, bytes, entries, visited, found: entry, problem: undefined }
    }
    const end = walk.end!
    const message = describeWalkEnd(end, walk.fileBytes)
    const problem = message === undefined ? undefined : { position: end.position, message }
    return { path, from, bytes: end.position - from, entries, visited, found: undefined, problem }
  } finally {
    handle.close()
  }
}

/** The first record of an entry that is the one, and its place among them. */
export function recordIn(
  files: FileSystem,
  path: string,
  { position }: ScannedEntry,
  isIt: (record: LogRecord) => boolean,
  { entryBytesMax, openedBytesMax = OPENED_BYTES_MAX }: LookupLimits,
): { readonly record: LogRecord | undefined; readonly place: number } {
  const handle = files.open(path, { create: false })
  try {
    const options = { from: position, windowBytes: SCAN_WINDOW_BYTES }
    const walk = new EntryWalk(handle, entryBytesMax === undefined ? options : { ...options, entryBytesMax })
    let record: LogRecord | undefined
    let place = -1
    let count = 0
    if (walk.next()) {
      eachRecord(walk, walk.batch(), openedBytesMax, (one) => {
        if (record === undefined && isIt(one)) {
          record = one
          place = count
        }
        count++
      })
    }
    return { record, place }
  } finally {
    handle.close()
  }
}
