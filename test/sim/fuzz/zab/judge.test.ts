/** The judge of the ZAB soak notices what it is there for: each promise, broken by hand. */
import { describe, expect, it, test } from 'vitest'
import { CommittedState } from '../../../../sim/fuzz/zab/committed-state.ts'
import { Leadership } from '../../../../sim/fuzz/zab/leadership.ts'
import { Observations } from '../../../../sim/fuzz/zab/observations.ts'
import { TraceJudge } from '../../../../sim/fuzz/zab/trace-judge.ts'
import type { WorldEvent } from '../../../../sim/kernel/index.ts'
import { SECOND } from '../../../../src/host/index.ts'
import { makeZxid, type ZkStat, type ZnodeChange, type ZooKeeperEvent } from '../../../../src/zookeeper/index.ts'

const z = (counter: number, epoch = 1): number => makeZxid(epoch, counter)
const create = (path: string, data = '', ephemeralOwner: string | null = null): ZnodeChange => ({
  op: 'create',
  path,
  data,
  ephemeralOwner,
})
const set = (path: string, data: string, version: number): ZnodeChange => ({ op: 'setData', path, data, version })
const remove = (path: string): ZnodeChange => ({ op: 'delete', path })

/** A state in which session `s` lives, and after it whatever is given, from zxid 1:2 on. */
function committed(...txns: ZnodeChange[][]): CommittedState {
  const state = new CommittedState()
  state.apply({ zxid: z(1), txn: 'createSession', session: 's', changes: [] })
  txns.forEach((changes, i) => {
    state.apply({ zxid: z(i + 2), txn: 'multi', session: 's', changes })
  })
  return state
}

describe('the committed state', () => {
  test.each<[string, ZnodeChange[][], RegExp]>([
    ['a node twice', [[create('/a')], [create('/a')]], /1:3 creates \/a, which is there/],
    ['a node without a parent', [[create('/a/b')]], /1:2 creates \/a\/b without a parent/],
    ['a child of an ephemeral node', [[create('/a', '', 's'), create('/a/b')]], /below an ephemeral node/],
    ['a node for another session', [[create('/a', '', 'other')]], /for other, not for s/],
    ['a number out of turn', [[create('/a')], [create('/a/n-0000000001')]], /as child number 0/],
    ['a version that is skipped', [[create('/a')], [set('/a', 'x', 2)]], /1:3 makes version 0 of \/a 2/],
    ['a write of nothing', [[set('/a', 'x', 1)]], /writes \/a, which is not there/],
    ['a deletion of nothing', [[remove('/a')]], /deletes \/a, which is not there/],
    ['a deletion of a parent', [[create('/a'), create('/a/b')], [remove('/a')]], /deletes \/a, which has children/],
  ])('refuses %s', (_what, txns, message) => {
    expect(() => committed(...txns)).toThrow(message)
  })

  it('refuses a zxid with two meanings, or out of order, and takes a repetition', () => {
    const state = committed([create('/a', 'x')], [create('/b')])
    const told = { zxid: z(2), txn: 'multi', session: 's', changes: [create('/a', 'x')] }
    expect(state.apply(told)).toBe(false)
    expect(() => state.apply({ ...told, changes: [create('/a', 'y')] })).toThrow(/zxid 1:2 means .* and /)
    expect(() => state.apply({ ...told, zxid: z(0) })).toThrow(/1:0 was committed after 1:3/)
  })

  it('refuses writes of an ended session, and ephemeral nodes that outlive theirs', () => {
    const close = { zxid: z(9), txn: 'closeSession', session: 's' }
    const state = committed([create('/a', '', 's')])
    expect(() => state.apply({ ...close, changes: [] })).toThrow(/1:9 ends s and leaves its ephemeral node \/a/)
    const ended = committed([create('/a', '', 's')])
    ended.apply({ ...close, changes: [remove('/a')] })
    const late = { zxid: z(10), txn: 'create', session: 's', changes: [create('/b')] }
    expect(() => ended.apply(late)).toThrow(/1:10 is a write of s, which has ended or never began/)
  })

  it('knows what was written when', () => {
    const state = committed([create('/a', 'x')], [set('/a', 'y', 1)], [create('/a/b')], [remove('/a/b'), remove('/a')])
    expect(state.dataAt('/a', z(3))).toBe('y')
    expect([0, 2, 3, 5].map((n) => state.nextWrite('/a', z(n)))).toEqual([z(2), z(3), z(5), Number.POSITIVE_INFINITY])
    expect(state.nextChildChange('/a', z(4))).toBe(z(5))
  })
})

