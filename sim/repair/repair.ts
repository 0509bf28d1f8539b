/**
 * Recovery of logs from outside: the engine's own, run on a directory that no broker has open. On an overlay it shows what
 * the next start of a broker would do; on the files themselves it does it.
 */
import { configValues, type TopicConfig, topicConfigTable } from '../../src/config/index.ts'
import { FileError, type FileSystem, type Micros } from '../../src/host/index.ts'
import {
  allCodecs,
  LogError,
  type LogFormat,
  logFormat21,
  logFormat010,
  logFormat082,
  OffsetCheckpoint,
  openLog,
} from '../../src/storage/index.ts'
import {
  firstMagicOf,
  isCompactedTopic,
  type PartitionDirectory,
  readPartitionDirectory,
} from '../../src/storage/inspect/index.ts'
import { RecoveryHost } from './recovery-host.ts'

export interface RepairOptions {
  /** Scan every segment, not only what was not known to be flushed; also where a clean shutdown left its mark. */
  readonly all: boolean
  /** Holes in the offsets are right. */
  readonly compacted: boolean
  /** Of the broker whose logs they are; without them Kafka's defaults, and messages of any size are taken. */
  readonly settings?: TopicConfig
  /** For whatever is stamped with a time. */
  readonly nowUs: Micros
}

export interface RepairedLog {
  readonly partition: string
  readonly path: string
  /** Where its scan began; undefined if the mark of a clean shutdown spared it. */
  readonly scannedFrom: number | undefined
  readonly truncatedBytes: number
  readonly logStartOffset: number
  readonly logEndOffset: number
  /** Why a broker would refuse to start on it; the other numbers then mean nothing. */
  readonly refused?: string
}

const RECOVERY_POINTS = 'recovery-point-offset-checkpoint'
const HIGH_WATERMARKS = 'replication-offset-checkpoint'
const FIRST_DIRTY = 'cleaner-offset-checkpoint'
const CLEAN_SHUTDOWN = '.kafka_cleanshutdown'

/**
 * Recovers partitions of the log directory that is the root of `files`.
 * @param names directories of partitions
 * @throws FileError
 */
export function repairLogs(files: FileSystem, names: readonly string[], options: RepairOptions): RepairedLog[] {
  const recoveryPoints = readOffsets(files, RECOVERY_POINTS)
  const highWatermarks = readOffsets(files, HIGH_WATERMARKS)
  const compacted = readOffsets(files, FIRST_DIRTY)
  const cleanShutdown = files.status(CLEAN_SHUTDOWN) !== undefined && !options.all
  const repaired: RepairedLog[] = []
  for (const name of names) {
    const scannedFrom = cleanShutdown ? undefined : options.all ? 0 : (recoveryPoints?.get(name) ?? 0)
    const mayHaveHoles = options.compacted || compacted?.has(name) === true || isCompactedTopic(name)
    const log = repairLog(files, name, scannedFrom, mayHaveHoles, options)
    repaired.push(log)
    if (log.refused !== undefined) continue
    // What a broker does when it has loaded its logs: no checkpoint may reach behind them.
    for (const offsets of [recoveryPoints, highWatermarks]) {
      if ((offsets?.get(name) ?? 0) > log.logEndOffset) offsets!.set(name, log.logEndOffset)
    }
  }
  writeIfChanged(files, RECOVERY_POINTS, recoveryPoints)
  writeIfChanged(files, HIGH_WATERMARKS, highWatermarks)
  return repaired
}

function repairLog(
  files: FileSystem,
  name: string,
  scannedFrom: number | undefined,
  compacted: boolean,
  { nowUs, settings }: RepairOptions,
): RepairedLog {
  const directory = readPartitionDirectory(files, name)
  const host = new RecoveryHost(files, nowUs)
  const config = configValues(topicConfigTable, settings ?? {}, compacted ? { 'cleanup.policy': 'compact' } : {})
  const common = { partition: directory.topicPartition ?? name, path: name, scannedFrom }
  try {
    const { log, truncatedBytes } = openLog(host, name, common.partition, config, {
      recoveryPoint: scannedFrom ?? 0,
      cleanShutdown: scannedFrom === undefined,
      format: formatFor(files, directory, settings !== undefined),
    })
    const { logStartOffset, logEndOffset } = log
    log.flush()
    log.close()
    host.runTimers()
    return { ...common, truncatedBytes, logStartOffset, logEndOffset }
  } catch (error) {
    if (!(error instanceof LogError)) throw error
    return { ...common, truncatedBytes: 0, logStartOffset: 0, logEndOffset: 0, refused: error.message }
  }
}

/**
 * Conventions of the release that wrote the log, as far as its format shows which one that was; without the oversights of
 * some releases at their start.
 */
function formatFor(files: FileSystem, directory: PartitionDirectory, isStrict: boolean): LogFormat {
  const magic = firstMagicOf(files, directory)
  if (magic === 2) return { ...logFormat21, upkeep: 'broken-index-is-rebuilt' }
  const format: LogFormat = {
    ...(magic === 1 ? logFormat010 : logFormat082),
    interruptedSwap: 'takes-its-own',
    codecs: allCodecs,
  }
  // Whatever size a message has: nobody said what the broker allowed.
  return isStrict ? format : { ...format, validation: 'records' }
}

/** Undefined if the file is missing, or cannot be understood: a broker would not start on it, and this is not our part. */
function readOffsets(files: FileSystem, name: string): Map<string, number> | undefined {
  if (files.status(name) === undefined) return undefined
  try {
    return new OffsetCheckpoint(files, name).read()
  } catch (error) {
    if (error instanceof LogError || error instanceof FileError) return undefined
    throw error
  }
}

function writeIfChanged(files: FileSystem, name: string, offsets: ReadonlyMap<string, number> | undefined): void {
  if (offsets === undefined) return
  const before = readOffsets(files, name)
  const changed = [...offsets].some(([tp, offset]) => before?.get(tp) !== offset)
  if (changed) new OffsetCheckpoint(files, name).write(offsets)
}
