// Who gets which partition: Kafka's two rules and the formula of the early documentation, for all sizes.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type AssignmentStrategy,
  assignmentStrategies,
  assignPartitions,
  type GroupTopics,
  type OwnedPartition,
} from '../../../../src/client/index.ts'
import { javaStringHash } from '../../../../src/protocol/index.ts'
import vectors from '../../../fixtures/client-vectors.json' with { type: 'json' }

const upTo = (n: number): number[] => Array.from({ length: n }, (_, i) => i)

/** Topics with so many partitions, all read by the same threads. */
const group = (sizes: Readonly<Record<string, number>>, threads: readonly string[]): GroupTopics => ({
  partitions: new Map(Object.entries(sizes).map(([topic, size]) => [topic, upTo(size)])),
  threads: new Map(Object.keys(sizes).map((topic) => [topic, [...threads].sort()])),
})

function plan(strategy: AssignmentStrategy, topics: GroupTopics): readonly OwnedPartition[] {
  const assigned = assignPartitions(strategy, topics)
  if (typeof assigned === 'string') throw new Error(assigned)
  return assigned
}

/** Partitions of one topic by thread. */
function shares(strategy: AssignmentStrategy, partitions: number, threads: readonly string[]): number[][] {
  const assigned = plan(strategy, group({ orders: partitions }, threads))
  return threads.map((thread) => assigned.filter((one) => one.thread === thread).map(({ partition }) => partition))
}

const sizes = fc.dictionary(fc.stringMatching(/^[a-z][a-z0-9._-]{0,8}$/), fc.integer({ min: 0, max: 40 }), {
  minKeys: 1,
  maxKeys: 5,
})
const members = fc.uniqueArray(fc.stringMatching(/^g_c[0-9]{1,2}-[0-9]{4}-[0-9a-f]{8}-[0-9]$/), {
  minLength: 1,
  maxLength: 30,
})

describe('Kafka’s own results', () => {
  it.each(vectors.assignments.map((vector, i) => [i, vector.strategy, vector] as const))(
    'vector %i: %s deals as kafka_2.11-0.8.2.2.jar does',
    (_, strategy, { partitions, members, owners }) => {
      const threads = new Map<string, string[]>()
      for (const [member, subscription] of Object.entries(members)) {
        for (const [topic, streams] of Object.entries(subscription as Record<string, number>)) {
          const own = upTo(streams).map((stream) => `${member}-${stream}`)
          threads.set(topic, [...(threads.get(topic) ?? []), ...own].sort())
        }
      }
      // Nobody computes the share of a topic that nobody reads.
      const read = Object.entries(partitions as Record<string, number>).filter(([topic]) => threads.has(topic))
      const dealt = plan(strategy as AssignmentStrategy, { ...group(Object.fromEntries(read), []), threads })
      const found = Object.fromEntries(dealt.map(({ topic, partition, thread }) => [`${topic} ${partition}`, thread]))
      expect(found).toEqual(owners)
    },
  )
})

describe('every strategy', () => {
  it.each(assignmentStrategies)('%s gives every partition exactly one owner, for any sizes', (strategy) => {
    fc.assert(
      fc.property(sizes, members, (topics, threads) => {
        const assigned = plan(strategy, group(topics, threads))
        const owned = assigned.map(({ topic, partition }) => `${topic}-${partition}`)
        const all = Object.entries(topics).flatMap(([topic, size]) => upTo(size).map((p) => `${topic}-${p}`))
        expect([...owned].sort()).toEqual(all.sort())
        for (const { thread } of assigned) expect(threads).toContain(thread)
      }),
    )
  })

  it.each(assignmentStrategies)('%s gives the same plan whoever computes it', (strategy) => {
    fc.assert(
      fc.property(sizes, members, (topics, threads) => {
        const shuffled = group(topics, [...threads].reverse())
        expect(plan(strategy, shuffled)).toEqual(plan(strategy, group(topics, threads)))
      }),
    )
  })
})