const stat = (zxids: Partial<ZkStat>): ZkStat => ({ mzxid: 0, pzxid: 0, version: 0, ...zxids }) as ZkStat

describe('what a session sees', () => {
  function seen(...txns: ZnodeChange[][]) {
    const state = committed(...txns)
    const observations = new Observations(state, new Leadership())
    return { state, observations, witness: observations.witness('s') }
  }
  const history: ZnodeChange[][] = [
    [create('/a', 'a1')],
    [create('/b', 'b1')],
    [set('/a', 'a2', 1)],
    [set('/b', 'b2', 1)],
  ]

  it('may be stale, and is counted then', () => {
    const { witness, observations } = seen(...history)
    witness.readData('/a', 'a1', stat({ mzxid: z(2) }), false)
    witness.readData('/b', 'b1', stat({ mzxid: z(3) }), false)
    expect(observations.counts).toMatchObject({ reads: 2, staleReads: 2 })
  })

  it('never goes back, in one node or from one to another', () => {
    const { witness } = seen(...history)
    witness.readData('/b', 'b2', stat({ mzxid: z(5) }), false)
    expect(() => witness.readData('/a', 'a1', stat({ mzxid: z(2) }), false)).toThrow(
      /read \/a of 1:2, which 1:4 replaced, after it had seen 1:5/,
    )
    expect(() => witness.missed('/a')).toThrow(/had seen/)
  })

  it('has what it wrote itself, and what a sync promises', () => {
    const writer = seen(...history).witness
    writer.wrote(z(4))
    expect(() => writer.readData('/a', 'a1', stat({ mzxid: z(2) }), false)).toThrow(/had seen 1:4/)
    const syncer = seen(...history).witness
    syncer.synced(z(5))
    expect(() => syncer.readData('/b', 'b1', stat({ mzxid: z(3) }), false)).toThrow(/had seen 1:5/)
  })

  it('was committed, to the letter', () => {
    const { witness } = seen(...history)
    expect(() => witness.readData('/a', 'a3', stat({ mzxid: z(9) }), false)).toThrow(/which is not committed/)
    expect(() => witness.readData('/a', 'b1', stat({ mzxid: z(2) }), false)).toThrow(
      /read b1 in \/a, where 1:2 wrote a1/,
    )
    expect(() => witness.readChildren('/', stat({ pzxid: z(9) }), false)).toThrow(/not committed/)
  })

  it('comes after the event of the watch that was set on the old', () => {
    const { witness } = seen(...history)
    witness.readData('/a', 'a1', stat({ mzxid: z(2) }), true)
    witness.readData('/b', 'b1', stat({ mzxid: z(3) }), false)
    expect(() => witness.readData('/b', 'b2', stat({ mzxid: z(5) }), false)).toThrow(
      /saw 1:5 before the event of 1:4 at \/a, which it watches/,
    )
    const told = seen(...history).witness
    told.readData('/a', 'a1', stat({ mzxid: z(2) }), true)
    told.fired('NodeDataChanged', '/a')
    told.readData('/b', 'b2', stat({ mzxid: z(5) }), false)
    told.judgeAtRest()
  })

  it('is told of what happened, and of nothing else', () => {
    const { witness } = seen(...history)
    witness.readData('/b', 'b2', stat({ mzxid: z(5) }), true)
    expect(() => witness.fired('NodeDataChanged', '/b')).toThrow(/where nothing changed after 1:5/)
    const children = seen(...history, [create('/b/c')]).witness
    children.readChildren('/b', stat({ pzxid: z(3) }), true)
    expect(() => children.judgeAtRest()).toThrow(/was never told of 1:6 at \/b, watched since 1:3/)
    const waiting = seen(...history).witness
    waiting.waitsFor('/a')
    expect(() => waiting.judgeAtRest()).toThrow(/was never told of 1:2 at \/a/)
    waiting.fired('NodeCreated', '/a')
    waiting.judgeAtRest()
  })

  it('is an answer that agrees with what was committed', () => {
    const { observations, witness } = seen([create('/v')], [set('/v', 'x', 1)])
    const write = observations.writes.ask('c1-1', 's')
    expect(() => observations.answered(write, 'OK', witness)).toThrow(/c1-1 was acknowledged and is not committed/)
    write.zxid = z(2)
    expect(() => observations.answered(write, 'BadVersion', witness)).toThrow(/was committed and answered with BadVer/)
    expect(() => observations.refusedVersion('/v', 1)).toThrow(/has version 1, and a write for it was refused/)
    expect(() => observations.deleted('/v')).toThrow(/is there after its deletion was acknowledged/)
  })
})

