import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { caughtUpEndOffset, followerHighWatermark, isrEndOffset } from '../../../src/broker/high-watermark.ts'
import { mayJoinIsr, outOfSyncReason, recordFetch } from '../../../src/broker/in-sync-replicas.ts'
import { RemoteReplica, UNKNOWN_OFFSET } from '../../../src/broker/replica.ts'
import { presets } from '../../../src/versions.ts'

const limits = { lagTimeMaxUs: 10_000_000, lagMaxMessages: 4000 }

function follower(logEndOffset: number, updatedUs: number, leaderEnd = Number.POSITIVE_INFINITY): RemoteReplica {
  const replica = new RemoteReplica(2, 0)
  replica.recordFetch(logEndOffset, updatedUs, leaderEnd)
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
  const leader = { highWatermark: 3, epochStartOffset: 9 }
  expect(mayJoinIsr(follower(3, 0), leader, presets['0.8.2'])).toBe(true)
  expect(mayJoinIsr(follower(2, 0), leader, presets['0.8.2'])).toBe(false)
})

test('since KAFKA-7128 it must also have reached what the leader had when its epoch began', () => {
  const leader = { highWatermark: 3, epochStartOffset: 9 }
  expect(mayJoinIsr(follower(8, 0), leader, presets['2.1'])).toBe(false)
  expect(mayJoinIsr(follower(9, 0), leader, presets['2.1'])).toBe(true)
  expect(mayJoinIsr(follower(9, 0), { ...leader, highWatermark: 10 }, presets['2.1'])).toBe(false)
})

describe('who leaves the ISR since KIP-16', () => {
  const lag = 10_000_000
  const replayed = (preset: keyof typeof presets, fetches: ReadonlyArray<readonly [number, number, number]>) => {
    const replica = new RemoteReplica(2, 0)
    for (const [offset, atUs, leaderEnd] of fetches) recordFetch(replica, offset, atUs, leaderEnd, presets[preset])
    return (now: number, leaderEnd: number) => outOfSyncReason(replica, leaderEnd, now, limits, presets[preset])
  }

  test('a burst of messages puts nobody out of sync, however long it is', () => {
    expect(replayed('0.9', [[0, 5, 0]])(6, 1_000_000)).toBeUndefined()
  })

  test('a follower that fetches all the time and never reaches the end leaves after replica.lag.time.max.ms', () => {
    const trailing = [1, 2, 3].map((i) => [i, i * lag, i + 10] as const)
    expect(replayed('0.9', trailing)(3 * lag, 13)).toBe('lagging')
    expect(replayed('0.10.2', trailing)(3 * lag, 13)).toBe('lagging')
  })

  test('since 0.10.2 one that reaches what the leader had at its last fetch was caught up at that time', () => {
    const oneBehind = [1, 2, 3].map((i) => [i, i * lag, i + 1] as const)
    expect(replayed('0.9', oneBehind)(3 * lag, 4)).toBe('lagging')
    expect(replayed('0.10.2', oneBehind)(3 * lag, 4)).toBeUndefined()
    expect(replayed('0.10.2', oneBehind)(3 * lag + 1, 4)).toBe('lagging')
  })

  test('silence puts a follower out of sync that has everything, until 2.1', () => {
    expect(replayed('0.10.2', [[5, 0, 5]])(lag + 1, 5)).toBe('lagging')
    expect(replayed('2.1', [[5, 0, 5]])(lag + 1, 5)).toBeUndefined()
    expect(replayed('2.1', [[5, 0, 5]])(lag + 1, 6)).toBe('lagging')
  })

  test('a failed fetch does not count as having reached the end', () => {
    expect(replayed('0.9', [[UNKNOWN_OFFSET, lag, UNKNOWN_OFFSET]])(lag + 1, 5)).toBe('lagging')
    expect(replayed('0.10.2', [[UNKNOWN_OFFSET, lag, 7]])(lag + 1, 5)).toBe('lagging')
  })

  test('when an epoch begins members of the ISR count as caught up, and others as never having been', () => {
    for (const [inSync, reason] of [
      [true, undefined],
      [false, 'lagging'],
    ] as const) {
      const replica = new RemoteReplica(2, 0)
      replica.restart(5 * lag, 3, inSync)
      expect(outOfSyncReason(replica, 3, 5 * lag + 1, limits, presets['0.10.2'])).toBe(reason)
    }
  })
})

describe('the high watermark', () => {
  test('is held back since 0.10.2 by a replica outside the ISR that was caught up of late, and by no other', () => {
    const late = follower(4, 50, 4)
    expect(caughtUpEndOffset(10, [follower(8, 0)], [late], 50)).toBe(4)
    expect(caughtUpEndOffset(10, [follower(8, 0)], [late], 51)).toBe(8)
  })

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
