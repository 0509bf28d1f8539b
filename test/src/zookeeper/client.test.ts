/** The raw client: order of answers and events, watches across servers, unknown outcomes. */
import { describe, expect, test } from 'vitest'
import { SECOND } from '../../../src/host/index.ts'
import type { ZkResult, ZkStat } from '../../../src/zookeeper/index.ts'
import { Ensemble, type TestClient } from './ensemble.ts'

function serving(size = 3): Ensemble {
  const ensemble = new Ensemble(size)
  ensemble.untilServing()
  return ensemble
}

const create = (client: TestClient, path: string, data = ''): ZkResult<string> =>
  client.ask((zk, done) => zk.create(path, data, 'persistent', done))
const set = (client: TestClient, path: string, data: string): ZkResult<ZkStat> =>
  client.ask((zk, done) => zk.setData(path, data, -1, done))

describe('order', () => {
  test('a client’s requests are answered in the order it sent them, reads after its own writes', () => {
    const ensemble = serving()
    const client = ensemble.client('c1', ['zk1']).connect()
    const log: string[] = []
    client.begin((zk) => {
      zk.create('/a', '0', 'persistent', ({ error }) => log.push(`create ${error}`))
      zk.getData('/a', false, ({ value }) => log.push(`read ${value?.data}`))
      zk.setData('/a', '1', 0, ({ error }) => log.push(`set ${error}`))
      zk.setData('/a', '2', 0, ({ error }) => log.push(`set ${error}`))
      zk.getChildren('/', false, ({ value }) => log.push(`children ${value}`))
      zk.getData('/a', false, ({ value }) => log.push(`read ${value?.data}`))
      zk.sync('/', ({ error }) => log.push(`sync ${error}`))
      zk.delete('/a', 1, ({ error }) => log.push(`delete ${error}`))
      zk.exists('/a', false, ({ error }) => log.push(`exists ${error}`))
    })
    ensemble.seconds(1)
    expect(log).toEqual([
      'create OK',
      'read 0',
      'set OK',
      'set BadVersion',
      'children a,zookeeper',
      'read 1',
      'sync OK',
      'delete OK',
      'exists NoNode',
    ])
  })

  test('a sync between two writes that are committed together is answered between them', () => {
    const ensemble = serving()
    const { network } = ensemble.world
    const client = ensemble.client('c1', ['zk1']).connect()
    const log: string[] = []
    for (const follower of ['zk1', 'zk2']) network.stall('zk3', follower)
    client.begin((zk) => {
      zk.create('/a', '0', 'persistent', ({ error }) => log.push(`create ${error}`))
      zk.sync('/', ({ error }) => log.push(`sync ${error}`))
      zk.setData('/a', '1', -1, ({ error }) => log.push(`set ${error}`))
      zk.getData('/a', false, ({ value }) => log.push(`read ${value?.data}`))
    })
    ensemble.seconds(0.05)
    const commits: number[] = []
    network.intercept(({ name, to, message }) => {
      if (name === 'ZkCommit' && to === 'zk1') commits.push((message as { zxid: number }).zxid)
      return 'pass'
    })
    network.releaseAll()
    ensemble.seconds(0.05)
    expect(log).toEqual(['create OK', 'sync OK', 'set OK', 'read 1'])
    // Both came with one acknowledgement, and were committed one after the other for the sync's sake.
    expect(commits).toHaveLength(2)
    expect(ensemble.kinds('ZkAcknowledged').filter(({ event }) => event.zxid === commits[0])).toEqual([
      expect.objectContaining({ machine: 'zk3' }),
    ])
  })

  test('reads of one client do not wait for writes of another', () => {
    const ensemble = serving()
    const writer = ensemble.client('c1', ['zk1']).connect()
    const reader = ensemble.client('c2', ['zk1']).connect()
    ensemble.world.network.stall('zk1', 'zk3')
    let answered = false
    writer.begin((zk) => zk.create('/a', '', 'persistent', () => (answered = true)))
    ensemble.seconds(0.1)
    expect(reader.ask<ZkResult<string[]>>((zk, done) => zk.getChildren('/', false, done)).error).toBe('OK')
    expect(answered).toBe(false)
  })
})

