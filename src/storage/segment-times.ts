/**
 * The times of a segment's records, as far as they decide about rolling, retention and lookups by time
 * (`kafka/log/LogSegment.scala`, since 0.10.1).
 */
import type { LogFile } from './log-file.ts'
import { lastOffsetAt, maxTimestampAt } from './record/entry.ts'
import { NO_TIMESTAMP } from './record/layout.ts'
import type { TimeIndex } from './time-index.ts'

export class SegmentTimes {
  private readonly log: LogFile
  private readonly timeIndex: TimeIndex | undefined
  /** Taken from the time index when first needed. */
  private max: number | undefined
  private maxOffset = -1
  /** Of the first append, or of the first entry of a segment that was reopened; undefined if not known. */
  private first: number | undefined

  constructor(log: LogFile, timeIndex: TimeIndex | undefined) {
    this.log = log
    this.timeIndex = timeIndex
  }

  /** Largest timestamp of the records; -1 if none has one. */
  get maxTimestamp(): number {
    if (this.max === undefined) {
      const last = this.timeIndex?.lastEntry
      this.max = last?.timestamp ?? NO_TIMESTAMP
      this.maxOffset = last?.offset ?? -1
    }
    return this.max
  }

  /** Last offset of the entry that had it first. */
  get offsetOfMaxTimestamp(): number {
    return this.maxOffset
  }

  /** Largest timestamp of the first append, which the age of the segment is counted from; -1 if it has none. */
  get firstTimestamp(): number {
    if (this.first === undefined && this.log.size > 0) this.first = this.log.firstTimestamp()
    return this.first ?? NO_TIMESTAMP
  }

  firstAppend(timestamp: number): void {
    this.first = timestamp
  }

  note(timestamp: number, offset: number): void {
    if (timestamp <= this.maxTimestamp) return
    this.max = timestamp
    this.maxOffset = offset
  }

  /** Adds what is known to the time index, if it is news; returns whether it was. */
  index(): boolean {
    return this.timeIndex?.maybeAppend(this.maxTimestamp, this.maxOffset) ?? false
  }

  /** Nothing is known, and nothing is to be looked up: the records are about to be walked. */
  reset(): void {
    this.max = NO_TIMESTAMP
    this.maxOffset = -1
    this.first = undefined
  }

  /**
   * After a cut: the last time index entry, or what a walk finds behind its place.
   * @param from position of the entry that the last time index entry is for, or before it
   */
  reload(from: number): void {
    this.max = undefined
    if (this.log.size === 0) this.first = undefined
    this.log.walkHeaders(from, (bytes, at) => {
      this.note(maxTimestampAt(bytes, at), lastOffsetAt(bytes, at))
      return true
    })
  }
}
