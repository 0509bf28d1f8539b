/**
 * The requests of a transaction, and what their answers mean (the handlers in `TransactionManager.java`, 2.4 to 2.8):
 * done, again, again at another coordinator, the end of the transaction, or the end of the producer.
 */
import {
  type CommittedPartition,
  ErrorCode,
  errorName,
  type KafkaRequest,
  type KafkaResponse,
  type ResponseTo,
  splitTopicPartition,
  type TopicPartition,
  type TransactionRequest,
  type TxnOffsetCommitRequest,
  type TxnPartition,
} from '../../protocol/index.ts'
import type { ProducerId } from './producer-batch.ts'
import type { TransactionManager } from './transaction-manager.ts'
import type { Outcome } from './transaction-outcome.ts'

type StepRequest = TransactionRequest | TxnOffsetCommitRequest
type AnswerTo<A extends StepRequest['api']> = ResponseTo<Extract<StepRequest, { api: A }>>

/**
 * `handed-on`: what the application waits for is another step's affair; `again`: after a pause; `lost`: the coordinator has
 * to be looked for first; `failed`: the manager knows why.
 */
export type StepResult = 'done' | 'handed-on' | 'again' | 'lost' | 'failed'

export interface TransactionStep {
  readonly api: StepRequest['api']
  /** Smaller numbers go first. */
  readonly priority: number
  readonly coordinator: 'transaction' | 'group'
  /** Id that the coordinator is looked for by. */
  readonly key: string
  request(correlationId: number): KafkaRequest
  /** @param outcome what the application waits for */
  answered(response: KafkaResponse, outcome: Outcome): StepResult
}

/** Offsets of a group that become part of a transaction, and who sends them (KIP-447). */
export interface SentOffsets {
  readonly group: string
  readonly generationId: number
  readonly memberId: string
  readonly offsets: ReadonlyMap<TopicPartition, number>
}

const PRIORITY = { init: 1, add: 2, end: 3 } as const

/** What all steps make of an error; undefined: it is the step's own affair. */
function commonResult(errorCode: ErrorCode, manager: TransactionManager): StepResult | undefined {
  switch (errorCode) {
    case ErrorCode.ConsumerCoordinatorNotAvailable:
    case ErrorCode.NotCoordinatorForConsumer:
      return 'lost'
    case ErrorCode.OffsetsLoadInProgress:
    case ErrorCode.ConcurrentTransactions:
      return 'again'
    case ErrorCode.InvalidProducerEpoch:
    case ErrorCode.ProducerFenced:
      manager.fatal('ProducerFencedException')
      return 'failed'
    case ErrorCode.InvalidProducerIdMapping:
      manager.abortableIfPossible('InvalidPidMappingException')
      return 'failed'
    case ErrorCode.InvalidTxnState:
      manager.fatal('InvalidTxnStateException')
      return 'failed'
    case ErrorCode.InvalidTransactionTimeout:
      manager.fatal('InvalidTxnTimeoutException')
      return 'failed'
    default:
      return undefined
  }
}

const unexpected = (manager: TransactionManager, errorCode: ErrorCode): StepResult => {
  manager.fatal(`KafkaException: ${errorName(errorCode)}`)
  return 'failed'
}

/** @param current what a producer has that goes on with its next epoch; undefined from one that begins */
export function initProducerId(manager: TransactionManager, current: ProducerId | undefined): TransactionStep {
  const { client: clientId, transactionalId, timeoutMs } = manager.options
  return {
    api: 'InitProducerId',
    priority: current === undefined ? PRIORITY.init : PRIORITY.end + 1,
    coordinator: 'transaction',
    key: transactionalId,
    request: (correlationId) => {
      // The end of the transaction may have changed it.
      const known = current === undefined ? undefined : manager.idempotence.producer
      return {
        api: 'InitProducerId',
        correlationId,
        clientId,
        transactionalId,
        transactionTimeoutMs: timeoutMs,
        ...(known === undefined ? {} : { current: { producerId: known.id, producerEpoch: known.epoch } }),
      }
    },
    answered: (response) => {
      const { errorCode, producerId, producerEpoch } = response as AnswerTo<'InitProducerId'>
      if (errorCode !== ErrorCode.NoError) return commonResult(errorCode, manager) ?? unexpected(manager, errorCode)
      manager.initialized(producerId, producerEpoch)
      return 'done'
    },
  }
}

const producerOf = (manager: TransactionManager) => {
  const { id, epoch } = manager.idempotence.producer!
  const { client: clientId, transactionalId } = manager.options
  return { clientId, transactionalId, producerId: id, producerEpoch: epoch }
}

