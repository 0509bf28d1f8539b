/**
 * The way from one machine to another: how long bytes take, and whether they move at all. A cut and a stall both make
 * bytes wait (TCP would send them again until they arrive); what differs is only who ends it and how it is drawn.
 */
import type { Digest, Micros, RandomStream } from '../../src/host/index.ts'
import type { Pipe } from './pipe.ts'

/** Uniform between both, included; microseconds. */
export interface LatencyRange {
  readonly low: Micros
  readonly high: Micros
}

export class Link {
  readonly from: string
  readonly to: string
  readonly random: RandomStream
  latency: LatencyRange
  /** Undefined: as fast as can be. */
  readonly bytesPerSecond: number | undefined
  isCut = false
  isStalled = false
  /** Directions of connections whose bytes wait here, in the order in which they came to wait. */
  readonly parked = new Set<Pipe>()
  /** The wire carries one message at a time: when it is free again. */
  private freeAtUs: Micros = 0

  constructor(
    from: string,
    to: string,
    random: RandomStream,
    latency: LatencyRange,
    bytesPerSecond: number | undefined,
  ) {
    this.from = from
    this.to = to
    this.random = random
    this.latency = latency
    this.bytesPerSecond = bytesPerSecond
  }

  get isBlocked(): boolean {
    return this.isCut || this.isStalled
  }

  drawLatency(): Micros {
    const { low, high } = this.latency
    return low === high ? low : this.random.intBetween(low, high, 'latency')
  }

  /** When bytes that leave at `departAtUs` are all at the other end. */
  arrival(departAtUs: Micros, bytes: number): Micros {
    if (this.bytesPerSecond === undefined || bytes === 0) return departAtUs + this.drawLatency()
    const sendingUs = Math.ceil((bytes * 1_000_000) / this.bytesPerSecond)
    this.freeAtUs = Math.max(this.freeAtUs, departAtUs) + sendingUs
    return this.freeAtUs + this.drawLatency()
  }

  digest(digest: Digest): void {
    digest.string(this.from).string(this.to).boolean(this.isCut).boolean(this.isStalled)
    digest.int(this.latency.low).int(this.latency.high).int(this.freeAtUs)
  }
}
