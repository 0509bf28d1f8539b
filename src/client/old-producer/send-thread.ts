/**
 * The queue of an async producer and the thread that empties it: `asyncSend` of `kafka/producer/Producer.scala` and
 * `kafka/producer/async/ProducerSendThread.scala`, release 0.8.2.2. A batch goes when it has `batch.num.messages`, or when
 * `queue.buffering.max.ms` passed since the last one went. While one is handled, retries included, the queue fills.
 *
 * What is in the queue is known to nobody else: it dies with the process. When the queue is full,
 * `queue.enqueue.timeout.ms` says what becomes of the next message: the application waits (negative), the message is
 * dropped (0), or waits that long and is dropped then; `QueueFullException` tells the application.
 */
import type { ProducerConfig } from '../../config/index.ts'
import { type Digest, fromMs, type Host, MILLISECOND, type Task, until } from '../../host/index.ts'
import { digestMessage, type Outgoing } from '../application-message.ts'
import { BlockingQueue } from '../blocking-queue.ts'
import type { ClientEvent } from '../events.ts'

/** In the queue, it ends the thread. */
const SHUTDOWN = 'shutdown'
type QueueItem = Outgoing | typeof SHUTDOWN

export type BatchReason = 'full' | 'time' | 'closing'

export class SendThread {
  private readonly host: Host
  private readonly client: string
  private readonly config: ProducerConfig
  private readonly handle: (batch: readonly Outgoing[]) => Task<void>
  private readonly queue: BlockingQueue<QueueItem>
  /** What the application wants to hand over while it waits for room, in its order. */
  private readonly backlog: QueueItem[] = []
  private blocked = false
  /** Taken from the queue for the next batch. */
  private batch: Outgoing[] = []
  private handling: readonly Outgoing[] = []
  private lastSendMs: number

  constructor(host: Host, client: string, config: ProducerConfig, handle: (batch: readonly Outgoing[]) => Task<void>) {
    this.host = host
    this.client = client
    this.config = config
    this.handle = handle
    this.queue = new BlockingQueue(config['queue.buffering.max.messages'])
    this.lastSendMs = this.nowMs()
  }

  /** Hands a message over; behind those that the application cannot hand over yet. */
  send(message: Outgoing): void {
    this.backlog.push(message)
    this.enqueueNext()
  }

  /** Has the thread end when it has sent what was handed over before. */
  close(): void {
    this.backlog.push(SHUTDOWN)
    this.enqueueNext()
  }

  /** The thread: ends after `close`. */
  *run(): Task<void> {
    const { host, queue } = this
    for (;;) {
      const waitMs = Math.max(0, this.lastSendMs + this.config['queue.buffering.max.ms'] - this.nowMs())
      const item = yield* until<QueueItem | undefined>((resume) =>
        queue.poll(host, fromMs(waitMs), 'queue.buffering.max.ms', resume),
      )
      if (item === SHUTDOWN) {
        yield* this.dispatch('closing')
        return
      }
      if (item !== undefined) this.batch.push(item)
      if (this.batch.length >= this.config['batch.num.messages']) yield* this.dispatch('full')
      else if (item === undefined) yield* this.dispatch('time')
    }
  }

  digest(digest: Digest): void {
    this.queue.digest(digest, digestItem)
    digest.int(this.backlog.length).boolean(this.blocked).int(this.lastSendMs)
    for (const item of this.backlog) digestItem(digest, item)
    for (const messages of [this.batch, this.handling]) {
      digest.int(messages.length)
      for (const message of messages) digestMessage(digest, message)
    }
  }

  private *dispatch(why: BatchReason): Task<void> {
    this.handling = this.batch
    this.batch = []
    if (this.handling.length > 0) {
      if (this.host.tracing) {
        const messages = this.handling.map(({ name }) => name)
        this.trace({ kind: 'BatchTaken', client: this.client, messages, why, queued: this.queued })
      }
      yield* this.handle(this.handling)
    }
    this.handling = []
    this.lastSendMs = this.nowMs()
  }

  private enqueueNext(): void {
    while (!this.blocked) {
      const item = this.backlog.shift()
      if (item === undefined) return
      if (this.queue.hasRoom) {
        this.traceQueued(item)
        this.queue.offer(item)
      }
      // Closing waits for room, whatever the timeout.
      else if (item === SHUTDOWN || this.config['queue.enqueue.timeout.ms'] < 0) this.wait(item, undefined)
      else if (this.config['queue.enqueue.timeout.ms'] === 0) this.dropped(item)
      else this.wait(item, this.config['queue.enqueue.timeout.ms'])
    }
  }

  /** The application's thread stands still until there is room, or the time is over. */
  private wait(item: QueueItem, timeoutMs: number | undefined): void {
    this.blocked = true
    if (item !== SHUTDOWN && this.host.tracing) {
      this.trace({ kind: 'SendBlocked', client: this.client, message: item.name, queued: this.queued })
    }
    const giveUp = this.queue.put(item, () => {
      timer?.cancel()
      this.traceQueued(item)
      this.goOn()
    })
    const timer =
      timeoutMs === undefined
        ? undefined
        : this.host.setTimer(fromMs(timeoutMs), 'queue.enqueue.timeout.ms', () => {
            giveUp()
            if (item !== SHUTDOWN) this.dropped(item)
            this.goOn()
          })
  }

  private goOn(): void {
    this.blocked = false
    this.enqueueNext()
  }

  private traceQueued(item: QueueItem): void {
    if (item === SHUTDOWN || !this.host.tracing) return
    this.trace({ kind: 'MessageQueued', client: this.client, message: item.name })
  }

  private dropped(message: Outgoing): void {
    if (!this.host.tracing) return
    const error = 'QueueFullException'
    this.trace({ kind: 'MessageDropped', client: this.client, message: message.name, error, queued: this.queued })
  }

  /** Messages that wait to be sent. */
  private get queued(): number {
    return this.queue.length + this.batch.length
  }

  private nowMs(): number {
    return Math.floor(this.host.now() / MILLISECOND)
  }

  private trace(event: ClientEvent): void {
    this.host.trace(event)
  }
}

function digestItem(digest: Digest, item: QueueItem): void {
  if (item === SHUTDOWN) digest.string(item)
  else digestMessage(digest, item)
}
