/**
 * What an admin operation refuses: a user's mistake, to be told as a diagnostic, under the name of the exception that
 * Kafka's tools stop with. `core/src/main/scala/kafka/admin/` and `kafka/common/`, from release 0.8.2.2 on.
 */
import { ErrorCode } from '../protocol/index.ts'
import type { ProtocolVersions } from '../versions.ts'

export type AdminMistake =
  | 'topic-name'
  /** More replicas are wanted than there are brokers. */
  | 'too-few-brokers'
  /** A request to move partitions names some, or brokers, that are not there. */
  | 'unknown-in-move'
  /** A topic whose replicas are moving cannot grow meanwhile. */
  | 'move-in-progress'
  | 'other'

export class AdminOperationError extends Error {
  readonly mistake: AdminMistake
  constructor(message: string, mistake: AdminMistake = 'other') {
    super(message)
    this.name = 'AdminOperationError'
    this.mistake = mistake
  }
}

/** Name of Kafka's exception. */
export function exceptionName({ mistake }: AdminOperationError, versions: ProtocolVersions): string {
  switch (mistake) {
    case 'topic-name':
      return 'InvalidTopicException'
    case 'too-few-brokers':
      return versions.topicNotCreated === 'fails-topic'
        ? 'InvalidReplicationFactorException'
        : 'AdminOperationException'
    case 'unknown-in-move':
      return 'AdminCommandFailedException'
    case 'move-in-progress':
      return 'ReassignmentInProgressException'
    case 'other':
      return 'AdminOperationException'
  }
}

/** What a client is told whose request for metadata would have created the topic. */
export function topicErrorCode({ mistake }: AdminOperationError, versions: ProtocolVersions): ErrorCode {
  if (mistake === 'topic-name') return ErrorCode.InvalidTopic
  const named = mistake === 'too-few-brokers' && versions.topicNotCreated === 'fails-topic'
  return named ? ErrorCode.InvalidReplicationFactor : ErrorCode.Unknown
}
