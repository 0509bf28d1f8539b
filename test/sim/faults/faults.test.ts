import { describe, expect, it } from 'vitest'
import * as faults from '../../../sim/faults/index.ts'
import { World } from '../../../sim/kernel/index.ts'
import type { Host, Process } from '../../../src/host/index.ts'

class Idle implements Process {
  readonly host: Host
  constructor(host: Host) {
    this.host = host
  }
  start(): void {}
  digest(): void {}
}

function worldOf(...names: string[]): World {
  const world = new World({ seed: 1, network: { latencyUs: { low: 100, high: 100 } } })
  for (const name of names) world.addMachine(name).boot((host) => new Idle(host))
  return world
}

describe('faults', () => {
  it('say what they found when there is nothing to do', () => {
    const world = worldOf('b1')
    expect(faults.restart(world, 'b1')).toEqual({ applied: false, because: 'b1 is running' })
    expect(faults.crash(world, 'b1')).toEqual({ applied: true })
    expect(faults.crash(world, 'b1')).toEqual({ applied: false, because: 'b1 is stopped' })
    expect(faults.powerOff(world, 'b1')).toEqual({ applied: true })
    expect(faults.pause(world, 'b1')).toEqual({ applied: false, because: 'b1 is off' })
    expect(faults.restart(world, 'b1')).toEqual({ applied: true })
    expect(world.machine('b1').state).toBe('running')
  })

  it('cut every link between two groups, both ways, and none inside a group', () => {
    const world = worldOf('b1', 'b2', 'b3')
    faults.cut(world, { from: ['b1', 'b2'], to: ['b2', 'b3'], oneWay: false })
    const cuts = ['b1→b2', 'b2→b1', 'b1→b3', 'b3→b1', 'b2→b3', 'b3→b2', 'b2→b2'].filter((link) => {
      const [from, to] = link.split('→')
      return world.network.isCut(from!, to!)
    })
    expect(cuts).toEqual(['b1→b2', 'b2→b1', 'b1→b3', 'b3→b1', 'b2→b3', 'b3→b2'])
    faults.heal(world, { from: ['b1'], to: ['b3'], oneWay: true })
    expect(world.network.isCut('b1', 'b3')).toBe(false)
    expect(world.network.isCut('b3', 'b1')).toBe(true)
  })

  it('stall one way only when asked to', () => {
    const world = worldOf('b1', 'b2')
    faults.stall(world, { from: ['b1'], to: ['b2'], oneWay: true })
    expect([world.network.isStalled('b1', 'b2'), world.network.isStalled('b2', 'b1')]).toEqual([true, false])
    faults.releaseAll(world)
    expect(world.network.isStalled('b1', 'b2')).toBe(false)
  })

  it('keep a machine from its ensemble until the trace says that its session ended, and leave other cuts alone', () => {
    const world = worldOf('b1', 'zk1', 'zk2')
    world.network.cut('b1', 'zk2')
    expect(faults.expireSession(world, 'b1', [], ['zk1', 'zk2'])).toMatchObject({ applied: false })
    faults.expireSession(world, 'b1', ['0x1'], ['zk1', 'zk2'])
    expect(world.network.isCut('b1', 'zk1') && world.network.isCut('zk1', 'b1')).toBe(true)
    world.trace.emit('zk1', { kind: 'ZkSessionClosed', session: '0x2', expired: true } as { kind: string })
    world.run(1_000_000)
    expect(world.network.isCut('b1', 'zk1')).toBe(true)
    world.trace.emit('zk1', { kind: 'ZkSessionClosed', session: '0x1', expired: true } as { kind: string })
    world.run(2_000_000)
    expect(world.network.isCut('b1', 'zk1') || world.network.isCut('zk2', 'b1')).toBe(false)
    expect(world.network.isCut('b1', 'zk2')).toBe(true)
  })

  it('report a byte that is not there instead of corrupting it', () => {
    const world = worldOf('b1')
    expect(faults.corrupt(world, 'b1', 'orders-0/00000000000000000000.log', 3, 1)).toMatchObject({ applied: false })
  })
})
