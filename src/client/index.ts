export type { ProcessingOptions } from './application.ts'
export type { ApplicationMessage } from './application-message.ts'
export { assignors } from './assignors/index.ts'
export { fetchVersions } from './fetch-versions.ts'
export { type GroupConsumerOptions, GroupConsumerProcess } from './group-consumer/group-consumer-process.ts'
export { groupConsumerDefaults } from './group-consumer/release-defaults.ts'
export type { Subscribes } from './group-consumer/subscription-state.ts'
export { messageName, sizedValue } from './message-text.ts'
export { JavaProducerProcess, type JavaProducerProcessOptions } from './new-producer/java-producer-process.ts'
export { javaPartitionerNames } from './new-producer/partitioner.ts'
export { acksOf, javaProducerConfig, maxInFlightOfIdempotence } from './new-producer/release-defaults.ts'
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