export function addPartitions(
  manager: TransactionManager,
  partitions: ReadonlyMap<TopicPartition, TxnPartition>,
): TransactionStep {
  return {
    api: 'AddPartitionsToTxn',
    priority: PRIORITY.add,
    coordinator: 'transaction',
    key: manager.options.transactionalId,
    request: (correlationId) => ({
      api: 'AddPartitionsToTxn',
      correlationId,
      ...producerOf(manager),
      partitions: [...partitions.values()],
      verifyOnly: false,
    }),
    answered: (response) => {
      const answer = response as ResponseTo<Extract<StepRequest, { api: 'AddPartitionsToTxn' }>>
      let hasPartitionErrors = false
      for (const { errorCode } of answer.partitions) {
        if (errorCode === ErrorCode.NoError) continue
        const result = commonResult(errorCode, manager)
        if (result !== undefined) return result
        if (errorCode === ErrorCode.UnknownTopicOrPartition) return 'again'
        hasPartitionErrors = true
      }
      if (hasPartitionErrors) {
        manager.abortable('KafkaException')
        return 'failed'
      }
      manager.partitionsAdded(partitions)
      return 'done'
    },
  }
}

export function addOffsets(manager: TransactionManager, sent: SentOffsets): TransactionStep {
  return {
    api: 'AddOffsetsToTxn',
    priority: PRIORITY.add,
    coordinator: 'transaction',
    key: manager.options.transactionalId,
    request: (correlationId) => ({
      api: 'AddOffsetsToTxn',
      correlationId,
      ...producerOf(manager),
      groupId: sent.group,
    }),
    answered: (response, outcome) => {
      const { errorCode } = response as ResponseTo<Extract<StepRequest, { api: 'AddOffsetsToTxn' }>>
      if (errorCode !== ErrorCode.NoError) return commonResult(errorCode, manager) ?? unexpected(manager, errorCode)
      manager.offsetsAdded(sent, outcome)
      return 'handed-on'
    },
  }
}

export function commitOffsets(manager: TransactionManager, sent: SentOffsets): TransactionStep {
  const left = new Map(sent.offsets)
  const isFenced = manager.options.versions.transactionalOffsets === 'fenced-by-group'
  const member = isFenced
    ? { generationId: sent.generationId, memberId: sent.memberId }
    : { generationId: -1, memberId: '' }
  return {
    api: 'TxnOffsetCommit',
    priority: PRIORITY.add,
    coordinator: 'group',
    key: sent.group,
    request: (correlationId) => ({
      api: 'TxnOffsetCommit',
      version: isFenced ? 3 : 2,
      correlationId,
      ...producerOf(manager),
      groupId: sent.group,
      ...member,
      partitions: [...left].map(
        ([tp, offset]): CommittedPartition => ({ ...splitTopicPartition(tp), offset, metadata: '' }),
      ),
    }),
    answered: (response) => {
      const answer = response as AnswerTo<'TxnOffsetCommit'>
      let result: StepResult = 'done'
      for (const { topic, partition, errorCode } of answer.partitions) {
        switch (errorCode) {
          case ErrorCode.NoError:
            left.delete(`${topic}-${partition}`)
            continue
          case ErrorCode.RequestTimedOut:
          case ErrorCode.NotEnoughReplicas:
            result = 'lost'
            continue
          case ErrorCode.UnknownTopicOrPartition:
            if (result === 'done') result = 'again'
            continue
          case ErrorCode.UnknownMemberId:
          case ErrorCode.IllegalGeneration:
            manager.abortable('CommitFailedException')
            return 'failed'
          case ErrorCode.TransactionAbortable:
            manager.abortable('TransactionAbortableException')
            return 'failed'
          default: {
            const common = commonResult(errorCode, manager) ?? unexpected(manager, errorCode)
            if (common === 'failed') return common
            if (common === 'lost' || result === 'done') result = common
          }
        }
      }
      return result
    },
  }
}

export function endTransaction(manager: TransactionManager, committed: boolean): TransactionStep {
  return {
    api: 'EndTxn',
    priority: PRIORITY.end,
    coordinator: 'transaction',
    key: manager.options.transactionalId,
    request: (correlationId) => ({
      api: 'EndTxn',
      version: manager.isEpochPerTransaction ? 5 : 0,
      correlationId,
      ...producerOf(manager),
      committed,
    }),
    answered: (response, outcome) => {
      const { errorCode, producerId, producerEpoch } = response as ResponseTo<Extract<StepRequest, { api: 'EndTxn' }>>
      if (errorCode !== ErrorCode.NoError) return commonResult(errorCode, manager) ?? unexpected(manager, errorCode)
      manager.completed(outcome, manager.isEpochPerTransaction ? { id: producerId, epoch: producerEpoch } : undefined)
      return 'handed-on'
    },
  }
}
