/**
 * A produce request that waits for acknowledgements: acks -1, or more than 1
 * (`kafka/server/DelayedProduce.scala`, 0.8.2.2; replication.md 2.2). Expiry answers 7 for what is not resolved; the
 * append is never undone.
 */
import type { Digest } from '../host/index.ts'
import { ErrorCode, type ProducePartitionResult, type ProduceRequest, type TopicPartition } from '../protocol/index.ts'
import type { Partition } from './partition.ts'
import type { DelayedOperation } from './purgatory.ts'

export interface ProduceStatus {
  readonly tp: TopicPartition
  readonly topic: string
  readonly partition: number
  readonly baseOffset: number
  /** Offset that must be acknowledged: one past the last message. */
  readonly requiredOffset: number
  /** What the local append said. */
  readonly errorCode: ErrorCode
  /** With `UnknownProducerId`: where the log begins. */
  readonly logStartOffset?: number
}

export class DelayedProduce implements DelayedOperation {
  readonly partitions: readonly TopicPartition[]
  private readonly status: readonly ProduceStatus[]
  /** Undefined while acknowledgements are pending. */
  private readonly resolved: Array<ErrorCode | undefined>
  private readonly request: ProduceRequest
  private readonly find: (topic: string, partition: number) => Partition | undefined
  private readonly answer: (results: readonly ProducePartitionResult[]) => void

  constructor(
    request: ProduceRequest,
    status: readonly ProduceStatus[],
    find: (topic: string, partition: number) => Partition | undefined,
    answer: (results: readonly ProducePartitionResult[]) => void,
  ) {
    this.request = request
    this.status = status
    this.partitions = status.map((s) => s.tp)
    this.resolved = status.map((s) => (s.errorCode === ErrorCode.NoError ? undefined : s.errorCode))
    this.find = find
    this.answer = answer
  }

  isSatisfied(): boolean {
    let pending = false
    for (let i = 0; i < this.status.length; i++) {
      if (this.resolved[i] !== undefined) continue
      const { topic, partition, requiredOffset } = this.status[i]!
      const outcome =
        this.find(topic, partition)?.acknowledgement(requiredOffset, this.request.requiredAcks) ??
        ErrorCode.UnknownTopicOrPartition
      if (outcome === 'pending') pending = true
      else this.resolved[i] = outcome
    }
    return !pending
  }

  complete(): void {
    this.answer(
      this.status.map(({ topic, partition, baseOffset, logStartOffset }, i) => ({
        topic,
        partition,
        errorCode: this.resolved[i] ?? ErrorCode.RequestTimedOut,
        baseOffset,
        ...(logStartOffset === undefined ? {} : { logStartOffset }),
      })),
    )
  }

  digest(digest: Digest): void {
    digest.int(this.request.correlationId).string(this.request.clientId).int(this.request.requiredAcks)
    for (let i = 0; i < this.status.length; i++) {
      const { tp, requiredOffset } = this.status[i]!
      digest
        .string(tp)
        .int(requiredOffset)
        .int(this.resolved[i] ?? -2)
    }
  }
}
