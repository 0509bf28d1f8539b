/**
 * An application that hands messages to a producer at a steady pace. Messages are named `<client>-<n>`, n from 1.
 */
import type { Digest, Host, Micros, Timer } from '../host/index.ts'
import { sizedValue } from './message-text.ts'

/** The compiled form of `sends: { to: orders, every: 100ms, keys: 1..20, count: 500, size: 100 }`. */
export interface WorkloadOptions {
  readonly topic: string
  readonly partition?: number
  readonly everyUs: Micros
  /** Machine time of the first message; at once if it is past. */
  readonly startUs: Micros
  /** Messages in all; undefined: without end. */
  readonly count?: number
  /** Keys are drawn evenly from low … high; undefined: no keys. */
  readonly keys?: { readonly low: number; readonly high: number }
  /** Bytes of a value. */
  readonly sizeBytes: number
  /** So many messages make a transaction; every so many transactions one is aborted. */
  readonly transaction?: { readonly messages: number; readonly abortEvery?: number }
}

/**
 * What the application remembers across lives of its process: how many messages it has handed over. Whoever builds the
 * process keeps it, so that names stay unique when a client crashes and comes back.
 */
export interface WorkloadProgress {
  handed: number
}

export interface WorkloadMessage {
  readonly topic: string
  readonly partition?: number
  readonly key?: string
  readonly value: string
}

export class Workload {
  private readonly host: Host
  private readonly client: string
  private readonly options: WorkloadOptions
  private readonly progress: WorkloadProgress
  private readonly hand: (message: WorkloadMessage) => void
  private timer: Timer | undefined

  constructor(
    host: Host,
    client: string,
    options: WorkloadOptions,
    progress: WorkloadProgress,
    hand: (message: WorkloadMessage) => void,
  ) {
    this.host = host
    this.client = client
    this.options = options
    this.progress = progress
    this.hand = hand
  }

  start(): void {
    if (!this.finished) this.schedule(Math.max(0, this.options.startUs - this.host.now()))
  }

  /** Hands over nothing more. */
  stop(): void {
    this.timer?.cancel()
  }

  digest(digest: Digest): void {
    digest.int(this.progress.handed)
  }

  private get finished(): boolean {
    return this.options.count !== undefined && this.progress.handed >= this.options.count
  }

  private schedule(delayUs: Micros): void {
    this.timer = this.host.setTimer(delayUs, 'workload', () => {
      // The next one is due from now on, not after the hand-over: a slow cluster does not slow the application.
      this.progress.handed++
      if (!this.finished) this.schedule(this.options.everyUs)
      this.hand(this.message(this.progress.handed))
    })
  }

  private message(n: number): WorkloadMessage {
    const { topic, partition, keys, sizeBytes } = this.options
    const key =
      keys === undefined ? undefined : String(this.host.random('workload').intBetween(keys.low, keys.high, 'key'))
    return {
      topic,
      value: sizedValue(`${this.client}-${n}`, sizeBytes),
      ...(partition === undefined ? {} : { partition }),
      ...(key === undefined ? {} : { key }),
    }
  }
}
