/**
 * A partition that a consumer owns, between its fetcher and its stream: `kafka/consumer/PartitionTopicInfo.scala` and
 * `FetchedDataChunk.scala`, release 0.8.2.2. The consumed offset moves when the application is handed a message, not when
 * it is done with it.
 */
import type { Digest } from '../../host/index.ts'
import { topicPartition } from '../../protocol/index.ts'
import type { MessageStream } from './message-stream.ts'

/** No offset is known: the fetcher asks the broker where to begin (`auto.offset.reset`). */
export const INVALID_OFFSET = -1

/** The bytes of one fetch. */
export interface DataChunk {
  readonly info: PartitionTopicInfo
  readonly fetchOffset: number
  readonly records: Uint8Array
  /** Broker that it came from, and its high watermark then. */
  readonly broker: number
  readonly highWatermark: number
}

export class PartitionTopicInfo {
  readonly topic: string
  readonly partition: number
  readonly tp: string
  readonly stream: MessageStream
  /** Next offset to hand out, which is what is committed. */
  consumedOffset: number
  /** Next offset to fetch. */
  fetchedOffset: number

  constructor(topic: string, partition: number, stream: MessageStream, offset: number) {
    this.topic = topic
    this.partition = partition
    this.tp = topicPartition(topic, partition)
    this.stream = stream
    this.consumedOffset = offset
    this.fetchedOffset = offset
  }

  reset(offset: number): void {
    this.fetchedOffset = offset
    this.consumedOffset = offset
  }

  digest(digest: Digest): void {
    digest.string(this.tp).int(this.consumedOffset).int(this.fetchedOffset)
  }
}
