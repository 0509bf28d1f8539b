/**
 * Keys of the old producer (`kafka/producer/ProducerConfig.scala`, 0.8.2.2) and of the simple consumer, as far as they
 * are modelled. `retries` names of the Java producer come with Part 4.
 */
import { type ConfigValues, int } from './config-def.ts'

export const producerConfigTable = {
  'request.required.acks': int(0, '0: no answer, 1: the leader has written, -1: the whole ISR has', -1),
  'request.timeout.ms': int(
    10_000,
    'how long the broker may wait for acknowledgements, and the client for an answer',
    1,
  ),
  'message.send.max.retries': int(3, 'attempts after the first', 0),
  'retry.backoff.ms': int(100, 'pause before a retry, in which metadata is refreshed', 0),
  'topic.metadata.refresh.interval.ms': int(
    600_000,
    'time between two refreshes of metadata (negative: on failure only)',
  ),
} as const

export type ProducerConfig = ConfigValues<typeof producerConfigTable>

export const simpleConsumerConfigTable = {
  'fetch.message.max.bytes': int(1_048_576, 'bytes fetched of a partition at a time', 1),
  'fetch.wait.max.ms': int(100, 'longest wait of a fetch for data', 0),
  'fetch.min.bytes': int(1, 'bytes that end the wait of a fetch', 0),
  'refresh.leader.backoff.ms': int(200, 'pause before the leader is looked for again', 0),
  'socket.timeout.ms': int(30_000, 'a request unanswered for so long is given up', 1),
} as const

export type SimpleConsumerConfig = ConfigValues<typeof simpleConsumerConfigTable>
