/**
 * What an earlier life left in a log's directory half done (formats.md 2.7): files given up, compactions that did not end,
 * swaps that did not end, indexes without a log.
 */
import type { FileSystem } from '../host/index.ts'
import {
  baseOffsetOf,
  CLEANED_SUFFIX,
  DELETED_SUFFIX,
  INDEX_SUFFIX,
  indexFileName,
  join,
  LOG_SUFFIX,
  logFileName,
  SWAP_SUFFIX,
  TIME_INDEX_SUFFIX,
  TRANSACTION_INDEX_SUFFIX,
  timeIndexFileName,
  transactionIndexFileName,
} from './file-names.ts'
import type { LogFormat } from './log-format.ts'
import { removeIfThere, removeSegmentFiles } from './segment-files.ts'

const INDEX_SUFFIXES = [INDEX_SUFFIX, TIME_INDEX_SUFFIX, TRANSACTION_INDEX_SUFFIX] as const

/**
 * Clears away what is of no use, and finishes swaps as 0.8 does.
 * @returns base offsets of the `.swap` segments that are to take their place, ascending (since 0.9)
 */
export function clearLeftovers(files: FileSystem, directory: string, format: LogFormat): number[] {
  const swaps: number[] = []
  let lowestCleaned = Number.POSITIVE_INFINITY
  for (const name of files.list(directory)) {
    if (name.endsWith(DELETED_SUFFIX)) {
      files.removeFile(join(directory, name))
    } else if (name.endsWith(CLEANED_SUFFIX)) {
      lowestCleaned = Math.min(lowestCleaned, Number(name.slice(0, 20)))
      files.removeFile(join(directory, name))
    } else if (name.endsWith(LOG_SUFFIX + SWAP_SUFFIX)) {
      const baseOffset = baseOffsetOf(name.slice(0, -SWAP_SUFFIX.length))
      if (baseOffset !== undefined) swaps.push(baseOffset)
    }
  }
  if (format.upkeep === 'broken-index-is-fatal') renameSwaps(files, directory, swaps)
  const valid = format.upkeep === 'broken-index-is-fatal' ? [] : swaps.filter((base) => base < lowestCleaned)
  for (const base of swaps) if (!valid.includes(base)) removeSegmentFiles(files, directory, base, SWAP_SUFFIX)
  for (const base of valid) removeIndexes(files, directory, base)
  for (const name of files.list(directory)) {
    const path = join(directory, name)
    if (INDEX_SUFFIXES.some((suffix) => name.endsWith(suffix + SWAP_SUFFIX))) {
      const base = Number(name.slice(0, 20))
      if (valid.includes(base)) continue
      // Without its log, or of 0.8, which makes it anew.
      files.removeFile(path)
      // The log took its place already, and whose index that is which lies beside it, nobody knows.
      if (format.upkeep !== 'broken-index-is-fatal') removeIndexes(files, directory, base)
      continue
    }
    const suffix = INDEX_SUFFIXES.find((candidate) => name.endsWith(candidate))
    if (suffix === undefined) continue
    if (files.status(path.slice(0, -suffix.length) + LOG_SUFFIX) === undefined) removeIfThere(files, path)
  }
  return valid
}

/** 0.8: the new log takes the place of the one with its name; what else it replaced and is still there stays. */
function renameSwaps(files: FileSystem, directory: string, baseOffsets: readonly number[]): void {
  for (const baseOffset of baseOffsets) {
    removeIndexes(files, directory, baseOffset)
    const path = join(directory, logFileName(baseOffset))
    files.rename(path + SWAP_SUFFIX, path)
  }
}

function removeIndexes(files: FileSystem, directory: string, baseOffset: number): void {
  for (const name of [indexFileName(baseOffset), timeIndexFileName(baseOffset), transactionIndexFileName(baseOffset)]) {
    removeIfThere(files, join(directory, name))
  }
}
