/**
 * Which partition a message of the Java producer goes to. With a key: its murmur2 hash, modulo all partitions. Without:
 * in turn (`DefaultPartitioner.java` up to 2.3), one partition a batch (KIP-480, 2.4: `StickyPartitionCache.java`), or one
 * for every `batch.size` bytes, those with short queues more often (KIP-794, 3.3: `BuiltInPartitioner.java`).
 */
import type { Host, RandomStream } from '../../host/index.ts'
import { murmur2, toPositive } from '../../protocol/index.ts'
import type { ProtocolVersions } from '../../versions.ts'
import type { ProducerMetadata } from './producer-metadata.ts'
import type { QueuesSeen } from './sender-options.ts'
import { UniformSticky } from './uniform-sticky.ts'

type Cluster = Pick<ProducerMetadata, 'partitionCount' | 'availablePartitions'>

export interface JavaPartitioner {
  /** For the next record. The topic is known, and has partitions. */
  partition(topic: string, key: Uint8Array | null): number
  /** The record that `previous` was chosen for would begin a new batch: another one may be chosen. */
  onNewBatch?(topic: string, previous: number): void
  /** The record without key was added to the partition chosen, with so many bytes. */
  appended?(topic: string, bytes: number, allBatchesFull: boolean): void
  readonly queuesSeen?: QueuesSeen
}

/** Over all partitions, whether they have a leader or not. */
export const partitionOfKey = (key: Uint8Array, partitions: number): number => toPositive(murmur2(key)) % partitions

abstract class KeyPartitioner implements JavaPartitioner {
  protected readonly cluster: Cluster
  protected readonly random: RandomStream
  protected readonly keysCount: boolean

  /** @param keysCount false: keys do not matter (`RoundRobinPartitioner.java`, `UniformStickyPartitioner.java`) */
  constructor(host: Host, cluster: Cluster, keysCount = true) {
    this.cluster = cluster
    this.keysCount = keysCount
    this.random = host.random('partition')
  }

  partition(topic: string, key: Uint8Array | null): number {
    return key === null || !this.keysCount
      ? this.keyless(topic)
      : partitionOfKey(key, this.cluster.partitionCount(topic)!)
  }

  protected abstract keyless(topic: string): number

  protected draw(): number {
    return this.random.intBelow(0x7fff_ffff, 'partition')
  }
}

/** Up to 2.3: a counter that begins anywhere. Since 0.9 each topic has its own. */
class RoundRobin extends KeyPartitioner {
  private readonly counters = new Map<string, number>()

  protected keyless(topic: string): number {
    const next = this.counters.get(topic) ?? (this.keysCount ? this.draw() : 0)
    this.counters.set(topic, (next + 1) & 0x7fff_ffff)
    const available = this.cluster.availablePartitions(topic)
    return available.length > 0 ? available[next % available.length]! : next % this.cluster.partitionCount(topic)!
  }
}

class Sticky extends KeyPartitioner {
  private readonly chosen = new Map<string, number>()

  protected keyless(topic: string): number {
    return this.chosen.get(topic) ?? this.choose(topic, undefined)
  }

  onNewBatch(topic: string, previous: number): void {
    const current = this.chosen.get(topic)
    if (current === undefined || current === previous) this.choose(topic, current)
  }

  private choose(topic: string, old: number | undefined): number {
    const available = this.cluster.availablePartitions(topic)
    let partition = old
    if (available.length === 0) partition = this.draw() % this.cluster.partitionCount(topic)!
    else if (available.length === 1) partition = available[0]!
    else while (partition === undefined || partition === old) partition = available[this.draw() % available.length]!
    this.chosen.set(topic, partition)
    return partition
  }
}

class BuiltIn extends KeyPartitioner {
  private readonly topics = new Map<string, UniformSticky>()
  private readonly batchSize: number

  constructor(host: Host, cluster: Cluster, batchSize: number) {
    super(host, cluster)
    this.batchSize = batchSize
  }

  protected keyless(topic: string): number {
    return this.of(topic).current
  }

  appended(topic: string, bytes: number, allBatchesFull: boolean): void {
    this.of(topic).appended(bytes, allBatchesFull)
  }

  readonly queuesSeen: QueuesSeen = (topic, queues, known) => {
    // Before every partition has had a batch there is nothing to compare.
    if (known >= (this.cluster.partitionCount(topic) ?? 0)) this.of(topic).queuesSeen(queues, known)
  }

  private of(topic: string): UniformSticky {
    let sticky = this.topics.get(topic)
    if (sticky === undefined) {
      const { cluster } = this
      const choices = (): readonly number[] => {
        const available = cluster.availablePartitions(topic)
        return available.length > 0 ? available : Array.from({ length: cluster.partitionCount(topic)! }, (_, i) => i)
      }
      sticky = new UniformSticky(Math.max(1, this.batchSize), choices, () => this.draw())
      this.topics.set(topic, sticky)
    }
    return sticky
  }
}

const DEFAULT = 'org.apache.kafka.clients.producer.internals.DefaultPartitioner'
const ROUND_ROBIN = 'org.apache.kafka.clients.producer.RoundRobinPartitioner'
const UNIFORM_STICKY = 'org.apache.kafka.clients.producer.UniformStickyPartitioner'

/** Classes that `partitioner.class` may name, in the releases that have them. */
export function javaPartitionerNames({ keylessPartition }: ProtocolVersions): readonly string[] {
  return keylessPartition === 'round-robin' ? [DEFAULT] : [DEFAULT, ROUND_ROBIN, UNIFORM_STICKY]
}

/** @param name one of `javaPartitionerNames`, or `''` for the rule of the release */
export function javaPartitioner(
  name: string,
  host: Host,
  cluster: Cluster,
  { keylessPartition }: ProtocolVersions,
  batchSize: number,
): JavaPartitioner {
  if (name === ROUND_ROBIN) return new RoundRobin(host, cluster, false)
  if (name === UNIFORM_STICKY) return new Sticky(host, cluster, false)
  if (keylessPartition === 'round-robin') return new RoundRobin(host, cluster)
  if (keylessPartition === 'sticky' || name === DEFAULT) return new Sticky(host, cluster)
  return new BuiltIn(host, cluster, batchSize)
}
