/**
 * The thread that fetches from one broker: `kafka/server/AbstractFetcherThread.scala` and
 * `kafka/consumer/ConsumerFetcherThread.scala`, release 0.8.2.2. One fetch for all its partitions, then the chunks into
 * their queues. A full queue stops it there, with the lock on its partitions held: the other partitions of the broker wait
 * too, and so does whoever wants to give it more.
 */
import type { OldConsumerConfig } from '../../config/index.ts'
import { type Digest, fromMs, type Host, runTask, type Task, until } from '../../host/index.ts'
import {
  type BrokerEndpoint,
  CONSUMER_REPLICA_ID,
  EARLIEST_TIME,
  ErrorCode,
  errorName,
  type FetchPartitionResult,
  type FetchRequest,
  LATEST_TIME,
  type OffsetsRequest,
} from '../../protocol/index.ts'
import { batchesOf, LogError } from '../../storage/index.ts'
import type { ClientEvent } from '../events.ts'
import { Mutex } from '../mutex.ts'
import { BrokerChannel } from './broker-channel.ts'
import { INVALID_OFFSET, type PartitionTopicInfo } from './partition-topic-info.ts'

export interface FetcherOptions {
  readonly client: string
  readonly config: OldConsumerConfig
  /** Version of its requests. */
  readonly version?: number
  /** Partitions that cannot be fetched here any more. */
  readonly onErrors: (partitions: readonly PartitionTopicInfo[]) => void
}

/** `AbstractFetcherThread` looks again so often while it has no partitions. */
const IDLE_MS = 200

export class ConsumerFetcher {
  readonly broker: BrokerEndpoint
  private readonly host: Host
  private readonly options: FetcherOptions
  private readonly channel: BrokerChannel
  private readonly partitions = new Map<string, PartitionTopicInfo>()
  private running = true
  /** `partitionMapLock` */
  private readonly lock = new Mutex()
  private wake: (() => void) | undefined
  private giveUpPutting: (() => void) | undefined
  private nextCorrelationId = 0

  constructor(host: Host, broker: BrokerEndpoint, options: FetcherOptions) {
    this.host = host
    this.broker = broker
    this.options = options
    const timeoutUs = fromMs(options.config['socket.timeout.ms'])
    const address = { machine: broker.host, port: broker.port }
    this.channel = new BrokerChannel(host, address, timeoutUs, `${options.client}→${broker.host}`)
    runTask(this.run())
  }

  get partitionCount(): number {
    return this.partitions.size
  }

  /** Takes partitions on; those without an offset are given one first. False: the broker did not say which. */
  *add(infos: readonly PartitionTopicInfo[]): Task<boolean> {
    yield* this.lock.acquire()
    let complete = true
    for (const info of infos) {
      if (this.partitions.has(info.tp)) continue
      if (info.fetchedOffset === INVALID_OFFSET && !(yield* this.reset(info))) {
        complete = false
        break
      }
      this.partitions.set(info.tp, info)
    }
    this.lock.release()
    this.wake?.()
    return complete
  }

  /** Stops it where it stands; what it waited for is forgotten. */
  stop(): void {
    this.running = false
    this.giveUpPutting?.()
    this.partitions.clear()
    this.channel.close()
  }

  digest(digest: Digest): void {
    digest.int(this.broker.id).boolean(this.running)
    this.lock.digest(digest)
    digest
      .boolean(this.wake !== undefined)
      .boolean(this.giveUpPutting !== undefined)
      .int(this.nextCorrelationId)
    digest.int(this.partitions.size)
    for (const info of this.partitions.values()) info.digest(digest)
    this.channel.digest(digest)
  }

  private *run(): Task<void> {
    while (this.running) {
      if (this.partitions.size === 0) yield* this.idle()
      if (this.partitions.size > 0) yield* this.fetch()
    }
  }

  private *idle(): Task<void> {
    yield* until<void>((resume) => {
      const done = (): void => {
        timer.cancel()
        this.wake = undefined
        resume()
      }
      const timer = this.host.setTimer(fromMs(IDLE_MS), 'no partitions', done)
      this.wake = done
    })
  }

