/**
 * `roundrobin` (`RoundRobinAssignor.java`): all partitions of all topics in a row, dealt out to the members in turn; one
 * that does not subscribe to the topic is passed over.
 */
import { type Assignments, type Assignor, compareText, emptyAssignments, subscribedTopics } from './assignor.ts'

export const roundRobinAssignor: Assignor = {
  name: 'roundrobin',
  assign(partitions, members): Assignments {
    const assignments = emptyAssignments(members)
    const sorted = [...members].sort((a, b) => compareText(a.memberId, b.memberId))
    let next = 0
    for (const topic of subscribedTopics(members)) {
      const count = partitions.get(topic) ?? 0
      for (let partition = 0; partition < count; partition++) {
        while (!sorted[next]!.topics.includes(topic)) next = (next + 1) % sorted.length
        assignments.get(sorted[next]!.memberId)!.push({ topic, partition })
        next = (next + 1) % sorted.length
      }
    }
    return assignments
  },
  userData: () => null,
}
