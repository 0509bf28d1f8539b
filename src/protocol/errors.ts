/**
 * Kafka's error codes, by the names that 0.8.2 gives them (`core/src/main/scala/kafka/common/ErrorMapping.scala`,
 * release 0.8.2.2); later ones by their names in `Errors.java`.
 */
export const ErrorCode = {
  Unknown: -1,
  NoError: 0,
  OffsetOutOfRange: 1,
  InvalidMessage: 2,
  UnknownTopicOrPartition: 3,
  InvalidFetchSize: 4,
  LeaderNotAvailable: 5,
  NotLeaderForPartition: 6,
  RequestTimedOut: 7,
  BrokerNotAvailable: 8,
  ReplicaNotAvailable: 9,
  MessageSizeTooLarge: 10,
  StaleControllerEpoch: 11,
  OffsetMetadataTooLarge: 12,
  StaleLeaderEpoch: 13,
  OffsetsLoadInProgress: 14,
  ConsumerCoordinatorNotAvailable: 15,
  NotCoordinatorForConsumer: 16,
  InvalidTopic: 17,
  MessageSetSizeTooLarge: 18,
  NotEnoughReplicas: 19,
  NotEnoughReplicasAfterAppend: 20,
  InvalidRequiredAcks: 21,
  IllegalGeneration: 22,
  InconsistentGroupProtocol: 23,
  InvalidGroupId: 24,
  UnknownMemberId: 25,
  InvalidSessionTimeout: 26,
  RebalanceInProgress: 27,
  InvalidCommitOffsetSize: 28,
  InvalidTimestamp: 32,
  InvalidReplicationFactor: 38,
  UnsupportedForMessageFormat: 43,
  OutOfOrderSequenceNumber: 45,
  DuplicateSequenceNumber: 46,
  InvalidProducerEpoch: 47,
  InvalidTxnState: 48,
  TransactionCoordinatorFenced: 52,
  UnknownProducerId: 59,
  FencedLeaderEpoch: 74,
  UnknownLeaderEpoch: 75,
  UnsupportedCompressionType: 76,
  StaleBrokerEpoch: 77,
  OffsetNotAvailable: 78,
  MemberIdRequired: 79,
  GroupMaxSizeReached: 81,
  InvalidRecord: 87,
} as const

export type ErrorCode = (typeof ErrorCode)[keyof typeof ErrorCode]

const names = new Map<number, string>(Object.entries(ErrorCode).map(([name, code]) => [code, name]))

/** `NotLeaderForPartition` for 6. */
export const errorName = (code: number): string => names.get(code) ?? `error ${code}`
