/** A look from outside at the folder of a partition: which files there are, and what stands in the offset indexes. */
import { FileError, type FileSystem, readFile } from '../../../src/host/index.ts'
import type { ListedFile } from '../events.ts'

/** Entries of an index that are listed. */
const ENTRIES_MAX = 64
const ENTRY_SIZE = 8

/** By name, so that a segment's files stand together; empty if there is no such folder. */
export function listFiles(files: FileSystem, directory: string): ListedFile[] {
  if (files.status(directory)?.kind !== 'directory') return []
  const listed: ListedFile[] = []
  for (const name of files.list(directory)) {
    const path = `${directory}/${name}`
    const status = files.status(path)
    if (status?.kind !== 'file') continue
    const { size: bytes } = status
    listed.push(name.endsWith('.index') ? { name, bytes, entries: entriesOf(files, path) } : { name, bytes })
  }
  return listed
}

/** Relative offsets rise, so that the first pair of zeros behind them is room that is still free. */
function entriesOf(files: FileSystem, path: string): Array<readonly [number, number]> {
  const entries: Array<readonly [number, number]> = []
  try {
    const bytes = readFile(files, path)
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    for (let at = 0; at + ENTRY_SIZE <= bytes.length && entries.length < ENTRIES_MAX; at += ENTRY_SIZE) {
      const entry = [view.getInt32(at), view.getInt32(at + 4)] as const
      if (entry[0] === 0 && entry[1] === 0) break
      entries.push(entry)
    }
  } catch (error) {
    // A disk that cannot be read has no more to show than names and sizes.
    if (!(error instanceof FileError)) throw error
  }
  return entries
}
