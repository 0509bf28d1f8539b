/** The files of a segment as a set: which there are, and how they are removed. */
import { FileError, type FileSystem } from '../host/index.ts'
import { indexFileName, join, logFileName, timeIndexFileName, transactionIndexFileName } from './file-names.ts'

/** A file of an open segment. */
export interface SegmentFile {
  /** Changes when the file is renamed. */
  path: string
}

/** Names that a segment's files have in any release, the `.log` last: without the others it is still a whole segment. */
export const segmentFileNames = (baseOffset: number): readonly string[] => [
  indexFileName(baseOffset),
  timeIndexFileName(baseOffset),
  transactionIndexFileName(baseOffset),
  logFileName(baseOffset),
]

/** Removes what there is of a segment's files. */
export function removeSegmentFiles(files: FileSystem, directory: string, baseOffset: number, suffix = ''): void {
  for (const name of segmentFileNames(baseOffset)) removeIfThere(files, join(directory, name + suffix))
}

/** Clears away a segment that could not be made as a whole; the caller is about to report why. */
export function discardSegmentFiles(files: FileSystem, directory: string, baseOffset: number, suffix = ''): void {
  try {
    removeSegmentFiles(files, directory, baseOffset, suffix)
  } catch (error) {
    if (!(error instanceof FileError)) throw error
  }
}

export function removeIfThere(files: FileSystem, path: string): void {
  if (files.status(path) !== undefined) files.removeFile(path)
}
