// Member ids that the coordinator does not know, and one id that two clients come with: releases before 2.3 cannot tell
// them apart, so that the two are one member, which joins again and again.
import { describe, expect, test } from 'vitest'
import {
  CONSUMER_PROTOCOL_TYPE,
  ErrorCode,
  encodeSubscription,
  type JoinGroupRequest,
  type JoinGroupResponse,
} from '../../../src/protocol/index.ts'
import type { PresetName } from '../../../src/versions.ts'
import type { ClusterHarness } from '../broker/cluster-harness.ts'
import { commit, coordinated, errorOf, GROUP } from './requests.ts'

const started = (protocol: PresetName): { harness: ClusterHarness; coordinator: string } =>
  coordinated({ plan: { protocol, brokerConfig: { 'group.initial.rebalance.delay.ms': 0 } } })

const joins = (client: string, memberId: string): JoinGroupRequest => ({
  api: 'JoinGroup',
  version: 1,
  correlationId: 1,
  clientId: client,
  groupId: GROUP,
  sessionTimeoutMs: 6000,
  rebalanceTimeoutMs: 6000,
  memberId,
  protocolType: CONSUMER_PROTOCOL_TYPE,
  protocols: [{ name: 'range', metadata: encodeSubscription({ topics: ['orders'], userData: null }) }],
})

/** Joins, and tells the coordinator that nobody has anything. */
function settled(harness: ClusterHarness, coordinator: string, request: JoinGroupRequest): JoinGroupResponse {
  const joined = harness.answer(coordinator, request)
  const { memberId, generationId } = joined
  const { clientId, groupId } = request
  const sync = { api: 'SyncGroup', correlationId: 1, clientId, groupId, generationId, memberId } as const
  expect(harness.answer(coordinator, { ...sync, assignments: [] }).errorCode).toBe(ErrorCode.NoError)
  return joined
}

const beats = (harness: ClusterHarness, coordinator: string, client: string, generationId: number, memberId: string) =>
  harness.answer(coordinator, {
    api: 'Heartbeat',
    correlationId: 1,
    clientId: client,
    groupId: GROUP,
    generationId,
    memberId,
  }).errorCode

describe.each(['0.9', '1.1'] as const)('a group of %s', (protocol) => {
  test('refuses a member id that it has not given out with error 25, and says so', () => {
    const { harness, coordinator } = started(protocol)
    const first = settled(harness, coordinator, joins('c1', ''))
    expect(harness.answer(coordinator, joins('c2', 'c2-of-another-time')).errorCode).toBe(ErrorCode.UnknownMemberId)
    expect(harness.seen('GroupRequestRefused').at(-1)).toMatchObject({
      api: 'JoinGroup',
      group: GROUP,
      client: 'c2',
      member: 'c2-of-another-time',
      errorCode: ErrorCode.UnknownMemberId,
    })
    expect(beats(harness, coordinator, 'c1', first.generationId, first.memberId)).toBe(ErrorCode.NoError)
  })

  test('takes two clients with one id for one member: who joined first is refused with error 22, and joins again', () => {
    const { harness, coordinator } = started(protocol)
    const first = settled(harness, coordinator, joins('c1', ''))
    const second = settled(harness, coordinator, joins('c2', first.memberId))
    expect(second.memberId).toBe(first.memberId)
    expect(second.generationId).toBe(first.generationId + 1)
    expect(second.members).toHaveLength(1)
    const { memberId, generationId } = first
    expect(beats(harness, coordinator, 'c1', generationId, memberId)).toBe(ErrorCode.IllegalGeneration)
    expect(harness.seen('GroupRequestRefused').at(-1)).toMatchObject({
      api: 'Heartbeat',
      client: 'c1',
      member: memberId,
      errorCode: ErrorCode.IllegalGeneration,
    })
    const late = commit(5, { clientId: 'c1', generationId, memberId, version: 2 })
    expect(errorOf(harness.answer(coordinator, late))).toBe(ErrorCode.IllegalGeneration)
    expect(beats(harness, coordinator, 'c2', second.generationId, memberId)).toBe(ErrorCode.NoError)
    const third = settled(harness, coordinator, joins('c1', memberId))
    expect(third.generationId).toBe(second.generationId + 1)
    expect(beats(harness, coordinator, 'c2', second.generationId, memberId)).toBe(ErrorCode.IllegalGeneration)
  })
})
