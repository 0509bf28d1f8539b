/**
 * An offset index against its log. What must hold is what a lookup relies on: an entry (offset, position) is right if an
 * entry of the log begins at the position and nothing before it reaches the offset. Both conventions of Kafka, first and
 * last offset of what was appended, keep to that (formats.md 2.2).
 */
import type { IndexFile } from '../index-file.ts'
import type { EntryFacts, SegmentCheck } from './entry-facts.ts'
import type { Findings } from './findings.ts'

export class OffsetIndexCheck implements SegmentCheck {
  private readonly index: IndexFile
  private readonly path: string
  private readonly findings: Findings
  private slot = 0
  private wrong = 0
  private highestOffset = -1
  private highestSlot = -1

  constructor(index: IndexFile, path: string, findings: Findings) {
    this.index = index
    this.path = path
    this.findings = findings
    checkShape(index, path, 'index', findings)
  }

  entry({ position, size, lastOffset, previousOffset }: EntryFacts): void {
    const { index } = this
    const end = position + size
    for (; this.slot < index.entries && index.logPosition(this.slot) < end; this.slot++) {
      const [offset, at] = [index.offset(this.slot), index.logPosition(this.slot)]
      if (!this.rises(offset, at)) continue
      if (at !== position) {
        const inside = at > position ? `inside the entry at byte ${position}` : 'where no entry begins'
        this.bad(offset, `points to byte ${at} of the log, ${inside}`)
      } else if (offset <= previousOffset) {
        this.bad(offset, `points to byte ${at} of the log, but offsets up to ${previousOffset} stand before it`)
      } else if (offset > lastOffset && offset > this.highestOffset) {
        // The append may have had several batches: judged at the end of the segment.
        this.highestOffset = offset
        this.highestSlot = this.slot
      }
    }
  }

  skipTo(position: number): void {
    while (this.slot < this.index.entries && this.index.logPosition(this.slot) < position) this.slot++
  }

  end(lastOffset: number | undefined, walkedTo: number, whole: boolean): void {
    if (!whole) return
    const { index } = this
    for (; this.slot < index.entries; this.slot++) {
      const [offset, at] = [index.offset(this.slot), index.logPosition(this.slot)]
      if (this.rises(offset, at)) this.bad(offset, `points to byte ${at}, and the log ends at ${walkedTo}`)
    }
    if (this.highestOffset > (lastOffset ?? -1)) {
      this.slot = this.highestSlot
      const end = lastOffset === undefined ? 'is empty' : `ends with offset ${lastOffset}`
      this.bad(this.highestOffset, `stands for offset ${this.highestOffset}, and the segment ${end}`)
    }
    if (this.wrong > 2 && this.wrong === index.entries) {
      this.findings.note('index', this.path, 'no entry fits: this may be the index of another segment')
    }
  }

  private rises(offset: number, at: number): boolean {
    const { index, slot } = this
    if (slot === 0) {
      if (offset >= index.baseOffset && at >= 0) return true
      this.bad(offset, `is below the segment: offset ${offset}, byte ${at}`)
      return false
    }
    const [lastOffset, lastAt] = [index.offset(slot - 1), index.logPosition(slot - 1)]
    if (offset > lastOffset && at > lastAt) return true
    this.bad(offset, `does not rise: offset ${offset} at byte ${at} behind offset ${lastOffset} at byte ${lastAt}`)
    return false
  }

  private bad(offset: number, message: string): void {
    this.wrong++
    const position = this.index.positionOf(this.slot)
    this.findings.damaged('index', this.path, `entry ${this.slot} ${message}`, { position, offset })
  }
}

/** Whole entries, and nothing but zeros behind them. */
export function checkShape(
  index: IndexFile,
  path: string,
  code: 'index' | 'time-index' | 'transaction-index',
  findings: Findings,
): void {
  const { size, remainder } = index
  if (remainder > 0) {
    const message = `${size} bytes are no whole number of entries: ${remainder} are left over`
    findings.damaged(code, path, message, { position: size - remainder })
  }
  const stray = index.strayByte()
  if (stray >= 0) {
    findings.damaged(code, path, `a byte that is not zero behind the last entry, ${index.entries - 1}`, {
      position: stray,
    })
  }
}
