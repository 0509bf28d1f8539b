/** Requests about groups as tests write them, and a cluster that has a coordinator. */
import { NO_GENERATION, type OffsetCommitRequest, type OffsetFetchRequest } from '../../../src/protocol/index.ts'
import { ClusterHarness, ErrorCode, type HarnessOptions, PROBE } from '../broker/cluster-harness.ts'

export const GROUP = 'billing'

export const commit = (offset: number, fields: Partial<OffsetCommitRequest> = {}): OffsetCommitRequest => ({
  api: 'OffsetCommit',
  version: 1,
  correlationId: 1,
  clientId: PROBE,
  groupId: GROUP,
  generationId: NO_GENERATION,
  memberId: '',
  partitions: [{ topic: 'orders', partition: 0, offset, metadata: null }],
  ...fields,
})

export const fetchOffsets = (fields: Partial<OffsetFetchRequest> = {}): OffsetFetchRequest => ({
  api: 'OffsetFetch',
  version: 1,
  correlationId: 1,
  clientId: PROBE,
  groupId: GROUP,
  partitions: [{ topic: 'orders', partition: 0 }],
  ...fields,
})

export function find(harness: ClusterHarness, broker = 'b1', groupId = GROUP) {
  const request = { api: 'FindCoordinator', correlationId: 1, clientId: PROBE, key: groupId, keyType: 'group' } as const
  return harness.answer(broker, request)
}

/** A cluster whose offsets topic stands, and the group's coordinator in it. */
export function coordinated(options: HarnessOptions = {}): { harness: ClusterHarness; coordinator: string } {
  const harness = ClusterHarness.ready(options)
  for (let attempt = 0; attempt < 50; attempt++) {
    const { errorCode, coordinator } = find(harness)
    if (errorCode === ErrorCode.NoError) return { harness, coordinator: coordinator!.host }
    harness.runFor(100)
  }
  return harness.fail('no coordinator')
}

export const errorOf = (response: {
  readonly partitions: ReadonlyArray<{ readonly errorCode: ErrorCode }>
}): ErrorCode => response.partitions[0]!.errorCode
