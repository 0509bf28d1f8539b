/**
 * `partition.metadata` in a partition's directory (KIP-516, 2.8; `PartitionMetadataFile.scala`, formats.md 2.6): the id of
 * the topic that the log belongs to, which another topic of the same name has not got.
 */
import { type FileSystem, fromUtf8, readFile, utf8 } from '../host/index.ts'
import { replaceFile } from './checkpoint-file.ts'
import { CorruptLogError } from './errors.ts'
import { join, PARTITION_METADATA_FILE } from './file-names.ts'

const FORM = /^version: 0\r?\ntopic_id: ([A-Za-z0-9_-]{22})(?:\r?\n)?$/
const ZERO_UUID = 'A'.repeat(22)

/** The topic's id, as 22 characters; undefined if there is no file. @throws CorruptLogError, FileError */
export function readTopicId(files: FileSystem, directory: string): string | undefined {
  const path = join(directory, PARTITION_METADATA_FILE)
  if (files.status(path) === undefined) return undefined
  const id = FORM.exec(fromUtf8(readFile(files, path)))?.[1]
  if (id === undefined || id === ZERO_UUID) throw new CorruptLogError(path, 0, 'it names no topic id')
  return id
}

/** @throws FileError */
export function writeTopicId(files: FileSystem, directory: string, id: string): void {
  replaceFile(files, join(directory, PARTITION_METADATA_FILE), utf8(`version: 0\ntopic_id: ${id}`))
}
