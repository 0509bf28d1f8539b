/** The partitions of a broker, in the order in which it first heard of them; found by name without building one. */
import { type TopicPartition, topicPartition } from '../protocol/index.ts'
import type { Partition } from './partition.ts'

export class PartitionTable implements Iterable<Partition> {
  private readonly byName = new Map<TopicPartition, Partition>()
  private readonly byTopic = new Map<string, Map<number, Partition>>()

  get(tp: TopicPartition): Partition | undefined {
    return this.byName.get(tp)
  }

  find(topic: string, partition: number): Partition | undefined {
    return this.byTopic.get(topic)?.get(partition)
  }

  add(partition: Partition): Partition {
    this.byName.set(partition.tp, partition)
    const known = this.byTopic.get(partition.topic)
    if (known === undefined) this.byTopic.set(partition.topic, new Map([[partition.partition, partition]]))
    else known.set(partition.partition, partition)
    return partition
  }

  delete({ topic, partition }: Partition): void {
    this.byName.delete(topicPartition(topic, partition))
    this.byTopic.get(topic)?.delete(partition)
  }

  [Symbol.iterator](): Iterator<Partition> {
    return this.byName.values()
  }
}
