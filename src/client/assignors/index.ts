/** The assignors by the names that `partition.assignment.strategy` has for them; Kafka's setting names their classes. */
import type { Assignor } from './assignor.ts'
import { rangeAssignor } from './range.ts'
import { roundRobinAssignor } from './round-robin.ts'
import { stickyAssignor } from './sticky.ts'

export type { Assignments, Assignor, MemberSubscription, PartitionCounts } from './assignor.ts'

export const assignors: ReadonlyMap<string, Assignor> = new Map(
  [rangeAssignor, roundRobinAssignor, stickyAssignor].map((assignor) => [assignor.name, assignor]),
)
