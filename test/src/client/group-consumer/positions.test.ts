import { describe, expect, test } from 'vitest'
import type { GroupConsumerPlan } from '../../../../sim/scenario/plan.ts'
import { formatRecord } from '../../../../sim/view/format.ts'
import type { PresetName } from '../../../../src/versions.ts'
import { type ClusterHarness, topic } from '../../broker/cluster-harness.ts'
import { books, GROUP, member, owners, sizes, stable, world } from './groups.ts'

const quick = { 'group.initial.rebalance.delay.ms': 0 }

/** How c1 ended, within some time. */
function ended(config: Readonly<Record<string, unknown>>, fields: Partial<GroupConsumerPlan> = {}): string {
  const harness = world({ clients: [member('c1', { config, ...fields })], brokerConfig: quick })
  harness.until('c1 ends', () => harness.seen('ProcessEnded').length > 0)
  return harness.seen('ProcessEnded')[0]!.reason
}

/** Where c1 begins to read orders-0, if it comes when some messages are there. */
function beginsAt(reset: string): { offset: number; from: string } {
  const late = member('c1', { config: { 'auto.offset.reset': reset }, autostart: false })
  const harness = world({ partitions: 1, clients: [late], brokerConfig: quick, count: 20 })
  harness.runFor(5000)
  harness.world.machine('c1').restart()
  const { offset, from } = harness.event('PositionSet')
  return { offset, from }
}

describe('where nothing is committed', () => {
  test('auto.offset.reset says where to begin', () => {
    expect(beginsAt('earliest')).toEqual({ offset: 0, from: 'earliest' })
    expect(beginsAt('latest')).toEqual({ offset: 20, from: 'latest' })
  })

  test('a consumer without a policy dies', () => {
    expect(ended({ 'auto.offset.reset': 'none' })).toMatch(/^NoOffsetForPartitionException/)
  })
})

test('where something is committed, it goes on there, over lives of the process', () => {
  const harness = world({ partitions: 1, clients: [member('c1')], brokerConfig: quick, count: 100 })
  stable(harness, ['c1'])
  harness.runFor(2000)
  harness.world.machine('c1').shutdown()
  harness.event('ProcessEnded', (_event, machine) => machine === 'c1')
  const done = books(harness).groups.get(GROUP)!.processed.size
  expect(done).toBeGreaterThan(10)
  harness.world.machine('c1').restart()
  expect(harness.event('PositionSet')).toMatchObject({ offset: done, from: 'committed' })
  harness.runFor(10_000)
  const group = books(harness).groups.get(GROUP)!
  expect(group.processed.size).toBe(100)
  expect(books(harness).repeated(GROUP)).toEqual([])
})

test('a position that the log does not have any more is reset', () => {
  const harness = world({
    partitions: 1,
    clients: [member('c1', { config: { 'auto.offset.reset': 'earliest', 'session.timeout.ms': 120_000 } })],
    brokerConfig: { ...quick, 'log.retention.check.interval.ms': 500, 'log.segment.delete.delay.ms': 100 },
    count: 50,
    topicConfig: { 'segment.bytes': 400, 'retention.bytes': 800 },
  })
  stable(harness, ['c1'])
  harness.runFor(300)
  harness.world.machine('c1').pause()
  harness.event(
    'SegmentsDeleted',
    ({ tp, logStartOffset }, on) => on === 'b1' && tp === 'orders-0' && logStartOffset > 20,
    60_000,
  )
  harness.world.machine('c1').resume()
  expect(harness.event('FetchFailed').error).toBe('OffsetOutOfRange')
  const { offset, from } = harness.event('PositionSet')
  expect(offset).toBeGreaterThan(20)
  expect(from).toBe('earliest')
})

