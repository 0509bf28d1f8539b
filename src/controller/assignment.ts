/**
 * Which brokers get the replicas of a new topic: `AdminUtils.assignReplicasToBrokers`, release 0.8.2.2 (formats.md
 * section 7). First replicas go round the brokers from `start`; the others follow at a distance that grows by one each
 * time the first replicas have gone round, so that the partitions of a dead broker are taken over by all the others.
 */
import { AdminOperationError } from './admin-operation-error.ts'

/**
 * @param brokers ids in ascending order
 * @param start index of the broker that gets the first replica of partition 0 (Kafka draws it)
 * @param shift distance of the second replica at the beginning (Kafka draws it too)
 * @param firstPartition number of the first partition to assign, when a topic is expanded
 * @returns partition to replicas, the preferred one first
 * @throws AdminOperationError if a number is not positive, or there are fewer brokers than replicas
 */
export function assignReplicasToBrokers(
  brokers: readonly number[],
  partitions: number,
  replicationFactor: number,
  start: number,
  shift: number,
  firstPartition = 0,
): Map<number, number[]> {
  if (partitions <= 0) throw new AdminOperationError('the number of partitions must be larger than 0')
  if (replicationFactor <= 0) throw new AdminOperationError('the replication factor must be larger than 0')
  const n = brokers.length
  if (replicationFactor > n) {
    throw new AdminOperationError(
      `replication factor: ${replicationFactor} larger than available brokers: ${n}`,
      'too-few-brokers',
    )
  }
  const assignment = new Map<number, number[]>()
  let nextShift = shift
  for (let partition = firstPartition; partition < firstPartition + partitions; partition++) {
    if (partition > 0 && partition % n === 0) nextShift++
    const first = (partition + start) % n
    const replicas = [brokers[first]!]
    for (let j = 0; j < replicationFactor - 1; j++) {
      replicas.push(brokers[(first + 1 + ((nextShift + j) % (n - 1))) % n]!)
    }
    assignment.set(partition, replicas)
  }
  return assignment
}
