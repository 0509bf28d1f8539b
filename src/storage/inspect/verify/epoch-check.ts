/** Leader epochs in batches of format 2: they never fall, and agree with `leader-epoch-checkpoint` (KIP-101). */
import type { EpochEntry } from '../text-files.ts'
import type { EntryFacts } from './entry-facts.ts'
import type { Findings } from './findings.ts'

export class EpochCheck {
  private readonly entries: readonly EpochEntry[] | undefined
  private readonly path: string
  private readonly findings: Findings
  private slot = -1
  private highest = -1
  private unknownEpoch = -1

  /** @param entries of the checkpoint file; undefined if there is none, as before 0.11 */
  constructor(entries: readonly EpochEntry[] | undefined, path: string, findings: Findings) {
    this.entries = entries
    this.path = path
    this.findings = findings
  }

  /** @param logPath the segment that holds the entry */
  entry({ batch, position, firstOffset, crcValid }: EntryFacts, logPath: string): void {
    const epoch = batch.partitionLeaderEpoch
    if (epoch < 0 || !crcValid || firstOffset === undefined) return
    const where = { position, offset: firstOffset }
    if (epoch < this.highest) {
      this.findings.damaged('leader-epochs', logPath, `leader epoch ${epoch} behind ${this.highest}`, where)
    }
    this.highest = Math.max(this.highest, epoch)
    const { entries } = this
    if (entries === undefined) return
    while (this.slot + 1 < entries.length && entries[this.slot + 1]!.startOffset <= firstOffset) this.slot++
    const inForce = entries[this.slot]
    if (inForce === undefined && entries.length > 0) return
    if (inForce?.epoch === epoch || epoch === this.unknownEpoch) return
    // Once for each epoch is enough.
    this.unknownEpoch = epoch
    const said = inForce === undefined ? 'the file names none' : `epoch ${inForce.epoch} since ${inForce.startOffset}`
    const message = `offset ${firstOffset} (byte ${position} of ${logPath}) has epoch ${epoch}, where ${said}`
    this.findings.damaged('leader-epochs', this.path, message, { offset: firstOffset })
  }

  end(logEndOffset: number): void {
    const last = this.entries?.at(-1)
    if (last === undefined || last.startOffset <= logEndOffset) return
    const message = `epoch ${last.epoch} begins at ${last.startOffset}, behind the log end offset ${logEndOffset}`
    this.findings.damaged('leader-epochs', this.path, message, { offset: last.startOffset })
  }
}