describe('a mistake that no retry mends ends the application', () => {
  test('an empty group id', () => {
    expect(ended({}, { group: '' })).toMatch(/^InvalidGroupIdException/)
  })

  test('a session outside of the limits of the broker', () => {
    expect(ended({ 'session.timeout.ms': 1000 })).toMatch(/^InvalidSessionTimeoutException/)
  })

  test('no assignor in common with the group', () => {
    const clients = [
      member('c1'),
      member('c2', { config: { 'partition.assignment.strategy': 'roundrobin' }, autostart: false }),
    ]
    const harness = world({ clients, brokerConfig: quick })
    stable(harness, ['c1'])
    harness.world.machine('c2').restart()
    const { reason } = harness.event('ProcessEnded', (_event, machine) => machine === 'c2')
    expect(reason).toMatch(/^InconsistentGroupProtocolException/)
  })
})

/** The member that assigns sees new partitions when its metadata is refreshed. */
const fresh = { 'auto.offset.reset': 'earliest', 'metadata.max.age.ms': 1000 }

describe.each<PresetName>(['0.9', '1.1'])('what a consumer of %s subscribes to', (protocol) => {
  test('may be a pattern, which topics that come later fit as well', () => {
    const clients = [member('c1', { subscribes: { pattern: 'ord.*' }, config: fresh }), member('c2', { config: fresh })]
    const harness = world({ protocol, partitions: 2, clients, brokerConfig: quick })
    stable(harness, ['c1', 'c2'])
    expect(sizes(harness)).toEqual({ c1: 1, c2: 1 })
    harness.cluster.createTopic(topic({ name: 'ordinals', partitions: 2, replicas: [[1], [2]] }))
    harness.cluster.createTopic(topic({ name: 'payments', replicas: [[1]] }))
    harness.event('PartitionsAssigned', ({ partitions }) => partitions.includes('ordinals-1'))
    stable(harness, ['c1', 'c2'])
    expect(Object.values(owners(harness)).flat().sort()).toEqual(['orders-0', 'orders-1', 'ordinals-0', 'ordinals-1'])
  })

  test('is shared anew when a topic gets more partitions', () => {
    const clients = [member('c1', { config: fresh }), member('c2', { config: fresh })]
    const harness = world({ protocol, partitions: 2, clients, brokerConfig: quick })
    stable(harness, ['c1', 'c2'])
    harness.cluster.addPartitions('orders', 4)
    harness.event('PartitionsAssigned', ({ partitions }) => partitions.includes('orders-3'))
    harness.runFor(4000)
    expect(sizes(harness)).toEqual({ c1: 2, c2: 2 })
  })
})

describe('assignors', () => {
  const six = (strategy: string): { before: Record<string, readonly string[]>; harness: ClusterHarness } => {
    const config = { 'auto.offset.reset': 'earliest', 'partition.assignment.strategy': strategy }
    const clients = ['c1', 'c2', 'c3'].map((name) => member(name, { config }))
    const harness = world({ partitions: 6, clients, brokerConfig: quick })
    stable(harness, ['c1', 'c2', 'c3'])
    const before = owners(harness)
    harness.world.machine('c2').shutdown()
    harness.event('MemberLeft')
    stable(harness, ['c1', 'c3'])
    return { before, harness }
  }

  test('range gives neighbours, roundrobin takes turns', () => {
    for (const strategy of ['range', 'roundrobin']) {
      const { before } = six(strategy)
      const numbers = Object.values(before).map((partitions) => partitions.map((tp) => Number(tp.slice(7))))
      for (const [a, b] of numbers) expect(b! - a!).toBe(strategy === 'range' ? 1 : 3)
    }
  })

  test('sticky leaves everybody what he has', () => {
    const { before, harness } = six('sticky')
    const after = owners(harness)
    for (const name of ['c1', 'c3']) {
      expect(after[name]).toHaveLength(3)
      expect(after[name]).toEqual(expect.arrayContaining([...before[name]!]))
    }
  })
})

test('the same seed gives the same run, another one another', () => {
  const run = (seed: number): string => {
    const harness = world({ clients: [member('c1'), member('c2')], seed })
    harness.runFor(8000)
    harness.world.machine('c2').crash()
    harness.runFor(8000)
    return harness.records.map(formatRecord).join('\n')
  }
  const first = run(1)
  expect(run(1)).toBe(first)
  expect(run(2)).not.toBe(first)
})
