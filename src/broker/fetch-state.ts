/**
 * What a fetcher knows of one partition (`PartitionFetchState` of `kafka/server/AbstractFetcherThread.scala`): where it
 * goes on, and whether the log must be brought to agree with the leader's first.
 */
import type { Digest, Micros } from '../host/index.ts'
import type { TopicPartition } from '../protocol/index.ts'
import type { ProtocolVersions } from '../versions.ts'
import type { LocalReplica } from './replica.ts'

/** How a partition comes to a fetcher. */
export interface InitialFetchState {
  readonly tp: TopicPartition
  readonly topic: string
  readonly partition: number
  /** What is fetched first; while truncating, what the log is cut back to if the leader cannot say. */
  readonly fetchOffset: number
  /** Epoch of the leader that is followed; named in requests where they are fenced by it (F15). */
  readonly leaderEpoch: number
  readonly phase: 'truncating' | 'fetching'
  /** Epoch of the last record in the log; named in fetches where the leader looks for divergence in them (F11). */
  readonly lastFetchedEpoch: number | undefined
}

/** How fetching begins when a broker has become a follower (F11). */
export function initialFetchState(
  { tp, topic, partition, leaderEpoch }: Pick<InitialFetchState, 'tp' | 'topic' | 'partition' | 'leaderEpoch'>,
  local: LocalReplica,
  { truncation }: ProtocolVersions,
): InitialFetchState {
  const { logEndOffset, knownHighWatermark } = local
  const place = { tp, topic, partition, leaderEpoch }
  const lastFetchedEpoch = local.log.leaderEpochCache?.latestEpoch
  switch (truncation) {
    case 'high-watermark':
      return { ...place, fetchOffset: logEndOffset, phase: 'fetching', lastFetchedEpoch: undefined }
    case 'epoch-end':
      return { ...place, fetchOffset: logEndOffset, phase: 'truncating', lastFetchedEpoch: undefined }
    case 'epoch-and-end':
      return { ...place, fetchOffset: knownHighWatermark, phase: 'truncating', lastFetchedEpoch: undefined }
    case 'on-fetch':
      // A log without any epoch is cut back to its high watermark.
      return lastFetchedEpoch === undefined
        ? { ...place, fetchOffset: knownHighWatermark, phase: 'truncating', lastFetchedEpoch }
        : { ...place, fetchOffset: logEndOffset, phase: 'fetching', lastFetchedEpoch }
  }
}

export class FetchState {
  readonly tp: TopicPartition
  readonly topic: string
  readonly partition: number
  readonly leaderEpoch: number
  fetchOffset: number
  phase: 'truncating' | 'fetching'
  lastFetchedEpoch: number | undefined
  /** It was told once that its truncation goes round in circles. */
  repeats = false
  /** Until when it is left out, after an error. */
  restingUntil: Micros | undefined

  constructor(initial: InitialFetchState) {
    this.tp = initial.tp
    this.topic = initial.topic
    this.partition = initial.partition
    this.leaderEpoch = initial.leaderEpoch
    this.fetchOffset = initial.fetchOffset
    this.phase = initial.phase
    this.lastFetchedEpoch = initial.lastFetchedEpoch
  }

  get isTruncating(): boolean {
    return this.phase === 'truncating' && this.restingUntil === undefined
  }

  get isReadyForFetch(): boolean {
    return this.phase === 'fetching' && this.restingUntil === undefined
  }

  digest(digest: Digest): void {
    digest
      .string(this.tp)
      .int(this.fetchOffset)
      .int(this.leaderEpoch)
      .string(this.phase)
      .int(this.lastFetchedEpoch ?? -1)
      .int(this.restingUntil ?? -1)
  }
}
