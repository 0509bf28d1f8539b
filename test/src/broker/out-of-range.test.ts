import { describe, expect, test } from 'vitest'
import { ClusterHarness, ErrorCode, leaderAndIsrRequest, partitionState, topic } from './cluster-harness.ts'

/** The probe plays the controller; the topic's configuration stands in ZooKeeper because the topic exists on b3 only. */
function bare(unclean: boolean): ClusterHarness {
  const harness = ClusterHarness.ready({
    plan: {
      topics: [topic({ replicas: [[3]], replicationFactor: 1, config: { 'unclean.leader.election.enable': unclean } })],
    },
  })
  return harness
}

const becomes = (leader: number, leaderEpoch: number) => ({
  partitionStates: [partitionState({ leader, leaderEpoch, isr: [leader] }, [1, 2])],
})

/** b1 has `kept` committed messages in its log, more than b2, which leads now. */
function ahead(harness: ClusterHarness): void {
  harness.leaderAndIsr('b1', becomes(1, 50))
  harness.produce('b1', ['a', 'b', 'c'], 1)
  harness.leaderAndIsr('b2', becomes(2, 51))
  harness.produce('b2', ['x'], 1)
  harness.start('b1', {
    api: 'LeaderAndIsr',
    correlationId: 1,
    clientId: 'probe',
    controllerId: 9,
    controllerEpoch: 1000,
    liveLeaders: [{ id: 2, host: 'b2', port: 9092 }],
    ...becomes(2, 51),
  })
}

describe('a follower whose fetch offset is out of range', () => {
  test("past the leader cuts its log to the leader's end, without a look at what stands there", () => {
    const harness = bare(true)
    ahead(harness)
    harness.until('b1 was cut', () => harness.seen('Truncated').some((e) => e.reason === 'out-of-range'))
    expect(harness.seen('Truncated')).toMatchObject([{ machine: 'b1', from: 3, to: 1, reason: 'out-of-range' }])
    harness.produce('b2', ['y'], -1)
    harness.until('b1 goes on', () => harness.replica('b1').leo === 2)
    harness.leaderAndIsr('b1', becomes(1, 52))
    // The prefix diverged, and nobody noticed: this is what leader epochs were invented for.
    expect(harness.values('b1')).toEqual(['a', 'y'])
    expect(harness.values('b2')).toEqual(['x', 'y'])
  })

  test('past the leader halts the broker if the topic does not allow unclean election (M19), again and again', () => {
    const harness = bare(false)
    ahead(harness)
    const ended = harness.event('ProcessEnded', (_, machine) => machine === 'b1')
    expect(ended.how).toBe('exit')
    expect(ended.reason).toContain('log truncation is not allowed for topic orders')
    expect(harness.seen('Truncated')).toEqual([])
  })

  test("when the leader has caught up meanwhile wipes its log and starts at the leader's start (M20)", () => {
    const harness = bare(true)
    // Between the refused fetch and the question for its end, the leader gets past the follower.
    let questions = 0
    harness.world.network.intercept(({ name, from, to }) => {
      if (name !== 'Offsets' || from !== 'b1' || to !== 'b2' || questions++ > 0) return 'pass'
      return { delayUs: 500_000 }
    })
    ahead(harness)
    harness.until('b1 asks', () => questions > 0)
    harness.produce('b2', ['y', 'z', 'w'], 1)
    harness.until('b1 was wiped', () => harness.seen('Truncated').length > 0)
    expect(harness.seen('Truncated')).toMatchObject([{ machine: 'b1', from: 3, to: 0, reason: 'out-of-range' }])
    harness.until('b1 has it all', () => harness.replica('b1').leo === 4)
    harness.leaderAndIsr('b1', becomes(1, 52))
    expect(harness.values('b1')).toEqual(['x', 'y', 'z', 'w'])
  })

  test('cannot be taken away from its fetcher while the leader is asked', () => {
    const harness = bare(true)
    harness.world.network.intercept(({ name, from, to }) =>
      name === 'Offsets' && from === 'b1' && to === 'b2' ? 'hold' : 'pass',
    )
    ahead(harness)
    harness.runFor(3000)
    const pending = harness.start('b1', {
      api: 'LeaderAndIsr',
      correlationId: 1,
      clientId: 'probe',
      controllerId: 9,
      controllerEpoch: 1000,
      liveLeaders: [],
      ...becomes(1, 52),
    })
    harness.runFor(3000)
    expect(pending.result).toBeUndefined()
    expect(harness.replica('b1').role).toBe('follower')
    harness.world.network.releaseAll()
    harness.until('b1 leads', () => pending.result !== undefined)
    expect(harness.replica('b1')).toMatchObject({ role: 'leader', leaderEpoch: 52 })
  })

  test('does not keep its broker from stopping while the leader is asked and a role change waits for it', () => {
    const harness = bare(true)
    harness.world.network.intercept(({ name, from, to }) =>
      name === 'Offsets' && from === 'b1' && to === 'b2' ? 'hold' : 'pass',
    )
    ahead(harness)
    harness.runFor(3000)
    harness.start('b1', leaderAndIsrRequest({ ...becomes(1, 52), liveLeaders: [] }))
    harness.runFor(100)
    harness.world.machine('b1').shutdown()
    const ended = harness.event('ProcessEnded', (_, machine) => machine === 'b1')
    expect(ended).toMatchObject({ how: 'exit', reason: 'shut down' })
  })

  test('goes on trying if its disk fails while it is cut, and the broker lives', () => {
    const harness = bare(true)
    harness.leaderAndIsr('b1', becomes(1, 50))
    harness.produce('b1', ['a', 'b', 'c'], 1)
    harness.leaderAndIsr('b2', becomes(2, 51))
    harness.world.network.intercept(({ name, from, to }) => {
      if (name === 'OffsetsResponse' && from === 'b2' && to === 'b1') harness.world.machine('b1').disk.fillUp(0)
      return 'pass'
    })
    harness.leaderAndIsr('b1', becomes(2, 51))
    harness.runFor(3000)
    expect(harness.world.machine('b1').state).toBe('running')
    expect(harness.seen('Truncated').length).toBeGreaterThan(0)
    harness.world.machine('b1').disk.fillUp(undefined)
    expect(harness.produce('b2', ['x'], 1)).toBe(ErrorCode.NoError)
    harness.until('b1 follows after all', () => harness.replica('b1').leo === 1)
  })
})
