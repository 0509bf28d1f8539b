/** What a consumer throws at its application: the names of Kafka's exceptions. */
export class ConsumerError extends Error {
  readonly exception:
    | 'CommitFailedException'
    | 'InconsistentGroupProtocolException'
    | 'InvalidSessionTimeoutException'
    | 'InvalidGroupIdException'
    | 'NoOffsetForPartitionException'
    | 'OffsetOutOfRangeException'
    | 'RecordTooLargeException'
    | 'KafkaException'

  constructor(exception: ConsumerError['exception'], message: string) {
    super(message)
    this.name = exception
    this.exception = exception
  }
}
