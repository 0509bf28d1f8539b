/** What a server does when its disk fails: it stops, says so, and does not serve what it cannot keep. */
import { describe, expect, test } from 'vitest'
import { Ensemble } from './ensemble.ts'

function serving(settings = {}): Ensemble {
  const ensemble = new Ensemble(3, { settings })
  ensemble.untilServing()
  return ensemble
}

const ends = (ensemble: Ensemble): unknown[] =>
  ensemble.kinds('ProcessEnded').map(({ machine, event }) => [machine, event])

describe('a server', () => {
  test('exits when its disk is full; the others go on', () => {
    const ensemble = serving()
    const client = ensemble.client('c1', ['zk2', 'zk3']).connect()
    ensemble.world.machine('zk1').disk.fillUp(0)
    expect(client.ask((zk, done) => zk.create('/a', '', 'persistent', done))).toMatchObject({ error: 'OK' })
    ensemble.seconds(1)
    expect(ends(ensemble)).toEqual([
      ['zk1', expect.objectContaining({ how: 'exit', reason: expect.stringMatching(/disk failure: ENOSPC/) })],
    ])
    ensemble.world.machine('zk1').disk.fillUp(undefined)
    ensemble.world.machine('zk1').restart()
    ensemble.untilServing()
    expect(ensemble.server('zk1').tree.node('/a')).toBeDefined()
  })

  test('cuts a damaged end of its log, says how much, and gets it again from the leader', () => {
    const ensemble = serving()
    const client = ensemble.client('c1', ['zk2', 'zk3']).connect()
    client.ask((zk, done) => zk.create('/a', '', 'persistent', done))
    ensemble.seconds(1)
    const machine = ensemble.world.machine('zk1')
    machine.powerOff()
    const path = 'version-2/log.0000000000000000'
    const size = machine.disk.status(path)!.size
    machine.disk.corruptBit(path, size - 3, 2)
    machine.restart()
    ensemble.untilServing()
    const { event } = ensemble.kinds('ZkRecovered').at(-1)!
    expect(event.truncatedBytes).toBeGreaterThan(0)
    expect(ensemble.server('zk1').tree.node('/a')).toBeDefined()
  })

  test('does not start from a damaged snapshot without another one', () => {
    const ensemble = serving({ snapCount: 5, commitLogCount: 1 })
    const client = ensemble.client('c1', ['zk2', 'zk3']).connect()
    const machine = ensemble.world.machine('zk1')
    machine.powerOff()
    for (let i = 0; i < 40; i++) client.ask((zk, done) => zk.create(`/n${i}`, 'x'.repeat(50), 'persistent', done))
    machine.restart()
    ensemble.untilServing()
    machine.powerOff()
    for (const name of machine.disk.list('version-2')) {
      if (name.startsWith('snapshot')) machine.disk.corruptBit(`version-2/${name}`, 30, 0)
    }
    machine.restart()
    ensemble.seconds(5)
    expect(machine.state).toBe('stopped')
    expect(ends(ensemble).at(-1)).toEqual([
      'zk1',
      expect.objectContaining({ reason: expect.stringMatching(/damaged/) }),
    ])
    expect(ensemble.leader).toBe('zk3')
  })
})
