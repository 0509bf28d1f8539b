/**
 * What a leader since 0.10 demands of single records (`validateRecord` of `LogValidator.java`). All records of a batch are
 * looked at before it is refused, since a wrong timestamp anywhere outweighs other faults.
 */
import { ErrorCode } from '../protocol/index.ts'
import { AppendError } from './errors.ts'
import type { LogFormat } from './log-format.ts'
import { NO_TIMESTAMP, type TimestampType } from './record/layout.ts'

export class RecordRules {
  private readonly format: LogFormat
  private readonly nowMs: number
  private readonly compacted: boolean
  private invalidRecord: string | undefined
  private invalidTimestamp: string | undefined

  constructor(format: LogFormat, nowMs: number, compacted: boolean) {
    this.format = format
    this.nowMs = nowMs
    this.compacted = compacted
  }

  /** @param batchType timestamp type of the batch that the producer wrote; undefined in format 0 */
  record(timestamp: number, hasKey: boolean, batchType: TimestampType | undefined): void {
    if (this.compacted && !hasKey) {
      this.refuse('a record without key for a compacted topic')
    } else if (this.format.timestampType === 'CreateTime' && timestamp !== NO_TIMESTAMP) {
      const age = this.nowMs - timestamp
      if (age > this.format.timestampBeforeMaxMs || -age > this.format.timestampAfterMaxMs) {
        this.invalidTimestamp ??= `timestamp ${timestamp} is too far from ${this.nowMs}`
      }
    } else if (batchType === 'LogAppendTime') {
      this.invalidTimestamp ??= 'a producer may not say LogAppendTime'
    }
  }

  /** Notes another fault. */
  refuse(detail: string): void {
    this.invalidRecord ??= detail
  }

  /** @throws AppendError InvalidTimestamp, InvalidRecord */
  endOfBatch(): void {
    if (this.invalidTimestamp !== undefined) throw new AppendError(ErrorCode.InvalidTimestamp, this.invalidTimestamp)
    if (this.invalidRecord !== undefined) throw new AppendError(ErrorCode.InvalidRecord, this.invalidRecord)
  }
}
