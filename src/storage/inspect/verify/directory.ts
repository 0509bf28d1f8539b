/** A broker's log directory: its partitions, and its checkpoints against what the logs hold (formats.md 2.6). */
import { FileError, type FileSystem } from '../../../host/index.ts'
import type { TopicPartition } from '../../../protocol/index.ts'
import { join } from '../../file-names.ts'
import type { LogDirectory, PartitionDirectory } from '../log-directory.ts'
import { CLEAN_SHUTDOWN, META_PROPERTIES, type OffsetCheckpointName } from '../log-files.ts'
import { type OffsetEntries, parseOffsets, parseProperties, readText } from '../text-files.ts'
import type { Findings } from './findings.ts'
import { type PartitionSummary, verifyPartition } from './partition.ts'
import type { VerifyOptions } from './segment.ts'

/** What the checkpoints of a log directory say. */
export type Checkpoints = ReadonlyMap<OffsetCheckpointName, OffsetEntries>

export interface DirectoryCallbacks {
  /** A partition is done. */
  partition(summary: PartitionSummary): void
  /** A partition's files cannot be read. */
  unreadable(partition: PartitionDirectory, error: FileError): void
}

export function verifyLogDirectory(
  files: FileSystem,
  directory: LogDirectory,
  options: VerifyOptions,
  findings: Findings,
  callbacks: DirectoryCallbacks,
): void {
  const checkpoints = readCheckpoints(files, directory, findings)
  const cleaned = checkpoints.get('cleaner-offset-checkpoint')?.entries
  const found = new Map<TopicPartition, PartitionSummary>()
  for (const partition of directory.partitions) {
    const name = partition.path.slice(partition.path.lastIndexOf('/') + 1)
    if (name !== partition.topicPartition) {
      findings.note('leftover', partition.path, 'a partition on its way in or out: not looked into')
      continue
    }
    try {
      const compacted = options.compacted || cleaned?.has(name) === true
      const summary = verifyPartition(files, partition, { ...options, compacted }, findings)
      found.set(name, summary)
      callbacks.partition(summary)
    } catch (error) {
      if (!(error instanceof FileError)) throw error
      callbacks.unreadable(partition, error)
    }
  }
  const known = new Set(directory.partitions.map(({ topicPartition }) => topicPartition))
  for (const [checkpoint, entries] of checkpoints)
    checkOffsets(join(directory.path, checkpoint), checkpoint, entries, found, known, findings)
  checkOthers(files, directory, findings)
}

/** Reads the checkpoints that there are; what is wrong with them is told. */
export function readCheckpoints(files: FileSystem, directory: LogDirectory, findings: Findings): Checkpoints {
  const checkpoints = new Map<OffsetCheckpointName, OffsetEntries>()
  for (const name of directory.checkpoints) {
    const path = join(directory.path, name)
    const text = readText(files, path)
    if (typeof text !== 'string') {
      findings.damaged('checkpoint', path, text.message)
      continue
    }
    const entries = parseOffsets(text)
    checkpoints.set(name, entries)
    for (const { line, position, message } of entries.problems)
      findings.damaged('checkpoint', path, `line ${line}: ${message}`, { position })
  }
  return checkpoints
}

/** What an entry of a checkpoint may not be above, and what it is called. */
const meanings: Readonly<Record<OffsetCheckpointName, string>> = {
  'recovery-point-offset-checkpoint': 'recovery point',
  'replication-offset-checkpoint': 'high watermark',
  'log-start-offset-checkpoint': 'log start offset',
  'cleaner-offset-checkpoint': 'first dirty offset',
}

function checkOffsets(
  path: string,
  checkpoint: OffsetCheckpointName,
  { entries }: OffsetEntries,
  found: ReadonlyMap<TopicPartition, PartitionSummary>,
  known: ReadonlySet<TopicPartition | undefined>,
  findings: Findings,
): void {
  const what = meanings[checkpoint]
  for (const [tp, offset] of entries) {
    const log = found.get(tp)
    if (log === undefined) {
      if (!known.has(tp)) findings.note('checkpoint', path, `${what} ${offset} of ${tp}, which is not here`)
    } else if (offset > log.logEndOffset) {
      const message = `${what} ${offset} of ${tp} is behind its log end offset ${log.logEndOffset}`
      findings.damaged('checkpoint', path, message, { offset })
    } else if (checkpoint === 'log-start-offset-checkpoint' && offset < log.logStartOffset) {
      const message = `${what} ${offset} of ${tp} is below its first segment, ${log.logStartOffset}`
      findings.note('checkpoint', path, message, { offset })
    }
  }
}

function checkOthers(files: FileSystem, { path, others, unknown }: LogDirectory, findings: Findings): void {
  if (others.includes(META_PROPERTIES)) checkMeta(files, join(path, META_PROPERTIES), findings)
  if (!others.includes(CLEAN_SHUTDOWN)) {
    const message = 'no mark of a clean shutdown: a broker runs on it, or the next start scans its logs'
    findings.note('unclean-shutdown', join(path, CLEAN_SHUTDOWN), message)
  }
  for (const name of unknown)
    if (name !== '.lock') findings.note('leftover', join(path, name), 'neither a partition nor a checkpoint')
}

function checkMeta(files: FileSystem, path: string, findings: Findings): void {
  const text = readText(files, path)
  const properties = typeof text === 'string' ? parseProperties(text) : new Map<string, string>()
  const version = properties.get('version')
  const name = version === '1' ? 'node.id' : 'broker.id'
  const id = properties.get(name)
  if (version !== '0' && version !== '1')
    findings.damaged('properties', path, `version '${(version ?? '').slice(0, 40)}', where 0 and 1 are known`)
  else if (id !== undefined && !/^\d+$/.test(id))
    findings.damaged('properties', path, `${name} '${id.slice(0, 40)}' is no number`)
}
