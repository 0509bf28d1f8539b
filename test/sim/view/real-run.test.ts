/**
 * View, ledger and narrator on a real cluster: what they fold from the trace must be what the disks hold, after a mix
 * of crashes, power losses, pauses and cuts. Goal: no event that matters is missing or misread.
 */
import { describe, expect, it } from 'vitest'
import { Cluster } from '../../../sim/cluster/index.ts'
import type { ClusterPlan } from '../../../sim/scenario/plan.ts'
import {
  formatRecord,
  initialView,
  Ledger,
  Narrator,
  stepBack,
  ViewRecorder,
  type ViewStep,
} from '../../../sim/view/index.ts'
import { messageName } from '../../../sim/view/names.ts'
import { displayWidth } from '../../../sim/view/painter.ts'
import { fromUtf8, readFile } from '../../../src/host/index.ts'
import { readMessageSet } from '../../../src/storage/index.ts'

const tps = ['orders-0', 'orders-1']

const plan: ClusterPlan = {
  protocol: '0.8.2',
  zookeeper: 3,
  zookeeperConfig: { tickTimeMs: 2000, initLimit: 10, syncLimit: 5 },
  brokers: 3,
  brokerConfig: {},
  brokerConfigOf: {},
  network: { latencyUs: { low: 1000, high: 3000 } },
  topics: [{ name: 'orders', partitions: 2, replicationFactor: 3, config: {} }],
  clients: [
    {
      kind: 'producer',
      name: 'p1',
      config: { 'request.required.acks': -1 },
      bootstrap: [],
      workload: { topic: 'orders', everyUs: 40_000, startUs: 3_000_000, keys: { low: 1, high: 9 }, sizeBytes: 60 },
    },
    {
      kind: 'producer',
      name: 'p2',
      config: { 'request.required.acks': 1 },
      bootstrap: [],
      workload: { topic: 'orders', partition: 0, everyUs: 70_000, startUs: 3_000_000, sizeBytes: 60 },
    },
    { kind: 'consumer', name: 'reader', topic: 'orders', partition: 0, from: 'earliest', config: {}, bootstrap: [] },
  ],
}

function play(seed: number) {
  const recorder = new ViewRecorder(initialView(plan))
  const ledger = new Ledger()
  const narrator = new Narrator()
  const told: string[] = []
  const lines: string[] = []
  const cluster = new Cluster(plan, {
    seed,
    observe: (world) =>
      world.trace.subscribe((record) => {
        recorder.apply(record)
        ledger.apply(record)
        told.push(...narrator.apply(record, recorder.view, ledger))
        lines.push(formatRecord(record))
      }),
  })
  const { world } = cluster
  const chance = world.random('test')
  world.run(5_000_000)
  for (let round = 0; round < 5; round++) {
    const victim = `b${chance.intBetween(1, 3, 'victim')}`
    const other = `b${chance.intBetween(1, 3, 'other')}`
    switch (chance.intBelow(4, 'fault')) {
      case 0:
        world.machine(victim).crash()
        break
      case 1:
        world.machine(victim).powerOff()
        break
      case 2:
        world.machine(victim).pause()
        break
      default:
        world.network.cut(victim, other)
    }
    world.run(world.now + chance.intBetween(1_000_000, 12_000_000, 'outage'))
    world.network.healAll()
    world.machine(victim).resume()
    if (world.machine(victim).state !== 'running') world.machine(victim).restart()
    world.run(world.now + chance.intBetween(1_000_000, 6_000_000, 'rest'))
  }
  world.run(world.now + 20_000_000)
  ledger.finish(world.now)
  told.push(...narrator.end(recorder.view, ledger))
  return { cluster, recorder, ledger, told, lines }
}

/** Messages in the segment files of a broker, as bytes on its disk say. */
function onDisk(cluster: Cluster, broker: string, tp: string): string[] {
  const { disk } = cluster.world.machine(broker)
  const files = disk.list('').includes(tp)
    ? tp
    : [...disk.list('')].map((name) => `${name}/${tp}`).find((path) => disk.status(path))
  if (files === undefined) return []
  const segments = disk.list(files).filter((name) => name.endsWith('.log'))
  return segments.flatMap((name) =>
    readMessageSet(readFile(disk, `${files}/${name}`)).map(
      (entry) => `${entry.offset}:${entry.value === null ? '' : messageName(fromUtf8(entry.value))}`,
    ),
  )
}

describe('a real cluster under faults', () => {
  for (const seed of [1, 2, 3]) {
    it(`is seen as its disks hold it (seed ${seed})`, () => {
      const { cluster, recorder, ledger, told, lines } = play(seed)
      const { view } = recorder
      let messages = 0
      for (const tp of tps) {
        for (const broker of ['b1', 'b2', 'b3']) {
          const disk = onDisk(cluster, broker, tp)
          messages += disk.length
          const replica = view.brokers[broker]!.replicas[tp]!
          expect(
            replica.log.toArray().map((message) => `${message.offset}:${message.value}`),
            `${broker} ${tp}`,
          ).toEqual(disk)
          expect(replica.logEndOffset).toBe(disk.length)
        }
        const leader = ledger.leaderOf(tp)!
        expect(ledger.authoritativeLog(tp).map((copy) => `${copy.offset}:${copy.message}`)).toEqual(
          onDisk(cluster, leader, tp),
        )
        expect(view.partitions[tp]!.isr).toContain(Number(leader.slice(1)))
      }
      expect(messages).toBeGreaterThan(600)
      for (const record of ledger.messages.values()) {
        for (const copy of record.copies) {
          expect(copy.broker, copy.message).not.toBe('')
          const holders = ['b1', 'b2', 'b3'].filter((broker) => onDiskHas(view, broker, copy))
          if (copy.lost === undefined) expect([...copy.holders].sort()).toEqual(holders)
          else expect(copy.holders).toEqual([])
        }
      }
      expect(Math.max(...told.map(displayWidth))).toBeLessThanOrEqual(100)
      expect(told.length).toBeLessThan(lines.length / 5)
      expect(lines.some((line) => line.includes('undefined') || line.includes('[object'))).toBe(false)
    })
  }

  it('folds to the same view with patches, and comes back to the beginning', () => {
    const recorded = new ViewRecorder(initialView(plan))
    const steps: ViewStep[] = []
    const patched = new ViewRecorder(initialView(plan), { patches: true, onStep: (step) => steps.push(step) })
    const cluster = new Cluster(plan, {
      seed: 4,
      observe: (world) => {
        world.trace.subscribe(recorded.subscriber)
        world.trace.subscribe(patched.subscriber)
      },
    })
    cluster.world.run(6_000_000)
    cluster.world.machine('b1').powerOff()
    cluster.world.run(16_000_000)
    cluster.world.machine('b1').restart()
    cluster.world.run(20_000_000)
    expect(JSON.stringify(patched.view)).toBe(JSON.stringify(recorded.view))
    let view = patched.view
    for (const step of steps.toReversed()) view = stepBack(view, step)
    expect(JSON.parse(JSON.stringify(view))).toEqual(JSON.parse(JSON.stringify(initialView(plan))))
  })
})

const onDiskHas = (
  view: ViewRecorder['view'],
  broker: string,
  copy: { tp: string; offset: number; message: string },
): boolean => view.brokers[broker]!.replicas[copy.tp]!.log.get(copy.offset)?.value === copy.message
