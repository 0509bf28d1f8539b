/**
 * What lies in a directory: the files of one partition, or a broker's log directory with many. Only names are looked at;
 * nothing is opened.
 */
import type { FileSystem } from '../../host/index.ts'
import type { TopicPartition } from '../../protocol/index.ts'
import { join } from '../file-names.ts'
import { EntryWalk } from './entry-walk.ts'
import {
  EPOCH_CHECKPOINT,
  fileKindOf,
  OFFSET_CHECKPOINTS,
  type OffsetCheckpointName,
  PARTITION_METADATA,
  partitionOf,
  type SegmentFile,
  type SegmentFileKind,
  segmentFileOf,
} from './log-files.ts'

export interface SegmentFiles {
  readonly baseOffset: number
  /** Names of the files that belong to it; a segment without `.log` is an orphan. */
  readonly names: ReadonlyMap<SegmentFileKind, string>
}

export interface PartitionDirectory {
  readonly path: string
  /** Undefined where the directory's name is no partition's. */
  readonly topicPartition: TopicPartition | undefined
  /** By base offset; each has a `.log`. */
  readonly segments: readonly SegmentFiles[]
  /** Index files whose `.log` is missing. */
  readonly orphans: readonly SegmentFile[]
  /** Producer snapshots, by offset; one may stand alone at the log end offset. */
  readonly snapshots: readonly SegmentFile[]
  /** Files with a life cycle suffix. */
  readonly leftovers: readonly SegmentFile[]
  readonly hasEpochs: boolean
  readonly hasMetadata: boolean
  /** Names that mean nothing to a broker. */
  readonly unknown: readonly string[]
}

export interface LogDirectory {
  readonly path: string
  readonly partitions: readonly PartitionDirectory[]
  readonly checkpoints: readonly OffsetCheckpointName[]
  /** Further files with a meaning: `meta.properties`, the marker of a clean shutdown. */
  readonly others: readonly string[]
  readonly unknown: readonly string[]
}

const MAGIC_WINDOW_BYTES = 4096

/** Files of one partition. @throws FileError */
export function readPartitionDirectory(files: FileSystem, path: string): PartitionDirectory {
  const byBase = new Map<number, Map<SegmentFileKind, string>>()
  const all: SegmentFile[] = []
  const unknown: string[] = []
  const names = files.list(path)
  for (const name of names) {
    const file = segmentFileOf(name)
    if (file === undefined) {
      if (fileKindOf(name) === undefined) unknown.push(name)
      continue
    }
    all.push(file)
    if (file.suffix !== undefined || file.kind === 'snapshot') continue
    const segment = byBase.get(file.baseOffset)
    if (segment === undefined) byBase.set(file.baseOffset, new Map([[file.kind, name]]))
    else segment.set(file.kind, name)
  }
  const segments = [...byBase].map(([baseOffset, found]) => ({ baseOffset, names: found }))
  segments.sort((a, b) => a.baseOffset - b.baseOffset)
  const hasLog = (file: SegmentFile): boolean => byBase.get(file.baseOffset)?.has('log') === true
  return {
    path,
    topicPartition: partitionOf(path.slice(path.lastIndexOf('/') + 1)),
    segments: segments.filter(({ names: found }) => found.has('log')),
    orphans: all.filter((file) => file.suffix === undefined && file.kind !== 'snapshot' && !hasLog(file)),
    snapshots: all.filter((file) => file.suffix === undefined && file.kind === 'snapshot'),
    leftovers: all.filter((file) => file.suffix !== undefined),
    hasEpochs: names.includes(EPOCH_CHECKPOINT),
    hasMetadata: names.includes(PARTITION_METADATA),
    unknown,
  }
}

/** True if a directory holds segments, or nothing but is named like a partition's. */
export const isPartitionDirectory = (directory: PartitionDirectory): boolean =>
  directory.segments.length + directory.orphans.length + directory.leftovers.length + directory.snapshots.length > 0 ||
  (directory.topicPartition !== undefined && directory.unknown.length === 0)

/** Format of the first entry of the newest segment that holds one; undefined if there is none that is known. */
export function firstMagicOf(files: FileSystem, { path, segments }: PartitionDirectory): number | undefined {
  for (const { names } of segments.toReversed()) {
    const handle = files.open(join(path, names.get('log')!), { create: false })
    try {
      const walk = new EntryWalk(handle, { windowBytes: MAGIC_WINDOW_BYTES, entryBytesMax: MAGIC_WINDOW_BYTES })
      if (walk.next()) return walk.magic
    } finally {
      handle.close()
    }
  }
  return undefined
}

/** A broker's log directory. Directories in it that are no partitions' are among the unknown. @throws FileError */
export function readLogDirectory(files: FileSystem, path: string): LogDirectory {
  const partitions: PartitionDirectory[] = []
  const checkpoints: OffsetCheckpointName[] = []
  const others: string[] = []
  const unknown: string[] = []
  for (const name of files.list(path)) {
    const checkpoint = OFFSET_CHECKPOINTS.find((known) => known === name)
    if (checkpoint !== undefined) checkpoints.push(checkpoint)
    else if (fileKindOf(name) !== undefined) others.push(name)
    else {
      const partition = partitionAt(files, join(path, name))
      if (partition === undefined) unknown.push(name)
      else partitions.push(partition)
    }
  }
  partitions.sort(byPartition)
  return { path, partitions, checkpoints, others, unknown }
}

function partitionAt(files: FileSystem, path: string): PartitionDirectory | undefined {
  const name = path.slice(path.lastIndexOf('/') + 1)
  if (partitionOf(name) === undefined || files.status(path)?.kind !== 'directory') return undefined
  const directory = readPartitionDirectory(files, path)
  return isPartitionDirectory(directory) ? directory : undefined
}

/** By topic, then partition number. */
function byPartition(a: PartitionDirectory, b: PartitionDirectory): number {
  const [left, right] = [a.topicPartition ?? '', b.topicPartition ?? '']
  const [leftTopic, rightTopic] = [left.slice(0, left.lastIndexOf('-')), right.slice(0, right.lastIndexOf('-'))]
  if (leftTopic !== rightTopic) return leftTopic < rightTopic ? -1 : 1
  return Number(left.slice(leftTopic.length + 1)) - Number(right.slice(rightTopic.length + 1))
}
