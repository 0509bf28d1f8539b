/** I-LOGMATCH: replicas agree on what each of them holds for committed. */
import type { TraceRecord } from '../kernel/index.ts'
import { nameOf, sameEntry } from './entry.ts'
import { toldExcuse } from './excuses.ts'
import type { Evidence } from './facts.ts'
import { type Circumstances, OracleBase } from './oracle.ts'
import type { PartitionTruth, ReplicaTruth } from './partition-truth.ts'
import type { Truth } from './truth.ts'

/** What is remembered of a difference. */
interface Difference {
  readonly evidence: Evidence
  readonly replica: ReplicaTruth
  readonly offset: number
  /** Kernel step and kind of the event that showed it. */
  readonly step: number
  readonly kind: string
  /** The replica cut the difference off before anything else happened (M41). */
  cutAtOnce: boolean
}

export class LogMatchOracle extends OracleBase<Difference> {
  readonly name = 'I-LOGMATCH'
  readonly statement = 'Two running replicas hold the same messages below the lower of their high watermarks.'
  readonly kinds = ['HighWatermark', 'BecameLeader', 'BecameFollower', 'LogTruncated', 'LogLoaded', 'ReplicaCreated']
  protected readonly promise = 'promised: no replica outside the ISR was elected and no disk lost data'
  /** For each two replicas: the offset below which they were compared, and whether a difference was reported. */
  /** Found during the latest kernel step that showed any. */
  private latest: Difference[] = []
  private readonly pairs = new Map<PartitionTruth, Map<number, { agree: number; reported: boolean }>>()

  apply(record: TraceRecord, truth: Truth): void {
    const { partition, replica } = truth
    if (partition === undefined || replica === undefined) return
    if (record.event.kind === 'LogTruncated') this.wasCut(record, replica)
    if (record.event.kind === 'LogLoaded') this.forget(partition, replica, 0)
    for (const other of partition.replicas.values()) {
      if (other !== replica && other.running) this.compare(record, partition, replica, other)
    }
  }

  private compare(record: TraceRecord, partition: PartitionTruth, a: ReplicaTruth, b: ReplicaTruth): void {
    const pair = this.pair(partition, a, b)
    const shared = Math.min(a.entries.length, b.entries.length)
    if (pair.agree > shared) pair.agree = shared
    const end = Math.min(shared, a.highWatermark, b.highWatermark)
    while (pair.agree < end && sameEntry(a.entries[pair.agree], b.entries[pair.agree])) pair.agree++
    if (pair.agree >= end) {
      pair.reported = false
      return
    }
    if (pair.reported) return
    pair.reported = true
    const { tp } = partition
    const offset = pair.agree
    const here = nameOf(a.entries[offset])
    const there = nameOf(b.entries[offset])
    const { kind } = record.event
    const { step } = record
    const found = { evidence: { ...partition.evidence }, replica: a, offset, step, kind, cutAtOnce: false }
    this.latest = [...this.latest.filter((other) => other.step === step), found]
    this.report(record, found, {
      tp,
      detail: `At offset ${offset} of ${tp}, below both high watermarks (${a.highWatermark} and ${b.highWatermark}), ${a.machine} holds ${here} and ${b.machine} holds ${there}.`,
    })
  }

  private pair(partition: PartitionTruth, a: ReplicaTruth, b: ReplicaTruth): { agree: number; reported: boolean } {
    let pairs = this.pairs.get(partition)
    if (pairs === undefined) this.pairs.set(partition, (pairs = new Map()))
    const key = Math.min(a.broker, b.broker) * 65536 + Math.max(a.broker, b.broker)
    let pair = pairs.get(key)
    if (pair === undefined) pairs.set(key, (pair = { agree: 0, reported: false }))
    return pair
  }

  /** A log was opened anew: what was compared above an offset must be compared again. */
  private forget(partition: PartitionTruth, replica: ReplicaTruth, from: number): void {
    for (const other of partition.replicas.values()) {
      if (other === replica) continue
      const pair = this.pair(partition, replica, other)
      pair.agree = Math.min(pair.agree, from)
    }
  }

  /** A follower that took a high watermark over cuts off at once what it does not share with its leader. */
  private wasCut({ step }: TraceRecord, replica: ReplicaTruth): void {
    for (const latest of this.latest) {
      if (latest.replica !== replica || latest.step !== step || latest.kind !== 'HighWatermark') continue
      if (replica.entries.length <= latest.offset) latest.cutAtOnce = true
    }
  }

  protected excuse({ versions, facts }: Circumstances, note: Difference | undefined): string | undefined {
    const early = versions.truncation === 'on-fetch' && versions.divergingAnswer === 'high-watermark-first'
    if (early && note?.cutAtOnce === true) {
      return 'a follower took its leader’s high watermark over before it cut off what the leader does not have (M41: KAFKA-14704, before 3.5)'
    }
    return toldExcuse(versions, note?.evidence ?? facts)
  }
}
