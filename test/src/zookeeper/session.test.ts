/** Sessions: negotiated, kept alive, moved between servers, expired by the leader alone (formats.md 8.5). */
import { describe, expect, test } from 'vitest'
import { SECOND } from '../../../src/host/index.ts'
import type { ZkResult } from '../../../src/zookeeper/index.ts'
import { Ensemble, type TestClient } from './ensemble.ts'

const create = (client: TestClient, path: string, mode: 'persistent' | 'ephemeral' = 'ephemeral'): ZkResult<string> =>
  client.ask((zk, done) => zk.create(path, '', mode, done))

function serving(size = 3, settings = {}): Ensemble {
  const ensemble = new Ensemble(size, { settings })
  ensemble.untilServing()
  return ensemble
}

const granted = (ensemble: Ensemble): unknown[] => ensemble.kinds('ZkSessionCreated').map(({ event }) => event)

describe('a session', () => {
  test.each([
    [1000, 4000],
    [6000, 6000],
    [90_000, 40_000],
  ])('that asks for %i ms gets %i with ticks of 2000', (asked, timeoutMs) => {
    const ensemble = serving()
    ensemble.client('c1', ensemble.names, asked).connect()
    expect(granted(ensemble)).toEqual([expect.objectContaining({ owner: 'c1', timeoutMs })])
  })

  test('lives as long as its client pings, through followers too', () => {
    const ensemble = serving()
    const clients = ['zk1', 'zk2', 'zk3'].map((server, i) => ensemble.client(`c${i}`, [server]).connect())
    ensemble.seconds(120)
    for (const client of clients) expect(client.log).toEqual(['SyncConnected'])
  })

  test('expires between its timeout and a tick more, with all its ephemeral nodes under one zxid', () => {
    const ensemble = serving()
    const doomed = ensemble.client('c1', ['zk1']).connect()
    const watcher = ensemble.client('c2', ['zk2']).connect()
    for (const path of ['/e1', '/e2', '/e3']) create(doomed, path)
    create(doomed, '/stays', 'persistent')
    const events = ensemble.kinds('ZkCommitted').length
    watcher.ask((zk, done) => zk.exists('/e2', true, done))
    ensemble.world.machine('c1').powerOff()
    const at = ensemble.world.now
    ensemble.until('the watch fires', () => watcher.log.includes('NodeDeleted /e2'))
    const seconds = (ensemble.world.now - at) / SECOND
    // It was last heard of up to a third of its timeout before, and a follower passes that on every half tick.
    expect(seconds).toBeGreaterThan(6 - 2)
    expect(seconds).toBeLessThan(6 + 2 + 1.1)
    const committed = ensemble.kinds('ZkCommitted').slice(events)
    expect(committed.map(({ event }) => event)).toEqual([
      expect.objectContaining({
        txn: 'closeSession',
        changes: ['/e1', '/e2', '/e3'].map((path) => ({ op: 'delete', path })),
      }),
    ])
    for (const server of ensemble.running) {
      expect(server.tree.children('/')).toEqual(['stays', 'zookeeper'])
      expect(server.tree.sessions.size).toBe(1)
    }
    expect(ensemble.kinds('ZkSessionClosed').map(({ event }) => event)).toEqual([
      expect.objectContaining({ expired: true }),
    ])
  })

  test('that is closed takes its ephemeral nodes with it at once', () => {
    const ensemble = serving()
    const client = ensemble.client('c1').connect()
    create(client, '/e')
    client.ask<boolean>((zk, done) => zk.close(() => done(true)))
    expect(ensemble.server('zk3').tree.node('/e')).toBeUndefined()
    expect(ensemble.kinds('ZkSessionClosed').map(({ event }) => event)).toEqual([
      expect.objectContaining({ expired: false }),
    ])
    ensemble.seconds(20)
    expect(ensemble.kinds('ZkSessionClosed')).toHaveLength(1)
  })

  test('moves to another server in time, with its ephemeral nodes', () => {
    const ensemble = serving()
    const client = ensemble.client('c1', ['zk1', 'zk2']).connect()
    create(client, '/e')
    const session = client.zk.sessionId
    const { server } = client
    ensemble.world.machine(server).crash()
    ensemble.until('it notices', () => !client.zk.isConnected)
    client.connect()
    expect(client.zk.sessionId).toBe(session)
    expect(client.log).toEqual(['SyncConnected', 'Disconnected', 'SyncConnected'])
    ensemble.seconds(30)
    expect(ensemble.server('zk3').tree.node('/e')?.ephemeralOwner).toBe(session)
  })

  test('survives a change of leader, which starts all timeouts anew', () => {
    const ensemble = serving()
    const client = ensemble.client('c1', ['zk1', 'zk2']).connect()
    create(client, '/e')
    ensemble.world.machine('zk3').crash()
    ensemble.until('a new leader', () => ensemble.leader === 'zk2')
    client.connect()
    ensemble.seconds(30)
    expect(ensemble.server('zk1').tree.node('/e')).toBeDefined()
    expect(client.log).not.toContain('Expired')
  })

  test('whose client was away too long is over, and the client is told when it comes back', () => {
    const ensemble = serving()
    const client = ensemble.client('c1').connect()
    create(client, '/e')
    ensemble.isolate('c1', [...ensemble.names])
    ensemble.until('the client notices', () => client.log.includes('Disconnected'))
    ensemble.until('the session expires', () => ensemble.kinds('ZkSessionClosed').length === 1)
    ensemble.seconds(5)
    expect(client.log).not.toContain('Expired')
    ensemble.world.network.healAll()
    ensemble.until('the client is told', () => client.log.includes('Expired'))
    expect(create(client, '/late').error).toBe('SessionExpired')
  })

  test('is not taken over with a wrong password', () => {
    const ensemble = serving()
    const client = ensemble.client('c1').connect()
    const session = client.zk.sessionId!
    const answers: object[] = []
    ensemble.world.addMachine('thief').boot((host) => ({
      start() {
        const address = { machine: 'zk1', port: 2181 }
        const received = (message: object): void => void answers.push(message)
        const connection = host.connect(address, { received, closed: () => {} }, SECOND)
        connection.send({ zk: 'ConnectRequest', lastZxidSeen: 0, timeoutMs: 6000, session, password: 'guess' }, 50)
      },
      digest() {},
    }))
    ensemble.seconds(1)
    expect(answers).toEqual([expect.objectContaining({ zk: 'ConnectResponse', timeoutMs: 0 })])
    expect(client.zk.isConnected || client.connect().zk.isConnected).toBe(true)
  })

  test('that moved on refuses what an old connection left behind', () => {
    const ensemble = serving()
    const client = ensemble.client('c1', ['zk1', 'zk2']).connect()
    const { server } = client
    const other = server === 'zk1' ? 'zk2' : 'zk1'
    // The request reaches the old server, which cannot pass it on; the client goes to the other one meanwhile.
    ensemble.world.network.stall(server, 'zk3')
    let error: string | undefined
    client.begin((zk) => zk.create('/late', '', 'persistent', (result) => (error = result.error)))
    ensemble.seconds(0.1)
    ensemble.world.network.cut(server, 'c1')
    ensemble.until('the client loses the server', () => error === 'ConnectionLoss')
    client.connect()
    expect(client.server).toBe(other)
    expect(create(client, '/new', 'persistent').error).toBe('OK')
    ensemble.world.network.releaseAll()
    ensemble.seconds(2)
    expect(ensemble.server('zk3').tree.node('/late')).toBeUndefined()
    expect(ensemble.kinds('ZkCommitted').some(({ event }) => event.txn === 'error')).toBe(true)
  })

  test('expires early if the leader’s clock jumps while nothing is heard for a moment, as with ZooKeeper 3.4', () => {
    const silentFor = (jumpUs: number): string[] => {
      const ensemble = serving()
      const client = ensemble.client('c1', ['zk1']).connect()
      ensemble.seconds(10)
      ensemble.world.network.stall('c1', 'zk1')
      ensemble.seconds(1.2)
      ensemble.world.machine('zk3').setClock({ jumpUs })
      ensemble.seconds(2.2)
      ensemble.world.network.releaseAll()
      ensemble.seconds(10)
      return client.log
    }
    expect(silentFor(0)).toEqual(['SyncConnected'])
    expect(silentFor(3600 * SECOND)).toEqual(['SyncConnected', 'Disconnected', 'Expired'])
  })
})
