/**
 * Which partition a keyed message goes to in the old producer: the interface `kafka.producer.Partitioner` and its
 * implementations (`kafka/producer/DefaultPartitioner.scala`, `ByteArrayPartitioner.scala`, `kafka/utils/Utils.scala`,
 * release 0.8.2.2). A message without a key is not the partitioner's business: the producer draws a partition that has a
 * leader and stays with it.
 */
import type { Host } from '../../host/index.ts'
import { javaAbs, javaBytesHash, javaStringHash } from '../../protocol/index.ts'

/** The key as the application hands it over: what its serializer takes. */
export type PartitionKey = string | Uint8Array

/** `kafka.producer.Partitioner`. A number outside 0 … numPartitions-1 makes the send fail; so does an exception. */
export interface Partitioner {
  partition(key: PartitionKey, numPartitions: number): number
}

/** A class that an application brings; as in Kafka it is built once for each producer, with the producer's configuration. */
export type PartitionerClass = new (props: Readonly<Record<string, unknown>>) => Partitioner

/** Partition of a text key, over all partitions, whether they have a leader or not. */
export const defaultPartition = (key: string, partitions: number): number => javaAbs(javaStringHash(key)) % partitions

/**
 * Hash of the key. A byte array has no hash of its content in Java, only one of its identity: each message then goes
 * anywhere, whatever its key holds.
 */
class DefaultPartitioner implements Partitioner {
  private readonly host: Host

  constructor(host: Host) {
    this.host = host
  }

  partition(key: PartitionKey, numPartitions: number): number {
    if (typeof key === 'string') return defaultPartition(key, numPartitions)
    return this.host.random('identity hash').intBelow(0x7fff_ffff, 'identity hash of a key') % numPartitions
  }
}

class ByteArrayPartitioner implements Partitioner {
  partition(key: PartitionKey, numPartitions: number): number {
    if (typeof key === 'string') throw new Error('ClassCastException: java.lang.String cannot be cast to [B')
    return javaAbs(javaBytesHash(key)) % numPartitions
  }
}

/** Not part of Kafka: the example of an own `Partitioner` that deals messages out in turn, whatever their keys. */
class RoundRobinPartitioner implements Partitioner {
  private counter = 0

  partition(_key: PartitionKey, numPartitions: number): number {
    return this.counter++ % numPartitions
  }
}

const builtIn = {
  'kafka.producer.DefaultPartitioner': (host: Host): Partitioner => new DefaultPartitioner(host),
  'kafka.producer.ByteArrayPartitioner': (): Partitioner => new ByteArrayPartitioner(),
  RoundRobinPartitioner: (): Partitioner => new RoundRobinPartitioner(),
} as const

/** Names that `partitioner.class` takes without a module of the application's own. */
export const partitionerNames = Object.keys(builtIn)

export const isBuiltInPartitioner = (name: string): name is keyof typeof builtIn => Object.hasOwn(builtIn, name)

/** @param name one of `partitionerNames` */
export const builtInPartitioner = (name: keyof typeof builtIn, host: Host): Partitioner => builtIn[name](host)
