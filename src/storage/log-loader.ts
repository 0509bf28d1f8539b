/**
 * Opening a log from its directory (`loadSegments` and `recoverLog` of `kafka/log/Log.scala`, 0.8.2.2): leftovers are
 * cleared away, segments opened, and after an unclean stop the part from the recovery point on is scanned.
 *
 * One rule is added to Kafka's: after an unclean stop a later segment that does not begin where the one before it ends
 * goes too, with all behind it. A power loss can take a segment's tail exactly at the end of a message; 0.8.2 would keep
 * the hole. A compacted log has holes by right, so there the rule does not hold.
 */
import type { TopicConfig } from '../config/index.ts'
import type { FileSystem, Host } from '../host/index.ts'
import type { TopicPartition } from '../protocol/index.ts'
import { readInt32, readInt64 } from './big-endian.ts'
import { CorruptLogError } from './errors.ts'
import {
  baseOffsetOf,
  CLEANED_SUFFIX,
  DELETED_SUFFIX,
  INDEX_SUFFIX,
  indexFileName,
  join,
  LOG_SUFFIX,
  SWAP_SUFFIX,
} from './file-names.ts'
import { LeaderEpochCache, UNDEFINED_EPOCH } from './leader-epoch-cache.ts'
import { Log, segmentOptions } from './log.ts'
import { type LogFormat, logFormat082 } from './log-format.ts'
import { LogSegment, type SegmentOptions } from './log-segment.ts'
import { isBatch } from './record/entry.ts'
import { LEADER_EPOCH_AT } from './record/layout.ts'
import { deleteSegment } from './segment-deletion.ts'

export interface OpenedLog {
  readonly log: Log
  /** Bytes that recovery cut off or deleted. */
  readonly truncatedBytes: number
}

/**
 * @param options cleanShutdown: the files can be trusted; otherwise they are scanned from `recoveryPoint` on;
 * format: that of 0.8.2 if left out
 * @throws CorruptLogError an index fails its sanity check, or the last offset is beyond what this program can count
 */
export function openLog(
  host: Host,
  directory: string,
  topicPartition: TopicPartition,
  config: TopicConfig,
  options: { readonly recoveryPoint: number; readonly cleanShutdown: boolean; readonly format?: LogFormat },
): OpenedLog {
  const { format = logFormat082 } = options
  host.files.makeDirectory(directory)
  clearLeftovers(host.files, directory)
  const leaderEpochCache =
    format.leaderEpochs === 'none' ? undefined : new LeaderEpochCache(host.files, directory, format.leaderEpochs)
  const segments: LogSegment[] = []
  // Later releases take whatever is whole.
  const maxEntryBytes = format.validation === 'message-set' ? config['max.message.bytes'] : Number.MAX_SAFE_INTEGER
  try {
    let truncatedBytes = openSegments(host, directory, segments, segmentOptions(config, format), maxEntryBytes)
    if (segments.length === 0) {
      segments.push(new LogSegment(host, directory, 0, segmentOptions(config, format)))
    } else {
      if (!options.cleanShutdown) {
        truncatedBytes += recover(
          host,
          directory,
          segments,
          options.recoveryPoint,
          maxEntryBytes,
          leaderEpochCache,
          config,
        )
      }
      segments.at(-1)!.index.grow()
    }
    for (const segment of segments) segment.index.sanityCheck(segment.size)
    const last = segments.at(-1)!
    if (!Number.isSafeInteger(last.nextOffset)) {
      throw new CorruptLogError(last.log.path, last.size, `the last offset is ${last.nextOffset - 1}`)
    }
    leaderEpochCache?.truncateFromEnd(last.nextOffset)
    leaderEpochCache?.truncateFromStart(segments[0]!.baseOffset)
    const recoveryPoint = options.cleanShutdown ? last.nextOffset : options.recoveryPoint
    return {
      log: new Log(host, directory, topicPartition, config, format, { segments, recoveryPoint, leaderEpochCache }),
      truncatedBytes,
    }
  } catch (error) {
    for (const segment of segments) segment.closeFiles()
    throw error
  }
}

