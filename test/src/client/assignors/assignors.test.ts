import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Assignments, assignors, type MemberSubscription } from '../../../../src/client/assignors/index.ts'
import { splitTopicPartition } from '../../../../src/protocol/index.ts'

/** What kafka-clients 1.1.1 makes of 360 groups: `kafka-made/MakeAssignments.java` prints it. */
interface KafkaMade {
  readonly partitions: Readonly<Record<string, number>>
  readonly members: Readonly<Record<string, readonly string[]>>
  /** What members bring along from the round before (sticky). */
  readonly had: Readonly<Record<string, readonly string[]>>
  readonly range: Readonly<Record<string, readonly string[]>>
  readonly roundrobin: Readonly<Record<string, readonly string[]>>
  readonly sticky: Readonly<Record<string, readonly string[]>>
}

const made = JSON.parse(
  readFileSync(join(import.meta.dirname, 'kafka-made/assignments.json'), 'utf8'),
) as readonly KafkaMade[]

const names = ['range', 'roundrobin', 'sticky'] as const
const assignorOf = (name: string) => assignors.get(name)!

const plain = (assignments: Assignments): Record<string, string[]> =>
  Object.fromEntries(
    [...assignments].map(([member, parts]) => [member, parts.map(({ topic, partition }) => `${topic}-${partition}`)]),
  )

function membersOf({ members, had }: KafkaMade, name: string): MemberSubscription[] {
  return Object.entries(members).map(([memberId, topics]) => {
    const owned = had[memberId]?.map(splitTopicPartition)
    return { memberId, topics, userData: name === 'sticky' ? assignorOf(name).userData(owned) : null }
  })
}

describe.each(names)('%s', (name) => {
  test('gives what Kafka gives, in the same order', () => {
    for (const group of made) {
      const assignments = assignorOf(name).assign(new Map(Object.entries(group.partitions)), membersOf(group, name))
      expect(plain(assignments)).toEqual(group[name])
    }
  })

  const group = fc.record({
    partitions: fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd'), fc.integer({ min: 1, max: 40 }), { minKeys: 1 }),
    members: fc.uniqueArray(fc.string({ minLength: 1, maxLength: 6 }), { minLength: 1, maxLength: 12 }),
    wants: fc.array(fc.subarray(['a', 'b', 'c', 'd', 'missing'], { minLength: 1 }), { minLength: 12, maxLength: 12 }),
  })

  test('gives every partition that anybody wants exactly one owner, who wants it', () => {
    fc.assert(
      fc.property(group, ({ partitions, members, wants }) => {
        const subscriptions = members.map((memberId, i) => ({ memberId, topics: wants[i]!, userData: null }))
        const counts = new Map(Object.entries(partitions))
        const assignments = assignorOf(name).assign(counts, subscriptions)
        expect([...assignments.keys()].sort()).toEqual([...members].sort())
        const owners = new Map<string, string>()
        for (const [member, owned] of assignments) {
          for (const { topic, partition } of owned) {
            expect(subscriptions.find((one) => one.memberId === member)!.topics).toContain(topic)
            expect(owners.has(`${topic}-${partition}`)).toBe(false)
            owners.set(`${topic}-${partition}`, member)
          }
        }
        const wanted = new Set(wants.slice(0, members.length).flat())
        let expected = 0
        for (const [topic, count] of counts) if (wanted.has(topic)) expected += count
        expect(owners.size).toBe(expected)
      }),
    )
  })
})

describe('shares', () => {
  const sizes = fc.record({ partitions: fc.integer({ min: 1, max: 60 }), members: fc.integer({ min: 1, max: 20 }) })

  test.each(names)('of one topic differ by one at most, whatever the sizes (%s)', (name) => {
    fc.assert(
      fc.property(sizes, ({ partitions, members }) => {
        const all = Array.from({ length: members }, (_, i) => ({ memberId: `c${i}`, topics: ['t'], userData: null }))
        const counts = [
          ...assignorOf(name)
            .assign(new Map([['t', partitions]]), all)
            .values(),
        ].map((own) => own.length)
        expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1)
      }),
    )
  })

  test('members beyond the number of partitions get nothing', () => {
    for (const name of names) {
      const all = ['a', 'b', 'c', 'd', 'e'].map((memberId) => ({ memberId, topics: ['t'], userData: null }))
      const assignments = assignorOf(name).assign(new Map([['t', 3]]), all)
      expect([...assignments.values()].filter((own) => own.length === 0)).toHaveLength(2)
    }
  })

  test('the sticky one leaves everybody what he has where that is even', () => {
    fc.assert(
      fc.property(sizes, ({ partitions, members }) => {
        const sticky = assignorOf('sticky')
        const counts = new Map([['t', partitions]])
        const named = Array.from({ length: members + 1 }, (_, i) => `c${i}`)
        const first = sticky.assign(
          counts,
          named.map((memberId) => ({ memberId, topics: ['t'], userData: null })),
        )
        // One goes: of the others' partitions none moves.
        const second = sticky.assign(
          counts,
          named
            .slice(1)
            .map((memberId) => ({ memberId, topics: ['t'], userData: sticky.userData(first.get(memberId)) })),
        )
        for (const [memberId, owned] of second) expect(owned).toEqual(expect.arrayContaining(first.get(memberId)!))
      }),
    )
  })
})

describe('a member whom a sticky group went on without, and that says it had what is another’s by now', () => {
  const sticky = assignorOf('sticky')
  const counts = new Map([['t', 4]])
  const had = (...partitions: number[]) => partitions.map((partition) => ({ topic: 't', partition }))
  const claims = (generations: readonly [number | undefined, number | undefined]): MemberSubscription[] => [
    { memberId: 'a', topics: ['t'], userData: sticky.userData(had(0, 1, 2, 3), generations[0]) },
    { memberId: 'b', topics: ['t'], userData: sticky.userData(had(2, 3), generations[1]) },
  ]
  const shared = (assignments: Assignments): string[] => {
    const all = [...assignments.values()].flat().map(({ topic, partition }) => `${topic}-${partition}`)
    return all.filter((name, i) => all.indexOf(name) !== i)
  }

  test('is believed up to 2.2, so that two own a partition (KAFKA-7026)', () => {
    expect(shared(sticky.assign(counts, claims([undefined, undefined])))).not.toEqual([])
  })

  test('is believed no more where members tell the generation (KIP-341): it gets back only what makes it even', () => {
    const assignments = sticky.assign(counts, claims([5, 3]))
    expect(shared(assignments)).toEqual([])
    expect(plain(assignments)).toEqual({ a: ['t-0', 't-1'], b: ['t-2', 't-3'] })
  })

  test('never makes two owners, whatever members tell of whichever generations', () => {
    const claim = fc.record({
      partitions: fc.subarray([0, 1, 2, 3, 4, 5]),
      generation: fc.integer({ min: -1, max: 4 }),
    })
    fc.assert(
      fc.property(fc.array(claim, { minLength: 1, maxLength: 5 }), (told) => {
        const members = told.map(({ partitions, generation }, i) => ({
          memberId: `c${i}`,
          topics: ['t'],
          userData: sticky.userData(had(...partitions), generation),
        }))
        const assignments = sticky.assign(new Map([['t', 5]]), members)
        expect(shared(assignments)).toEqual([])
        expect([...assignments.values()].flat()).toHaveLength(5)
      }),
    )
  })
})
