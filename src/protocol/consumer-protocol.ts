/**
 * What the members of a consumer group tell one another by way of the coordinator, which does not look into it: their
 * subscriptions, and from the leader the assignment (`ConsumerProtocol.java` at 0.9.0.1, version 0).
 */
import { ByteReader, ByteWriter } from './byte-codec.ts'
import { type TopicPartition, topicPartition } from './topic-partition.ts'

const VERSION = 0

export interface Subscription {
  readonly topics: readonly string[]
  /** What the assignor wants to know besides; the sticky one: what the member had. */
  readonly userData: Uint8Array | null
}

export interface AssignedPartition {
  readonly topic: string
  readonly partition: number
}

export function encodeSubscription({ topics, userData }: Subscription): Uint8Array {
  const writer = new ByteWriter().int16(VERSION)
  writer.array(topics, (topic) => writer.string(topic))
  return writer.nullableByteArray(userData).toBytes()
}

/** A newer version is read as this one: later ones only add to it. */
export function decodeSubscription(bytes: Uint8Array): Subscription {
  const reader = new ByteReader(bytes)
  reader.int16()
  return { topics: reader.array(() => reader.string()), userData: reader.nullableByteArray() }
}

/** Topics in the order of their first partition. */
export function encodeMemberAssignment(
  partitions: readonly AssignedPartition[],
  userData: Uint8Array | null,
): Uint8Array {
  const byTopic = new Map<string, number[]>()
  for (const { topic, partition } of partitions) {
    const known = byTopic.get(topic)
    if (known === undefined) byTopic.set(topic, [partition])
    else known.push(partition)
  }
  const writer = new ByteWriter().int16(VERSION)
  writer.array([...byTopic], ([topic, numbers]) => {
    writer.string(topic).array(numbers, (partition) => writer.int32(partition))
  })
  return writer.nullableByteArray(userData).toBytes()
}

/** No bytes at all: nothing is assigned. */
export function decodeMemberAssignment(bytes: Uint8Array): AssignedPartition[] {
  if (bytes.length === 0) return []
  const reader = new ByteReader(bytes)
  reader.int16()
  return reader
    .array(() => {
      const topic = reader.string()
      return reader.array(() => ({ topic, partition: reader.int32() }))
    })
    .flat()
}

/** The partitions of an assignment, for the trace; undefined if these bytes are no consumer's. */
export function assignedPartitionsOf(bytes: Uint8Array): TopicPartition[] | undefined {
  try {
    return decodeMemberAssignment(bytes).map(({ topic, partition }) => topicPartition(topic, partition))
  } catch {
    return undefined
  }
}
