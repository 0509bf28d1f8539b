/** Kafka's client: retries until an answer comes, merges bursts of changes, builds a new session after an expiry. */
import { describe, expect, test } from 'vitest'
import type { ZkClient, ZkResult } from '../../../src/zookeeper/index.ts'
import { askZkClient, Ensemble } from './ensemble.ts'

function serving(size = 3): Ensemble {
  const ensemble = new Ensemble(size)
  ensemble.untilServing()
  return ensemble
}

function recorder(zk: ZkClient, path: string): string[] {
  const log: string[] = []
  zk.subscribeState({
    disconnected: () => log.push('disconnected'),
    connected: () => log.push('connected'),
    newSession: () => log.push('newSession'),
  })
  zk.subscribeData(path, { changed: (data) => log.push(`changed ${data}`), deleted: () => log.push('deleted') })
  zk.subscribeChildren(path, (children) => log.push(`children ${children}`))
  return log
}

describe('ZkClient', () => {
  test('tells creation, change and deletion with the fresh value, again and again', () => {
    const ensemble = serving()
    const zk = ensemble.zkClient('c1')
    let log: string[] = []
    ensemble.world.call('c1', 'test', () => (log = recorder(zk, '/a')))
    ensemble.seconds(1)
    const does = <T>(body: (done: (result: T) => void) => void): string[] => {
      log.length = 0
      askZkClient<T>(ensemble, 'c1', body)
      ensemble.seconds(1)
      return [...log]
    }
    expect(does((done) => zk.create('/a', 'x', 'persistent', done))).toEqual(['children ', 'changed x'])
    expect(does((done) => zk.setData('/a', 'y', -1, done))).toEqual(['changed y'])
    expect(does((done) => zk.create('/a/b', '', 'persistent', done))).toEqual(['children b'])
    expect(does((done) => zk.delete('/a/b', -1, done))).toEqual(['children '])
    expect(does((done) => zk.delete('/a', -1, done))).toEqual(['children ', 'deleted'])
    expect(does((done) => zk.create('/a', 'z', 'persistent', done))).toEqual(['children ', 'changed z'])
  })

  test('merges a burst of changes into the last one', () => {
    const ensemble = serving()
    const zk = ensemble.zkClient('c1', ['zk1'])
    const writer = ensemble.zkClient('c2', ['zk2'])
    askZkClient(ensemble, 'c2', (done) => writer.create('/a', '', 'persistent', done))
    let log: string[] = []
    ensemble.world.call('c1', 'test', () => (log = recorder(zk, '/a')))
    ensemble.seconds(1)
    ensemble.world.call('c2', 'test', () => {
      for (let i = 1; i <= 50; i++) writer.setData('/a', String(i), -1, () => {})
    })
    ensemble.seconds(1)
    expect(log.at(-1)).toBe('changed 50')
    expect(log.length).toBeLessThan(40)
  })

  test('stops telling after unsubscribe', () => {
    const ensemble = serving()
    const zk = ensemble.zkClient('c1')
    const log: string[] = []
    ensemble.world.call('c1', 'test', () => {
      const unsubscribe = zk.subscribeChildren('/', (children) => log.push(String(children)))
      zk.create('/a', '', 'persistent', () => zk.create('/b', '', 'persistent', () => unsubscribe()))
    })
    ensemble.seconds(1)
    const told = log.length
    expect(told).toBeGreaterThan(0)
    askZkClient(ensemble, 'c1', (done) => zk.create('/c', '', 'persistent', done))
    ensemble.seconds(1)
    expect(log).toHaveLength(told)
  })

  test('retries a create whose answer was lost, and finds its own node', () => {
    const ensemble = serving()
    const zk = ensemble.zkClient('c1')
    for (const name of ensemble.names) ensemble.world.network.cut(name, 'c1')
    let result: ZkResult<string> | undefined
    ensemble.world.call('c1', 'test', () => zk.create('/a', 'mine', 'persistent', (r) => (result = r)))
    ensemble.until('it is disconnected', () => !zk.connected)
    expect(ensemble.server('zk3').tree.node('/a')).toBeDefined()
    expect(result).toBeUndefined()
    ensemble.world.network.healAll()
    ensemble.until('an answer', () => result !== undefined)
    expect(result!.error).toBe('NodeExists')
  })

  test('keeps the order of what is asked while it is disconnected', () => {
    const ensemble = serving()
    const zk = ensemble.zkClient('c1')
    ensemble.isolate('c1', ensemble.names)
    const log: string[] = []
    ensemble.until('it is disconnected', () => !zk.connected)
    ensemble.world.call('c1', 'test', () => {
      zk.create('/a', '', 'persistent', ({ error }) => log.push(`create ${error}`))
      zk.setData('/a', '1', -1, ({ error }) => log.push(`set ${error}`))
    })
    ensemble.seconds(1)
    ensemble.world.call('c1', 'test', () => zk.getData('/a', ({ value }) => log.push(`read ${value?.data}`)))
    ensemble.seconds(1)
    expect(log).toEqual([])
    ensemble.world.network.healAll()
    ensemble.until('answers', () => log.length === 3)
    expect(log).toEqual(['create OK', 'set OK', 'read 1'])
  })

  test('opens a new session after an expiry, tells it, and tells every subscriber the present state', () => {
    const ensemble = serving()
    const zk = ensemble.zkClient('c1')
    const writer = ensemble.zkClient('c2')
    askZkClient(ensemble, 'c1', (done) => zk.create('/e', '', 'ephemeral', done))
    let log: string[] = []
    const children: string[] = []
    ensemble.world.call('c1', 'test', () => {
      log = recorder(zk, '/a')
      zk.subscribeChildren('/', (names) => children.push(String(names)))
      zk.subscribeState({
        newSession: () => zk.create('/e', 'again', 'ephemeral', ({ error }) => log.push(`again ${error}`)),
      })
    })
    ensemble.seconds(1)
    const before = zk.sessionId
    ensemble.isolate('c1', ensemble.names)
    let late: ZkResult<string> | undefined
    ensemble.world.call('c1', 'test', () => zk.create('/late', '', 'persistent', (result) => (late = result)))
    ensemble.until('the session expires', () => ensemble.kinds('ZkSessionClosed').length > 0)
    askZkClient(ensemble, 'c2', (done) => writer.create('/a', 'x', 'persistent', done))
    expect(log).toEqual(['disconnected'])
    ensemble.world.network.healAll()
    ensemble.until('a new session', () => log.includes('newSession'), 120)
    ensemble.seconds(2)
    expect(zk.sessionId).not.toBe(before)
    expect(log).toEqual(
      ['disconnected', 'newSession', 'again OK', 'children ', 'changed x', 'connected'].sort(byOrder(log)),
    )
    expect(log.indexOf('newSession')).toBeLessThan(log.indexOf('changed x'))
    expect(children.at(-1)).toBe('a,e,late,zookeeper')
    // A write that was asked under the old session happened under the new one.
    expect(late).toEqual({ error: 'OK', value: '/late' })
    expect(ensemble.server('zk3').tree.node('/e')?.ephemeralOwner).toBe(zk.sessionId)
  })

  test('creates missing parents', () => {
    const ensemble = serving()
    const zk = ensemble.zkClient('c1')
    const make = (path: string): ZkResult<string> =>
      askZkClient(ensemble, 'c1', (done) => zk.createRecursive(path, done))
    expect(make('/x/y/z')).toEqual({ error: 'OK', value: '/x/y/z' })
    expect(make('/x/y/z')).toEqual({ error: 'OK', value: '/x/y/z' })
    expect(make('/x/y/w')).toEqual({ error: 'OK', value: '/x/y/w' })
  })

  test('closes its session, and is silent afterwards', () => {
    const ensemble = serving()
    const zk = ensemble.zkClient('c1')
    askZkClient(ensemble, 'c1', (done) => zk.create('/e', '', 'ephemeral', done))
    askZkClient<boolean>(ensemble, 'c1', (done) => zk.close(() => done(true)))
    expect(ensemble.server('zk3').tree.node('/e')).toBeUndefined()
    const steps = ensemble.kinds('ZkClientState').length
    ensemble.seconds(30)
    expect(ensemble.kinds('ZkClientState')).toHaveLength(steps)
  })
})

const byOrder =
  (log: readonly string[]) =>
  (a: string, b: string): number =>
    log.indexOf(a) - log.indexOf(b)
