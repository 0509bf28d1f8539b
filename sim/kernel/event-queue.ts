/**
 * The kernel's pending events, in a total order: by time, then by `order`, which no two events share.
 *
 * A binary heap over flat arrays: the keys lie in typed arrays, so that a comparison touches no object.
 * A cancelled event stays in the heap and is skipped when it comes up; when more than half of the heap is cancelled the
 * rest is heaped anew. None of this can change the order of events, because the order is total.
 */
import type { Digest, Micros } from '../../src/host/index.ts'

/** Something that will happen. Events are mutable and may be pushed again after they ran. */
export abstract class KernelEvent {
  /** Kernel step during which it was scheduled; -1 for none. */
  cause = -1
  queued = false
  cancelled = false

  /** Called at its time. */
  abstract run(): void
  /** Feeds what tells this event from another at the same time. */
  abstract digest(digest: Digest): void
}

const CANCELLED_MIN = 64

export class EventQueue {
  /** Time of the event that `pop` returned last. */
  poppedAtUs: Micros = 0
  private times = new Float64Array(512)
  private orders = new Float64Array(512)
  private events: KernelEvent[] = []
  private count = 0
  private cancelledCount = 0

  /** Events pending, cancelled ones left out. */
  get length(): number {
    return this.count - this.cancelledCount
  }

  push(atUs: Micros, order: number, event: KernelEvent): void {
    if (this.count === this.times.length) this.grow()
    event.queued = true
    this.siftUp(this.count++, atUs, order, event)
  }

  /** Takes the first event out, or undefined; its time is in `poppedAtUs`. */
  pop(): KernelEvent | undefined {
    while (this.count > 0) {
      const event = this.events[0]!
      const atUs = this.times[0]!
      this.removeFirst()
      event.queued = false
      if (event.cancelled) {
        this.cancelledCount--
        continue
      }
      this.poppedAtUs = atUs
      return event
    }
    return undefined
  }

  /** Time of the first event, or Infinity. */
  peekTime(): Micros {
    while (this.count > 0 && this.events[0]!.cancelled) {
      this.events[0]!.queued = false
      this.removeFirst()
      this.cancelledCount--
    }
    return this.count === 0 ? Infinity : this.times[0]!
  }

  /** Marks an event that will not run; does nothing if it is not pending. */
  cancel(event: KernelEvent): void {
    if (event.cancelled) return
    event.cancelled = true
    if (!event.queued) return
    this.cancelledCount++
    if (this.cancelledCount > CANCELLED_MIN && this.cancelledCount * 2 > this.count) this.removeWhere(() => false)
  }

  /** Drops the events for which `gone` holds, with all cancelled ones. */
  removeWhere(gone: (event: KernelEvent) => boolean): void {
    let kept = 0
    for (let i = 0; i < this.count; i++) {
      const event = this.events[i]!
      if (event.cancelled || gone(event)) {
        event.queued = false
        continue
      }
      this.times[kept] = this.times[i]!
      this.orders[kept] = this.orders[i]!
      this.events[kept] = event
      kept++
    }
    this.count = kept
    this.cancelledCount = 0
    this.events.length = kept
    this.heapify()
  }

  /** Gives events new times: `timeOf` returns undefined for those that keep theirs. The order among equals stays. */
  retime(timeOf: (event: KernelEvent) => Micros | undefined): void {
    for (let i = 0; i < this.count; i++) {
      const atUs = timeOf(this.events[i]!)
      if (atUs !== undefined) this.times[i] = atUs
    }
    this.heapify()
  }

  /** The pending events in the order in which they will run. */
  inOrder(): Array<{ readonly atUs: Micros; readonly order: number; readonly event: KernelEvent }> {
    const entries: Array<{ atUs: Micros; order: number; event: KernelEvent }> = []
    for (let i = 0; i < this.count; i++) {
      const event = this.events[i]!
      if (!event.cancelled) entries.push({ atUs: this.times[i]!, order: this.orders[i]!, event })
    }
    return entries.sort((a, b) => a.atUs - b.atUs || a.order - b.order)
  }

  private removeFirst(): void {
    const last = --this.count
    const event = this.events.pop()!
    if (last > 0) this.siftDown(0, this.times[last]!, this.orders[last]!, event)
  }

  private siftUp(start: number, atUs: Micros, order: number, event: KernelEvent): void {
    const { times, orders, events } = this
    let hole = start
    while (hole > 0) {
      const parent = (hole - 1) >> 1
      const parentTime = times[parent]!
      if (parentTime < atUs || (parentTime === atUs && orders[parent]! < order)) break
      times[hole] = parentTime
      orders[hole] = orders[parent]!
      events[hole] = events[parent]!
      hole = parent
    }
    times[hole] = atUs
    orders[hole] = order
    events[hole] = event
  }

  private siftDown(start: number, atUs: Micros, order: number, event: KernelEvent): void {
    const { times, orders, events, count } = this
    let hole = start
    for (;;) {
      let child = 2 * hole + 1
      if (child >= count) break
      let childTime = times[child]!
      const right = child + 1
      if (right < count) {
        const rightTime = times[right]!
        if (rightTime < childTime || (rightTime === childTime && orders[right]! < orders[child]!)) {
          child = right
          childTime = rightTime
        }
      }
      if (atUs < childTime || (atUs === childTime && order < orders[child]!)) break
      times[hole] = childTime
      orders[hole] = orders[child]!
      events[hole] = events[child]!
      hole = child
    }
    times[hole] = atUs
    orders[hole] = order
    events[hole] = event
  }

  private heapify(): void {
    for (let i = (this.count >> 1) - 1; i >= 0; i--) {
      this.siftDown(i, this.times[i]!, this.orders[i]!, this.events[i]!)
    }
  }

  private grow(): void {
    const times = new Float64Array(this.times.length * 2)
    const orders = new Float64Array(this.times.length * 2)
    times.set(this.times)
    orders.set(this.orders)
    this.times = times
    this.orders = orders
  }
}
