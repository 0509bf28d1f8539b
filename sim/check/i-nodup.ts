/** I-NODUP: a message that was handed over once stands once. */
import { isInternalTopic } from '../../src/protocol/index.ts'
import type { TraceRecord } from '../kernel/index.ts'
import { isIdempotent } from '../scenario/producer-settings.ts'
import { type Circumstances, type Moment, OracleBase } from './oracle.ts'
import type { PartitionTruth } from './partition-truth.ts'
import type { Truth } from './truth.ts'

interface Repeated {
  readonly attempts: number
  readonly client: string
}

interface Places {
  count: number
  /** The copy that is one too many. */
  moment: Moment
  tp: string
  readonly where: string[]
}

export class NoDuplicateOracle extends OracleBase<Repeated> {
  readonly name = 'I-NODUP'
  readonly statement = 'A message that was handed over once stands in the log once.'
  readonly kinds: readonly string[] = []
  protected readonly promise = 'promised for messages that were sent once, or by an idempotent producer'

  apply(_record: TraceRecord, _truth: Truth): void {}

  override finish(truth: Truth): void {
    const copies = new Map<string, Places>()
    for (const partition of truth.partitions.values()) {
      // What brokers write for themselves nobody handed over.
      if (!isInternalTopic(partition.topic)) count(partition, truth, copies)
    }
    for (const [name, { count, moment, tp, where }] of copies) {
      const message = truth.messages.get(name)
      if (count <= (message?.handings ?? 1)) continue
      const attempts = message?.attempts ?? 0
      this.report(
        moment,
        { attempts, client: message?.client ?? '' },
        {
          tp,
          message: name,
          detail: `${name} stands ${count} times: at ${where.join(' and ')}; its producer made ${attempts} attempts to send it.`,
        },
      )
    }
  }

  protected excuse({ plan, facts }: Circumstances, note: Repeated | undefined): string | undefined {
    if (note === undefined || note.attempts <= 1) return undefined
    const producer = plan.clients.find(({ name }) => name === note.client)
    if (producer === undefined || !isIdempotent(producer, plan.protocol)) {
      return 'the producer has no idempotence, and a retry may append again what was appended already'
    }
    if ((facts.resetSequences.get(note.client) ?? 0) === 0) return undefined
    return 'the producer did not know what became of its records, and began its sequence numbers anew'
  }
}

function count(partition: PartitionTruth, truth: Truth, copies: Map<string, Places>): void {
  partition.standingLog().forEach((entry, offset) => {
    const name = entry?.name
    if (name == null) return
    const moment = {
      seq: partition.committedSeq[offset] ?? truth.seq,
      atUs: partition.committedUs[offset] ?? truth.atUs,
    }
    const where = `${partition.tp} offset ${offset}`
    const places = copies.get(name)
    if (places === undefined) {
      copies.set(name, { count: 1, moment, tp: partition.tp, where: [where] })
      return
    }
    places.count++
    places.where.push(where)
    if (places.count > 2) return
    places.moment = moment
    places.tp = partition.tp
  })
}
