/**
 * I-ORDER: messages stand in the order in which they were handed over.
 *
 * Of one producer that is plain. Messages of different producers that are under way at the same time have no order; but
 * where something had already become of the first (a leader appended it, or an attempt failed) when the second was
 * handed over, whoever watched the clients expects the first to stand first. Kafka never promises that across producers.
 */
import type { TraceRecord } from '../kernel/index.ts'
import { isIdempotent, requiredAcks } from '../scenario/producer-settings.ts'
import type { MessageTruth } from './message-truth.ts'
import { type Circumstances, OracleBase } from './oracle.ts'
import type { PartitionTruth } from './partition-truth.ts'
import type { Truth } from './truth.ts'

interface Inversion {
  readonly kind: 'one producer' | 'across producers'
  readonly client: string
}

export class OrderOracle extends OracleBase<Inversion> {
  readonly name = 'I-ORDER'
  readonly statement =
    'The first committed copies of messages stand in the order in which the messages were handed over.'
  readonly kinds: readonly string[] = []
  protected readonly promise = 'promised for each producer that has one request in flight and never sends again'

  apply(_record: TraceRecord, _truth: Truth): void {}

  override finish(truth: Truth): void {
    for (const partition of truth.partitions.values()) this.judge(partition, truth)
  }

  private judge(partition: PartitionTruth, truth: Truth): void {
    const seen = new Set<string>()
    const latestOf = new Map<string, MessageTruth>()
    let latest: MessageTruth | undefined
    partition.committed.forEach((entry, offset) => {
      const name = entry?.name
      if (name == null || seen.has(name)) return
      seen.add(name)
      const message = truth.messages.get(name)
      if (message === undefined) return
      const own = latestOf.get(message.client)
      if (own !== undefined && own.handedSeq > message.handedSeq) {
        this.reportInversion(partition, offset, message, own, 'one producer')
      } else if (latest !== undefined && latest.client !== message.client && latest.handedSeq > message.touchedSeq) {
        this.reportInversion(partition, offset, message, latest, 'across producers')
      }
      if (own === undefined || own.handedSeq < message.handedSeq) latestOf.set(message.client, message)
      if (latest === undefined || latest.handedSeq < message.handedSeq) latest = message
    })
  }

  private reportInversion(
    partition: PartitionTruth,
    offset: number,
    late: MessageTruth,
    early: MessageTruth,
    kind: Inversion['kind'],
  ): void {
    const moment = { seq: partition.committedSeq[offset]!, atUs: partition.committedUs[offset]! }
    const who = kind === 'one producer' ? `both by ${late.client}` : `by ${late.client} and ${early.client}`
    this.report(
      moment,
      { kind, client: late.client },
      {
        tp: partition.tp,
        message: late.name,
        detail: `${late.name} was handed over before ${early.name} (${who}), but stands after it, at offset ${offset} of ${partition.tp}.`,
      },
    )
  }

  protected excuse({ plan, facts }: Circumstances, note: Inversion | undefined): string | undefined {
    if (note === undefined) return undefined
    if (note.kind === 'across producers') return 'no order is promised between messages of different producers'
    const { client } = note
    const producer = plan.clients.find(({ name }) => name === client)
    if (producer !== undefined && isIdempotent(producer, plan.protocol)) {
      if ((facts.resetSequences.get(client) ?? 0) === 0) return undefined
      return 'the producer did not know what became of its records, and began its sequence numbers anew'
    }
    if ((facts.retries.get(client) ?? 0) > 0 || (facts.doubtful.get(client) ?? 0) > 0) {
      return 'a producer sent messages again, or went on while one was in doubt, and has no sequence numbers'
    }
    if (producer !== undefined && requiredAcks(producer, plan.protocol) === 0) {
      return 'acks=0 waits for nothing: several requests are in flight, and a new connection may overtake the old one'
    }
    return undefined
  }
}
