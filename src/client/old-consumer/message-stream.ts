/**
 * A stream of messages and the thread of the application that iterates over it: `kafka/consumer/ConsumerIterator.scala`,
 * `KafkaStream.scala`, release 0.8.2.2. The application takes one message at a time, at its own pace; behind it at most
 * `queued.max.message.chunks` fetched chunks wait. The consumed offset moves as a message is handed out.
 */
import { type Digest, fromMs, type Host, type Task, until } from '../../host/index.ts'
import { type ErrorCode, errorName } from '../../protocol/index.ts'
import type { Work } from '../application.ts'
import { BlockingQueue } from '../blocking-queue.ts'
import type { ClientEvent } from '../events.ts'
import { type ReadMessage, readFetched } from '../read-fetched.ts'
import type { DataChunk } from './partition-topic-info.ts'

/** In the queue, it ends the iteration. */
const SHUTDOWN = 'shutdown'
type QueueItem = DataChunk | typeof SHUTDOWN

export interface StreamOptions {
  readonly client: string
  readonly group: string
  /** Number among the streams of the consumer. */
  readonly stream: number
  /** `queued.max.message.chunks` */
  readonly chunks: number
  /** `consumer.timeout.ms`; negative: waits for ever. */
  readonly timeoutMs: number
  /** What the application does with a message before it asks for the next. */
  readonly application: (work: Work) => Task<void>
}

/** How an iteration ends. */
export type StreamEnd = 'shutdown' | 'timeout' | 'failed'

interface CurrentChunk {
  readonly chunk: DataChunk
  readonly messages: readonly ReadMessage[]
  readonly problem: ErrorCode | undefined
  next: number
}

export class MessageStream {
  readonly queue: BlockingQueue<QueueItem>
  private readonly host: Host
  private readonly options: StreamOptions
  private current: CurrentChunk | undefined
  private handedOut = 0

  constructor(host: Host, options: StreamOptions) {
    this.host = host
    this.options = options
    this.queue = new BlockingQueue(options.chunks)
  }

  /** Drops what is fetched and not handed out. The message that the application is busy with stays with it. */
  clear(): void {
    this.queue.clear()
    this.current = undefined
  }

  /** Has the iteration end at its next look. */
  shutdown(): void {
    this.queue.clear()
    this.queue.put(SHUTDOWN, () => {})
  }

  *iterate(): Task<StreamEnd> {
    for (;;) {
      const work = this.next()
      if (work !== undefined) {
        this.handedOut++
        yield* this.options.application(work)
        continue
      }
      if (this.current?.problem !== undefined) return this.ended('failed', errorName(this.current.problem))
      const item = yield* this.take()
      if (item === undefined) return this.ended('timeout', `nothing came for ${this.options.timeoutMs} ms`)
      if (item === SHUTDOWN) return 'shutdown'
      this.open(item)
    }
  }

  digest(digest: Digest): void {
    this.queue.digest(digest, (d, item) => {
      if (item === SHUTDOWN) d.string(item)
      else d.string(item.info.tp).int(item.fetchOffset).int(item.records.length)
    })
    digest.int(this.handedOut)
    const { current } = this
    digest.boolean(current !== undefined)
    if (current !== undefined) digest.string(current.chunk.info.tp).int(current.chunk.fetchOffset).int(current.next)
  }

  private *take(): Task<QueueItem | undefined> {
    const { timeoutMs } = this.options
    if (timeoutMs < 0) return yield* until<QueueItem>((resume) => this.queue.take(resume))
    return yield* until<QueueItem | undefined>((resume) =>
      this.queue.poll(this.host, fromMs(timeoutMs), 'consumer.timeout.ms', resume),
    )
  }

  private open(chunk: DataChunk): void {
    const { info, fetchOffset, records } = chunk
    // Only after a reset: what lies between was not handed out and never will be.
    if (info.consumedOffset < fetchOffset) info.consumedOffset = fetchOffset
    const { messages, problem } = readFetched(records, fetchOffset)
    this.current = { chunk, messages, problem, next: 0 }
  }

  /** Hands out the next message of the current chunk; undefined if there is none. */
  private next(): Work | undefined {
    const { current } = this
    if (current === undefined) return undefined
    const { info, broker, highWatermark } = current.chunk
    let message = current.messages[current.next]
    if (message === undefined) return undefined
    current.next++
    // What was handed out already is skipped, but for a last message.
    while (message.offset < info.consumedOffset && current.next < current.messages.length) {
      message = current.messages[current.next++]!
    }
    info.consumedOffset = message.offset + 1
    if (this.host.tracing) {
      const { client, group, stream } = this.options
      this.trace({
        kind: 'MessagesRead',
        client,
        tp: info.tp,
        messages: [message],
        broker,
        highWatermark,
        group,
        stream,
      })
    }
    return { tp: info.tp, offset: message.offset, value: message.value }
  }

  private ended(how: StreamEnd, reason: string): StreamEnd {
    const { client, stream } = this.options
    if (this.host.tracing) this.trace({ kind: 'StreamEnded', client, stream, reason })
    return how
  }

  private trace(event: ClientEvent): void {
    this.host.trace(event)
  }
}
