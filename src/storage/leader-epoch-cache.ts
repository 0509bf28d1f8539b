/**
 * Which leader epochs wrote a log, and the offset that each began at (`kafka/server/epoch/LeaderEpochFileCache.scala`,
 * 0.11 to 2.4; KIP-101, KIP-279). Epochs and start offsets both rise. Every change is in the file
 * `leader-epoch-checkpoint` of the partition's directory when the method returns.
 */
import { type Digest, type FileSystem, invariant } from '../host/index.ts'
import { readInt32, readInt64 } from './big-endian.ts'
import { isCount, readCheckpoint, writeCheckpoint } from './checkpoint-file.ts'
import { CorruptLogError } from './errors.ts'
import { join, LEADER_EPOCH_CHECKPOINT_FILE } from './file-names.ts'
import { isBatch } from './record/entry.ts'
import { ENTRY_OVERHEAD, LEADER_EPOCH_AT, SIZE_AT } from './record/layout.ts'

/**
 * What changed from release to release.
 * - `kip-101` (0.11 to 1.1): an assignment that does not rise is passed over; the answer for an epoch is the start of the
 *   next larger one, whichever the asked one was.
 * - `kip-279` (2.0.0): the answer also says which epoch it is for, the largest one at or below the one asked for.
 * - `latest-wins` (KAFKA-7415, 2.0.1 and 2.1): an assignment removes the entries that it contradicts; an epoch below all
 *   that are known ends where the first of them begins. A recovery that scans the log passes over epoch 0 (KAFKA-10432).
 * - `latest-wins-cut-at-end` (KAFKA-10706, 2.7): the same, but for that, and a truncation to the very end of the log, which
 *   cuts off no record, removes epochs that began there.
 */
export type LeaderEpochRules = 'kip-101' | 'kip-279' | 'latest-wins' | 'latest-wins-cut-at-end'

export interface EpochEntry {
  readonly epoch: number
  /** Offset of the epoch's first record; or, as a new leader says it, its log end offset at the time. */
  readonly startOffset: number
}

export interface EpochEndOffset {
  readonly epoch: number
  /** Offset right behind the last record of the epoch. */
  readonly endOffset: number
}

/** Stands for "no such epoch" and "no such offset" in requests and answers. */
export const UNDEFINED_EPOCH = -1
export const UNDEFINED_EPOCH_OFFSET = -1
/** The answer where nothing is known. */
export const UNDEFINED_EPOCH_END: EpochEndOffset = { epoch: UNDEFINED_EPOCH, endOffset: UNDEFINED_EPOCH_OFFSET }

export class LeaderEpochCache {
  readonly path: string
  readonly rules: LeaderEpochRules
  private readonly files: FileSystem
  private row: EpochEntry[]

  /** Reads the file; makes an empty one if there is none. @throws CorruptLogError, FileError */
  constructor(files: FileSystem, directory: string, rules: LeaderEpochRules) {
    this.files = files
    this.path = join(directory, LEADER_EPOCH_CHECKPOINT_FILE)
    this.rules = rules
    if (files.status(this.path) === undefined) files.open(this.path, { create: true }).close()
    this.row = readLeaderEpochs(files, this.path)
  }

  /** From the oldest to the latest. */
  get entries(): readonly EpochEntry[] {
    return this.row
  }

  /** The latest epoch that wrote, or undefined if none is known. */
  get latestEpoch(): number | undefined {
    return this.row.at(-1)?.epoch
  }

  private get latestWins(): boolean {
    return this.rules === 'latest-wins' || this.rules === 'latest-wins-cut-at-end'
  }

  /** Notes that `epoch` begins at `startOffset`. No effect if it is the latest one already. */
  assign(epoch: number, startOffset: number): void {
    invariant(epoch >= 0 && startOffset >= 0, () => `${this.path}: epoch ${epoch} at ${startOffset}`)
    const latest = this.row[this.row.length - 1]
    if (latest === undefined) {
      this.row.push({ epoch, startOffset })
    } else if (!this.latestWins) {
      if (epoch <= latest.epoch || startOffset < latest.startOffset) return
      this.row.push({ epoch, startOffset })
    } else {
      if (latest.epoch === epoch && startOffset >= latest.startOffset) return
      this.row = this.row.filter((entry) => entry.epoch < epoch && entry.startOffset < startOffset)
      this.row.push({ epoch, startOffset })
    }
    this.flush()
  }

