/** I-COMMIT, leader completeness: whoever leads has all that was committed. */
import type { TraceRecord } from '../kernel/index.ts'
import { lossExcuse, type ReplicaEvidence, replicaExcuse } from './excuses.ts'
import { type Circumstances, OracleBase } from './oracle.ts'
import { nameOf } from './partition-truth.ts'
import type { Truth } from './truth.ts'

export class CommitOracle extends OracleBase<ReplicaEvidence> {
  readonly name = 'I-COMMIT'
  readonly statement = 'A leader has every committed message, at its offset.'
  readonly kinds = ['BecameLeader']
  protected readonly promise = 'promised: no replica outside the ISR was elected and no disk lost data'

  apply(record: TraceRecord, truth: Truth): void {
    if (truth.undone.length === 0) return
    const { tp } = truth.partition!
    for (const { offset, entry, instead } of truth.undone) {
      const stands = instead === undefined ? 'its log ends before' : `${nameOf(instead)} stands there`
      this.report(record, truth.undoneEvidence!, {
        tp,
        ...(entry?.name == null ? {} : { message: entry.name }),
        detail: `${nameOf(entry)} was committed at offset ${offset} of ${tp}, but the new leader ${record.machine} does not have it: ${stands}.`,
      })
    }
  }

  protected excuse({ versions, facts }: Circumstances, note: ReplicaEvidence | undefined): string | undefined {
    return note === undefined ? lossExcuse(versions, facts) : replicaExcuse(versions, note)
  }
}
