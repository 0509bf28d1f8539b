import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { AdminOperationError, assignReplicasToBrokers } from '../../../src/controller/index.ts'

const counts = (values: Iterable<number>): Map<number, number> => {
  const found = new Map<number, number>()
  for (const value of values) found.set(value, (found.get(value) ?? 0) + 1)
  return found
}

/** Brokers 1 .. n, partitions, replicas at most n, start and shift below n. */
const cases = fc
  .record({ n: fc.integer({ min: 1, max: 9 }), partitions: fc.integer({ min: 1, max: 40 }) })
  .chain(({ n, partitions }) =>
    fc.record({
      brokers: fc.constant(Array.from({ length: n }, (_, i) => i + 1)),
      partitions: fc.constant(partitions),
      factor: fc.integer({ min: 1, max: n }),
      start: fc.integer({ min: 0, max: n - 1 }),
      shift: fc.integer({ min: 0, max: n - 1 }),
    }),
  )

describe('assignReplicasToBrokers', () => {
  it("gives the vector of Kafka's own test for five brokers, ten partitions and three replicas", () => {
    expect([...assignReplicasToBrokers([0, 1, 2, 3, 4], 10, 3, 0, 0).values()]).toEqual([
      [0, 1, 2],
      [1, 2, 3],
      [2, 3, 4],
      [3, 4, 0],
      [4, 0, 1],
      [0, 2, 3],
      [1, 3, 4],
      [2, 4, 0],
      [3, 0, 1],
      [4, 1, 2],
    ])
  })

  it('works with ids, not with indexes, and starts where it is told', () => {
    expect([...assignReplicasToBrokers([10, 20, 30], 3, 2, 1, 1)]).toEqual([
      [0, [20, 10]],
      [1, [30, 20]],
      [2, [10, 30]],
    ])
  })

  it('numbers the partitions of an expansion from where the topic ends', () => {
    const all = assignReplicasToBrokers([1, 2, 3], 4, 2, 0, 0)
    const added = assignReplicasToBrokers([1, 2, 3], 1, 2, 0, 0, 3)
    expect([...added]).toEqual([[3, [1, 3]]])
    expect(all.get(3)).toEqual([1, 3])
  })

  it('refuses more replicas than there are brokers, and numbers that are not positive', () => {
    expect(() => assignReplicasToBrokers([1, 2], 1, 3, 0, 0)).toThrow(AdminOperationError)
    expect(() => assignReplicasToBrokers([1, 2], 1, 3, 0, 0)).toThrow(
      /replication factor: 3 larger than available brokers: 2/,
    )
    expect(() => assignReplicasToBrokers([1, 2], 0, 1, 0, 0)).toThrow(AdminOperationError)
    expect(() => assignReplicasToBrokers([1, 2], 1, 0, 0, 0)).toThrow(AdminOperationError)
  })

  it('never puts two replicas of a partition on one broker (statement 6.5)', () => {
    fc.assert(
      fc.property(cases, ({ brokers, partitions, factor, start, shift }) => {
        for (const replicas of assignReplicasToBrokers(brokers, partitions, factor, start, shift).values()) {
          expect(replicas).toHaveLength(factor)
          expect(new Set(replicas).size).toBe(factor)
          for (const replica of replicas) expect(brokers).toContain(replica)
        }
      }),
    )
  })

  it('spreads preferred leaders so that brokers differ by one partition at most (statement 6.4)', () => {
    fc.assert(
      fc.property(cases, ({ brokers, partitions, factor, start, shift }) => {
        const assignment = assignReplicasToBrokers(brokers, partitions, factor, start, shift)
        const led = counts([...assignment.values()].map((replicas) => replicas[0]!))
        const numbers = brokers.map((id) => led.get(id) ?? 0)
        expect(Math.max(...numbers) - Math.min(...numbers)).toBeLessThanOrEqual(1)
      }),
    )
  })

  it('gives every broker the same number of replicas when the partitions go round evenly (statement 6.4)', () => {
    fc.assert(
      fc.property(cases, fc.integer({ min: 1, max: 4 }), ({ brokers, factor, start, shift }, rounds) => {
        const assignment = assignReplicasToBrokers(brokers, brokers.length * rounds, factor, start, shift)
        const held = counts([...assignment.values()].flat())
        for (const id of brokers) expect(held.get(id)).toBe(factor * rounds)
      }),
    )
  })
})
