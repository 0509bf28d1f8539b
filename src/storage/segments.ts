/** The segments of a log in the order of their base offsets: one at least once the log is open, the last one active. */
import type { LogSegment } from './log-segment.ts'

export class Segments {
  private readonly row: LogSegment[]

  constructor(row: readonly LogSegment[]) {
    this.row = [...row]
  }

  get all(): readonly LogSegment[] {
    return this.row
  }

  get count(): number {
    return this.row.length
  }

  get first(): LogSegment {
    return this.row[0]!
  }

  /** The segment that takes appends. */
  get active(): LogSegment {
    return this.row[this.row.length - 1]!
  }

  at(slot: number): LogSegment {
    return this.row[slot]!
  }

  /** Slot of the segment with the largest base offset at or below `offset`, or -1. */
  slotOf(offset: number): number {
    let low = -1
    let high = this.row.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if (this.row[middle]!.baseOffset <= offset) low = middle
      else high = middle - 1
    }
    return low
  }

  has(segment: LogSegment): boolean {
    return this.row[this.slotOf(segment.baseOffset)] === segment
  }

  /** Puts a segment in its place; one with the same base offset gives way. */
  put(segment: LogSegment): void {
    const slot = this.slotOf(segment.baseOffset)
    if (slot >= 0 && this.row[slot]!.baseOffset === segment.baseOffset) this.row[slot] = segment
    else this.row.splice(slot + 1, 0, segment)
  }

  remove(segment: LogSegment): void {
    const slot = this.slotOf(segment.baseOffset)
    if (this.row[slot] === segment) this.row.splice(slot, 1)
  }
}
