/** Offsets through all segments of a partition: they rise, and leave none out unless compaction may have been there. */
import type { EntryFacts } from './entry-facts.ts'
import type { Findings } from './findings.ts'

/** Furthest that an offset may lie from its segment's base: an index entry could not say more. */
const RELATIVE_OFFSET_MAX = 0x7fff_ffff

export class OffsetOrder {
  /** Last offset of the entry before; -1 at the start. */
  last = -1
  private readonly compacted: boolean
  private readonly findings: Findings
  private started = false
  private skipped = false

  constructor(compacted: boolean, findings: Findings) {
    this.compacted = compacted
    this.findings = findings
  }

  /** Where the next segment begins by its name. */
  segment(baseOffset: number, logPath: string): void {
    if (!this.started) this.last = baseOffset - 1
    this.started = true
    if (baseOffset <= this.last) {
      const message = `the segment begins at ${baseOffset}, and the one before it reaches offset ${this.last}`
      this.findings.damaged('offset-order', logPath, message, { position: 0, offset: baseOffset })
      this.last = baseOffset - 1
    } else if (baseOffset > this.last + 1) {
      this.hole(baseOffset, logPath, 0)
    }
    this.last = Math.max(this.last, baseOffset - 1)
  }

  /** Bytes were left out: what is missing is known already. */
  skip(): void {
    this.skipped = true
  }

  entry({ firstOffset, lastOffset, position, batch }: EntryFacts, baseOffset: number, logPath: string): void {
    const first = firstOffset ?? lastOffset
    const where = { position, offset: first }
    if (first < baseOffset) {
      this.findings.damaged('offset-order', logPath, `offset ${first} in a segment that begins at ${baseOffset}`, where)
    } else if (lastOffset - baseOffset > RELATIVE_OFFSET_MAX) {
      const message = `offset ${lastOffset} is too far from the segment's base ${baseOffset}`
      this.findings.damaged('offset-order', logPath, message, where)
    } else if (first <= this.last) {
      this.findings.damaged('offset-order', logPath, `offset ${first} comes behind ${this.last}`, where)
    } else if (lastOffset < first) {
      const message = `a batch from offset ${first} to ${lastOffset}`
      this.findings.damaged('offset-order', logPath, message, where)
    } else if (firstOffset !== undefined && first > this.last + 1) {
      this.hole(first, logPath, position)
    }
    const { count, lastOffsetDelta } = batch
    if (batch.magic === 2) {
      if (count! < 0 || count! > lastOffsetDelta + 1)
        this.findings.damaged('records', logPath, `${count} records for the offsets ${first}..${lastOffset}`, where)
      else if (count! <= lastOffsetDelta && !this.compacted)
        this.findings.damaged('hole', logPath, `${count} records for the offsets ${first}..${lastOffset}`, where)
    }
    this.skipped = false
    this.last = lastOffset
  }

  private hole(next: number, logPath: string, position: number): void {
    if (this.compacted || this.skipped) return
    const missing =
      next - this.last - 1 === 1 ? `offset ${this.last + 1} is` : `offsets ${this.last + 1}..${next - 1} are`
    const message = `${missing} missing (a compacted log has such holes: --compacted)`
    this.findings.damaged('hole', logPath, message, { position, offset: this.last + 1 })
  }
}