describe('watches', () => {
  test('come before the new data is seen, and before the answer to a later read', () => {
    const ensemble = serving()
    const watcher = ensemble.client('c1', ['zk1']).connect()
    const writer = ensemble.client('c2', ['zk2']).connect()
    create(writer, '/a', 'old')
    ensemble.seconds(1)
    watcher.ask((zk, done) => zk.getData('/a', true, done))
    watcher.log.length = 0
    let reading = true
    const readOn = (): void => {
      watcher.begin((zk) =>
        zk.getData('/a', false, ({ value }) => {
          watcher.log.push(value!.data)
          if (reading) readOn()
        }),
      )
    }
    readOn()
    set(writer, '/a', 'new')
    ensemble.seconds(1)
    reading = false
    const event = watcher.log.indexOf('NodeDataChanged /a')
    const fresh = watcher.log.indexOf('new')
    expect(event).toBeGreaterThan(0)
    expect(fresh).toBeGreaterThan(event)
    expect(new Set(watcher.log.slice(0, event))).toEqual(new Set(['old']))
    expect(watcher.log.filter((line) => line.startsWith('Node'))).toHaveLength(1)
  })

  test('come before the answer to the client’s own write', () => {
    const ensemble = serving()
    const client = ensemble.client('c1').connect()
    create(client, '/a')
    client.ask((zk, done) => zk.exists('/a', true, done))
    client.log.length = 0
    client.begin((zk) => zk.setData('/a', 'x', -1, () => client.log.push('answer')))
    ensemble.seconds(1)
    expect(client.log).toEqual(['NodeDataChanged /a', 'answer'])
  })

  test('once fired, see no later change until they are set again', () => {
    const ensemble = serving()
    const client = ensemble.client('c1').connect()
    create(client, '/a')
    client.ask((zk, done) => zk.getData('/a', true, done))
    client.log.length = 0
    set(client, '/a', '1')
    set(client, '/a', '2')
    expect(client.log).toEqual(['NodeDataChanged /a'])
    client.ask((zk, done) => zk.getData('/a', true, done))
    set(client, '/a', '3')
    expect(client.log).toHaveLength(2)
  })

  test('go along to another server, which tells what was missed', () => {
    const ensemble = serving()
    const client = ensemble.client('c1', ['zk1', 'zk2']).connect()
    const other = ensemble.client('c2', ['zk3']).connect()
    for (const path of ['/changed', '/deleted', '/parent', '/same', '/brief']) create(other, path)
    ensemble.seconds(1)
    for (const path of ['/changed', '/deleted', '/same', '/created']) {
      client.ask((zk, done) => zk.exists(path, true, done))
    }
    client.ask((zk, done) => zk.getChildren('/parent', true, done))
    client.ask((zk, done) => zk.exists('/never', true, done))
    client.log.length = 0
    ensemble.isolate('c1', ensemble.names)
    ensemble.until('the client notices', () => client.log.includes('Disconnected'))
    set(other, '/changed', 'x')
    create(other, '/created')
    create(other, '/parent/child')
    create(other, '/never')
    other.ask((zk, done) => zk.delete('/never', -1, done))
    other.ask((zk, done) => zk.delete('/deleted', -1, done))
    ensemble.world.network.healAll()
    client.connect()
    ensemble.seconds(1)
    expect(client.log).not.toContain('Expired')
    expect(client.log.filter((line) => line.startsWith('Node')).sort()).toEqual([
      'NodeChildrenChanged /parent',
      'NodeCreated /created',
      'NodeDataChanged /changed',
      'NodeDeleted /deleted',
    ])
    set(other, '/same', 'y')
    ensemble.seconds(1)
    expect(client.log.at(-1)).toBe('NodeDataChanged /same')
  })
})

describe('a lost connection', () => {
  test('leaves the outcome of a write unknown: it happened though the client was told ConnectionLoss', () => {
    const ensemble = serving()
    const client = ensemble.client('c1', ['zk1']).connect()
    ensemble.world.network.cut('zk1', 'c1')
    let error: string | undefined
    client.begin((zk) => zk.create('/a', '', 'persistent', (result) => (error = result.error)))
    ensemble.until('an end', () => error !== undefined)
    expect(error).toBe('ConnectionLoss')
    expect(ensemble.server('zk3').tree.node('/a')).toBeDefined()
  })

  test('is noticed after two thirds of the session timeout; pings go after one third', () => {
    const ensemble = serving()
    const client = ensemble.client('c1', ['zk1'], 9000).connect()
    const pings: number[] = []
    ensemble.world.network.intercept(({ name }) => {
      if (name === 'ZkPing') pings.push(ensemble.world.now)
      return 'pass'
    })
    ensemble.seconds(10)
    expect(pings).toHaveLength(3)
    expect((pings[1]! - pings[0]!) / SECOND).toBeCloseTo(3, 2)
    const heard = pings[2]!
    ensemble.world.network.cut('zk1', 'c1')
    ensemble.until('it notices', () => !client.zk.isConnected)
    expect((ensemble.world.now - heard) / SECOND).toBeCloseTo(6, 2)
  })

  test('is survived by trying one server after another', () => {
    const ensemble = serving(5)
    const client = ensemble.client('c1', ensemble.names, 20_000).connect()
    for (let i = 0; i < 10; i++) {
      ensemble.world.network.reset('c1', client.server)
      ensemble.until('it is disconnected', () => !client.zk.isConnected)
      client.connect()
    }
    const used = ensemble.kinds('ZkClientState').map(({ event }) => event.server)
    expect(new Set(used.filter((server) => server !== null)).size).toBe(5)
    expect(client.log).not.toContain('Expired')
  })
})

test('multi over the network is all or nothing', () => {
  const ensemble = serving()
  const client = ensemble.client('c1').connect()
  const good = client.ask<ZkResult<unknown>>((zk, done) =>
    zk.multi(
      [
        { op: 'create', path: '/a', data: 'x', mode: 'persistent' },
        { op: 'setData', path: '/a', data: 'y', version: 0 },
      ],
      done,
    ),
  )
  expect(good).toEqual({
    error: 'OK',
    value: [
      { error: 'OK', path: '/a' },
      { error: 'OK', stat: expect.objectContaining({ version: 1 }) },
    ],
  })
  const bad = client.ask<ZkResult<unknown>>((zk, done) =>
    zk.multi(
      [
        { op: 'delete', path: '/a', version: 1 },
        { op: 'delete', path: '/b', version: -1 },
      ],
      done,
    ),
  )
  expect(bad).toEqual({ error: 'NoNode', value: [{ error: 'OK' }, { error: 'NoNode' }] })
  expect(ensemble.server('zk3').tree.node('/a')).toBeDefined()
})
