/**
 * Text files with an offset for each partition (`kafka/server/OffsetCheckpoint.scala`, 0.8.2.2; formats.md 2.6): a line
 * `topic partition offset` for each.
 */
import type { FileSystem } from '../host/index.ts'
import { splitTopicPartition, type TopicPartition, topicPartition } from '../protocol/index.ts'
import { isCount, readCheckpoint, writeCheckpoint } from './checkpoint-file.ts'
import { CorruptLogError } from './errors.ts'

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
    for (const fields of readCheckpoint(this.files, this.path)) {
      const [topic, partition, offset, ...rest] = fields
      if (topic === undefined || !isCount(partition) || !isCount(offset) || rest.length > 0) {
        throw this.corrupt(`line '${fields.join(' ').slice(0, 80)}'`)
      }
      const tp = topicPartition(topic, Number(partition))
      if (entries.has(tp)) throw this.corrupt(`two entries of ${tp}`)
      entries.set(tp, Number(offset))
    }
    return entries
  }

  /** Replaces the file's content at once: whoever reads it finds the old or the new one, never half of either. */
  write(entries: ReadonlyMap<TopicPartition, number>): void {
    const lines: string[] = []
    for (const [tp, offset] of entries) {
      const { topic, partition } = splitTopicPartition(tp)
      lines.push(`${topic} ${partition} ${offset}`)
    }
    writeCheckpoint(this.files, this.path, lines)
  }

  private corrupt(detail: string): CorruptLogError {
    return new CorruptLogError(this.path, 0, detail)
  }
}
