/** The nodes that a new server has before anybody asked for anything, on the real ZooKeeper and on ours. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ZkResult, ZkStat } from '../../../src/zookeeper/index.ts'
import { Ensemble } from '../../src/zookeeper/ensemble.ts'
import { RealServer, ZOOKEEPER_MISSING } from './real-server.ts'
import { REAL_SERVER_OPTIONS } from './real-side.ts'
import { WireClient } from './wire/wire-client.ts'

describe.skipIf(ZOOKEEPER_MISSING !== undefined)('a new ZooKeeper of ours beside a new real one', () => {
  let server: RealServer
  beforeAll(async () => {
    server = await RealServer.start(REAL_SERVER_OPTIONS)
  }, 120_000)
  afterAll(() => server?.stop())

  test('has the same root and quota node, and gives the first sequential node below the root the same name', async () => {
    const real = new WireClient(server.port)
    await real.connect(60_000)
    const ensemble = new Ensemble(1, { trace: false })
    ensemble.untilServing()
    const ours = ensemble.client('c1').connect()
    const compareStat = async (path: string): Promise<void> => {
      const { stat } = await real.ask({ op: 'exists', path, watch: false })
      const { value } = ours.ask<ZkResult<ZkStat>>((zk, done) => zk.exists(path, false, done))
      const { version, cversion, aversion, dataLength, numChildren } = value!
      expect({ path, version, cversion, aversion, dataLength, numChildren }).toEqual({
        path,
        version: stat!.version,
        cversion: stat!.cversion,
        aversion: stat!.aversion,
        dataLength: stat!.dataLength,
        numChildren: stat!.numChildren,
      })
    }
    await compareStat('/')
    await compareStat('/zookeeper/quota')
    const create = { path: '/n-', data: '', mode: 'persistent-sequential' } as const
    const { path } = await real.ask({ op: 'create', ...create })
    const { value } = ours.ask<ZkResult<string>>((zk, done) => zk.create(create.path, '', create.mode, done))
    expect(value).toBe(path)
    await compareStat('/')
    await real.ask({ op: 'closeSession' })
    real.disconnect()
  })
})
