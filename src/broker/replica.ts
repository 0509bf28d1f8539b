/**
 * One replica of a partition as one broker knows it: its own, with a log and a high watermark, or a remote one, of which
 * a leader remembers the position (`kafka/cluster/Replica.scala`, 0.8.2.2).
 */
import { type Digest, invariant, type Micros } from '../host/index.ts'
import type { Log } from '../storage/index.ts'

/** `replicaId` of a tool that may read any replica, below its high watermark. */
export const DEBUGGING_REPLICA_ID = -2

/** LEO of a remote replica that has not fetched yet; high watermark of a leader whose own log does not reach it. */
export const UNKNOWN_OFFSET = -1

/** Before any time that a machine's clock shows (Kafka has 0 milliseconds, or -1). */
export const NEVER: Micros = Number.MIN_SAFE_INTEGER

export class LocalReplica {
  readonly brokerId: number
  readonly log: Log
  private firstUncommitted: number

  constructor(brokerId: number, log: Log, highWatermark: number) {
    invariant(highWatermark >= UNKNOWN_OFFSET, `high watermark ${highWatermark} of ${log.topicPartition} is impossible`)
    this.brokerId = brokerId
    this.log = log
    this.firstUncommitted = highWatermark
    log.updateHighWatermark(highWatermark)
  }

  /** First offset not known to be committed. May pass the LEO for a while on a follower that was cut back. */
  get highWatermark(): number {
    return this.firstUncommitted
  }

  set highWatermark(offset: number) {
    this.firstUncommitted = offset
    this.log.updateHighWatermark(offset)
  }

  get logEndOffset(): number {
    return this.log.logEndOffset
  }

  /** Up to here all transactions are decided, and committed as records are (KIP-98). */
  get lastStableOffset(): number {
    return Math.min(this.highWatermark, this.log.firstUnstableOffset ?? Number.MAX_SAFE_INTEGER)
  }

  /** Whether the high watermark lies within the log. */
  get reachesHighWatermark(): boolean {
    return this.highWatermark >= this.log.logStartOffset && this.highWatermark <= this.log.logEndOffset
  }

  /** The high watermark; the LEO if it is not known. */
  get knownHighWatermark(): number {
    return this.highWatermark === UNKNOWN_OFFSET ? this.logEndOffset : this.highWatermark
  }

  /** Moves the high watermark into the log (2.4). */
  boundHighWatermark(): void {
    this.highWatermark = Math.max(this.log.logStartOffset, Math.min(this.highWatermark, this.log.logEndOffset))
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
  /** When it was last known to have all that the leader had (KIP-16). */
  caughtUpUs: Micros
  /** The leader's LEO and the time at its last fetch; `UNKNOWN_OFFSET` if there was none, or it failed. */
  private lastFetchLeaderEnd = UNKNOWN_OFFSET
  private lastFetchUs: Micros = NEVER

  constructor(brokerId: number, nowUs: Micros) {
    this.brokerId = brokerId
    this.updatedUs = nowUs
    this.caughtUpUs = nowUs
  }

  /**
   * A fetch at `offset` was served (or, with `UNKNOWN_OFFSET`, failed).
   * @param leaderEndOffset the leader's LEO at that moment
   */
  recordFetch(offset: number, nowUs: Micros, leaderEndOffset: number): void {
    if (offset !== UNKNOWN_OFFSET && offset >= leaderEndOffset) this.caughtUpUs = nowUs
    this.logEndOffset = offset
    this.updatedUs = nowUs
  }

  /**
   * The same since KAFKA-4485: one that reaches what the leader had at the fetch before was caught up at that time, so
   * that steady small appends leave nobody behind.
   */
  recordFetchAfterFetch(offset: number, nowUs: Micros, leaderEndOffset: number): void {
    const failed = offset === UNKNOWN_OFFSET
    if (!failed && offset < leaderEndOffset && offset >= this.lastFetchLeaderEnd) {
      this.caughtUpUs = Math.max(this.caughtUpUs, this.lastFetchUs)
    }
    this.lastFetchLeaderEnd = failed ? UNKNOWN_OFFSET : leaderEndOffset
    this.lastFetchUs = failed ? NEVER : nowUs
    this.recordFetch(offset, nowUs, leaderEndOffset)
  }

  /** The leader got a new epoch: members of the ISR start as caught up, others as if they never had been. */
  restart(nowUs: Micros, leaderEndOffset: number, inSync: boolean): void {
    this.lastFetchLeaderEnd = leaderEndOffset
    this.lastFetchUs = nowUs
    this.caughtUpUs = inSync ? nowUs : NEVER
  }

  /** A new leadership begins: what was remembered is of an older one. */
  reset(nowUs: Micros): void {
    this.logEndOffset = UNKNOWN_OFFSET
    this.updatedUs = nowUs
    this.lastFetchLeaderEnd = UNKNOWN_OFFSET
    this.lastFetchUs = NEVER
  }

  digest(digest: Digest): void {
    digest.int(this.brokerId).int(this.logEndOffset).int(this.updatedUs).int(this.caughtUpUs)
    digest.int(this.lastFetchLeaderEnd).int(this.lastFetchUs)
  }
}
