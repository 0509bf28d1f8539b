/**
 * Transaction indexes against the abort markers in the log (formats.md 2.4): each entry belongs to one, and each marker
 * that ended a transaction with records here has one. Where compaction has been, records and markers are gone by right.
 */
import { CompressionError } from '../../compression/codec.ts'
import { LogError } from '../../errors.ts'
import { readControlRecord } from '../../record/control-record.ts'
import type { IndexFile } from '../index-file.ts'
import type { EntryFacts, SegmentCheck } from './entry-facts.ts'
import type { Findings } from './findings.ts'
import { checkShape } from './offset-index-check.ts'

interface AbortMarker {
  readonly producerId: number
  readonly position: number
  /** First record of the transaction; undefined if none was seen. */
  readonly firstOffset: number | undefined
}

/** Follows the transactions of a partition through all its segments. */
export class OpenTransactions {
  private readonly firstOffsets = new Map<number, number>()

  /** The abort marker that the entry is, if it is one. */
  follow({ batch, crcValid, firstOffset, position }: EntryFacts): AbortMarker | undefined {
    if (!batch.isTransactional || !crcValid) return undefined
    const { producerId } = batch
    if (!batch.isControl) {
      if (firstOffset !== undefined && !this.firstOffsets.has(producerId))
        this.firstOffsets.set(producerId, firstOffset)
      return undefined
    }
    const began = this.firstOffsets.get(producerId)
    this.firstOffsets.delete(producerId)
    return isAbort(batch) ? { producerId, position, firstOffset: began } : undefined
  }
}

function isAbort(batch: EntryFacts['batch']): boolean {
  try {
    const [record] = batch.records({ maxBytes: 4096 })
    return record !== undefined && readControlRecord(record).type === 'abort'
  } catch (error) {
    // A marker that cannot be read is told of where records are looked at.
    if (error instanceof LogError || error instanceof CompressionError) return false
    throw error
  }
}

export class TransactionCheck implements SegmentCheck {
  private readonly open: OpenTransactions
  private readonly index: IndexFile | undefined
  private readonly path: string
  private readonly compacted: boolean
  private readonly findings: Findings
  private readonly markers = new Map<number, AbortMarker>()

  /** @param index undefined if the segment has none, which is right where nothing was aborted */
  constructor(
    open: OpenTransactions,
    index: IndexFile | undefined,
    path: string,
    compacted: boolean,
    findings: Findings,
  ) {
    this.open = open
    this.index = index
    this.path = path
    this.compacted = compacted
    this.findings = findings
    if (index !== undefined) checkShape(index, path, 'transaction-index', findings)
  }

  entry(facts: EntryFacts): void {
    const marker = this.open.follow(facts)
    if (marker !== undefined) this.markers.set(facts.lastOffset, marker)
  }

  skipTo(): void {}

  end(_lastOffset: number | undefined, _walkedTo: number, whole: boolean): void {
    const { index, findings, path } = this
    let previous = -1
    for (let slot = 0; slot < (index?.entries ?? 0); slot++) {
      const { version, producerId, firstOffset, lastOffset } = index!.transaction(slot)
      const bad = (message: string): void => {
        const where = { position: index!.positionOf(slot), offset: lastOffset }
        findings.damaged('transaction-index', path, `entry ${slot} ${message}`, where)
      }
      const marker = this.markers.get(lastOffset)
      this.markers.delete(lastOffset)
      if (version !== 0) bad(`has version ${version}`)
      else if (lastOffset <= previous) bad(`does not rise: last offset ${lastOffset} behind ${previous}`)
      else if (firstOffset > lastOffset) bad(`begins at offset ${firstOffset} and ends at ${lastOffset}`)
      else if (whole && !this.compacted) {
        if (marker?.producerId !== producerId) bad(`names no abort marker of producer ${producerId} at ${lastOffset}`)
        else if (marker.firstOffset !== undefined && marker.firstOffset !== firstOffset)
          bad(`begins at offset ${firstOffset}, the transaction at ${marker.firstOffset}`)
      }
      previous = lastOffset
    }
    if (!whole || this.compacted) return
    for (const [offset, { producerId, firstOffset, position }] of this.markers) {
      if (firstOffset === undefined) continue
      const message = `the aborted transaction ${firstOffset}..${offset} of producer ${producerId} (marker at byte ${position} of the log) is missing`
      findings.damaged('transaction-index', path, message, { offset })
    }
  }
}
