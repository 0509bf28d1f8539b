/** Fast leader election: the order of votes, and who wins on a real network. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { ZkResult } from '../../../src/zookeeper/index.ts'
import { beats, majorityOf } from '../../../src/zookeeper/quorum/vote.ts'
import { Ensemble } from './ensemble.ts'

const vote = fc.record({ leader: fc.nat(3), zxid: fc.nat(3), peerEpoch: fc.nat(3) })

describe('votes', () => {
  test('go by epoch, then zxid, then server id', () => {
    expect(beats({ peerEpoch: 2, zxid: 1, leader: 1 }, { peerEpoch: 1, zxid: 9, leader: 9 })).toBe(true)
    expect(beats({ peerEpoch: 1, zxid: 2, leader: 1 }, { peerEpoch: 1, zxid: 1, leader: 9 })).toBe(true)
    expect(beats({ peerEpoch: 1, zxid: 1, leader: 2 }, { peerEpoch: 1, zxid: 1, leader: 1 })).toBe(true)
  })

  test('are in a strict total order', () => {
    fc.assert(
      fc.property(vote, vote, vote, (a, b, c) => {
        const same = a.leader === b.leader && a.zxid === b.zxid && a.peerEpoch === b.peerEpoch
        expect(Number(beats(a, b)) + Number(beats(b, a)) + Number(same)).toBe(1)
        if (beats(a, b) && beats(b, c)) expect(beats(a, c)).toBe(true)
      }),
    )
  })

  test('majorities are more than half', () => {
    expect([1, 2, 3, 4, 5].map(majorityOf)).toEqual([1, 2, 2, 3, 3])
  })
})

describe('an election', () => {
  test('is won by the most advanced server, not by the highest id', () => {
    const ensemble = new Ensemble(3)
    ensemble.untilServing()
    const client = ensemble.client('c1', ['zk1']).connect()
    ensemble.world.machine('zk2').crash()
    client.ask<ZkResult<string>>((zk, done) => zk.create('/seen-by-1-and-3', '', 'persistent', done))
    ensemble.world.machine('zk3').crash()
    ensemble.world.machine('zk2').restart()
    ensemble.until('zk1 and zk2 serve', () => ensemble.leader !== undefined && ensemble.followers.length === 1)
    expect(ensemble.leader).toBe('zk1')
    expect(ensemble.server('zk2').tree.node('/seen-by-1-and-3')).toBeDefined()
  })

  test('lets a returning server join the leader that is there', () => {
    const ensemble = new Ensemble(5)
    ensemble.untilServing()
    ensemble.world.machine('zk5').crash()
    ensemble.until('another leads', () => ensemble.leader !== undefined && ensemble.leader !== 'zk5')
    const leader = ensemble.leader!
    const elections = ensemble.kinds('ZkLeaderServing').length
    ensemble.world.machine('zk5').restart()
    ensemble.untilServing()
    expect(ensemble.leader).toBe(leader)
    expect(ensemble.kinds('ZkLeaderServing')).toHaveLength(elections)
  })

  test('is not disturbed by a server that comes back from a cut with nobody', () => {
    const ensemble = new Ensemble(3)
    ensemble.untilServing()
    ensemble.isolate('zk1')
    ensemble.until('zk1 left', () => ensemble.server('zk1').state === 'LOOKING')
    ensemble.seconds(120)
    expect(ensemble.leader).toBe('zk3')
    ensemble.world.network.healAll()
    ensemble.until('zk1 is back', () => ensemble.server('zk1').isServing, 100)
    expect(ensemble.leader).toBe('zk3')
    expect(ensemble.kinds('ZkLeaderServing')).toHaveLength(1)
  })

  test('backs off its notifications, up to a minute apart', () => {
    const ensemble = new Ensemble(3)
    ensemble.untilServing()
    ensemble.world.machine('zk2').powerOff()
    ensemble.world.machine('zk3').powerOff()
    ensemble.seconds(300)
    const before = ensemble.world.steps
    ensemble.seconds(300)
    expect(ensemble.server('zk1').state).toBe('LOOKING')
    expect(ensemble.world.steps - before).toBeLessThan(40)
  })

  test('survives two winners: the one without a quorum gives up', () => {
    const ensemble = new Ensemble(3)
    ensemble.untilServing()
    // zk3 leads on, alone, until it notices; the others elect.
    ensemble.isolate('zk3')
    ensemble.until('a second leader', () => ensemble.leader === 'zk2' || ensemble.server('zk2').isServing === false)
    ensemble.until('zk2 leads', () => ensemble.server('zk2').state === 'LEADING' && ensemble.server('zk2').isServing)
    ensemble.until('zk3 stepped down', () => ensemble.server('zk3').state === 'LOOKING')
    expect(ensemble.server('zk3').isServing).toBe(false)
    ensemble.world.network.healAll()
    ensemble.untilServing()
    expect(ensemble.leader).toBe('zk2')
  })
})
