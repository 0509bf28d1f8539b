/**
 * A bounded queue between two threads of a client, as `java.util.concurrent.LinkedBlockingQueue`: who puts waits while it
 * is full, in the order of coming; who takes waits while it is empty. One taker at a time.
 */
import { type Digest, type Host, invariant, type Micros } from '../host/index.ts'

interface Putter<T> {
  readonly item: T
  readonly entered: () => void
}

export class BlockingQueue<T> {
  private readonly capacity: number
  private readonly items: T[] = []
  private readonly putters: Array<Putter<T>> = []
  private taker: ((item: T) => void) | undefined

  constructor(capacity: number) {
    this.capacity = capacity
  }

  /** Items in the queue, without those whose putters wait. */
  get length(): number {
    return this.items.length
  }

  /** Items in the queue, oldest first. */
  get contents(): readonly T[] {
    return this.items
  }

  /** Whether an item would enter at once: it is not full, and nobody waits to put. */
  get hasRoom(): boolean {
    return this.putters.length === 0 && this.items.length < this.capacity
  }

  /** False if there is no room. */
  offer(item: T): boolean {
    if (!this.hasRoom) return false
    this.enter(item)
    return true
  }

  /** Calls `entered` when the item is in the queue: at once if there is room. Returns a function that gives up waiting. */
  put(item: T, entered: () => void): () => void {
    if (this.offer(item)) {
      entered()
      return () => {}
    }
    const putter = { item, entered }
    this.putters.push(putter)
    return () => {
      const index = this.putters.indexOf(putter)
      if (index >= 0) this.putters.splice(index, 1)
    }
  }

  /** Takes the oldest item, when there is one. Returns a function that gives up waiting. */
  take(taken: (item: T) => void): () => void {
    invariant(this.taker === undefined, 'two takers wait at one queue')
    const item = this.items.shift()
    if (item !== undefined) {
      this.admit()
      taken(item)
      return () => {}
    }
    this.taker = taken
    return () => {
      if (this.taker === taken) this.taker = undefined
    }
  }

  /** As `take`, with undefined if none comes within `timeoutUs`. */
  poll(host: Host, timeoutUs: Micros, tag: string, taken: (item: T | undefined) => void): void {
    const waiting = this.items.length === 0
    const timer = waiting
      ? host.setTimer(timeoutUs, tag, () => {
          cancel()
          taken(undefined)
        })
      : undefined
    const cancel = this.take((item) => {
      timer?.cancel()
      taken(item)
    })
  }

  /** Drops what is in the queue; those who wait to put then enter. Returns what was dropped. */
  clear(): T[] {
    const dropped = this.items.splice(0)
    this.admit()
    return dropped
  }

  digest(digest: Digest, item: (digest: Digest, item: T) => void): void {
    digest
      .int(this.items.length)
      .int(this.putters.length)
      .boolean(this.taker !== undefined)
    for (const one of this.items) item(digest, one)
    for (const putter of this.putters) item(digest, putter.item)
  }

  private enter(item: T): void {
    const { taker } = this
    if (taker === undefined) {
      this.items.push(item)
      return
    }
    this.taker = undefined
    taker(item)
  }

  private admit(): void {
    while (this.items.length < this.capacity) {
      const putter = this.putters.shift()
      if (putter === undefined) return
      this.enter(putter.item)
      putter.entered()
    }
  }
}
