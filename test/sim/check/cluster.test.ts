import { describe, expect, it } from 'vitest'
import { Checker, type CheckReport } from '../../../sim/check/index.ts'
import { Cluster } from '../../../sim/cluster/index.ts'
import type { TraceRecord } from '../../../sim/kernel/index.ts'
import { plan, TP } from './story.ts'

const SECOND = 1_000_000

const busy = plan({
  network: { latencyUs: { low: 500, high: 5000 } },
  brokerConfig: { 'unclean.leader.election.enable': false },
  clients: [
    ...['p1', 'p2'].map((name) => ({
      kind: 'producer' as const,
      name,
      config: { 'request.required.acks': -1, 'request.timeout.ms': 3000, 'retry.backoff.ms': 500 },
      bootstrap: [],
      workload: { topic: 'orders', everyUs: 100_000, startUs: 3 * SECOND, sizeBytes: 50 },
    })),
    {
      kind: 'consumer' as const,
      name: 'c1',
      topic: 'orders',
      partition: 0,
      from: 'earliest' as const,
      config: {},
      bootstrap: [],
    },
  ],
})

/** Crashes each broker once, for longer than its ZooKeeper session lives. `tamper` may change what the checker is told. */
function crashEachBroker(seed: number, tamper: (record: TraceRecord) => TraceRecord = (record) => record) {
  const cluster = new Cluster(busy, { seed })
  const checker = new Checker(busy)
  cluster.world.trace.subscribe((record) => checker.apply(tamper(record)))
  const run = (seconds: number): void => cluster.world.run(cluster.world.now + seconds * SECOND)
  run(6)
  for (const broker of ['b1', 'b2', 'b3']) {
    cluster.world.machine(broker).crash('test')
    run(9)
    cluster.world.machine(broker).restart()
    run(6)
  }
  return { checker, report: checker.finish() }
}

const bugs = ({ results }: CheckReport): string[] =>
  results.filter(({ held, promised }) => !held && promised).map(({ oracle }) => oracle)

describe('the checker on a whole cluster', () => {
  it('sees leaders change and messages commit, and finds no broken promise that nothing excuses', () => {
    for (let seed = 1; seed <= 3; seed++) {
      const { checker, report } = crashEachBroker(seed)
      const partition = checker.truth.partitionOf(TP)
      expect(bugs(report)).toEqual([])
      expect(partition.state!.leaderEpoch).toBeGreaterThan(0)
      expect(partition.trueHighWatermark).toBeGreaterThan(300)
      expect(report.facts.crashes).toBe(3)
      // What the ghost state holds is what the brokers hold.
      expect([...partition.replicas.values()].map((replica) => replica.running)).toEqual([true, true, true])
      expect(partition.actingLeader()!.entries.length).toBeGreaterThanOrEqual(partition.trueHighWatermark)
    }
  })

  it('notices a follower that holds another message than its leader, whatever else happens later', () => {
    let spoiled = false
    const { report } = crashEachBroker(1, (record) => {
      const event = record.event as {
        kind: string
        role?: string
        messages?: ReadonlyArray<{ offset: number; value: string }>
      }
      if (spoiled || event.kind !== 'Appended' || event.role !== 'follower' || event.messages![0]!.offset < 50)
        return record
      spoiled = true
      return {
        ...record,
        event: { ...event, messages: event.messages!.map((m) => ({ ...m, value: 'other' })) } as TraceRecord['event'],
      }
    })
    expect(spoiled).toBe(true)
    expect(bugs(report)).toContain('I-CANDIDATE')
    expect(bugs(report)).toContain('I-LOGMATCH')
  })
})