describe('range', () => {
  // The examples of PartitionAssignor.scala and of PartitionAssignorTest.scala, release 0.8.2.2.
  it.each([
    [5, ['C1-0', 'C1-1', 'C2-0', 'C2-1'], [[0, 1], [2], [3], [4]]],
    [4, ['c0-0', 'c1-0', 'c2-0'], [[0, 1], [2], [3]]],
    [2, ['c0-0', 'c1-0', 'c2-0'], [[0], [1], []]],
    [3, ['c0-0'], [[0, 1, 2]]],
    [0, ['c0-0'], [[]]],
  ])('deals %i partitions to %j as Kafka does', (partitions, threads, expected) => {
    expect(shares('range', partitions, threads)).toEqual(expected)
  })

  it('is floor(P/T), and one more for the first P mod T, in one run of numbers each', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 200 }), fc.integer({ min: 1, max: 50 }), (partitions, threads) => {
        const names = upTo(threads).map((i) => `t${String(i).padStart(2, '0')}`)
        const dealt = shares('range', partitions, names)
        expect(dealt.map((share) => share.length)).toEqual(
          names.map((_, i) => Math.floor(partitions / threads) + (i < partitions % threads ? 1 : 0)),
        )
        expect(dealt.flat()).toEqual(upTo(partitions))
      }),
    )
  })

  it('sorts threads as texts: the tenth comes before the second', () => {
    const names = ['g_c1-0', 'g_c10-0', 'g_c2-0']
    expect(shares('range', 4, names)).toEqual([[0, 1], [2], [3]])
    const reversed = plan('range', group({ orders: 4 }, ['g_c2-0', 'g_c10-0', 'g_c1-0']))
    expect(reversed.find(({ partition }) => partition === 2)!.thread).toBe('g_c10-0')
  })
})

describe('range-ceil, the formula of the early documentation', () => {
  it.each([
    [5, 4, [2, 2, 1, 0], [2, 1, 1, 1]],
    [7, 3, [3, 3, 1], [3, 2, 2]],
    [4, 2, [2, 2], [2, 2]],
    [3, 5, [1, 1, 1, 0, 0], [1, 1, 1, 0, 0]],
  ])(
    'of %i partitions over %i threads fills the first ones up: %j instead of %j',
    (partitions, threads, ceil, range) => {
      const names = upTo(threads).map((i) => `t${i}`)
      expect(shares('range-ceil', partitions, names).map((share) => share.length)).toEqual(ceil)
      expect(shares('range', partitions, names).map((share) => share.length)).toEqual(range)
    },
  )

  it('gives thread i the partitions i*N to (i+1)*N-1 with N = ceil(P/T)', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 200 }), fc.integer({ min: 1, max: 50 }), (partitions, threads) => {
        const names = upTo(threads).map((i) => `t${String(i).padStart(2, '0')}`)
        const n = Math.ceil(partitions / threads)
        expect(shares('range-ceil', partitions, names)).toEqual(
          names.map((_, i) => upTo(partitions).filter((p) => p >= i * n && p < (i + 1) * n)),
        )
      }),
    )
  })

  it('is Kafka’s range where the threads divide the partitions', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 20 }), fc.integer({ min: 1, max: 20 }), (each, threads) => {
        const names = upTo(threads).map((i) => `t${String(i).padStart(2, '0')}`)
        expect(shares('range-ceil', each * threads, names)).toEqual(shares('range', each * threads, names))
      }),
    )
  })
})

describe('roundrobin', () => {
  it('deals all partitions in the order of the hashes of their names', () => {
    const topics = { orders: 5, payments: 4 }
    const names = Object.entries(topics).flatMap(([topic, size]) => upTo(size).map((p) => `[${topic},${p}]`))
    const byHash = names.sort((a, b) => javaStringHash(a) - javaStringHash(b))
    const dealt = plan('roundrobin', group(topics, ['c1-0', 'c2-0', 'c2-1']))
    expect(dealt.map(({ topic, partition }) => `[${topic},${partition}]`)).toEqual(byHash)
    expect(dealt.map(({ thread }) => thread)).toEqual(byHash.map((_, i) => ['c1-0', 'c2-0', 'c2-1'][i % 3]))
  })

  it('balances to within one over all topics', () => {
    fc.assert(
      fc.property(sizes, members, (topics, threads) => {
        const dealt = plan('roundrobin', group(topics, threads))
        const counts = threads.map((name) => dealt.filter(({ thread }) => thread === name).length)
        expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1)
      }),
    )
  })

  it('refuses members that read other topics, or with other numbers of streams', () => {
    const threads = new Map([
      ['orders', ['c1-0', 'c2-0']],
      ['payments', ['c1-0']],
    ])
    const partitions = new Map([
      ['orders', [0]],
      ['payments', [0]],
    ])
    expect(assignPartitions('roundrobin', { partitions, threads })).toContain('payments has other threads')
  })

  it('gives nothing to a group in which nobody reads', () => {
    expect(assignPartitions('roundrobin', { partitions: new Map(), threads: new Map() })).toEqual([])
  })
})
