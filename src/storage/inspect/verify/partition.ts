/** All files of one partition, checked each for itself and against the others. */
import type { FileSystem } from '../../../host/index.ts'
import { join } from '../../file-names.ts'
import type { PartitionDirectory } from '../log-directory.ts'
import { EPOCH_CHECKPOINT, isCompactedTopic, PARTITION_METADATA, segmentFileName, segmentFileOf } from '../log-files.ts'
import { readSnapshot } from '../snapshot-file.ts'
import { type EpochEntry, parseEpochs, parseProperties, readText } from '../text-files.ts'
import { EpochCheck } from './epoch-check.ts'
import type { Findings } from './findings.ts'
import { OffsetOrder } from './offset-order.ts'
import { type VerifyOptions, verifySegment } from './segment.ts'
import { type NamedSnapshot, SnapshotCheck } from './snapshot-check.ts'
import { OpenTransactions } from './transaction-check.ts'

export interface PartitionSummary {
  readonly path: string
  readonly partition: string | undefined
  readonly segments: number
  /** Batches, or messages of formats 0 and 1. */
  readonly entries: number
  /** Of all `.log` files. */
  readonly bytes: number
  readonly logStartOffset: number
  readonly logEndOffset: number
  readonly compacted: boolean
  /** Things that are wrong. */
  readonly damage: number
}

export function verifyPartition(
  files: FileSystem,
  partition: PartitionDirectory,
  given: VerifyOptions,
  findings: Findings,
): PartitionSummary {
  const { path, segments } = partition
  const before = findings.damage
  const compacted =
    given.compacted ||
    isCompactedTopic(partition.topicPartition ?? '') ||
    partition.leftovers.some(({ suffix }) => suffix !== '.deleted')
  const options = { ...given, compacted }
  const epochPath = join(path, EPOCH_CHECKPOINT)
  const epochs = partition.hasEpochs ? readEpochs(files, epochPath, findings) : undefined
  const order = new OffsetOrder(compacted, findings)
  const state = {
    order,
    epochs: new EpochCheck(epochs, epochPath, findings),
    snapshots: new SnapshotCheck(snapshotsOf(files, partition), compacted, findings),
    transactions: new OpenTransactions(),
  }
  checkNames(partition, findings)
  if (partition.hasMetadata) checkMetadata(files, join(path, PARTITION_METADATA), findings)
  let entries = 0
  let bytes = 0
  let whole = true
  for (const segment of segments) {
    const summary = verifySegment(files, path, segment, state, options, findings)
    entries += summary.entries
    bytes += summary.bytes
    whole &&= summary.whole
  }
  const logEndOffset = segments.length === 0 ? 0 : order.last + 1
  state.snapshots.end(logEndOffset, whole)
  if (whole) state.epochs.end(logEndOffset)
  return {
    path,
    partition: partition.topicPartition,
    segments: segments.length,
    entries,
    bytes,
    logStartOffset: segments[0]?.baseOffset ?? 0,
    logEndOffset,
    compacted,
    damage: findings.damage - before,
  }
}

function checkNames({ path, segments, orphans, leftovers, unknown }: PartitionDirectory, findings: Findings): void {
  const withTimes = segments.some(({ names }) => names.has('timeindex'))
  for (const { baseOffset, names } of segments) {
    for (const kind of withTimes ? (['index', 'timeindex'] as const) : (['index'] as const)) {
      if (names.has(kind)) continue
      const message = 'the file is missing: the next start of a broker builds it anew'
      findings.damaged('missing-file', join(path, segmentFileName(baseOffset, kind)), message)
    }
  }
  for (const { name } of orphans)
    findings.note('leftover', join(path, name), 'there is no .log for it: the next start of a broker removes it')
  for (const { name, suffix } of leftovers) {
    const what =
      suffix === '.swap'
        ? 'a compaction was being put in its place: the next start of a broker finishes that'
        : `${suffix === '.deleted' ? 'given up' : 'an unfinished compaction'}: the next start of a broker removes it`
    findings.note('leftover', join(path, name), what)
  }
  for (const name of unknown) findings.note('leftover', join(path, name), 'not a file of a log')
}

function snapshotsOf(files: FileSystem, { path, snapshots }: PartitionDirectory): NamedSnapshot[] {
  return snapshots.map(({ name, baseOffset }) => ({
    offset: baseOffset,
    path: join(path, name),
    read() {
      const handle = files.open(join(path, name), { create: false })
      try {
        return readSnapshot(handle)
      } finally {
        handle.close()
      }
    },
  }))
}

function readEpochs(files: FileSystem, path: string, findings: Findings): readonly EpochEntry[] | undefined {
  const text = readText(files, path)
  if (typeof text !== 'string') {
    findings.damaged('leader-epochs', path, text.message)
    return undefined
  }
  const { entries, problems } = parseEpochs(text)
  for (const { line, position, message } of problems)
    findings.damaged('leader-epochs', path, `line ${line}: ${message}`, { position })
  return problems.length === 0 ? entries : undefined
}

function checkMetadata(files: FileSystem, path: string, findings: Findings): void {
  const text = readText(files, path)
  const properties = typeof text === 'string' ? parseProperties(text) : new Map<string, string>()
  const [version, id] = [properties.get('version'), properties.get('topic_id')]
  if (version !== '0') findings.damaged('properties', path, `version '${version ?? ''}', where only 0 is known`)
  if (id === undefined || !/^[\w-]{22}$/.test(id) || /^A{22}$/.test(id))
    findings.damaged('properties', path, `'${(id ?? '').slice(0, 40)}' is no topic id`)
}

/** One `.log` file for itself, without what lies beside it. */
export function verifyFile(
  files: FileSystem,
  path: string,
  options: VerifyOptions,
  findings: Findings,
): PartitionSummary {
  const cut = path.lastIndexOf('/')
  const name = path.slice(cut + 1)
  const segment = { baseOffset: segmentFileOf(name)?.baseOffset ?? 0, names: new Map([['log' as const, name]]) }
  const directory = cut < 0 ? '' : path.slice(0, cut)
  const before = findings.damage
  const order = new OffsetOrder(options.compacted, findings)
  const state = {
    order,
    epochs: new EpochCheck(undefined, '', findings),
    snapshots: new SnapshotCheck([], options.compacted, findings),
    transactions: undefined,
  }
  const { entries, bytes } = verifySegment(files, directory, segment, state, options, findings)
  return {
    path,
    partition: undefined,
    segments: 1,
    entries,
    bytes,
    logStartOffset: segment.baseOffset,
    logEndOffset: order.last + 1,
    compacted: options.compacted,
    damage: findings.damage - before,
  }
}
