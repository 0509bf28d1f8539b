/** I-TXN-ATOMIC: a transaction is all there or not at all, as its application was told. */
import { type ProtocolVersions, presets } from '../../src/versions.ts'
import type { TraceRecord } from '../kernel/index.ts'
import type { ClusterPlan } from '../scenario/plan.ts'
import type { Anomaly } from './anomalies.ts'
import { lossExcuse } from './excuses.ts'
import { type Evidence, noEvidence } from './facts.ts'
import { type Circumstances, OracleBase } from './oracle.ts'
import { endAnomaly, recordAnomaly } from './transaction-anomalies.ts'
import { type ClientTransaction, type Fate, fateAt } from './transaction-truth.ts'
import type { Truth } from './truth.ts'

interface Torn {
  readonly anomaly: Anomaly | undefined
  readonly evidence: Evidence
}

interface Standing {
  readonly tp: string
  readonly name: string
  readonly producerId: number
  readonly fate: Fate
}

export class TransactionAtomicOracle extends OracleBase<Torn> {
  readonly name = 'I-TXN-ATOMIC'
  readonly statement =
    'Readers of committed messages find all of a transaction that its application was told is committed, nothing of one that was aborted, and all or nothing of any other.'
  readonly kinds: readonly string[] = []
  protected readonly promise = 'promised for every transaction'
  private readonly versions: ProtocolVersions

  constructor(plan: ClusterPlan) {
    super()
    this.versions = presets[plan.protocol]
  }

  apply(_record: TraceRecord, _truth: Truth): void {}

  override finish(truth: Truth): void {
    for (const transaction of truth.transactions.transactions) this.judge(transaction, truth)
  }

  private judge(transaction: ClientTransaction, truth: Truth): void {
    const { outcome, client, number } = transaction
    const acknowledged = acknowledgedIn(transaction, truth)
    const what = `transaction ${number} of ${client}`
    if (outcome === 'committed') {
      const lost = acknowledged.find(({ fate }) => fate === 'aborted')
      if (lost !== undefined) {
        this.torn(
          transaction,
          lost,
          truth,
          `${what} is committed, and ${lost.name} in ${lost.tp} is marked as aborted.`,
        )
      }
    } else if (outcome === 'aborted') {
      const seen = sentIn(transaction, truth).find(({ fate }) => fate === 'committed')
      if (seen !== undefined) {
        this.torn(
          transaction,
          seen,
          truth,
          `${what} is aborted, and ${seen.name} in ${seen.tp} is marked as committed.`,
        )
      }
    } else if (outcome === 'unknown') {
      const seen = acknowledged.find(({ fate }) => fate === 'committed')
      const lost = acknowledged.find(({ fate }) => fate === 'aborted')
      if (seen !== undefined && lost !== undefined) {
        const detail = `Of ${what} ${seen.name} in ${seen.tp} is marked as committed, and ${lost.name} in ${lost.tp} as aborted.`
        this.torn(transaction, lost, truth, detail)
      }
    }
  }

  private torn(transaction: ClientTransaction, { tp, name, producerId }: Standing, truth: Truth, detail: string): void {
    const anomaly =
      recordAnomaly(truth.transactions, tp, producerId, this.versions) ?? endAnomaly(transaction, this.versions)
    const evidence = noEvidence()
    for (const partition of truth.partitions.values()) {
      for (const kind of Object.keys(evidence) as Array<keyof Evidence>) evidence[kind] += partition.evidence[kind]
    }
    const told = anomaly === undefined ? detail : `${anomaly.id}: ${detail}`
    this.report(truth, { anomaly, evidence }, { tp, message: name, detail: told })
  }

  protected excuse({ versions }: Circumstances, note: Torn | undefined): string | undefined {
    if (note === undefined) return undefined
    if (note.anomaly !== undefined) return `${note.anomaly.id}, ${note.anomaly.because}`
    return lossExcuse(versions, note.evidence)
  }
}

/** What the producer was told of, where it stands still. */
function acknowledgedIn({ acknowledged }: ClientTransaction, truth: Truth): Standing[] {
  return acknowledged.flatMap(({ tp, offset, name }) => {
    const log = truth.partitions.get(tp)?.standingLog() ?? []
    const entry = log[offset]
    // What is not there any more is another guarantee's affair.
    if (entry?.name !== name || entry.transaction === undefined) return []
    const { producerId } = entry.transaction
    return [{ tp, name, producerId, fate: fateAt(log, offset, producerId) }]
  })
}

/** All copies of what was sent in this transaction and in no other one. */
function sentIn(transaction: ClientTransaction, truth: Truth): Standing[] {
  const { transactions, clients } = truth.transactions
  const others = transactions.filter((one) => one !== transaction && one.client === transaction.client)
  const found: Standing[] = []
  for (const [tp, names] of transaction.sent) {
    const log = truth.partitions.get(tp)?.standingLog() ?? []
    log.forEach((entry, offset) => {
      const { name, transaction: part } = entry ?? {}
      if (name == null || part === undefined || !names.has(name)) return
      if (clients.get(part.producerId) !== transaction.client) return
      if (others.some(({ sent }) => sent.get(tp)?.has(name) === true)) return
      const { producerId } = part
      found.push({ tp, name, producerId, fate: fateAt(log, offset, producerId) })
    })
  }
  return found
}
