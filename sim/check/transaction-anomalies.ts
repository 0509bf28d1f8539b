/**
 * Known ways in which transactions of older releases break (replication.md section 4, M36 to M38), told from what a run
 * went through.
 */
import type { ProtocolVersions } from '../../src/versions.ts'
import type { Anomaly } from './anomalies.ts'
import type { ClientTransaction, TransactionTruth } from './transaction-truth.ts'

/** Why records of a producer in a partition are part of another transaction than theirs, or of none that anybody ends. */
export function recordAnomaly(
  truth: TransactionTruth,
  tp: string,
  producerId: number,
  { transactions, producerMemory }: ProtocolVersions,
): Anomaly | undefined {
  const uncalled = truth.uncalledIn(tp, producerId)
  if (uncalled === undefined) return undefined
  const forgets = producerMemory === 'five-batches' || producerMemory === 'marker-hides-sequence'
  if (uncalled.wasForgotten && (forgets || producerMemory === 'one-batch')) {
    return {
      id: 'M38',
      because: `${tp} had forgotten producer ${producerId}, whose records were older than transactional.id.expiration.ms although its marker was not, and took a late batch of an epoch that was over (KAFKA-9144, before 2.4.1)`,
    }
  }
  if (transactions !== 'unverified') return undefined
  return {
    id: 'M36',
    because: `a late batch of producer ${producerId} began a transaction at offset ${uncalled.offset} of ${tp} that its coordinator knows nothing of (KIP-890, before 3.6)`,
  }
}

/** Why a transaction ended otherwise than its application asked for. */
export function endAnomaly(transaction: ClientTransaction, { transactions }: ProtocolVersions): Anomaly | undefined {
  const bindsEnds = transactions === 'epoch-per-transaction'
  if (!transaction.endedUnasked || bindsEnds) return undefined
  return {
    id: 'M37',
    because: `a late EndTxn of a transaction before hit transaction ${transaction.number} of ${transaction.client}, which has the same producer epoch (KIP-890, before 4.0)`,
  }
}
