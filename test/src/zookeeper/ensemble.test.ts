import { describe, expect, test } from 'vitest'
import type { ZkResult } from '../../../src/zookeeper/index.ts'
import { Ensemble } from './ensemble.ts'

describe('an ensemble', () => {
  test.each([1, 3, 5])('of %i servers elects one leader and serves', (size) => {
    const ensemble = new Ensemble(size)
    ensemble.untilServing()
    expect(ensemble.leader).toBe(`zk${size}`)
    expect(ensemble.followers).toHaveLength(size - 1)
    const client = ensemble.client('c1').connect()
    const created = client.ask<ZkResult<string>>((zk, done) => zk.create('/a', 'x', 'persistent', done))
    expect(created).toEqual({ error: 'OK', value: '/a' })
    ensemble.seconds(1)
    for (const server of ensemble.running) expect(server.tree.node('/a')?.data).toBe('x')
  })
})
