import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { partitionOfKey } from '../../../../src/client/new-producer/partitioner.ts'
import { UniformSticky } from '../../../../src/client/new-producer/uniform-sticky.ts'
import { utf8 } from '../../../../src/host/index.ts'
import type { PresetName } from '../../../../src/versions.ts'
import type { ClientWorld } from '../scripted-broker.ts'
import { batches, javaProducer, pass, send } from './java-world.ts'

/** Keyless messages m1 … at this pace; partitions in the order in which they got them. */
function keyless(
  release: PresetName,
  config: Readonly<Record<string, unknown>>,
  leaders: readonly number[],
): ClientWorld {
  const world = javaProducer({ release, config: { acks: '1', ...config }, leaders })
  for (let n = 1; n <= 60; n++) {
    send(world, { topic: 'orders', value: `m${n}` })
    pass(world, 10)
  }
  return pass(world, 1000)
}

const partitionsOf = (world: ClientWorld): string[] => world.of('ProduceSent').map(({ tp }) => tp)

describe('the partition of a message with a key', () => {
  it('is the same for all releases and all producers: murmur2 of the key', () => {
    for (const release of ['0.8.2', '2.4', '3.3'] as const) {
      const world = javaProducer({ release, leaders: [1, 1, 1, 1, 1, 1, 1] })
      for (const key of ['21', 'kafka', 'foobar']) send(world, { topic: 'orders', key, value: `v-${key}` })
      pass(world, 1000)
      for (const key of ['21', 'kafka', 'foobar'])
        expect(world.script.log(partitionOfKey(utf8(key), 7))).toContain(`v-${key}`)
    }
  })

  it('counts partitions without a leader too', () => {
    const world = javaProducer({ leaders: [1, -1] })
    for (let n = 0; n < 20; n++) send(world, { topic: 'orders', key: `k${n}`, value: `m${n}` })
    pass(world, 1000)
    expect(world.script.log(0).length).toBeGreaterThan(2)
    expect(world.script.log(0).length).toBeLessThan(18)
  })
})

describe('the partition of a message without a key', () => {
  it('up to 2.3 changes with each message, in turn', () => {
    const world = keyless('2.1', { 'linger.ms': 0 }, [1, 1, 1])
    for (const partition of [0, 1, 2]) expect(world.script.log(partition)).toHaveLength(20)
    const tps = partitionsOf(world)
    tps.forEach((tp, i) => {
      if (i >= 3) expect(tp).toBe(tps[i - 3])
    })
  })

  it('leaves out partitions without a leader', () => {
    const world = keyless('2.1', { 'linger.ms': 0 }, [1, -1, 1])
    expect([0, 1, 2].map((partition) => world.script.log(partition).length)).toEqual([30, 0, 30])
  })

  it('from 2.4 on changes with each batch (KIP-480)', () => {
    const before = keyless('2.1', { 'linger.ms': 50 }, [1, 1, 1])
    const since = keyless('2.4', { 'linger.ms': 50 }, [1, 1, 1])
    expect(batches(before).length).toBeGreaterThan(1.5 * batches(since).length)
    const tps = partitionsOf(since)
    tps.forEach((tp, i) => {
      if (i > 0) expect(tp).not.toBe(tps[i - 1])
    })
  })

  it('from 3.3 on stays for batch.size bytes, whatever the batches (KIP-794)', () => {
    const small = keyless('3.3', { 'linger.ms': 0, 'batch.size': 1000 }, [1, 1, 1])
    const tps = partitionsOf(small)
    const runs = tps.filter((tp, i) => i === 0 || tp !== tps[i - 1]).length
    expect(tps).toHaveLength(60)
    expect(runs).toBeLessThan(10)
    const large = keyless('3.3', { 'linger.ms': 0 }, [1, 1, 1])
    expect(new Set(partitionsOf(large)).size).toBe(1)
  })

  it('of the RoundRobinPartitioner passes partitions over, for it is asked twice where a batch begins (KAFKA-9965)', () => {
    const config = { 'linger.ms': 0, 'partitioner.class': 'org.apache.kafka.clients.producer.RoundRobinPartitioner' }
    const world = keyless('2.4', config, [1, 1, 1, 1])
    expect([0, 1, 2, 3].map((partition) => world.script.log(partition).length)).toEqual([0, 30, 0, 30])
  })
})

describe('the uniform sticky partitioner', () => {
  it('gives every partition about as many bytes where queues are even', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 5 }), fc.integer({ min: 1, max: 1000 }), (partitions, seed) => {
        let state = seed
        const draw = (): number => {
          state = (Math.imul(state, 1103515245) + 12345) & 0x7fff_ffff
          return state >> 8
        }
        const all = Array.from({ length: partitions }, (_, i) => i)
        const sticky = new UniformSticky(100, () => all, draw)
        const bytes = all.map(() => 0)
        for (let n = 0; n < 20_000; n++) {
          bytes[sticky.current]! += 10
          sticky.appended(10, true)
        }
        const share = 200_000 / partitions
        for (const one of bytes) expect(Math.abs(one - share) / share).toBeLessThan(0.25)
      }),
      { numRuns: 50 },
    )
  })

  it('chooses a partition with a longer queue less often', () => {
    let next = 0
    const sticky = new UniformSticky(
      10,
      () => [0, 1],
      () => next++,
    )
    sticky.queuesSeen(
      [
        { partition: 0, batches: 9 },
        { partition: 1, batches: 0 },
      ],
      2,
    )
    const chosen = [0, 0]
    for (let n = 0; n < 110; n++) {
      chosen[sticky.current]!++
      sticky.appended(10, true)
    }
    expect(chosen).toEqual([10, 100])
  })

  it('waits for a whole batch before it changes, but not for more than twice the bytes', () => {
    const sticky = new UniformSticky(
      100,
      () => [0, 1],
      (() => {
        let n = 0
        return () => n++
      })(),
    )
    expect(sticky.current).toBe(0)
    sticky.appended(150, false)
    expect(sticky.current).toBe(0)
    sticky.appended(50, false)
    expect(sticky.current).toBe(1)
    sticky.appended(100, true)
    expect(sticky.current).toBe(0)
  })
})
