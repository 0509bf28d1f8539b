/**
 * The trace: what happened, as typed events, each with its time, its kernel step and the step that caused it.
 * Whoever wants to know subscribes; without a subscriber `active` is false and nobody builds an event.
 *
 * Messages (MessageSent, MessageReceived) are built only if a subscriber asks for them. They are counted all the same,
 * so that a record has the same `seq` whoever else listens; a subscriber without messages sees gaps.
 */
import { Digest, type Micros, type TraceEvent } from '../../src/host/index.ts'

export interface TraceRecord {
  /** From 0, rising. */
  readonly seq: number
  readonly atUs: Micros
  /** Empty: the world itself. */
  readonly machine: string
  /** Kernel step during which it happened; 0 before the first. */
  readonly step: number
  /** Kernel step during which this step was scheduled; -1 for none. */
  readonly cause: number
  readonly event: TraceEvent
}

export type TraceSubscriber = (record: TraceRecord) => void

/** What the trace reads of the world when a record is made. */
export interface TraceClock {
  readonly now: Micros
  readonly steps: number
  readonly cause: number
}

export class Trace {
  private readonly clock: TraceClock
  private subscriptions: ReadonlyArray<{ readonly subscriber: TraceSubscriber; readonly messages: boolean }> = []
  private nextSeq = 0
  /** True if somebody listens: build events only then. */
  active = false
  /** True if somebody listens to messages. */
  messages = false

  constructor(clock: TraceClock) {
    this.clock = clock
  }

  /** Returns the function that ends the subscription. */
  subscribe(subscriber: TraceSubscriber, options: { readonly messages?: boolean } = {}): () => void {
    const subscription = { subscriber, messages: options.messages === true }
    this.change([...this.subscriptions, subscription])
    return () => this.change(this.subscriptions.filter((other) => other !== subscription))
  }

  emit(machine: string, event: TraceEvent): void {
    if (!this.active) return
    const record = this.record(machine, event)
    for (const { subscriber } of this.subscriptions) subscriber(record)
  }

  /** For the network: a message record, or only its number if nobody wants it. */
  emitMessage(machine: string, event: TraceEvent): void {
    const record = this.record(machine, event)
    for (const { subscriber, messages } of this.subscriptions) if (messages) subscriber(record)
  }

  /** Counts a message that nobody wants to see. */
  skipMessage(): void {
    this.nextSeq++
  }

  private record(machine: string, event: TraceEvent): TraceRecord {
    const { now, steps, cause } = this.clock
    return { seq: this.nextSeq++, atUs: now, machine, step: steps, cause, event }
  }

  private change(subscriptions: typeof this.subscriptions): void {
    this.subscriptions = subscriptions
    this.active = subscriptions.length > 0
    this.messages = subscriptions.some(({ messages }) => messages)
  }
}

/** Running hash of the formatted lines: two runs are the same if and only if their hashes are. */
export class TraceHash {
  readonly subscriber: TraceSubscriber
  private readonly digest = new Digest()

  constructor(format: (record: TraceRecord) => string) {
    this.subscriber = (record) => this.feed(format(record))
  }

  /** Sixteen hexadecimal digits. */
  hex(): string {
    return this.digest.hex()
  }

  /** Two characters a word: lines are long, and most of the cost of a hash is here. */
  private feed(text: string): void {
    const { digest } = this
    const even = text.length & ~1
    for (let i = 0; i < even; i += 2) digest.word(text.charCodeAt(i) | (text.charCodeAt(i + 1) << 16))
    if (even < text.length) digest.word(text.charCodeAt(even))
    digest.word(text.length)
  }
}
