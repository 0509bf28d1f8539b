/**
 * A time index against its log: an entry (timestamp, offset) says that no record at or below the offset is later, and that
 * one of them is as late (formats.md 2.3).
 */
import type { IndexFile } from '../index-file.ts'
import type { EntryFacts, SegmentCheck } from './entry-facts.ts'
import type { Findings } from './findings.ts'
import { checkShape } from './offset-index-check.ts'

export class TimeIndexCheck implements SegmentCheck {
  private readonly index: IndexFile
  private readonly path: string
  private readonly findings: Findings
  private slot = 0
  private maxTimestamp = -1
  private maxPosition = -1
  private certain = true

  constructor(index: IndexFile, path: string, findings: Findings) {
    this.index = index
    this.path = path
    this.findings = findings
    checkShape(index, path, 'time-index', findings)
  }

  entry({ position, firstOffset, lastOffset, previousOffset, crcValid, batch }: EntryFacts): void {
    // For offsets that are missing in front of it this entry does not count.
    this.judgeUpTo((firstOffset ?? previousOffset + 1) - 1)
    if (!crcValid) this.certain = false
    else if (batch.maxTimestamp > this.maxTimestamp) {
      this.maxTimestamp = batch.maxTimestamp
      this.maxPosition = position
    }
    this.judgeUpTo(lastOffset)
  }

  skipTo(): void {
    this.certain = false
  }

  end(lastOffset: number | undefined, _walkedTo: number, whole: boolean): void {
    if (!whole) return
    for (; this.slot < this.index.entries; this.slot++) {
      const offset = this.index.offset(this.slot)
      const end = lastOffset === undefined ? 'is empty' : `ends with ${lastOffset}`
      this.bad(`stands for offset ${offset}, and the segment ${end}`)
    }
  }

  private judgeUpTo(offset: number): void {
    const { index } = this
    for (; this.slot < index.entries && index.offset(this.slot) <= offset; this.slot++) this.judge()
  }

  private judge(): void {
    const { index, slot } = this
    const [timestamp, offset] = [index.timestamp(slot), index.offset(slot)]
    if (offset < index.baseOffset) return this.bad(`stands for offset ${offset}, below the segment`)
    if (slot > 0 && (timestamp <= index.timestamp(slot - 1) || offset < index.offset(slot - 1))) {
      const before = `${index.timestamp(slot - 1)} at offset ${index.offset(slot - 1)}`
      return this.bad(`does not rise: ${timestamp} at offset ${offset} behind ${before}`)
    }
    if (timestamp < this.maxTimestamp) {
      const there = `the batch at byte ${this.maxPosition} of the log has ${this.maxTimestamp}`
      return this.bad(`says that nothing up to offset ${offset} is later than ${timestamp}, but ${there}`)
    }
    if (timestamp > this.maxTimestamp && this.certain) {
      const latest = this.maxTimestamp < 0 ? 'none has a timestamp' : `the latest has ${this.maxTimestamp}`
      this.bad(`says ${timestamp} for the batches up to offset ${offset}, of which ${latest}`)
    }
  }

  private bad(message: string): void {
    const { index, slot, path } = this
    const where = { position: index.positionOf(slot), offset: index.offset(slot) }
    this.findings.damaged('time-index', path, `entry ${slot} ${message}`, where)
  }
}
