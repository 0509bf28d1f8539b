export type { ApplicationMessage } from './application-message.ts'
export { messageName, sizedValue } from './message-text.ts'
export { type OldProducerOptions, OldProducerProcess } from './old-producer/old-producer.ts'
export {
  defaultPartition,
  isBuiltInPartitioner,
  type Partitioner,
  type PartitionerClass,
  type PartitionKey,
  partitionerNames,
} from './old-producer/partitioner.ts'
export { type SimpleConsumerOptions, SimpleConsumerProcess } from './simple-consumer.ts'
export type { WorkloadOptions, WorkloadProgress } from './workload.ts'
