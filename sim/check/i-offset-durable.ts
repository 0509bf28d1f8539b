/** I-OFFSET-DURABLE: a group finds again what it committed. */
import type { SystemEvent } from '../../src/events.ts'
import { OFFSETS_TOPIC, type TopicPartition } from '../../src/protocol/index.ts'
import type { ProtocolVersions } from '../../src/versions.ts'
import type { TraceRecord } from '../kernel/index.ts'
import type { KnownEntry } from './entry.ts'
import { lossExcuse } from './excuses.ts'
import type { Evidence } from './facts.ts'
import { type Circumstances, OracleBase } from './oracle.ts'
import type { PartitionTruth } from './partition-truth.ts'
import type { Truth } from './truth.ts'

type Event = Extract<
  SystemEvent,
  { readonly kind: 'OffsetsCommitted' | 'OffsetsFetched' | 'OffsetsExpired' | 'CoordinatorLoaded' | 'BecameLeader' }
>

/** A commit that was acknowledged: the record of it in the offsets topic. */
interface Acknowledged {
  /** Partition of the offsets topic, and the place in it. */
  readonly tp: TopicPartition
  readonly at: number
  readonly next: number
  /** The coordinator that acknowledged it, and the latest time that it had come to lead by then. */
  readonly by: string
  readonly leadership: number
}

/** What is known of the coordinator that answered otherwise. */
interface Forgotten {
  readonly cause: 'loaded-too-little' | 'not-loaded-yet' | 'replaced' | 'unexplained'
  readonly evidence: Evidence
}

const anomalies: Readonly<Record<Forgotten['cause'], string>> = {
  'loaded-too-little': 'M33: ',
  'not-loaded-yet': 'D32: ',
  replaced: 'D33: ',
  unexplained: '',
}

/** Offsets in the offsets topic are judged; ZooKeeper answers for those that it keeps. */
export class OffsetDurableOracle extends OracleBase<Forgotten> {
  readonly name = 'I-OFFSET-DURABLE'
  readonly statement = 'Who asks for the offset of a group is told the one that was last acknowledged, or a later one.'
  readonly kinds = ['OffsetsCommitted', 'OffsetsFetched', 'OffsetsExpired', 'CoordinatorLoaded', 'BecameLeader']
  protected readonly promise = 'commits are messages that wait for the whole ISR, and a coordinator reads them all'
  /** By `group topic-partition`, as the keys of the records read. */
  private readonly acknowledged = new Map<string, Acknowledged>()
  /** How far each coordinator has read a partition since it leads it, by `machine topic-partition`. */
  private readonly loaded = new Map<string, number>()
  /** When each came to lead it last, as the number of a record. */
  private readonly leads = new Map<string, number>()

  apply(record: TraceRecord, truth: Truth): void {
    const event = record.event as Event
    switch (event.kind) {
      case 'BecameLeader':
        this.loaded.delete(`${record.machine} ${event.tp}`)
        this.leads.set(`${record.machine} ${event.tp}`, record.seq)
        // Of a load that finds nothing to read nothing is told.
        if (event.highWatermark === 0) this.loaded.set(`${record.machine} ${event.tp}`, 0)
        break
      case 'CoordinatorLoaded':
        this.loaded.set(`${record.machine} ${event.tp}`, event.to)
        break
      case 'OffsetsExpired':
        for (const tp of Object.keys(event.offsets)) this.acknowledged.delete(`${event.group} ${tp}`)
        break
      case 'OffsetsCommitted':
        if (event.storage !== 'kafka') break
        for (const tp of Object.keys(event.offsets)) {
          const key = `${event.group} ${tp}`
          const next = event.offsets[tp]!
          const found = placeOf(truth, record.machine, key, next)
          if (found === undefined) continue
          const leadership = this.leads.get(`${record.machine} ${found.tp}`) ?? -1
          this.acknowledged.set(key, { ...found, next, by: record.machine, leadership })
        }
        break
      case 'OffsetsFetched':
        if (event.storage !== 'kafka') break
        for (const tp of Object.keys(event.offsets)) {
          this.fetched(record, truth, `${event.group} ${tp}`, event.offsets[tp]!, event.client)
        }
        break
    }
  }

  private fetched(record: TraceRecord, truth: Truth, key: string, told: number, client: string): void {
    const acknowledged = this.acknowledged.get(key)
    if (acknowledged === undefined || told === acknowledged.next) return
    const partition = truth.partitions.get(acknowledged.tp)
    if (partition === undefined || isLater(partition, key, told, acknowledged.at)) return
    const cause = this.cause(record.machine, partition, acknowledged)
    const was = told < 0 ? 'that none is kept' : String(told)
    this.report(
      record,
      { cause, evidence: { ...partition.evidence } },
      {
        tp: acknowledged.tp,
        detail: `${anomalies[cause]}${client} asked for ${key} and ${record.machine} said ${was}, although ${acknowledged.next} had been acknowledged.`,
      },
    )
  }

  private cause(machine: string, partition: PartitionTruth, acknowledged: Acknowledged): Forgotten['cause'] {
    if (partition.actingLeader()?.machine !== machine) return 'replaced'
    const { at, by, leadership } = acknowledged
    // What it took itself it need not read.
    if (by === machine && leadership === this.leads.get(`${machine} ${partition.tp}`)) return 'unexplained'
    const to = this.loaded.get(`${machine} ${partition.tp}`)
    if (to === undefined) return 'not-loaded-yet'
    return to <= at ? 'loaded-too-little' : 'unexplained'
  }

  protected excuse({ versions }: Circumstances, note: Forgotten | undefined): string | undefined {
    return note === undefined ? undefined : (causeExcuse(versions, note.cause) ?? lossExcuse(versions, note.evidence))
  }
}

function causeExcuse(versions: ProtocolVersions, cause: Forgotten['cause']): string | undefined {
  switch (cause) {
    case 'loaded-too-little':
      return versions.offsetsLoad === 'to-high-watermark'
        ? 'M33, a new coordinator reads the offsets topic up to its own high watermark, which lags behind (before 0.11)'
        : undefined
    case 'not-loaded-yet':
      return versions.groupCoordinator === 'offset-manager'
        ? 'D32, a broker that leads the partition counts as the coordinator before it has begun to read it (before 0.9)'
        : undefined
    case 'replaced':
      return 'D33, a coordinator that does not know yet that it was replaced answers from what it had'
    case 'unexplained':
      return undefined
  }
}

/** Where a broker that leads it has the record of a commit. */
function placeOf(
  truth: Truth,
  machine: string,
  key: string,
  next: number,
): { readonly tp: TopicPartition; readonly at: number } | undefined {
  const name = String(next)
  for (const partition of truth.partitions.values()) {
    if (partition.topic !== OFFSETS_TOPIC) continue
    const replica = partition.replicas.get(truth.brokerOf(machine) ?? -1)
    if (replica === undefined || replica.role !== 'leader') continue
    for (let at = replica.entries.length - 1; at >= 0; at--) {
      if (isCommit(replica.entries[at], key, name)) return { tp: partition.tp, at }
    }
  }
  return undefined
}

/** Whether somebody has a later record that says so. */
function isLater(partition: PartitionTruth, key: string, told: number, after: number): boolean {
  const name = told < 0 ? null : String(told)
  for (const { entries } of partition.replicas.values()) {
    for (let at = entries.length - 1; at > after; at--) if (isCommit(entries[at], key, name)) return true
  }
  return false
}

const isCommit = (entry: KnownEntry, key: string, name: string | null): boolean =>
  entry !== undefined && entry.key === key && entry.name === name
