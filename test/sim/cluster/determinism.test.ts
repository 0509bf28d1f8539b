import { describe, expect, test } from 'vitest'
import { Cluster } from '../../../sim/cluster/cluster.ts'
import { TraceHash } from '../../../sim/kernel/index.ts'
import { consumer, producer, topic } from '../../src/broker/cluster-harness.ts'

const MS = 1_000

/** A cluster under load with a crash, a pause and a cut. */
function run(seed: number, options: { traced: boolean; messages?: boolean; slowDisk?: boolean }) {
  let hash: TraceHash | undefined
  const cluster = new Cluster(
    {
      protocol: '0.8.2',
      zookeeper: 3,
      zookeeperConfig: { tickTimeMs: 2000, initLimit: 10, syncLimit: 5 },
      brokers: 3,
      brokerConfig: { 'replica.lag.time.max.ms': 2000 },
      brokerConfigOf: {},
      network: { latencyUs: { low: 500, high: 1500 } },
      topics: [
        topic({
          partitions: 2,
          replicas: [
            [1, 2, 3],
            [2, 3, 1],
          ],
        }),
      ],
      clients: [
        { ...producer('p1', -1), workload: { topic: 'orders', everyUs: 50 * MS, startUs: 3000 * MS, sizeBytes: 20 } },
        { ...producer('p2', 1), workload: { topic: 'orders', everyUs: 70 * MS, startUs: 3000 * MS, sizeBytes: 20 } },
        consumer('c1'),
      ],
    },
    {
      seed,
      observe: (world) => {
        if (!options.traced) return
        hash = new TraceHash(({ seq, atUs, machine, event }) => `${seq} ${atUs} ${machine} ${JSON.stringify(event)}`)
        world.trace.subscribe(hash.subscriber, { messages: options.messages ?? false })
      },
    },
  )
  const { world } = cluster
  if (options.slowDisk === true) for (const name of ['b1', 'b2', 'b3']) world.machine(name).disk.slowDown(300)
  world.schedule(5000 * MS, 'crash', () => world.machine('b1').crash())
  world.schedule(7000 * MS, 'pause', () => world.machine('b2').pause())
  world.schedule(9000 * MS, 'resume', () => world.machine('b2').resume())
  world.schedule(9500 * MS, 'restart', () => world.machine('b1').restart())
  world.schedule(11_000 * MS, 'cut', () => world.network.cut('b3', 'b2'))
  world.schedule(14_000 * MS, 'heal', () => world.network.heal('b3', 'b2'))
  const digests: string[] = []
  for (let second = 3; second <= 18; second += 3) {
    world.run(second * 1000 * MS)
    digests.push(world.digest())
  }
  return { hash: hash?.hex(), digests, steps: world.steps }
}

describe('a cluster run', () => {
  test('twice with the same seed gives the same trace, message for message, and the same digests', () => {
    const first = run(7, { traced: true, messages: true })
    const second = run(7, { traced: true, messages: true })
    expect(second).toEqual(first)
  })

  test('with another seed is another run', () => {
    expect(run(8, { traced: true }).hash).not.toBe(run(7, { traced: true }).hash)
  })

  test('is the same whether anybody listens or not, on a slow disk too: looking costs no time', () => {
    for (const slowDisk of [false, true]) {
      const unheard = run(7, { traced: false, slowDisk })
      const heard = run(7, { traced: true, messages: true, slowDisk })
      expect(heard.digests).toEqual(unheard.digests)
      expect(heard.steps).toBe(unheard.steps)
    }
  })
})
