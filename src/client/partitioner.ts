/**
 * Which partition a keyed message goes to in the old producer: `kafka/producer/DefaultPartitioner.scala` with
 * `kafka/utils/Utils.scala`, release 0.8.2.2. A message without a key is not the partitioner's business: the producer
 * draws a partition that has a leader and stays with it.
 */

/** Java's `String.hashCode`: h = 31 h + UTF-16 unit, wrapping at 32 bits. */
export function javaStringHash(text: string): number {
  let hash = 0
  for (let i = 0; i < text.length; i++) hash = (Math.imul(31, hash) + text.charCodeAt(i)) | 0
  return hash
}

/** `Utils.abs` since 0.8.2: the absolute value, and 0 for the one 32-bit integer that has none. */
export const kafkaAbs = (n: number): number => (n === -0x8000_0000 ? 0 : Math.abs(n))

/** Partition of a key, over all partitions, whether they have a leader or not. */
export const defaultPartition = (key: string, partitions: number): number => kafkaAbs(javaStringHash(key)) % partitions
