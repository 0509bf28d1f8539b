/**
 * One replica of a partition as one broker knows it: its own, with a log and a high watermark, or a remote one, of which
 * a leader remembers the position (`kafka/cluster/Replica.scala`, 0.8.2.2).
 */
import { type Digest, invariant, type Micros } from '../host/index.ts'
import type { Log } from '../storage/index.ts'

/** LEO of a remote replica that has not fetched yet; high watermark of a leader whose own log does not reach it. */
export const UNKNOWN_OFFSET = -1

export class LocalReplica {
  readonly brokerId: number
  readonly log: Log
  /** First offset not known to be committed. May pass the LEO for a while on a follower that was cut back. */
  highWatermark: number

  constructor(brokerId: number, log: Log, highWatermark: number) {
    invariant(highWatermark >= UNKNOWN_OFFSET, `high watermark ${highWatermark} of ${log.topicPartition} is impossible`)
    this.brokerId = brokerId
    this.log = log
    this.highWatermark = highWatermark
  }

  get logEndOffset(): number {
    return this.log.logEndOffset
  }

  /** Whether the high watermark lies within the log. */
  get reachesHighWatermark(): boolean {
    return this.highWatermark >= this.log.logStartOffset && this.highWatermark <= this.log.logEndOffset
  }

  digest(digest: Digest): void {
    digest.int(this.brokerId).int(this.logEndOffset).int(this.highWatermark).int(this.log.logStartOffset)
  }
}

export class RemoteReplica {
  readonly brokerId: number
  /** The offset it last fetched from, which says that it holds all before; `UNKNOWN_OFFSET` at first. */
  logEndOffset = UNKNOWN_OFFSET
  /** When `logEndOffset` was last set, changed or not. */
  updatedUs: Micros

  constructor(brokerId: number, nowUs: Micros) {
    this.brokerId = brokerId
    this.updatedUs = nowUs
  }

  /** A fetch at `offset` was served (or, with `UNKNOWN_OFFSET`, failed). */
  recordFetch(offset: number, nowUs: Micros): void {
    this.logEndOffset = offset
    this.updatedUs = nowUs
  }

  /** A new leadership begins: what was remembered is of an older one. */
  reset(nowUs: Micros): void {
    this.logEndOffset = UNKNOWN_OFFSET
    this.updatedUs = nowUs
  }

  digest(digest: Digest): void {
    digest.int(this.brokerId).int(this.logEndOffset).int(this.updatedUs)
  }
}