/** Removes what a deletion or compaction left behind, finishes a swap, and removes indexes that have no log. */
function clearLeftovers(files: FileSystem, directory: string): void {
  for (const name of files.list(directory)) {
    const path = join(directory, name)
    if (name.endsWith(DELETED_SUFFIX) || name.endsWith(CLEANED_SUFFIX)) {
      files.removeFile(path)
    } else if (name.endsWith(INDEX_SUFFIX + SWAP_SUFFIX)) {
      files.removeFile(path)
    } else if (name.endsWith(LOG_SUFFIX + SWAP_SUFFIX)) {
      const target = path.slice(0, -SWAP_SUFFIX.length)
      removeIfThere(files, target.slice(0, -LOG_SUFFIX.length) + INDEX_SUFFIX)
      files.rename(path, target)
    }
  }
  for (const name of files.list(directory)) {
    if (!name.endsWith(INDEX_SUFFIX)) continue
    const path = join(directory, name)
    if (files.status(path.slice(0, -INDEX_SUFFIX.length) + LOG_SUFFIX) === undefined) files.removeFile(path)
  }
}

/** Opens the segments into `segments`, oldest first; one without index gets it rebuilt. Returns the bytes that this cut. */
function openSegments(
  host: Host,
  directory: string,
  segments: LogSegment[],
  options: SegmentOptions,
  maxEntryBytes: number,
): number {
  let cut = 0
  // Names have equal length, so their order is that of the offsets.
  for (const name of host.files.list(directory)) {
    const baseOffset = baseOffsetOf(name)
    if (baseOffset === undefined) continue
    const hasIndex = host.files.status(join(directory, indexFileName(baseOffset))) !== undefined
    const segment = new LogSegment(host, directory, baseOffset, options)
    segments.push(segment)
    if (!hasIndex) cut += segment.recover(maxEntryBytes)
  }
  return cut
}

/** Scans the segments from the one that holds `recoveryPoint` on; returns the bytes cut off or deleted. */
function recover(
  host: Host,
  directory: string,
  segments: LogSegment[],
  recoveryPoint: number,
  maxEntryBytes: number,
  leaderEpochCache: LeaderEpochCache | undefined,
  config: TopicConfig,
): number {
  const mayHaveHoles = config['cleanup.policy'].includes('compact')
  const visit = leaderEpochCache && ((bytes: Uint8Array, at: number) => noteEpoch(leaderEpochCache, bytes, at))
  let slot = Math.max(
    0,
    segments.findLastIndex((segment) => segment.baseOffset <= recoveryPoint),
  )
  for (; slot < segments.length; slot++) {
    const segment = segments[slot]!
    const cut = segment.recover(maxEntryBytes, visit)
    const follower = segments[slot + 1]
    const isHole = !mayHaveHoles && follower !== undefined && follower.baseOffset !== segment.nextOffset
    if (cut > 0 || isHole) {
      return cut + deleteBehind(host, directory, segments, slot, config['file.delete.delay.ms'])
    }
  }
  return 0
}

/** What the scan finds in the log may be news for the cache: its file is not synced with the log. */
function noteEpoch(cache: LeaderEpochCache, bytes: Uint8Array, at: number): void {
  if (!isBatch(bytes, at)) return
  const epoch = readInt32(bytes, at + LEADER_EPOCH_AT)
  if (epoch > (cache.latestEpoch ?? UNDEFINED_EPOCH)) cache.assign(epoch, readInt64(bytes, at))
}

/** Deletes the segments behind `slot`; returns their bytes. */
function deleteBehind(
  host: Host,
  directory: string,
  segments: LogSegment[],
  slot: number,
  deleteDelayMs: number,
): number {
  let bytes = 0
  while (segments.length > slot + 1) {
    const last = segments.at(-1)!
    bytes += last.size
    deleteSegment(host, directory, last, deleteDelayMs)
    segments.pop()
  }
  return bytes
}

function removeIfThere(files: FileSystem, path: string): void {
  if (files.status(path) !== undefined) files.removeFile(path)
}