describe('writes', () => {
  const asked = () => {
    const { writes } = new Observations(new CommittedState(), new Leadership())
    for (const data of ['c1-1', 'c1-2']) writes.ask(data, 's')
    return writes
  }

  it('take effect once, in the order of their session, and for it', () => {
    const twice = asked()
    twice.committed(z(1), 's', [create('/a', 'c1-1')])
    expect(() => twice.committed(z(2), 's', [create('/a', 'c1-1')])).toThrow(/c1-1 \(1:2\) took effect twice/)
    const wrong = asked()
    wrong.committed(z(1), 's', [create('/a', 'c1-2')])
    expect(() => wrong.committed(z(2), 's', [create('/a', 'c1-1')])).toThrow(/after number 2 of the same session/)
    expect(() => asked().committed(z(1), 't', [create('/a', 'c1-1')])).toThrow(/asked in s and committed for t/)
  })

  it('take effect whole, under their condition, and not when they were refused', () => {
    const writes = asked()
    writes.ask('c1-3', 's', { nodes: 2 })
    writes.ask('c1-4', 's', { expectedVersion: 3 })
    writes.ask('c1-5', 's').answer = 'NodeExists'
    expect(() => writes.committed(z(1), 's', [set('/a', 'c1-3', 1)])).toThrow(/wrote 1 nodes of 2/)
    expect(() => writes.committed(z(1), 's', [set('/a', 'c1-4', 3)])).toThrow(/another version than 3/)
    expect(() => writes.committed(z(1), 's', [create('/a', 'c1-5')])).toThrow(/refused with NodeExists/)
  })

  it('whose answer was lost happened or did not', () => {
    const writes = asked()
    writes.committed(z(1), 's', [create('/a', 'c1-1')])
    for (const data of ['c1-3', 'c1-4']) writes.ask(data, 's').answer = 'ConnectionLoss'
    writes.committed(z(2), 's', [create('/b', 'c1-3')])
    expect(writes.unknownOutcomes()).toEqual({ applied: 1, notApplied: 1 })
  })
})

