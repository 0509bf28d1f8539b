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
  private readonly watchers = new Map<TopicPartition, Waiting[]>()
  private readonly host: Host
  private readonly name: string
  private size = 0

  constructor(host: Host, name: string) {
    this.host = host
    this.name = name
  }

  /** How many operations wait. */
  get waiting(): number {
    return this.size
  }

  /** Completes the operation if it is satisfied already, else lets it wait, `delayUs` at most. */
  checkAndMaybeWatch(operation: DelayedOperation, delayUs: Micros): void {
    if (operation.isSatisfied()) return operation.complete()
    const waiting: Waiting = {
      operation,
      done: false,
      timer: this.host.setTimer(delayUs, `${this.name} expiry`, () => this.finish(waiting)),
    }
    this.size++
    for (const tp of operation.partitions) {
      const list = this.watchers.get(tp)
      if (list === undefined) this.watchers.set(tp, [waiting])
      else list.push(waiting)
    }
  }

  /** Something about the partition changed: completes what is satisfied now. */
  update(tp: TopicPartition): void {
    const list = this.watchers.get(tp)
    if (list === undefined || list.length === 0) return
    const satisfied = list.filter((waiting) => !waiting.done && waiting.operation.isSatisfied())
    for (const waiting of satisfied) if (!waiting.done) this.finish(waiting)
  }

  private finish(waiting: Waiting): void {
    waiting.done = true
    waiting.timer.cancel()
    this.size--
    for (const tp of waiting.operation.partitions) {
      const list = this.watchers.get(tp)
      const index = list?.indexOf(waiting) ?? -1
      if (index >= 0) list!.splice(index, 1)
    }
    waiting.operation.complete()
  }

  digest(digest: Digest): void {
    digest.int(this.size)
    for (const [tp, list] of this.watchers) {
      if (list.length === 0) continue
      digest.string(tp)
      for (const waiting of list) waiting.operation.digest(digest)
    }
  }
}
