/**
 * Text files with an offset for each partition (`kafka/server/OffsetCheckpoint.scala`, 0.8.2.2; formats.md 2.6):
 * version 0, the number of entries, then a line `topic partition offset` for each.
 */
import { type FileSystem, fromUtf8, readFile, utf8 } from '../host/index.ts'
import { splitTopicPartition, type TopicPartition, topicPartition } from '../protocol/index.ts'
import { CorruptLogError } from './errors.ts'

const VERSION = '0'

export class OffsetCheckpoint {
  readonly path: string
  private readonly files: FileSystem

  constructor(files: FileSystem, path: string) {
    this.files = files
    this.path = path
  }

  /**
   * The entries; none if the file is missing or empty.
   * @throws CorruptLogError if the file is not one that `write` makes, FileError
   */
  read(): Map<TopicPartition, number> {
    const entries = new Map<TopicPartition, number>()
    if (this.files.status(this.path) === undefined) return entries
    const bytes = readFile(this.files, this.path)
    const lines = fromUtf8(bytes).split('\n')
    if (lines.at(-1) === '') lines.pop()
    if (lines.length === 0) return entries
    if (lines[0]!.trim() !== VERSION) throw this.corrupt(`version '${lines[0]!.slice(0, 20)}'`)
    if (lines.length === 1) return entries
    for (const line of lines.slice(2)) {
      const [topic, partition, offset, ...rest] = line.split(/\s+/)
      if (topic === undefined || !isCount(partition) || !isCount(offset) || rest.length > 0) {
        throw this.corrupt(`line '${line.slice(0, 80)}'`)
      }
      entries.set(topicPartition(topic, Number(partition)), Number(offset))
    }
    if (String(entries.size) !== lines[1]!.trim()) {
      throw this.corrupt(`${entries.size} entries where line 2 says '${lines[1]!.slice(0, 20)}'`)
    }
    return entries
  }

  /** Replaces the file's content at once: whoever reads it finds the old or the new one, never half of either. */
  write(entries: ReadonlyMap<TopicPartition, number>): void {
    let text = `${VERSION}\n${entries.size}\n`
    for (const [tp, offset] of entries) {
      const { topic, partition } = splitTopicPartition(tp)
      text += `${topic} ${partition} ${offset}\n`
    }
    const temporary = `${this.path}.tmp`
    const handle = this.files.open(temporary, { create: true })
    try {
      handle.truncate(0)
      handle.write(0, utf8(text))
      handle.sync()
    } finally {
      handle.close()
    }
    this.files.rename(temporary, this.path)
  }

  private corrupt(detail: string): CorruptLogError {
    return new CorruptLogError(this.path, 0, detail)
  }
}

const isCount = (text: string | undefined): text is string =>
  text !== undefined && /^\d+$/.test(text) && Number.isSafeInteger(Number(text))