describe('the trace', () => {
  function judge(clocksAreRight = true) {
    const state = new CommittedState()
    const leadership = new Leadership()
    const { writes } = new Observations(state, leadership)
    const judging = new TraceJudge({
      fragile: ['zk3'],
      quorum: 2,
      clocksAreRight,
      committed: state,
      leadership,
      writes,
    })
    let seq = 0
    const tell = (machine: string, event: ZooKeeperEvent | WorldEvent, atUs = 0): void =>
      judging.apply({ seq: seq++, atUs, machine, step: 0, cause: -1, event })
    return { tell, counts: judging.counts, leadership }
  }
  const error = (zxid: number): ZooKeeperEvent => ({
    kind: 'ZkCommitted',
    zxid,
    txn: 'error',
    session: 's',
    changes: [],
  })

  it('has one leader an epoch, who alone proposes in it', () => {
    const { tell } = judge()
    tell('zk1', { kind: 'ZkLeaderServing', epoch: 1 })
    expect(() => tell('zk2', { kind: 'ZkLeaderServing', epoch: 1 })).toThrow(/epoch 1 has the leaders zk1 and zk2/)
    expect(() => tell('zk2', { kind: 'ZkProposed', zxid: z(1), txn: 'error' })).toThrow(/which zk1 leads/)
  })

  it('commits what a quorum has logged', () => {
    const { tell, counts } = judge()
    tell('zk1', { kind: 'ZkLeaderServing', epoch: 1 })
    tell('zk1', { kind: 'ZkProposed', zxid: z(1), txn: 'error' })
    tell('zk1', { kind: 'ZkAcknowledged', zxid: z(1) })
    tell('zk2', { kind: 'ZkAcknowledged', zxid: z(0) })
    expect(() => tell('zk1', error(z(1)))).toThrow(/1:1 was committed with 1 servers that had logged it/)
    for (const server of ['zk1', 'zk2']) tell(server, { kind: 'ZkAcknowledged', zxid: z(2) })
    tell('zk1', error(z(2)))
    expect(counts.commits).toBe(2)
  })

  it('applies in the order of commits, without gaps', () => {
    const { tell } = judge()
    for (const server of ['zk1', 'zk2']) tell(server, { kind: 'ZkAcknowledged', zxid: z(9) })
    tell('zk1', { kind: 'ZkLeaderServing', epoch: 1 })
    for (const counter of [1, 2, 3]) tell('zk1', error(z(counter)))
    tell('zk2', { kind: 'ZkApplied', zxid: z(1) })
    expect(() => tell('zk2', { kind: 'ZkApplied', zxid: z(3) })).toThrow(/zk2 applied 1:3 after 1:1: number 2 after 0/)
    tell('zk1', { kind: 'ZkSynced', mode: 'SNAP', to: 'zk3', zxid: z(2) })
    tell('zk3', { kind: 'ZkApplied', zxid: z(3) })
  })

  it('ends no session before its time', () => {
    for (const clocksAreRight of [true, false]) {
      const { tell, counts } = judge(clocksAreRight)
      for (const server of ['zk1', 'zk2']) tell(server, { kind: 'ZkAcknowledged', zxid: z(9) })
      tell('zk1', { kind: 'ZkLeaderServing', epoch: 1 })
      tell('zk1', { kind: 'ZkProposed', zxid: z(1), txn: 'createSession' }, SECOND)
      tell('zk1', { kind: 'ZkCommitted', zxid: z(1), txn: 'createSession', session: 's', changes: [] }, SECOND)
      tell('zk1', { kind: 'ZkSessionCreated', session: 's', owner: 'c1', timeoutMs: 4000 }, SECOND)
      tell('zk1', { kind: 'ZkProposed', zxid: z(2), txn: 'closeSession' }, 4 * SECOND)
      tell('zk1', { kind: 'ZkCommitted', zxid: z(2), txn: 'closeSession', session: 's', changes: [] }, 4 * SECOND)
      const end = () => tell('zk1', { kind: 'ZkSessionClosed', session: 's', expired: true }, 4 * SECOND)
      if (clocksAreRight) expect(end).toThrow(/session s of 4000 ms was ended after 3 s/)
      else end()
      expect(counts.sessionsExpired).toBe(1)
    }
  })

  it('lets no server find damage where none was done', () => {
    const { tell, counts } = judge()
    const damaged: ZooKeeperEvent = { kind: 'ZkDiskFailed', failure: 'damaged', path: 'p', detail: 'p: damaged at 0' }
    tell('zk3', damaged)
    expect(() => tell('zk1', damaged)).toThrow(/zk1 does not start, though nothing was damaged/)
    expect(counts.damagedServers).toBe(1)
  })

  it('tells when more than one server believes that it leads', () => {
    const { tell, leadership } = judge()
    tell('zk1', { kind: 'ZkLeaderServing', epoch: 1 })
    tell('zk2', { kind: 'ZkLeaderServing', epoch: 2 })
    expect(leadership.isContested).toBe(true)
    tell('zk1', { kind: 'ZkRoleEnded', role: 'LEADING', reason: 'no-quorum' })
    expect(leadership.isContested).toBe(false)
    tell('zk2', { kind: 'ProcessEnded', how: 'crash', reason: 'killed' })
    expect(leadership.changes).toBe(4)
  })
})
