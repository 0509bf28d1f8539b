/** Discovery, synchronisation and broadcast: what a quorum has logged stays, and nothing else becomes true. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { SECOND } from '../../../src/host/index.ts'
import type { ZkResult, ZkStat } from '../../../src/zookeeper/index.ts'
import { planSync } from '../../../src/zookeeper/quorum/sync-plan.ts'
import type { Txn } from '../../../src/zookeeper/tree/txn.ts'
import { Ensemble, type TestClient } from './ensemble.ts'

const create = (client: TestClient, path: string, data = ''): ZkResult<string> =>
  client.ask((zk, done) => zk.create(path, data, 'persistent', done))
const read = (client: TestClient, path: string): ZkResult<{ data: string; stat: ZkStat }> =>
  client.ask((zk, done) => zk.getData(path, false, done))

function serving(size = 3, settings = {}): Ensemble {
  const ensemble = new Ensemble(size, { settings })
  ensemble.untilServing()
  return ensemble
}

describe('broadcast', () => {
  test('commits in the order of zxids, after a majority has logged and acknowledged', () => {
    const ensemble = serving()
    const order: string[] = []
    ensemble.world.network.intercept(({ from, to, name }) => {
      if (['ZkProposal', 'ZkAck', 'ZkCommit'].includes(name)) order.push(`${name} ${from}→${to}`)
      return 'pass'
    })
    const client = ensemble.client('c1', ['zk1']).connect()
    order.length = 0
    create(client, '/a')
    ensemble.seconds(1)
    const firstCommit = order.findIndex((line) => line.startsWith('ZkCommit'))
    expect(order.slice(0, firstCommit).filter((line) => line.startsWith('ZkProposal'))).not.toHaveLength(0)
    expect(order.slice(0, firstCommit).filter((line) => line.startsWith('ZkAck'))).not.toHaveLength(0)
    expect([...order].sort()).toEqual([
      'ZkAck zk1→zk3',
      'ZkAck zk2→zk3',
      'ZkCommit zk3→zk1',
      'ZkCommit zk3→zk2',
      'ZkProposal zk3→zk1',
      'ZkProposal zk3→zk2',
    ])
    const committed = ensemble.kinds('ZkCommitted').map(({ event }) => event.zxid)
    expect(committed).toEqual([...committed].sort((a, b) => a - b))
  })

  test('commits nothing without acknowledgements of a majority', () => {
    const ensemble = serving()
    const client = ensemble.client('c1', ['zk3']).connect()
    for (const follower of ['zk1', 'zk2']) ensemble.world.network.stall(follower, 'zk3')
    let answer: ZkResult<string> | undefined
    client.begin((zk) => zk.create('/a', '', 'persistent', (result) => (answer = result)))
    ensemble.seconds(3)
    expect(answer).toBeUndefined()
    expect(ensemble.server('zk3').tree.node('/a')).toBeUndefined()
    expect(ensemble.server('zk1').database.lastLogged).toBeGreaterThan(ensemble.server('zk1').lastAppliedZxid)
    ensemble.world.network.releaseAll()
    ensemble.until('the answer', () => answer?.error === 'OK', 1)
  })

  test('an acknowledged write survives the crash of the leader, and an unacknowledged one may', () => {
    const ensemble = serving()
    const client = ensemble.client('c1', ['zk1', 'zk2']).connect()
    expect(create(client, '/kept', 'x').error).toBe('OK')
    ensemble.world.machine('zk3').powerOff()
    ensemble.until('a new leader', () => ensemble.leader !== undefined && ensemble.followers.length === 1)
    client.connect()
    expect(read(client, '/kept').value?.data).toBe('x')
  })

  test('all servers losing power at once lose nothing that was acknowledged', () => {
    const ensemble = serving()
    const client = ensemble.client('c1').connect()
    const acknowledged: string[] = []
    client.begin((zk) => {
      for (let i = 0; i < 200; i++) {
        zk.create(`/n${i}`, '', 'persistent', ({ error, value }) => {
          if (error === 'OK') acknowledged.push(value!)
        })
      }
    })
    ensemble.until('half of the writes are acknowledged', () => acknowledged.length >= 100)
    const kept = [...acknowledged]
    expect(kept.length).toBeLessThan(200)
    for (const name of ensemble.names) ensemble.world.machine(name).powerOff()
    ensemble.seconds(5)
    for (const name of ensemble.names) ensemble.world.machine(name).restart()
    ensemble.untilServing()
    for (const server of ensemble.running) {
      for (const path of kept) expect(server.tree.node(path), path).toBeDefined()
    }
  })

  test('proposals that come together share an fsync', () => {
    const ensemble = serving()
    const client = ensemble.client('c1').connect()
    let syncs = 0
    const log = ensemble.world.machine('zk1').disk
    const open = log.open.bind(log)
    ensemble.world.machine('zk1').crash()
    log.open = (path, options) => {
      const handle = open(path, options)
      const sync = handle.sync.bind(handle)
      handle.sync = () => {
        syncs += 1
        sync()
      }
      return handle
    }
    ensemble.world.machine('zk1').restart()
    ensemble.untilServing()
    client.connect()
    syncs = 0
    let answers = 0
    client.begin((zk) => {
      for (let i = 0; i < 100; i++) zk.create(`/n${i}`, '', 'persistent', () => answers++)
    })
    ensemble.until('all answers', () => answers === 100)
    expect(syncs).toBeGreaterThan(0)
    expect(syncs).toBeLessThan(60)
  })
})

describe('a minority', () => {
  test('stops serving: follower without leader, and leader without followers', () => {
    const ensemble = serving(3)
    const atFollower = ensemble.client('c1', ['zk1']).connect()
    ensemble.world.machine('zk2').crash()
    ensemble.world.machine('zk3').crash()
    ensemble.until('zk1 stops', () => !ensemble.server('zk1').isServing, 15)
    ensemble.until('its client is told', () => atFollower.log.includes('Disconnected'), 5)

    const other = serving(3)
    const atLeader = other.client('c1', ['zk3']).connect()
    other.isolate('zk3')
    let answer: ZkResult<string> | undefined
    atLeader.begin((zk) => zk.create('/a', '', 'persistent', (result) => (answer = result)))
    other.until('zk3 stops', () => !other.server('zk3').isServing, 15)
    other.until('its client is told', () => answer !== undefined, 5)
    expect(answer!.error).toBe('ConnectionLoss')
  })

  test('its old leader is truncated when it comes back', () => {
    const ensemble = serving(3)
    const lost = ensemble.client('c1', ['zk3']).connect()
    const heard = ensemble.client('c2', ['zk1', 'zk2']).connect()
    ensemble.isolate('zk3')
    lost.begin((zk) => zk.create('/never-committed', '', 'persistent', () => {}))
    ensemble.until('zk2 leads', () => ensemble.server('zk2').state === 'LEADING' && ensemble.server('zk2').isServing)
    heard.connect()
    expect(create(heard, '/committed').error).toBe('OK')
    const before = ensemble.server('zk3').database.lastLogged
    ensemble.world.network.healAll()
    ensemble.untilServing()
    expect(ensemble.kinds('ZkSynced').map(({ event }) => event)).toContainEqual(
      expect.objectContaining({ mode: 'TRUNC', to: 'zk3' }),
    )
    const { tree, database } = ensemble.server('zk3')
    expect(tree.node('/never-committed')).toBeUndefined()
    expect(tree.node('/committed')).toBeDefined()
    expect(database.history.some(({ zxid }) => zxid === before)).toBe(false)
  })
})

test('what a leader inherits becomes true when a quorum has it, and is told then, however many leaders fail before', () => {
  const ensemble = serving()
  const { network } = ensemble.world
  const client = ensemble.client('c1', ['zk3']).connect()
  create(client, '/before')
  // Proposed and logged everywhere, committed nowhere.
  for (const follower of ['zk1', 'zk2']) network.stall(follower, 'zk3')
  client.begin((zk) => zk.create('/inherited', '', 'persistent', () => {}))
  ensemble.seconds(0.1)
  const inherited = ensemble.server('zk1').database.lastLogged
  ensemble.world.machine('zk3').crash()
  network.releaseAll()
  // A leader is found, and loses its follower before it can serve.
  const stop = network.intercept(({ name, from }) => (name === 'ZkAck' && from !== 'zk3' ? 'drop' : 'pass'))
  ensemble.seconds(50)
  expect(ensemble.kinds('ZkSynced').filter(({ machine }) => machine === 'zk2').length).toBeGreaterThan(1)
  const applied = () => ensemble.running.map((server) => server.tree.node('/inherited') !== undefined)
  expect(applied()).toEqual([false, false])
  stop()
  ensemble.until('zk2 leads', () => ensemble.leader === 'zk2' && ensemble.followers.length === 1)
  expect(applied()).toEqual([true, true])
  const told = ensemble.kinds('ZkCommitted').filter(({ event }) => event.zxid === inherited)
  expect(told.map(({ machine, event }) => [machine, event.changes])).toEqual([
    ['zk2', [{ op: 'create', path: '/inherited', data: '', ephemeralOwner: null }]],
  ])
})

describe('a returning follower', () => {
  const away = (settings = {}): { ensemble: Ensemble; client: TestClient } => {
    const ensemble = serving(3, settings)
    const client = ensemble.client('c1', ['zk2', 'zk3']).connect()
    create(client, '/before')
    ensemble.seconds(1)
    ensemble.world.machine('zk1').crash()
    return { ensemble, client }
  }
  const back = (ensemble: Ensemble): string => {
    ensemble.world.machine('zk1').restart()
    ensemble.untilServing()
    expect(JSON.stringify([...ensemble.server('zk1').tree.nodes])).toBe(
      JSON.stringify([...ensemble.server('zk3').tree.nodes]),
    )
    return ensemble.kinds('ZkSynced').at(-1)!.event.mode
  }

  test('gets what it missed as a DIFF', () => {
    const { ensemble, client } = away()
    create(client, '/a')
    create(client, '/b')
    expect(back(ensemble)).toBe('DIFF')
  })

  test('gets an empty DIFF if it missed nothing', () => {
    const { ensemble } = away()
    expect(back(ensemble)).toBe('DIFF')
  })

  test('gets a SNAP if it missed too much', () => {
    const { ensemble, client } = away({ snapCount: 20, commitLogCount: 5 })
    for (let i = 0; i < 70; i++) create(client, `/n${i}`)
    expect(back(ensemble)).toBe('SNAP')
    // And it can start from what it got.
    ensemble.world.machine('zk1').powerOff()
    expect(back(ensemble)).toBe('DIFF')
  })

  test('that lost its whole disk gets everything', () => {
    const { ensemble, client } = away({ snapCount: 20 })
    for (let i = 0; i < 70; i++) create(client, `/n${i}`)
    ensemble.world.machine('zk1').disk.removeDirectory('version-2')
    expect(back(ensemble)).toBe('SNAP')
  })

  test('takes part in what is under way while it joins', () => {
    const { ensemble, client } = away()
    let answers = 0
    const write = (): void => {
      client.begin((zk) => zk.create('/s', '', 'persistent-sequential', () => answers++))
      if (answers < 300) ensemble.world.schedule(1500, 'write', write)
    }
    write()
    expect(back(ensemble)).toBe('DIFF')
    ensemble.until('all writes', () => answers >= 300)
    ensemble.seconds(1)
    expect(ensemble.server('zk1').tree.nodes.size).toBe(ensemble.server('zk3').tree.nodes.size)
    expect(ensemble.running.every((server) => server.isServing)).toBe(true)
  })
})

describe('reads', () => {
  test('of a follower that is cut off are stale while the others move on, and sync repairs that', () => {
    const ensemble = serving(3)
    const here = ensemble.client('c1', ['zk1']).connect()
    const there = ensemble.client('c2', ['zk2']).connect()
    create(there, '/a', 'old')
    ensemble.seconds(1)
    ensemble.isolate('zk1')
    there.ask<ZkResult<ZkStat>>((zk, done) => zk.setData('/a', 'new', -1, done))
    expect(read(there, '/a').value?.data).toBe('new')
    expect(read(here, '/a').value?.data).toBe('old')
    let fresh: string | undefined
    here.begin((zk) => {
      zk.sync('/', () => {})
      zk.getData('/a', false, ({ value }) => (fresh = value?.data))
    })
    ensemble.seconds(2)
    expect(fresh).toBeUndefined()
    ensemble.world.network.healAll()
    ensemble.until('the answer', () => fresh !== undefined, 5)
    expect(fresh).toBe('new')
  })

  test('never go back in time: a server behind the client refuses it', () => {
    const ensemble = serving(3)
    const client = ensemble.client('c1', ['zk1', 'zk2']).connect()
    const other = client.server === 'zk1' ? 'zk2' : 'zk1'
    ensemble.isolate(other)
    create(client, '/a')
    ensemble.world.machine(client.server).crash()
    ensemble.seconds(3)
    expect(ensemble.server(other).isServing).toBe(true)
    expect(client.zk.isConnected).toBe(false)
    ensemble.world.network.healAll()
    client.connect()
    expect(read(client, '/a').error).toBe('OK')
  })
})

describe('a plan of synchronisation', () => {
  const txn = (zxid: number): Txn => ({
    zxid,
    session: '',
    xid: 0,
    timeMs: 0,
    body: { type: 'closeSession', expired: false },
  })

  test('makes the follower’s log the leader’s, from wherever they part', () => {
    const logs = fc.record({
      common: fc.nat(6),
      leaderOnly: fc.nat(6),
      followerOnly: fc.nat(6),
      base: fc.nat(8),
      oldest: fc.nat(8),
      diffTxnsMax: fc.nat(6),
      snapshotBytes: fc.constantFrom(0, 1, 10_000),
    })
    fc.assert(
      fc.property(logs, ({ common, leaderOnly, followerOnly, base, oldest, diffTxnsMax, snapshotBytes }) => {
        const shared = Array.from({ length: common }, (_, i) => i + 1)
        // The follower's own end is of an epoch before that of the leader's.
        const follower = [...shared, ...Array.from({ length: followerOnly }, (_, i) => 100 + i)]
        const leader = [...shared, ...Array.from({ length: leaderOnly }, (_, i) => 200 + i)]
        const kept = leader.slice(base)
        const from = leader.length - kept.length === 0 ? 0 : leader[leader.length - kept.length - 1]!
        const last = follower.at(-1) ?? 0
        const floor = Math.min(oldest, last)
        const plan = planSync(last, floor, { txns: kept.map(txn), base: from, snapshotBytes, diffTxnsMax })
        if (plan.mode === 'SNAP') return
        const cut = plan.mode === 'TRUNC' ? follower.filter((zxid) => zxid <= plan.after) : follower
        if (plan.mode === 'TRUNC') expect(plan.after).toBeGreaterThanOrEqual(floor)
        expect([...cut, ...plan.txns.map(({ zxid }) => zxid)]).toEqual(leader)
      }),
    )
  })

  test('is a snapshot if the follower asks for one', () => {
    const history = { txns: [txn(1), txn(2)], base: 0, snapshotBytes: 0, diffTxnsMax: 500 }
    expect(planSync(1, 0, history)).toEqual({ mode: 'DIFF', txns: [txn(2)] })
    expect(planSync(1, Number.MAX_SAFE_INTEGER, history)).toEqual({ mode: 'SNAP' })
  })
})

test('a leader gives up a silent follower, and a follower a silent leader, within syncLimit ticks', () => {
  const ensemble = serving(3)
  const at = ensemble.world.now
  ensemble.isolate('zk1')
  ensemble.until('zk1 left', () => ensemble.server('zk1').state === 'LOOKING')
  const seconds = (ensemble.world.now - at) / SECOND
  expect(seconds).toBeGreaterThanOrEqual(9)
  expect(seconds).toBeLessThanOrEqual(12)
  ensemble.seconds(5)
  expect(ensemble.leader).toBe('zk3')
})
