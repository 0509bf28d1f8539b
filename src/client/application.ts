/**
 * An application around a consumer: takes messages, does something with each that takes its time and leaves a trace in the
 * application's own books, and commits by its own discipline. What the discipline is worth shows when the application
 * dies: whatever is committed and not done is lost to it, whatever is done and not committed is done again.
 */
import { type Digest, type Host, type Micros, sleep, type Task } from '../host/index.ts'
import type { TopicPartition } from '../protocol/index.ts'
import type { ApplicationEvent } from './group-consumer/events.ts'
import { messageName } from './message-text.ts'

export interface ProcessingOptions {
  /** How long one message takes. */
  readonly eachUs: Micros
  /**
   * When the application commits: it leaves that to the consumer; as soon as it has a batch, before it does anything
   * with it; after the batch; after each message; never; or in the transaction that what it has written is part of.
   */
  readonly commits: 'auto' | 'before' | 'after' | 'after-each' | 'never' | 'transaction'
  /** It does not wait for commits. */
  readonly withoutWaiting: boolean
  /** Another thread does the work: the one that polls goes on at once. */
  readonly handsOver: boolean
}

/** One message that the application has taken over. */
export interface Work {
  readonly tp: TopicPartition
  readonly offset: number
  readonly value: string | null
}

/** The application's books: what it has done, over all lives of its process. */
export class Processing {
  private readonly host: Host
  private readonly client: string
  private readonly group: string
  private readonly eachUs: Micros
  private readonly queue: Work[] = []
  private busy = false
  private done = 0

  constructor(host: Host, client: string, group: string, eachUs: Micros) {
    this.host = host
    this.client = client
    this.group = group
    this.eachUs = eachUs
  }

  /** Does one message, from beginning to end; the effect comes at the end. */
  *process(work: Work): Task<void> {
    yield* this.prepare(work)
    this.done++
    this.tell('MessageProcessed', work)
  }

  /** The same without an effect: that comes, if it comes, with a transaction. */
  *prepare(work: Work): Task<void> {
    this.tell('ProcessingBegan', work)
    if (this.eachUs > 0) yield* sleep(this.host, this.eachUs, `${this.client} processing`)
  }

  /** Gives messages to the thread that works, one after another. @returns a task, if that thread has to be woken */
  handOver(works: readonly Work[]): Task<void> | undefined {
    this.queue.push(...works)
    if (this.busy || this.queue.length === 0) return undefined
    this.busy = true
    return this.workThrough()
  }

  private *workThrough(): Task<void> {
    for (let work = this.queue.shift(); work !== undefined; work = this.queue.shift()) yield* this.process(work)
    this.busy = false
  }

  private tell(kind: ApplicationEvent['kind'], { tp, offset, value }: Work): void {
    if (!this.host.tracing) return
    const message = value === null ? '' : messageName(value)
    const event: ApplicationEvent = { kind, client: this.client, group: this.group, tp, offset, message }
    this.host.trace(event)
  }

  digest(digest: Digest): void {
    digest.int(this.queue.length).boolean(this.busy).int(this.done)
  }
}
