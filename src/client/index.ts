export type { ApplicationMessage } from './application-message.ts'
export { messageName, sizedValue } from './message-text.ts'
export {
  type AssignmentStrategy,
  assignmentStrategies,
  assignPartitions,
  type GroupTopics,
  type OwnedPartition,
} from './old-consumer/assignment.ts'
export { type OldConsumerOptions, OldConsumerProcess, type Subscription } from './old-consumer/old-consumer.ts'
export { allowedTopics, type TopicFilter, topicFilter, topicPattern } from './old-consumer/topic-filter.ts'
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
