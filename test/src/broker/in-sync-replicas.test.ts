import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { followerHighWatermark, isrEndOffset } from '../../../src/broker/high-watermark.ts'
import { mayJoinIsr, outOfSyncReason } from '../../../src/broker/in-sync-replicas.ts'
import { RemoteReplica, UNKNOWN_OFFSET } from '../../../src/broker/replica.ts'
import { presets } from '../../../src/versions.ts'

const limits = { lagTimeMaxUs: 10_000_000, lagMaxMessages: 4000 }

function follower(logEndOffset: number, updatedUs: number): RemoteReplica {
  const replica = new RemoteReplica(2, 0)
  replica.recordFetch(logEndOffset, updatedUs)
  return replica
}

describe('who leaves the ISR (0.8.2)', () => {
  const reason = (f: RemoteReplica, leaderEnd: number, now: number) =>
    outOfSyncReason(f, leaderEnd, now, limits, presets['0.8.2'])

  test('a follower that has not fetched for longer than replica.lag.time.max.ms is stuck', () => {
    expect(reason(follower(5, 0), 5, 10_000_001)).toBe('stuck')
  })

  test('exactly replica.lag.time.max.ms is still in sync: the limit is strict', () => {
    expect(reason(follower(5, 0), 5, 10_000_000)).toBeUndefined()
  })

  test('a follower more than replica.lag.max.messages behind is slow, exactly that many is not', () => {
    expect(reason(follower(0, 0), 4001, 1)).toBe('slow')
    expect(reason(follower(0, 0), 4000, 1)).toBeUndefined()
  })

  test('a follower whose position is unknown is never slow', () => {
    expect(reason(follower(UNKNOWN_OFFSET, 0), 100_000, 1)).toBeUndefined()
  })

  test('a follower that keeps fetching and trails a little is never removed, however long that lasts', () => {
    expect(reason(follower(10, 99_999_999), 4010, 100_000_000)).toBeUndefined()
  })

  test('0.8.0 forgives silence to a follower that has everything', () => {
    expect(outOfSyncReason(follower(5, 0), 5, 20_000_000, limits, presets['0.8.0'])).toBeUndefined()
    expect(outOfSyncReason(follower(4, 0), 5, 20_000_000, limits, presets['0.8.0'])).toBe('stuck')
  })
})

test('a follower joins the ISR when it has reached the high watermark, not the LEO', () => {
  expect(mayJoinIsr(follower(3, 0), 3)).toBe(true)
  expect(mayJoinIsr(follower(2, 0), 3)).toBe(false)
})

describe('the high watermark', () => {
  test('is the smallest log end offset over the ISR, whatever the offsets are', () => {
    fc.assert(
      fc.property(fc.nat(1000), fc.array(fc.nat(1000), { maxLength: 5 }), (leaderEnd, ends) => {
        const offset = isrEndOffset(
          leaderEnd,
          ends.map((end) => follower(end, 0)),
        )
        expect(offset).toBe(Math.min(leaderEnd, ...ends))
      }),
    )
  })

  test('does not move while a member of the ISR has not fetched from this leader', () => {
    expect(isrEndOffset(7, [follower(7, 0), follower(UNKNOWN_OFFSET, 0)])).toBe(-1)
  })

  test('of a follower passes neither its own log nor what the leader says', () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat(), (leo, hw) => {
        expect(followerHighWatermark(leo, hw)).toBeLessThanOrEqual(leo)
        expect(followerHighWatermark(leo, hw)).toBeLessThanOrEqual(hw)
      }),
    )
  })
})
