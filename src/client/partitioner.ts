/**
 * Which partition a keyed message goes to in the old producer: `kafka/producer/DefaultPartitioner.scala` with
 * `kafka/utils/Utils.scala`, release 0.8.2.2. A message without a key is not the partitioner's business: the producer
 * draws a partition that has a leader and stays with it.
 */

import { javaAbs, javaStringHash } from '../protocol/index.ts'

/** Partition of a key, over all partitions, whether they have a leader or not. */
export const defaultPartition = (key: string, partitions: number): number => javaAbs(javaStringHash(key)) % partitions
