/**
 * Who gets which partition in a group of old consumers: `kafka/consumer/PartitionAssignor.scala`, release 0.8.2.2. Every
 * member computes the whole plan for itself, from what it reads in ZooKeeper; with equal views the plans are equal.
 *
 * `range` (the default), topic by topic: partitions by number, threads by name; with P partitions and T threads each gets
 * floor(P/T), and the first P mod T one more. `roundrobin`: all partitions in the order of the hash of their names, dealt
 * to the threads in turn; only where all members subscribe to the same topics with the same number of streams.
 * `range-ceil` is the formula of the early documentation, which no release had: N = ceil(P/T), thread i gets i*N to
 * (i+1)*N-1. It too gives every partition one owner, but fills the first threads up: the last ones may go short, or get
 * nothing (5 partitions over 4 threads: 2, 2, 1, 0 instead of 2, 1, 1, 1).
 */
import { javaStringHash } from '../../protocol/index.ts'

export const assignmentStrategies = ['range', 'roundrobin', 'range-ceil'] as const
export type AssignmentStrategy = (typeof assignmentStrategies)[number]

/** What a member knows of its group. */
export interface GroupTopics {
  /** Partitions by number, for each topic. */
  readonly partitions: ReadonlyMap<string, readonly number[]>
  /** Thread ids of all members, for each topic that somebody subscribes to, sorted as texts. */
  readonly threads: ReadonlyMap<string, readonly string[]>
}

export interface OwnedPartition {
  readonly topic: string
  readonly partition: number
  readonly thread: string
}

/** The whole plan, or why there can be none. */
export function assignPartitions(strategy: AssignmentStrategy, group: GroupTopics): readonly OwnedPartition[] | string {
  return strategy === 'roundrobin' ? roundRobin(group) : byTopic(group, strategy === 'range' ? range : rangeCeil)
}

/** First partition of thread `i` of `threads`, and how many it gets, of `partitions` in order. */
type Share = (i: number, threads: number, partitions: number) => { readonly start: number; readonly count: number }

const range: Share = (i, threads, partitions) => {
  const each = Math.floor(partitions / threads)
  const extra = partitions % threads
  return { start: each * i + Math.min(i, extra), count: each + (i + 1 > extra ? 0 : 1) }
}

const rangeCeil: Share = (i, threads, partitions) => {
  const each = Math.ceil(partitions / threads)
  const start = Math.min(i * each, partitions)
  return { start, count: Math.min((i + 1) * each, partitions) - start }
}

function byTopic({ partitions, threads }: GroupTopics, share: Share): OwnedPartition[] {
  const plan: OwnedPartition[] = []
  for (const [topic, numbers] of partitions) {
    const among = threads.get(topic) ?? []
    among.forEach((thread, i) => {
      const { start, count } = share(i, among.length, numbers.length)
      for (let at = start; at < start + count; at++) plan.push({ topic, partition: numbers[at]!, thread })
    })
  }
  return plan
}

function roundRobin({ partitions, threads }: GroupTopics): readonly OwnedPartition[] | string {
  const [first] = threads.values()
  if (first === undefined || first.length === 0) return []
  for (const [topic, among] of threads) {
    if (among.length !== first.length || among.some((thread, i) => thread !== first[i])) {
      return `roundrobin needs the same topics and numbers of streams in all members; ${topic} has other threads`
    }
  }
  const all: Array<{ readonly topic: string; readonly partition: number; readonly hash: number }> = []
  for (const [topic, numbers] of partitions) {
    // Where two names have the same hash, the order is that of a Scala map in Kafka, and that of the names here.
    for (const partition of numbers) all.push({ topic, partition, hash: javaStringHash(`[${topic},${partition}]`) })
  }
  all.sort((a, b) => a.hash - b.hash || (a.topic < b.topic ? -1 : a.topic > b.topic ? 1 : a.partition - b.partition))
  return all.map(({ topic, partition }, i) => ({ topic, partition, thread: first[i % first.length]! }))
}
