/** The records inside an entry against what its header says of them. */
import type { LogRecord } from '../../record/record.ts'
import { eachRecord } from '../each-record.ts'
import type { EntryWalk } from '../entry-walk.ts'
import type { EntryFacts } from './entry-facts.ts'
import type { Findings } from './findings.ts'

/** Opens the entry that the walk stands at, and looks at each record. */
export function checkRecords(
  walk: EntryWalk,
  { batch, position, firstOffset, lastOffset }: EntryFacts,
  openedBytesMax: number,
  compacted: boolean,
  logPath: string,
  findings: Findings,
): void {
  const where = { position, offset: lastOffset }
  let previous = (firstOffset ?? 0) - 1
  let maxTimestamp = -1
  let count = 0
  let disordered: string | undefined
  const failure = eachRecord(walk, batch, openedBytesMax, ({ offset, timestamp }: LogRecord) => {
    if (offset <= previous || offset > lastOffset) disordered ??= `offset ${offset} behind ${previous}`
    else if (!compacted && count > 0 && offset !== previous + 1) disordered ??= `offset ${offset} behind ${previous}`
    if (timestamp > maxTimestamp) maxTimestamp = timestamp
    previous = offset
    count++
  })
  if (failure !== undefined) {
    if (failure.damaged) findings.damaged('records', logPath, failure.message, where)
    else findings.note('not-opened', logPath, failure.message, where)
    return
  }
  if (disordered === undefined && count > 0 && previous !== lastOffset && !compacted)
    disordered = `the last one has offset ${previous}`
  if (disordered !== undefined) {
    const message = `records of a batch up to offset ${lastOffset} are out of order: ${disordered}`
    findings.damaged('records', logPath, message, where)
  } else if (count > 0 && batch.timestampType === 'CreateTime' && maxTimestamp !== batch.maxTimestamp) {
    const message = `the batch says ${batch.maxTimestamp} for its latest timestamp, its records have ${maxTimestamp}`
    findings.damaged('records', logPath, message, where)
  }
}
