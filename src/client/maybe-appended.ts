/** What an error in the answer to a produce request says about the messages. */
import { ErrorCode } from '../protocol/index.ts'

/**
 * Whether a message may stand in a log although the answer is an error. Errors found before the append say no; with
 * acks=-1 (or above 1) the leader answers 3 and 6 also when it lost the partition after the append.
 */
export function maybeAppended(errorCode: ErrorCode, requiredAcks: number): boolean {
  switch (errorCode) {
    case ErrorCode.InvalidMessage:
    case ErrorCode.MessageSizeTooLarge:
    case ErrorCode.MessageSetSizeTooLarge:
    case ErrorCode.NotEnoughReplicas:
    case ErrorCode.InvalidRequiredAcks:
    case ErrorCode.InvalidTimestamp:
    case ErrorCode.InvalidRecord:
    case ErrorCode.UnsupportedForMessageFormat:
    case ErrorCode.OutOfOrderSequenceNumber:
    case ErrorCode.UnknownProducerId:
    case ErrorCode.InvalidProducerEpoch:
      return false
    case ErrorCode.NotLeaderForPartition:
    case ErrorCode.UnknownTopicOrPartition:
      return requiredAcks !== 1
    default:
      return true
  }
}
