/**
 * The text files of a log directory (formats.md 2.6), read with patience: what can be read is given, and what is wrong is
 * said with its line, where a broker would only refuse the file.
 */
import { type FileSystem, fromUtf8 } from '../../host/index.ts'
import { type TopicPartition, topicPartition } from '../../protocol/index.ts'

/** No checkpoint of this size was ever written: a line is below 300 bytes, and a broker has some 10,000 partitions. */
export const TEXT_BYTES_MAX = 16 * 1024 * 1024

export interface TextProblem {
  /** From 1; 0 for the file as a whole. */
  readonly line: number
  /** Byte at which the line begins. */
  readonly position: number
  readonly message: string
}

export interface OffsetEntries {
  readonly entries: ReadonlyMap<TopicPartition, number>
  readonly problems: readonly TextProblem[]
}

export interface EpochEntry {
  readonly epoch: number
  readonly startOffset: number
}

export interface EpochEntries {
  readonly entries: readonly EpochEntry[]
  readonly problems: readonly TextProblem[]
}

/** A file's text; a problem instead if it is larger than any such file. @throws FileError */
export function readText(files: FileSystem, path: string): string | TextProblem {
  const handle = files.open(path, { create: false })
  try {
    const size = handle.size()
    if (size > TEXT_BYTES_MAX) return { line: 0, position: 0, message: `${size} bytes are too many for a text file` }
    const bytes = new Uint8Array(size)
    return fromUtf8(bytes.subarray(0, handle.read(0, bytes, 0, size)))
  } finally {
    handle.close()
  }
}

/** `topic partition offset` a line. */
export function parseOffsets(text: string): OffsetEntries {
  const entries = new Map<TopicPartition, number>()
  const problems = parseCheckpoint(text, 3, ([topic, partition, offset], problem) => {
    const tp = topicPartition(topic!, Number(partition))
    if (!isCount(partition!)) return problem(`'${partition}' is no partition`)
    if (!isCount(offset!)) return problem(`'${offset}' is no offset`)
    if (entries.has(tp)) problem(`${tp} is there twice`)
    entries.set(tp, Number(offset))
  })
  return { entries, problems }
}

/** `epoch startOffset` a line. Both must rise. */
export function parseEpochs(text: string): EpochEntries {
  const entries: EpochEntry[] = []
  const problems = parseCheckpoint(text, 2, ([epochField, offsetField], problem) => {
    if (!isCount(epochField!)) return problem(`'${epochField}' is no epoch`)
    if (!isCount(offsetField!)) return problem(`'${offsetField}' is no offset`)
    const [epoch, startOffset] = [Number(epochField), Number(offsetField)]
    const last = entries.at(-1)
    if (last !== undefined && epoch <= last.epoch) problem(`epoch ${epoch} does not rise above ${last.epoch}`)
    if (last !== undefined && startOffset <= last.startOffset)
      problem(`start offset ${startOffset} does not rise above ${last.startOffset}`)
    entries.push({ epoch, startOffset })
  })
  return { entries, problems }
}

/** `name=value` or `name: value` lines of `meta.properties` and `partition.metadata`; comments are left out. */
export function parseProperties(text: string): ReadonlyMap<string, string> {
  const properties = new Map<string, string>()
  for (const line of text.split(/\r?\n/)) {
    const match = /^\s*([^#!\s][^=:\s]*)\s*[=:\s]\s*(.*)$/.exec(line)
    if (match !== null) properties.set(match[1]!, match[2]!.trim())
  }
  return properties
}

type TellProblem = (message: string) => void

/** Version 0, the number of entries, then the entries. An empty file has none. */
function parseCheckpoint(
  text: string,
  fieldCount: number,
  entry: (fields: readonly string[], problem: TellProblem) => void,
): TextProblem[] {
  const problems: TextProblem[] = []
  const lines = text.split('\n')
  if (lines.at(-1) === '') lines.pop()
  if (lines.length === 0) return problems
  let position = 0
  let found = 0
  for (const [i, line] of lines.entries()) {
    const problem: TellProblem = (message) => problems.push({ line: i + 1, position, message })
    const fields = line.trim().split(/\s+/)
    if (i === 0) {
      if (line.trim() !== '0') problem(`version '${shorten(line)}', where only 0 is known`)
    } else if (i > 1) {
      found++
      if (fields.length === fieldCount) entry(fields, problem)
      else problem(`'${shorten(line)}' has ${fields.length} fields, not ${fieldCount}`)
    }
    // Characters beyond ASCII make this a little short; topic names have none.
    position += line.length + 1
  }
  const said = lines[1]?.trim()
  if (said === undefined) problems.push({ line: 1, position: 0, message: 'the number of entries is missing' })
  else if (said !== String(found))
    problems.push({
      line: 2,
      position: lines[0]!.length + 1,
      message: `it says ${shorten(said)} entries, there are ${found}`,
    })
  return problems
}

const isCount = (text: string): boolean => /^\d+$/.test(text) && Number.isSafeInteger(Number(text))

const shorten = (text: string): string => (text.length > 60 ? `${text.slice(0, 60)}…` : text)