  private *fetch(): Task<void> {
    const asked = [...this.partitions.values()].map((info) => ({ info, offset: info.fetchedOffset }))
    const response = yield* this.channel.call(this.request(asked))
    if (!this.running) return
    if (typeof response === 'string') {
      for (const { info } of asked) this.traceFailure(info, response)
      return this.giveAway([...this.partitions.values()])
    }
    yield* this.lock.acquire()
    const failed: PartitionTopicInfo[] = []
    for (const data of response.partitions) {
      const { info, offset } = asked.find(
        ({ info: { topic, partition } }) => topic === data.topic && partition === data.partition,
      )!
      // Taken away, or given back, while the request was on its way.
      if (this.partitions.get(info.tp) !== info || info.fetchedOffset !== offset) continue
      if (!(yield* this.process(info, data))) failed.push(info)
      if (!this.running) return
    }
    this.lock.release()
    if (failed.length > 0) this.giveAway(failed)
  }

  private request(asked: ReadonlyArray<{ readonly info: PartitionTopicInfo; readonly offset: number }>): FetchRequest {
    const { client, config, version } = this.options
    return {
      api: 'Fetch',
      correlationId: this.nextCorrelationId++,
      clientId: client,
      ...(version === undefined ? {} : { version }),
      replicaId: CONSUMER_REPLICA_ID,
      maxWaitMs: config['fetch.wait.max.ms'],
      minBytes: config['fetch.min.bytes'],
      partitions: asked.map(({ info: { topic, partition }, offset }) => ({
        topic,
        partition,
        fetchOffset: offset,
        maxBytes: config['fetch.message.max.bytes'],
      })),
    }
  }

  /** False: the partition must be looked for elsewhere. */
  private *process(info: PartitionTopicInfo, data: FetchPartitionResult): Task<boolean> {
    switch (data.errorCode) {
      case ErrorCode.NoError:
        if (data.records.length > 0) yield* this.enqueue(info, data)
        return true
      case ErrorCode.OffsetOutOfRange:
        this.traceFailure(info, errorName(data.errorCode))
        return yield* this.reset(info)
      default:
        this.traceFailure(info, errorName(data.errorCode))
        return false
    }
  }

  /** Waits while the queue of the stream is full. An entry that is cut off goes in as well: the iterator complains of it. */
  private *enqueue(info: PartitionTopicInfo, { records, highWatermark }: FetchPartitionResult): Task<void> {
    const chunk = { info, fetchOffset: info.fetchedOffset, records, broker: this.broker.id, highWatermark }
    const { queue } = info.stream
    if (!queue.hasRoom && this.host.tracing) {
      this.trace({ kind: 'FetcherBlocked', client: this.options.client, tp: info.tp, chunks: queue.length })
    }
    yield* until<void>((resume) => {
      this.giveUpPutting = queue.put(chunk, () => {
        this.giveUpPutting = undefined
        resume()
      })
    })
    if (this.running) info.fetchedOffset = endOf(records, info.fetchedOffset)
  }

  /** `auto.offset.reset`: goes to an end of the log. False: no answer. */
  private *reset(info: PartitionTopicInfo): Task<boolean> {
    const { client, config } = this.options
    const { topic, partition } = info
    const time = config['auto.offset.reset'] === 'smallest' ? EARLIEST_TIME : LATEST_TIME
    const request: OffsetsRequest = {
      api: 'Offsets',
      correlationId: this.nextCorrelationId++,
      clientId: client,
      replicaId: CONSUMER_REPLICA_ID,
      partitions: [{ topic, partition, time, maxNumOffsets: 1 }],
    }
    const response = yield* this.channel.call(request)
    if (typeof response === 'string') {
      this.traceFailure(info, response)
      return false
    }
    const answer = response.partitions[0]!
    const offset = answer.offsets[0]
    if (answer.errorCode !== ErrorCode.NoError || offset === undefined) {
      this.traceFailure(info, errorName(answer.errorCode))
      return false
    }
    if (this.host.tracing) {
      this.trace({ kind: 'OffsetReset', client, tp: info.tp, from: info.fetchedOffset, to: offset })
    }
    info.reset(offset)
    return true
  }

  private giveAway(failed: readonly PartitionTopicInfo[]): void {
    for (const { tp } of failed) this.partitions.delete(tp)
    this.options.onErrors(failed)
  }

  private traceFailure(info: PartitionTopicInfo, error: string): void {
    if (!this.host.tracing) return
    const { client } = this.options
    this.trace({ kind: 'FetchFailed', client, tp: info.tp, error, offset: info.fetchedOffset, broker: this.broker.id })
  }

  private trace(event: ClientEvent): void {
    this.host.trace(event)
  }
}

/** Offset behind the last whole entry of a fetch that began at `from`. */
function endOf(records: Uint8Array, from: number): number {
  let end = from
  try {
    for (const batch of batchesOf(records)) end = batch.lastOffset + 1
  } catch (error) {
    if (!(error instanceof LogError)) throw error
  }
  return end
}
