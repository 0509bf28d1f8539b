/** Answers that refuse, and the error codes of the log in the words of groups. */
import { ErrorCode } from '../protocol/index.ts'
import type { ProtocolVersions } from '../versions.ts'
import type { JoinResult } from './group.ts'

/** With an error: no generation, no leader, nobody. */
export const joinError = (memberId: string, errorCode: ErrorCode): JoinResult => ({
  errorCode,
  memberId,
  generationId: 0,
  protocolName: '',
  leaderId: '',
  members: [],
})

/** What members are told when their group could not be written down. */
export function storeGroupError(logError: ErrorCode, versions: ProtocolVersions): ErrorCode {
  switch (logError) {
    case ErrorCode.UnknownTopicOrPartition:
      return ErrorCode.ConsumerCoordinatorNotAvailable
    case ErrorCode.NotEnoughReplicas:
    case ErrorCode.NotEnoughReplicasAfterAppend:
      return versions.emptyGroups === 'kept' ? ErrorCode.ConsumerCoordinatorNotAvailable : logError
    case ErrorCode.NotLeaderForPartition:
      return ErrorCode.NotCoordinatorForConsumer
    case ErrorCode.RequestTimedOut:
      return ErrorCode.RebalanceInProgress
    case ErrorCode.MessageSizeTooLarge:
    case ErrorCode.MessageSetSizeTooLarge:
    case ErrorCode.InvalidFetchSize:
      return ErrorCode.Unknown
    default:
      return logError
  }
}

/** What a consumer is told whose offsets could not be written down. */
export function commitError(logError: ErrorCode, versions: ProtocolVersions): ErrorCode {
  switch (logError) {
    case ErrorCode.UnknownTopicOrPartition:
      return ErrorCode.ConsumerCoordinatorNotAvailable
    case ErrorCode.NotLeaderForPartition:
      return ErrorCode.NotCoordinatorForConsumer
    case ErrorCode.NotEnoughReplicas:
    case ErrorCode.NotEnoughReplicasAfterAppend:
      return versions.emptyGroups === 'kept' ? ErrorCode.ConsumerCoordinatorNotAvailable : logError
    case ErrorCode.MessageSizeTooLarge:
    case ErrorCode.MessageSetSizeTooLarge:
    case ErrorCode.InvalidFetchSize:
      return versions.groupCoordinator === 'offset-manager' ? logError : ErrorCode.InvalidCommitOffsetSize
    default:
      return logError
  }
}
