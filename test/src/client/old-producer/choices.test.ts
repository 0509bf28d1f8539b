import { describe, expect, it } from 'vitest'
import type { ApplicationMessage, WorkloadOptions } from '../../../../src/client/index.ts'
import { Digest } from '../../../../src/host/index.ts'
import { ErrorCode } from '../../../../src/protocol/index.ts'
import type { ClientWorld } from '../scripted-broker.ts'
import { producer, send, settle } from './producer-world.ts'

describe('the choice of a partition', () => {
  const leaders = [1, 2, -1, 1]
  const keyless = (value: string): ApplicationMessage => ({ topic: 'orders', value })
  const partitions = (world: ClientWorld): string[] => world.of('ProduceSent').map((event) => event.tp)

  it('goes by the key', () => {
    const world = producer({ leaders: [1, 1, 1] })
    send(world, { topic: 'orders', key: 'g1', value: 'm1' }, { topic: 'orders', key: 'test', value: 'm2' })
    settle(world)
    expect(partitions(world)).toEqual([`orders-${3242 % 3}`, `orders-${3556498 % 3}`])
  })

  it('sticks to a drawn partition with a leader where there is no key', () => {
    const drawn = new Set<string>()
    for (let seed = 1; seed <= 30; seed++) {
      const world = producer({ leaders, seed })
      send(world, keyless('m1'), keyless('m2'), keyless('m3'))
      settle(world)
      expect(new Set(partitions(world)).size).toBe(1)
      drawn.add(partitions(world)[0]!)
    }
    expect([...drawn].sort()).toEqual(['orders-0', 'orders-1', 'orders-3'])
  })

  it('draws again after a failure and when the timer has refreshed metadata', () => {
    const drawnAfterFailure = new Set<string>()
    const drawnAfterTimer = new Set<string>()
    for (let seed = 1; seed <= 20; seed++) {
      const failing = producer({ leaders: [1, 1, 1], seed })
      failing.script.produce = () =>
        failing.script.count('Produce') === 1 ? ErrorCode.NotLeaderForPartition : ErrorCode.NoError
      send(failing, keyless('m1'))
      settle(failing)
      drawnAfterFailure.add(partitions(failing).join(' '))
      const timed = producer({ leaders: [1, 1, 1], seed, config: { 'topic.metadata.refresh.interval.ms': 1000 } })
      send(timed, keyless('m1'))
      timed.run(5000)
      send(timed, keyless('m2'))
      settle(timed)
      drawnAfterTimer.add(partitions(timed).join(' '))
    }
    for (const drawn of [drawnAfterFailure, drawnAfterTimer]) {
      expect([...drawn].some((pair) => pair.split(' ')[0] !== pair.split(' ')[1])).toBe(true)
    }
  })
})

describe('a workload', () => {
  const workload: WorkloadOptions = {
    topic: 'orders',
    everyUs: 10_000,
    startUs: 50_000,
    count: 5,
    keys: { low: 1, high: 3 },
    sizeBytes: 40,
  }

  it('hands over named messages of the size asked at its pace, with keys of the range', () => {
    const world = settle(producer({ workload, leaders: [1, 2] }))
    expect(world.of('MessageHanded').map((event) => event.message)).toEqual(['p1-1', 'p1-2', 'p1-3', 'p1-4', 'p1-5'])
    expect(world.timesMs('MessageHanded')).toEqual([50, 60, 70, 80, 90])
    for (const { key } of world.of('MessageHanded')) expect(['1', '2', '3']).toContain(key)
    expect(world.script.arrived).toEqual(['p1-1', 'p1-2', 'p1-3', 'p1-4', 'p1-5'])
    for (const { request } of world.script.seen) {
      if (request.api === 'Produce') expect(request.partitions[0]!.records.length).toBe(26 + 1 + 40)
    }
  })

  it('goes on counting in its next life if its progress is kept', () => {
    const world = producer({ workload, progress: { handed: 0 } })
    world.run(75)
    world.world.machine('p1').crash()
    world.world.machine('p1').restart()
    settle(world)
    expect(world.of('MessageHanded').map((event) => event.message)).toEqual(['p1-1', 'p1-2', 'p1-3', 'p1-4', 'p1-5'])
  })
})

describe('a producer’s digest', () => {
  const digestOf = (world: ClientWorld): string => {
    const digest = new Digest()
    world.world.machine('p1').process!.digest(digest)
    return digest.hex()
  }

  it('is the same for the same history and tells apart what comes next', () => {
    const build = (value: string, ms: number): string => {
      const world = producer()
      world.run(1)
      send(world, value)
      return digestOf(world.run(ms))
    }
    expect(build('m1', 4)).toBe(build('m1', 4))
    const all = [build('m1', 1.5), build('m1', 4), build('m1', 7), build('m1', 100), build('m2', 4)]
    expect(new Set(all).size).toBe(all.length)
  })
})
