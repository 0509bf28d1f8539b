// A commit whose acknowledgement comes when the last member of its group has gone.
import { expect, test } from 'vitest'
import { CONSUMER_PROTOCOL_TYPE, ErrorCode, encodeSubscription } from '../../../src/protocol/index.ts'
import { commit, coordinated, errorOf, fetchOffsets, GROUP } from './requests.ts'

test.each(['0.9', '1.1'] as const)(
  'a commit of %s that outlives its group is what the next member is told',
  (protocol) => {
    const brokerConfig = { 'group.initial.rebalance.delay.ms': 0, 'offsets.commit.timeout.ms': 30_000 }
    const { harness, coordinator } = coordinated({ plan: { protocol, brokerConfig } })
    const metadata = encodeSubscription({ topics: ['orders'], userData: null })
    const who = { correlationId: 1, clientId: 'c1', groupId: GROUP }
    const { memberId, generationId } = harness.answer(coordinator, {
      api: 'JoinGroup',
      version: 1,
      ...who,
      sessionTimeoutMs: 6000,
      rebalanceTimeoutMs: 6000,
      memberId: '',
      protocolType: CONSUMER_PROTOCOL_TYPE,
      protocols: [{ name: 'range', metadata }],
    })
    harness.answer(coordinator, { api: 'SyncGroup', ...who, generationId, memberId, assignments: [] })
    const member = { memberId, generationId, version: 2 } as const
    expect(errorOf(harness.answer(coordinator, commit(3, member)))).toBe(ErrorCode.NoError)
    const followers = ['b1', 'b2', 'b3'].filter((name) => name !== coordinator)
    for (const follower of followers) harness.world.machine(follower).pause()
    const late = harness.start(coordinator, commit(5, member))
    harness.event('MemberLeft', (event) => event.member === memberId)
    expect(late.result).toBeUndefined()
    for (const follower of followers) harness.world.machine(follower).resume()
    harness.until('the commit is answered', () => late.result !== undefined)
    const answer = harness.answer(coordinator, fetchOffsets())
    expect(answer.partitions[0]).toMatchObject({ offset: 5, errorCode: ErrorCode.NoError })
  },
)
