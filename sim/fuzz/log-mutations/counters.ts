/** What happened in a run of the mutation soak. A soak in which one of these never happened proves nothing about it. */

export const mutationCounterNames = [
  'logsMutated',
  'indexesMutated',
  'timeIndexesMutated',
  'transactionIndexesMutated',
  'snapshotsMutated',
  'textFilesMutated',
  'filesRemoved',
  'filesExchanged',
  'filesHuge',
  'resealed',
  'withoutEffect',
  'damageFound',
  'crcFindings',
  'structureFindings',
  'cutFindings',
  'orderFindings',
  'holeFindings',
  'recordFindings',
  'indexFindings',
  'timeIndexFindings',
  'transactionFindings',
  'snapshotFindings',
  'epochFindings',
  'checkpointFindings',
  'notOpened',
  'lookupsFound',
  'lookupsInTrouble',
  'recordsRead',
  'bytesCutByRepair',
  'repairsRefused',
] as const

export type MutationCounterName = (typeof mutationCounterNames)[number]
export type MutationCounts = Record<MutationCounterName, number>

export const zeroMutationCounts = (): MutationCounts =>
  Object.fromEntries(mutationCounterNames.map((name) => [name, 0])) as MutationCounts

/** What needs thousands of runs to happen at all. */
export const rareMutationCounters: readonly MutationCounterName[] = ['notOpened', 'repairsRefused', 'epochFindings']
