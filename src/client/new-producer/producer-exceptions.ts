/** Errors of produce requests as the Java producer knows them: by exception, and by what is to be done (`Errors.java`). */
import { ErrorCode } from '../../protocol/index.ts'

/** An attempt failed: by the broker's answer, or without any. */
export type AttemptError = ErrorCode | 'disconnected' | 'timeout'

const exceptions: Partial<Readonly<Record<ErrorCode, string>>> = {
  [ErrorCode.InvalidMessage]: 'CorruptRecordException',
  [ErrorCode.UnknownTopicOrPartition]: 'UnknownTopicOrPartitionException',
  [ErrorCode.LeaderNotAvailable]: 'LeaderNotAvailableException',
  [ErrorCode.NotLeaderForPartition]: 'NotLeaderForPartitionException',
  [ErrorCode.RequestTimedOut]: 'TimeoutException',
  [ErrorCode.MessageSizeTooLarge]: 'RecordTooLargeException',
  [ErrorCode.InvalidTopic]: 'InvalidTopicException',
  [ErrorCode.MessageSetSizeTooLarge]: 'RecordBatchTooLargeException',
  [ErrorCode.NotEnoughReplicas]: 'NotEnoughReplicasException',
  [ErrorCode.NotEnoughReplicasAfterAppend]: 'NotEnoughReplicasAfterAppendException',
  [ErrorCode.InvalidRequiredAcks]: 'InvalidRequiredAcksException',
  [ErrorCode.InvalidTimestamp]: 'InvalidTimestampException',
  [ErrorCode.UnsupportedForMessageFormat]: 'UnsupportedForMessageFormatException',
  [ErrorCode.OutOfOrderSequenceNumber]: 'OutOfOrderSequenceException',
  [ErrorCode.InvalidProducerEpoch]: 'ProducerFencedException',
  [ErrorCode.InvalidTxnState]: 'InvalidTxnStateException',
  [ErrorCode.UnknownProducerId]: 'UnknownProducerIdException',
  [ErrorCode.UnsupportedCompressionType]: 'UnsupportedCompressionTypeException',
  [ErrorCode.InvalidRecord]: 'InvalidRecordException',
  [ErrorCode.InvalidProducerIdMapping]: 'InvalidPidMappingException',
  [ErrorCode.ConcurrentTransactions]: 'ConcurrentTransactionsException',
  [ErrorCode.TransactionAbortable]: 'TransactionAbortableException',
}

/** What the application is told. */
export function exceptionOf(error: AttemptError): string {
  if (error === 'disconnected' || error === 'timeout') return 'NetworkException'
  return exceptions[error] ?? 'UnknownServerException'
}

const retriable: ReadonlySet<AttemptError> = new Set<AttemptError>([
  'disconnected',
  'timeout',
  ErrorCode.InvalidMessage,
  ErrorCode.UnknownTopicOrPartition,
  ErrorCode.LeaderNotAvailable,
  ErrorCode.NotLeaderForPartition,
  ErrorCode.RequestTimedOut,
  ErrorCode.NotEnoughReplicas,
  ErrorCode.NotEnoughReplicasAfterAppend,
  // From 4.0: the transaction before is not quite over.
  ErrorCode.ConcurrentTransactions,
])

/** `RetriableException`: it may go away. */
export const isRetriable = (error: AttemptError): boolean => retriable.has(error)

const aboutMetadata: ReadonlySet<AttemptError> = new Set<AttemptError>([
  'disconnected',
  'timeout',
  ErrorCode.UnknownTopicOrPartition,
  ErrorCode.LeaderNotAvailable,
  ErrorCode.NotLeaderForPartition,
])

/** `InvalidMetadataException`: what the producer knows of leaders may be out of date. */
export const isAboutMetadata = (error: AttemptError): boolean => aboutMetadata.has(error)
