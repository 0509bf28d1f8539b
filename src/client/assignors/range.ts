/**
 * `range` (`RangeAssignor.java`): topic by topic, in runs of neighbouring partitions. The first members get one more
 * where the division leaves a rest, and they do so in every topic.
 */
import { type Assignments, type Assignor, compareText, emptyAssignments, subscribedTopics } from './assignor.ts'

export const rangeAssignor: Assignor = {
  name: 'range',
  assign(partitions, members): Assignments {
    const assignments = emptyAssignments(members)
    for (const topic of subscribedTopics(members)) {
      const count = partitions.get(topic)
      if (count === undefined) continue
      const takers = members.filter((member) => member.topics.includes(topic)).map(({ memberId }) => memberId)
      takers.sort(compareText)
      const share = Math.floor(count / takers.length)
      const rest = count % takers.length
      takers.forEach((memberId, i) => {
        const first = share * i + Math.min(i, rest)
        const length = share + (i < rest ? 1 : 0)
        for (let partition = first; partition < first + length; partition++) {
          assignments.get(memberId)!.push({ topic, partition })
        }
      })
    }
    return assignments
  },
  userData: () => null,
}
