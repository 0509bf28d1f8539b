/** I-COMMIT, leader completeness: whoever leads has all that was committed. */
import type { TraceRecord } from '../kernel/index.ts'
import { nameOf } from './entry.ts'
import { lossExcuse } from './excuses.ts'
import { type Lack, lackExcuse, lackOf } from './lack.ts'
import { type Circumstances, OracleBase } from './oracle.ts'
import type { Truth } from './truth.ts'

export class CommitOracle extends OracleBase<Lack> {
  readonly name = 'I-COMMIT'
  readonly statement = 'A leader has every committed message, at its offset.'
  readonly kinds = ['BecameLeader']
  protected readonly promise = 'promised: no replica outside the ISR was elected and no disk lost data'

  apply(record: TraceRecord, truth: Truth): void {
    if (truth.undone.length === 0) return
    const partition = truth.partition!
    const { tp } = partition
    for (const { offset, entry, instead } of truth.undone) {
      const stands = instead === undefined ? 'its log ends before' : `${nameOf(instead)} stands there`
      this.report(record, lackOf(partition, truth.replica!, offset, entry), {
        tp,
        ...(entry?.name == null ? {} : { message: entry.name }),
        detail: `${nameOf(entry)} was committed at offset ${offset} of ${tp}, but the new leader ${record.machine} does not have it: ${stands}.`,
      })
    }
  }

  protected excuse({ versions, facts }: Circumstances, note: Lack | undefined): string | undefined {
    return note === undefined ? lossExcuse(versions, facts) : lackExcuse(versions, note)
  }
}
