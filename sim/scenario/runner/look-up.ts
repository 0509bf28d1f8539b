/** A look from outside at where an offset stands in a replica's log, found as its broker finds it. */
import { FileError, type FileSystem, fromUtf8 } from '../../../src/host/index.ts'
import { Batch } from '../../../src/storage/index.ts'
import { lookupOffset, type OffsetLookup, readPartitionDirectory } from '../../../src/storage/inspect/index.ts'
import type { OffsetSearch } from '../events.ts'

const nothingFound = { base: null, relative: 0, entries: 0, tried: [], entry: null, from: 0, bytes: 0, batches: 0 }

export function lookUp(files: FileSystem, directory: string, offset: number): OffsetSearch {
  if (files.status(directory)?.kind !== 'directory') return none([], 'there is no such folder')
  try {
    return described(files, lookupOffset(files, readPartitionDirectory(files, directory), offset))
  } catch (error) {
    // A disk that cannot be read is part of the story.
    if (!(error instanceof FileError)) throw error
    return none([], error.message)
  }
}

const none = (bases: readonly number[], problem: string): OffsetSearch => ({
  bases,
  basesTried: [],
  ...nothingFound,
  found: null,
  problem,
})

function described(files: FileSystem, { baseOffsets, segmentSearch, segments, found }: OffsetLookup): OffsetSearch {
  const basesTried = segmentSearch.steps.map(({ value }) => value)
  const last = segments.at(-1)
  if (last === undefined) return { ...none(baseOffsets, ''), basesTried }
  const { baseOffset, relativeOffset, index, scan } = last
  const entry = index?.entry
  return {
    bases: baseOffsets,
    basesTried,
    base: baseOffset,
    relative: relativeOffset,
    entries: index?.entries ?? 0,
    tried: index?.steps.map(({ value }) => value - baseOffset) ?? [],
    entry: entry === undefined ? null : [entry.offset - baseOffset, entry.position],
    from: scan.from,
    bytes: scan.bytes,
    batches: scan.entries,
    found: found === undefined ? null : foundBatch(files, found),
    problem: scan.problem?.message ?? '',
  }
}

/** The last byte of the batch that holds an offset; undefined if there is none. */
export function lastByteOf(
  files: FileSystem,
  directory: string,
  offset: number,
): { readonly path: string; readonly position: number } | undefined {
  if (files.status(directory)?.kind !== 'directory') return undefined
  const { found } = lookupOffset(files, readPartitionDirectory(files, directory), offset)
  return found === undefined ? undefined : { path: found.path, position: found.entry.position + found.entry.size - 1 }
}

function foundBatch(
  files: FileSystem,
  { path, entry, record }: NonNullable<OffsetLookup['found']>,
): NonNullable<OffsetSearch['found']> {
  const handle = files.open(path, { create: false })
  try {
    const bytes = new Uint8Array(entry.size)
    handle.read(entry.position, bytes, 0, entry.size)
    return {
      position: entry.position,
      size: entry.size,
      crc: new Batch(bytes, 0, entry.size).isCrcValid ? 'right' : 'wrong',
      offset: record?.offset ?? null,
      key: text(record?.key),
      value: text(record?.value),
    }
  } finally {
    handle.close()
  }
}

const text = (bytes: Uint8Array | null | undefined): string | null =>
  bytes === null || bytes === undefined ? null : fromUtf8(bytes)
