/**
 * One direction of one connection: the segments on their way, in order. It is itself the kernel event "the first of them
 * arrives". When that cannot be (cut, stall, hold, receiver without power) it is parked where the obstacle is, and is
 * resumed from there.
 */
import type { Digest, Micros } from '../../src/host/index.ts'
import type { Endpoint } from './endpoint.ts'
import { KernelEvent } from './event-queue.ts'
import type { Link } from './link.ts'
import type { Network } from './network.ts'
import type { Segment } from './segment.ts'

export class Pipe extends KernelEvent {
  readonly target: Endpoint
  readonly link: Link
  /** An interceptor holds the first segment back. */
  isHeld = false
  /** The sending machine lost power: what did not arrive at once is not sent again. */
  senderIsGone = false
  private readonly network: Network
  private segments: Segment[] = []
  private first = 0

  constructor(network: Network, link: Link, target: Endpoint) {
    super()
    this.network = network
    this.link = link
    this.target = target
  }

  get isEmpty(): boolean {
    return this.first === this.segments.length
  }

  /** Sends a segment at a time, now or later. However short its latency, it waits for all before it to arrive. */
  add(segment: Segment, departAtUs: Micros): void {
    segment.departAtUs = departAtUs
    segment.arriveAtUs = this.link.arrival(departAtUs, segment.bytes)
    const wasEmpty = this.isEmpty
    this.segments.push(segment)
    if (wasEmpty) this.network.world.push(segment.arriveAtUs, this)
  }

  /** The first segment arrives, if it can. */
  override run(): void {
    const { network, link } = this
    const segment = this.segments[this.first]!
    if (link.isCut || link.isStalled || this.isHeld) return this.park(link.parked)
    if (!this.target.machine.hasPower) return this.park(this.target.machine.parked)
    if (!segment.passed && segment.kind === 'data' && network.hasInterceptors) return this.intercept(segment)
    this.removeFirst()
    if (!this.isEmpty) {
      network.world.push(Math.max(this.segments[this.first]!.arriveAtUs, network.world.now), this)
    }
    network.world.cause = segment.cause
    this.target.arrive(segment)
  }

  /** The obstacle is gone: bytes are sent again, and take their time. */
  resume(): void {
    if (this.isEmpty || this.queued) return
    const arriveAtUs = this.network.world.now + this.link.drawLatency()
    const segment = this.segments[this.first]!
    if (segment.arriveAtUs < arriveAtUs) segment.arriveAtUs = arriveAtUs
    this.network.world.push(segment.arriveAtUs, this)
  }

  /** Takes out what would have left after `now`: the sender stopped before. Newest last. */
  takeUnsent(now: Micros): Segment[] {
    let end = this.segments.length
    while (end > this.first && this.segments[end - 1]!.departAtUs > now) end--
    const unsent = this.segments.splice(end)
    if (unsent.length > 0 && this.isEmpty && this.queued) this.network.world.unqueue(this)
    return unsent
  }

  /** The sending machine lost power. */
  loseSender(now: Micros): void {
    this.takeUnsent(now)
    this.senderIsGone = true
    if (this.link.parked.has(this) || this.target.machine.parked.has(this)) this.clear()
  }

  /** Nothing of what is under way arrives. */
  clear(): void {
    this.link.parked.delete(this)
    this.target.machine.parked.delete(this)
    this.isHeld = false
    this.segments = []
    this.first = 0
    if (this.queued) this.network.world.unqueue(this)
  }

  override digest(digest: Digest): void {
    digest.string('pipe').string(this.link.from).string(this.link.to).int(this.target.id)
  }

  /** Feeds all that is under way. */
  digestSegments(digest: Digest): void {
    digest
      .boolean(this.isHeld)
      .boolean(this.senderIsGone)
      .int(this.segments.length - this.first)
    for (let i = this.first; i < this.segments.length; i++) {
      const segment = this.segments[i]!
      segment.digest(digest.int(segment.arriveAtUs).int(segment.departAtUs))
    }
  }

  /** Asks the interceptors; what they did to the world meanwhile counts as well, so the arrival begins anew. */
  private intercept(segment: Segment): void {
    const { network, link } = this
    segment.passed = true
    const verdict = network.askInterceptors(segment, link)
    if (this.queued || this.segments[this.first] !== segment) return
    if (verdict === 'drop') return network.resetConnection(this.target)
    if (verdict === 'hold') this.isHeld = true
    else if (verdict !== 'pass') {
      segment.arriveAtUs = network.world.now + verdict.delayUs
      return network.world.push(segment.arriveAtUs, this)
    }
    this.run()
  }

  private park(where: Set<Pipe>): void {
    if (this.senderIsGone) this.clear()
    else where.add(this)
  }

  private removeFirst(): void {
    this.first++
    if (this.first === this.segments.length) {
      this.segments.length = 0
      this.first = 0
    } else if (this.first > 32 && this.first * 2 > this.segments.length) {
      this.segments = this.segments.slice(this.first)
      this.first = 0
    }
  }
}
