/**
 * Requests that wait: for acknowledgements (produce) or for data (fetch). An operation watches its partitions and is
 * tried again whenever one of them changes; a timer ends its wait (`kafka/server/RequestPurgatory.scala`, 0.8.2.2).
 */
import type { Digest, Host, Micros, Timer } from '../host/index.ts'
import type { TopicPartition } from '../protocol/index.ts'

export interface DelayedOperation {
  readonly partitions: readonly TopicPartition[]
  /** Whether the wait is over. */
  isSatisfied(): boolean
  /** Answers; called once, satisfied or expired. */
  complete(): void
  digest(digest: Digest): void
}

interface Waiting {
  readonly operation: DelayedOperation
  readonly timer: Timer
  done: boolean
}

export class Purgatory {
  /** Who watches a partition, in the order in which they came. */
  private readonly watchers = new Map<TopicPartition, Set<Waiting>>()
  private readonly host: Host
  private readonly tag: string
  private size = 0

  constructor(host: Host, name: string) {
    this.host = host
    this.tag = `${name} expiry`
  }

  /** How many operations wait. */
  get waiting(): number {
    return this.size
  }

  /** Completes the operation if it is satisfied already, else lets it wait, `delayUs` at most. */
  checkAndMaybeWatch(operation: DelayedOperation, delayUs: Micros): void {
    // Nothing could ever satisfy an operation without partitions.
    if (operation.partitions.length === 0 || operation.isSatisfied()) return operation.complete()
    const waiting: Waiting = {
      operation,
      done: false,
      timer: this.host.setTimer(delayUs, this.tag, () => this.finish(waiting)),
    }
    this.size++
    for (const tp of operation.partitions) {
      const watching = this.watchers.get(tp)
      if (watching === undefined) this.watchers.set(tp, new Set([waiting]))
      else watching.add(waiting)
    }
  }

  /** Something about the partition changed: completes what is satisfied now, first come first served. */
  update(tp: TopicPartition): void {
    const watching = this.watchers.get(tp)
    if (watching === undefined || watching.size === 0) return
    // All are looked at before any is answered: an answer lets the next request in, which may change things.
    let first: Waiting | undefined
    let others: Waiting[] | undefined
    for (const waiting of watching) {
      if (!waiting.operation.isSatisfied()) continue
      if (first === undefined) first = waiting
      else if (others === undefined) others = [waiting]
      else others.push(waiting)
    }
    if (first !== undefined && !first.done) this.finish(first)
    if (others !== undefined) for (const waiting of others) if (!waiting.done) this.finish(waiting)
  }

  private finish(waiting: Waiting): void {
    waiting.done = true
    waiting.timer.cancel()
    this.size--
    for (const tp of waiting.operation.partitions) this.watchers.get(tp)?.delete(waiting)
    waiting.operation.complete()
  }

  /** Forgets what waits, unanswered: its connections are closed. */
  shutdown(): void {
    for (const watching of this.watchers.values()) {
      for (const waiting of watching) {
        waiting.done = true
        waiting.timer.cancel()
      }
    }
    this.watchers.clear()
    this.size = 0
  }

  digest(digest: Digest): void {
    digest.int(this.size)
    for (const [tp, watching] of this.watchers) {
      if (watching.size === 0) continue
      digest.string(tp)
      for (const waiting of watching) waiting.operation.digest(digest)
    }
  }
}
