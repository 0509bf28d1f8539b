/** What goes into an append besides the records, and what is known of it afterwards (`LogAppendInfo` of Kafka). */
import type { CheckedRecords } from './checked-records.ts'
import type { BatchMetadata } from './producer-state/producer-entry.ts'
import { NO_TIMESTAMP } from './record/layout.ts'

export interface AppendInfo {
  /**
   * Offset of the first message; -1 (and so the last) if the set held no whole message. Of a follower's set that begins
   * with a wrapper it is the wrapper's, which is that of its last message.
   */
  readonly firstOffset: number
  readonly lastOffset: number
  /** Messages; a wrapper in a follower's set, which is not opened, counts as one. */
  readonly count: number
  /** Bytes appended. */
  readonly bytes: number
  /** Largest timestamp, and the last offset of the first entry that has it; -1 if there is none. */
  readonly maxTimestamp: number
  readonly offsetOfMaxTimestamp: number
  /** The leader's time, if it is that of the messages; -1 otherwise. */
  readonly logAppendTime: number
  /** An idempotent producer sent what the log has already: nothing was written, and the offsets are those it has. */
  readonly isDuplicate?: boolean
}

export interface AppendOptions {
  /**
   * Number the messages from the log end offset on, in a copy, and see to format, time and codec (a leader). Otherwise
   * the bytes stay, and offsets must rise and begin at or after the log end offset (a follower).
   */
  readonly assignOffsets: boolean
  /** Written into batches of format 2 by a leader; -1 if left out. */
  readonly partitionLeaderEpoch?: number
  /** Who sends a leader the set; `client` if left out. */
  readonly origin?: 'client' | 'coordinator'
}

/** A set that held no whole message. */
export const NOTHING_APPENDED: AppendInfo = {
  firstOffset: -1,
  lastOffset: -1,
  count: 0,
  bytes: 0,
  maxTimestamp: NO_TIMESTAMP,
  offsetOfMaxTimestamp: -1,
  logAppendTime: NO_TIMESTAMP,
}

/** @param isStamped the leader has set the time of the records */
export const appendInfoOf = (set: CheckedRecords, isStamped: boolean): AppendInfo => ({
  firstOffset: set.firstOffset,
  lastOffset: set.lastOffset,
  count: set.count,
  bytes: set.bytes.length,
  maxTimestamp: set.maxTimestamp,
  offsetOfMaxTimestamp: set.offsetOfMaxTimestamp,
  logAppendTime: isStamped ? set.maxTimestamp : NO_TIMESTAMP,
})

/** What is told of a batch that was there already. */
export const duplicateInfoOf = ({ lastOffset, offsetDelta, timestamp }: BatchMetadata): AppendInfo => ({
  ...NOTHING_APPENDED,
  firstOffset: lastOffset - offsetDelta,
  lastOffset,
  count: offsetDelta + 1,
  logAppendTime: timestamp,
  isDuplicate: true,
})
