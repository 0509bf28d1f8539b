/**
 * Text files of a log directory (`kafka/server/checkpoints/CheckpointFile.scala`; formats.md 2.6): version 0, the number of
 * entries, then a line for each, its fields apart by white space.
 */
import { type FileSystem, fromUtf8, readFile, utf8 } from '../host/index.ts'
import { CorruptLogError } from './errors.ts'

const VERSION = 0
/** As Java's `readLine` and `Integer.parseInt` take them. */
const LINE_END = /\r\n|\n|\r/
const NUMBER = /^[+-]?\d+$/

/**
 * The fields of each entry; none if the file is missing or empty.
 * @throws CorruptLogError another version, or another number of entries than line 2 says; FileError
 */
export function readCheckpoint(files: FileSystem, path: string): string[][] {
  if (files.status(path) === undefined) return []
  const lines = fromUtf8(readFile(files, path)).split(LINE_END)
  if (lines.at(-1) === '') lines.pop()
  if (lines.length === 0) return []
  if (numberIn(lines[0]!) !== VERSION) throw new CorruptLogError(path, 0, `version '${lines[0]!.slice(0, 20)}'`)
  if (lines.length === 1) return []
  const entries = lines.slice(2).map((line) => line.split(/\s+/))
  if (numberIn(lines[1]!) !== entries.length) {
    throw new CorruptLogError(path, 0, `${entries.length} entries where line 2 says '${lines[1]!.slice(0, 20)}'`)
  }
  return entries
}

const numberIn = (line: string): number | undefined => (NUMBER.test(line) ? Number(line) : undefined)

/**
 * Replaces the file's content at once: whoever reads it finds the old or the new one, never half of either.
 * @param lines an entry each, without line end
 */
export function writeCheckpoint(files: FileSystem, path: string, lines: readonly string[]): void {
  let text = `${VERSION}\n${lines.length}\n`
  for (const line of lines) text += `${line}\n`
  replaceFile(files, path, utf8(text))
}

/** Replaces a small file at once, by way of another one with the suffix `.tmp`. @throws FileError */
export function replaceFile(files: FileSystem, path: string, bytes: Uint8Array): void {
  const temporary = `${path}.tmp`
  const handle = files.open(temporary, { create: true })
  try {
    handle.truncate(0)
    handle.write(0, bytes)
    handle.sync()
  } finally {
    handle.close()
  }
  files.rename(temporary, path)
}

/** A number as checkpoints hold them. */
export const isCount = (text: string | undefined): text is string =>
  text !== undefined && /^\d+$/.test(text) && Number.isSafeInteger(Number(text))