  /**
   * Where the asked epoch ended in this log, which is what a leader tells its followers.
   * @param logEndOffset end of the latest epoch
   * @returns UNDEFINED_EPOCH_END if nothing can be said
   */
  endOffsetFor(requestedEpoch: number, logEndOffset: number): EpochEndOffset {
    const latest = this.latestEpoch
    if (requestedEpoch === UNDEFINED_EPOCH || latest === undefined) return UNDEFINED_EPOCH_END
    if (requestedEpoch === latest) return { epoch: requestedEpoch, endOffset: logEndOffset }
    const next = this.row.findIndex((entry) => entry.epoch > requestedEpoch)
    if (next < 0) return UNDEFINED_EPOCH_END
    const endOffset = this.row[next]!.startOffset
    if (next === 0) return this.latestWins ? { epoch: requestedEpoch, endOffset } : UNDEFINED_EPOCH_END
    return { epoch: this.rules === 'kip-101' ? requestedEpoch : this.row[next - 1]!.epoch, endOffset }
  }

  /** The log ends at `endOffset` now: epochs that began at or above are gone. */
  truncateFromEnd(endOffset: number): void {
    const latest = this.row.at(-1)
    if (endOffset < 0 || latest === undefined || latest.startOffset < endOffset) return
    this.row = this.row.filter((entry) => entry.startOffset < endOffset)
    this.flush()
  }

  /** The log was to be cut back to its very end. */
  truncatedAtEnd(logEndOffset: number): void {
    if (this.rules === 'latest-wins-cut-at-end') this.truncateFromEnd(logEndOffset)
  }

  /** The log begins at `startOffset` now: of the epochs that began at or below, the latest one begins there. */
  truncateFromStart(startOffset: number): void {
    const last = this.row.findLastIndex((entry) => entry.startOffset <= startOffset)
    if (last < 0) return
    const { epoch, startOffset: previous } = this.row[last]!
    if (last === 0 && previous === startOffset) return
    this.row = [{ epoch, startOffset }, ...this.row.slice(last + 1)]
    this.flush()
  }

  /** Forgets all epochs. */
  clear(): void {
    this.row = []
    this.flush()
  }

  digest(digest: Digest): void {
    digest.int(this.row.length)
    for (const { epoch, startOffset } of this.row) digest.int(epoch).int(startOffset)
  }

  private flush(): void {
    const lines = this.row.map(({ epoch, startOffset }) => `${epoch} ${startOffset}`)
    writeCheckpoint(this.files, this.path, lines)
  }
}

/**
 * The entries of a `leader-epoch-checkpoint`; none if it is missing or empty.
 * @throws CorruptLogError a line that is no entry, or that does not rise; FileError
 */
export function readLeaderEpochs(files: FileSystem, path: string): EpochEntry[] {
  const entries: EpochEntry[] = []
  for (const fields of readCheckpoint(files, path)) {
    const [epoch, startOffset, ...rest] = fields
    if (!isCount(epoch) || !isCount(startOffset) || rest.length > 0) {
      throw new CorruptLogError(path, 0, `line '${fields.join(' ').slice(0, 80)}'`)
    }
    const entry = { epoch: Number(epoch), startOffset: Number(startOffset) }
    const before = entries.at(-1)
    if (before !== undefined && (entry.epoch <= before.epoch || entry.startOffset < before.startOffset)) {
      throw new CorruptLogError(path, 0, `epoch ${epoch} at ${startOffset} behind epoch ${before.epoch}`)
    }
    entries.push(entry)
  }
  return entries
}

/** Notes the epochs that a leader has stamped into a set that is about to be appended; whole entries only. */
export function assignEpochsOf(cache: LeaderEpochCache, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; at += ENTRY_OVERHEAD + readInt32(bytes, at + SIZE_AT)) {
    if (!isBatch(bytes, at)) continue
    const epoch = readInt32(bytes, at + LEADER_EPOCH_AT)
    // Written where nobody leads: by tools and tests.
    if (epoch >= 0 && epoch !== cache.latestEpoch) cache.assign(epoch, readInt64(bytes, at))
  }
}
