import { describe, expect, test } from 'vitest'
import type { PresetName } from '../../../../src/versions.ts'
import type { ClusterHarness } from '../../broker/cluster-harness.ts'
import { books, coordinatorOf, GROUP, logOf, member, owners, sizes, stable, world } from './groups.ts'

const releases: readonly PresetName[] = ['0.9', '0.10.2', '0.11', '1.1', '2.4']
/** Without the pause before the first rebalance, and with short sessions. */
const quick = { 'group.initial.rebalance.delay.ms': 0, 'group.min.session.timeout.ms': 1000 }
const session = { 'auto.offset.reset': 'earliest', 'session.timeout.ms': 3000, 'heartbeat.interval.ms': 1000 }

const everyPartitionOnce = (harness: ClusterHarness, partitions: number): void => {
  const all = Object.values(owners(harness)).flat()
  expect([...all].sort()).toEqual(Array.from({ length: partitions }, (_, i) => `orders-${i}`))
}

describe.each(releases)('a group of consumers of %s', (protocol) => {
  test('shares the partitions, reads every message once, and has committed all of them in the end', () => {
    const harness = world({ protocol, clients: [member('c1'), member('c2')], count: 100, brokerConfig: quick })
    stable(harness, ['c1', 'c2'])
    everyPartitionOnce(harness, 4)
    expect(sizes(harness)).toEqual({ c1: 2, c2: 2 })
    harness.runFor(20_000)
    const group = books(harness).groups.get(GROUP)!
    expect(group.processed.size).toBe(100)
    expect([...group.processed.values()].every((times) => times.length === 1)).toBe(true)
    expect([...group.committed.values()].reduce((sum, offset) => sum + offset, 0)).toBe(100)
  })

  test('shares anew when a member joins, and when it leaves, without waiting for its session', () => {
    const late = member('c3', { autostart: false })
    const harness = world({ protocol, partitions: 6, clients: [member('c1'), member('c2'), late], brokerConfig: quick })
    stable(harness, ['c1', 'c2'])
    expect(sizes(harness)).toEqual({ c1: 3, c2: 3 })
    harness.world.machine('c3').restart()
    stable(harness, ['c1', 'c2', 'c3'])
    expect(sizes(harness)).toEqual({ c1: 2, c2: 2, c3: 2 })
    everyPartitionOnce(harness, 6)
    const leftAtMs = harness.nowMs
    harness.world.machine('c3').shutdown()
    harness.event('MemberLeft')
    stable(harness, ['c1', 'c2'])
    // The others hear of it with their next heartbeat.
    expect(harness.nowMs - leftAtMs).toBeLessThan(4000)
    everyPartitionOnce(harness, 6)
    harness.runFor(5000)
    const group = books(harness).groups.get(GROUP)!
    expect([...group.processed.values()].every((times) => times.length === 1)).toBe(true)
  })

  test('takes the partitions of a crashed member over when its session is over', () => {
    const clients = [member('c1', { config: session }), member('c2', { config: session })]
    const harness = world({ protocol, clients, brokerConfig: quick })
    stable(harness, ['c1', 'c2'])
    harness.runFor(7000)
    const crashedAtMs = harness.nowMs
    harness.world.machine('c2').crash()
    harness.event('MemberLeft')
    const silentForMs = harness.nowMs - crashedAtMs
    expect(silentForMs).toBeGreaterThan(1900)
    expect(silentForMs).toBeLessThan(3100)
    stable(harness, ['c1'])
    expect(sizes(harness).c1).toBe(4)
    harness.runFor(7000)
    expect(books(harness).lost(GROUP, logOf(harness))).toEqual([])
  })

  test('leaves members idle that find no partition', () => {
    const clients = ['c1', 'c2', 'c3'].map((name) => member(name))
    const harness = world({ protocol, partitions: 2, clients, brokerConfig: quick })
    stable(harness, ['c1', 'c2', 'c3'])
    expect(Object.values(sizes(harness)).sort()).toEqual([0, 1, 1])
  })

  test('goes on with another coordinator, from the committed offsets', () => {
    const clients = [member('c1', { config: session }), member('c2', { config: session })]
    const harness = world({ protocol, clients, brokerConfig: { ...quick, 'offsets.topic.replication.factor': 3 } })
    stable(harness, ['c1', 'c2'])
    harness.runFor(7000)
    const before = coordinatorOf(harness)
    const generation = harness.seen('GenerationStarted').at(-1)!.generation
    harness.world.machine(before).crash()
    harness.event('CoordinatorFound', ({ broker }) => `b${broker}` !== before)
    harness.runFor(15_000)
    // The new coordinator read the members from the log: nobody had to join again.
    expect(harness.seen('GenerationStarted').at(-1)!.generation).toBe(generation)
    const since = harness.records.length
    harness.runFor(8000)
    expect(harness.seen('CommitAcknowledged', since).length).toBeGreaterThan(0)
    const group = books(harness).groups.get(GROUP)!
    const repeated = [...group.processed.values()].filter((times) => times.length > 1)
    expect(repeated).toEqual([])
  })
})

test('two groups each read every message', () => {
  const clients = [member('c1'), member('c2', { group: 'audit' })]
  const harness = world({ clients, count: 50, brokerConfig: quick })
  harness.runFor(15_000)
  const both = books(harness)
  for (const group of [GROUP, 'audit']) expect(both.groups.get(group)!.processed.size).toBe(50)
})
