/**
 * Producer snapshots against the batches in front of them (formats.md 2.5). A snapshot may lack producers that have
 * expired, and know some whose batches are deleted; where both know a producer's epoch they must agree.
 */
import type { SnapshotFile } from '../snapshot-file.ts'
import type { EntryFacts } from './entry-facts.ts'
import type { Findings } from './findings.ts'

export interface NamedSnapshot {
  /** It covers what is below. */
  readonly offset: number
  readonly path: string
  /** Read when the walk gets there. */
  read(): SnapshotFile
}

interface LastBatch {
  readonly producerEpoch: number
  readonly lastSequence: number
  readonly lastOffset: number
}

export class SnapshotCheck {
  private readonly snapshots: readonly NamedSnapshot[]
  private readonly compacted: boolean
  private readonly findings: Findings
  private readonly producers = new Map<number, LastBatch>()
  private next = 0
  private firstOffset: number | undefined
  private certain = true

  /** @param snapshots by offset */
  constructor(snapshots: readonly NamedSnapshot[], compacted: boolean, findings: Findings) {
    this.snapshots = snapshots
    this.compacted = compacted
    this.findings = findings
  }

  entry({ batch, crcValid, firstOffset, lastOffset }: EntryFacts): void {
    const from = firstOffset ?? lastOffset
    this.firstOffset ??= from
    while (this.next < this.snapshots.length && this.snapshots[this.next]!.offset <= from) this.judge()
    if (!crcValid) this.certain = false
    else if (batch.producerId >= 0 && !batch.isControl) {
      const { producerId, producerEpoch, lastSequence } = batch
      this.producers.set(producerId, { producerEpoch, lastSequence, lastOffset })
    }
  }

  /** @param whole nothing of the log was left out */
  end(logEndOffset: number, whole: boolean): void {
    if (!whole) this.certain = false
    for (; this.next < this.snapshots.length; ) {
      const { offset, path } = this.snapshots[this.next]!
      if (offset > logEndOffset && whole)
        this.findings.damaged('snapshot', path, `for offset ${offset}, behind the log end offset ${logEndOffset}`)
      this.judge()
    }
  }

  private judge(): void {
    const { offset, path, read } = this.snapshots[this.next++]!
    const { producers, crcValid, problem } = read()
    if (problem !== undefined) {
      this.findings.damaged('snapshot', path, problem.message, { position: problem.position })
      return
    }
    if (!crcValid) {
      this.findings.damaged('snapshot', path, 'wrong CRC', { position: 2 })
      return
    }
    for (const { producerId, producerEpoch, lastSequence, lastOffset } of producers) {
      const bad = (message: string): void =>
        this.findings.damaged('snapshot', path, `producer ${producerId} ${message}`, { offset: lastOffset })
      if (lastOffset >= offset) bad(`has last offset ${lastOffset}, which the snapshot for ${offset} cannot know`)
      if (!this.certain || lastOffset < 0) continue
      const seen = this.producers.get(producerId)
      if (seen === undefined) {
        if (!this.compacted && lastOffset >= (this.firstOffset ?? Number.MAX_SAFE_INTEGER))
          bad(`has last offset ${lastOffset}, where the log has no batch of it`)
      } else if (seen.producerEpoch > producerEpoch) {
        bad(`has epoch ${producerEpoch}, in the log ${seen.producerEpoch} at offset ${seen.lastOffset}`)
      } else if (
        seen.producerEpoch === producerEpoch &&
        (seen.lastOffset !== lastOffset || seen.lastSequence !== lastSequence)
      ) {
        const there = `in the log sequence ${seen.lastSequence} at offset ${seen.lastOffset}`
        bad(`has last sequence ${lastSequence} at offset ${lastOffset}, ${there}`)
      }
    }
  }
}
